// Registration keeps the broker known to every NameServer: all its topics every
// registerNameServerPeriod, at once after a topic changed, and soon after a NameServer came back.
//
// One fiber for each NameServer, so that a dead one delays no other (museum M25).
#pragma once

#include <string>
#include <vector>

#include "broker/broker_parts.h"
#include "remoting/client.h"

namespace rmq::broker {

// Hears of lost connections to NameServers: they have dropped the broker's routes by then.
class NameServerLink : public remoting::RequestHandler {
 public:
  void HandleRequest(const ConnectionPtr& connection, wire::RemotingCommand request) override {
    ReplyError(connection, request, wire::ResponseCode::kRequestCodeNotSupported, {});
  }
  void ConnectionClosed(remoting::Connection&) override { lost_.NotifyAll(); }
  runtime::Condition& lost() { return lost_; }

 private:
  runtime::Condition lost_;
};

class Registration {
 public:
  // `parts`, `client` and its handler `link` outlive it.
  Registration(BrokerParts& parts, remoting::Client& client, NameServerLink& link,
               std::vector<std::string> name_servers);

  // Spawns the fibers into `gate`.
  void Start(runtime::Gate& gate);
  // Tells all NameServers that the broker leaves; at most until the deadline of `ctx`. After the
  // gate has been closed.
  void UnregisterEverywhere(Context& ctx);

 private:
  void KeepRegistered(Context& ctx, const std::string& name_server);
  void NotifyWhenLost(Context& ctx);
  Result<void> RegisterOnce(Context& ctx, const std::string& name_server);
  wire::RemotingCommand RegisterRequest() const;

  BrokerParts& parts_;
  remoting::Client& client_;
  NameServerLink& link_;
  const std::vector<std::string> name_servers_;
};

// "a:9876;b:9876" (Apache also accepts commas) into its addresses.
std::vector<std::string> SplitAddresses(std::string_view text);

}  // namespace rmq::broker
