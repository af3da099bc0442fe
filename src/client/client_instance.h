// ClientInstance is what the producers and consumers of one program share: connections, routes,
// heartbeats, and the answers to what brokers ask. It has one client id, which no other instance
// has.
//
//   RMQ_TRY(auto client, ClientInstance::Create(runtime, {.name_servers = "10.0.0.1:9876"}));
//   Producer producer(*client, {.group = "orders"});
//   …
//   producer.Close(ctx);
//   client->Close(ctx);
//
// Owned by the program; outlives its producers and consumers, and is closed after them. Everything
// belongs to runtime.executor(). Rules: CLIENT-1 to CLIENT-9 in spec/client/producer.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/client_id.h"
#include "client/client_options.h"
#include "client/membership.h"
#include "client/name_servers.h"
#include "client/route_cache.h"
#include "client/server_requests.h"
#include "remoting/client.h"
#include "runtime/gate.h"
#include "runtime/runtime.h"

namespace rmq::client {

class ClientInstance {
 public:
  // Connects to nobody yet. kInvalidArgument: the list of NameServers.
  static Result<std::unique_ptr<ClientInstance>> Create(runtime::Runtime& runtime,
                                                        ClientOptions options);
  ~ClientInstance();  // REQUIRES: closed, or its process is dead
  ClientInstance(const ClientInstance&) = delete;
  ClientInstance& operator=(const ClientInstance&) = delete;

  // Ends everything; no callback comes afterwards. Idempotent. REQUIRES: its producers and
  // consumers are closed.
  void Close(Context& ctx);

  const std::string& client_id() const { return client_id_; }
  const ClientOptions& options() const { return options_; }
  runtime::Runtime& runtime() { return runtime_; }
  RouteCache& routes() { return *routes_; }
  Membership& membership() { return *membership_; }
  NameServers& name_servers() { return *name_servers_; }
  UniqIdSource& uniq_ids() { return uniq_ids_; }

  // Sends a request to `address` and waits for the answer, at most `timeout` (call_timeout) and not
  // beyond ctx. A peer that asks us to GO_AWAY is connected to anew, once. Errors as
  // remoting::Client::Call.
  Result<wire::RemotingCommand> Call(Context& ctx, std::string_view address,
                                     wire::RemotingCommand request,
                                     std::optional<nanoseconds> timeout = std::nullopt);
  // The same to a broker of the route of `topic`, which is fetched if no broker of that name is
  // known. kUnavailable: none is. With `only_this`, only broker `id` will do.
  Result<wire::RemotingCommand> CallBroker(Context& ctx, const MessageQueue& queue,
                                           wire::RemotingCommand request,
                                           int64_t id = wire::kMasterId, bool only_this = true);
  Result<wire::RemotingCommand> CallNameServer(Context& ctx, wire::RemotingCommand request);
  // Success means queued to be written.
  Result<void> SendOneway(Context& ctx, std::string_view address, wire::RemotingCommand request);
  Result<std::string> BrokerAddress(Context& ctx, const std::string& topic,
                                    std::string_view broker_name, int64_t id, bool only_this);

 private:
  ClientInstance(runtime::Runtime& runtime, ClientOptions options,
                 std::vector<std::string> name_servers);
  void Start();
  void RouteChanged();

  runtime::Runtime& runtime_;
  const ClientOptions options_;
  const std::string client_id_;
  UniqIdSource uniq_ids_;
  ServerRequests server_requests_;
  std::unique_ptr<remoting::Client> remoting_;
  std::unique_ptr<NameServers> name_servers_;
  std::unique_ptr<RouteCache> routes_;
  std::unique_ptr<Membership> membership_;
  runtime::Gate gate_;
  bool closed_ = false;
};

}  // namespace rmq::client
