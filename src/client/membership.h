// Membership tells the brokers who we are: a heartbeat to every broker of our routes, each 30 s, at
// once when something of it changes, and soon after a connection broke, because brokers forget a
// client with its connection (CLIENT-7). A broker that does not answer delays no other. One
// executor.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "client/client_options.h"
#include "client/consumer_member.h"
#include "client/route_cache.h"
#include "remoting/client.h"
#include "runtime/mutex.h"

namespace rmq::client {

class Membership {
 public:
  using Consumers = std::map<std::string, ConsumerMember*, std::less<>>;

  Membership(runtime::Runtime& runtime, remoting::Client& client, RouteCache& routes,
             const ClientOptions& options, const std::string& client_id);

  void AddProducer(const std::string& group);
  // kAlreadyExists: a consumer of that group uses this client already.
  Result<void> AddConsumer(ConsumerMember& consumer);
  // No function of `consumer` is called afterwards. They tell the brokers, as far as ctx allows.
  void RemoveProducer(Context& ctx, const std::string& group);
  void RemoveConsumer(Context& ctx, ConsumerMember& consumer);

  ConsumerMember* FindConsumer(std::string_view group) const;
  const Consumers& consumers() const { return consumers_; }
  bool empty() const { return producers_.empty() && consumers_.empty(); }

  // A heartbeat within a second.
  void AnnounceSoon();
  // A heartbeat to all brokers now. kUnavailable if one of them did not take it.
  Result<void> Announce(Context& ctx);
  // Sends heartbeats until ctx ends.
  void Run(Context& ctx);

 private:
  // `masters_only`: slaves are of no interest to producers.
  std::vector<std::string> BrokerAddressList(bool masters_only) const;
  wire::RemotingCommand MakeHeartbeat() const;
  void Unregister(Context& ctx, const std::string& producer_group,
                  const std::string& consumer_group);
  // Sends a copy of `request` to all at the same time; how many failed.
  int Broadcast(Context& ctx, const std::vector<std::string>& addresses,
                const wire::RemotingCommand& request);

  runtime::Runtime& runtime_;
  remoting::Client& client_;
  RouteCache& routes_;
  const ClientOptions& options_;
  const std::string& client_id_;
  std::map<std::string, int> producers_;  // how many of each group
  Consumers consumers_;
  bool wanted_ = false;
  runtime::Condition wake_;
};

}  // namespace rmq::client
