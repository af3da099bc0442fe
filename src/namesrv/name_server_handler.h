// NameServerHandler answers the requests of brokers, clients and operators out of the RouteTable,
// the KvConfig and the configuration. Almost all are answered where they arrive; those that store
// something get a fiber.
//
// Owned by RunNameServer; its executor is the server's. Which rule governs which request:
// spec/wire/name-server.md.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "namesrv/kv_config.h"
#include "namesrv/name_server_config.h"
#include "namesrv/route_table.h"
#include "remoting/client.h"
#include "remoting/connection.h"
#include "runtime/mutex.h"
#include "runtime/runtime.h"
#include "wire/config_schema.h"

namespace rmq::namesrv {

class NameServerHandler : public remoting::RequestHandler {
 public:
  // `config` and its `schema` may change with UPDATE_NAMESRV_CONFIG. All outlive the handler.
  NameServerHandler(runtime::Runtime& runtime, NameServerConfig& config,
                    wire::ConfigSchema& schema);

  // Reads what is stored. Before the first request.
  Result<void> Load(Context& ctx);
  // Removes the brokers that were silent for too long.
  void RemoveExpired();
  // Ends the fibers. No request comes afterwards.
  void Close(Context& ctx);

  void HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                     wire::RemotingCommand request) override;
  void ConnectionClosed(remoting::Connection& connection) override;

 private:
  using Request = wire::RemotingCommand;
  using Response = wire::RemotingCommand;
  using Connection = remoting::Connection;
  // A request that can't be answered at once.
  using SlowAnswer = Response (NameServerHandler::*)(Context& ctx, const Request& request);

  Response Answer(const Connection& connection, const Request& request);
  SlowAnswer FindSlowAnswer(wire::RequestCode code);

  Response RegisterBroker(const Connection& connection, const Request& request);
  Result<Registration> ReadRegistration(const Connection& connection, const Request& request);
  Response UnregisterBroker(const Connection& connection, const Request& request);
  Response BrokerHeartbeat(const Connection& connection, const Request& request);
  Response QueryDataVersion(const Connection& connection, const Request& request);
  Response BrokerMemberGroup(const Request& request);

  Response RouteOfTopic(const Request& request);
  Response RegisterTopic(const Request& request);
  Response DeleteTopic(const Request& request);
  Response WipeWritePermission(const Request& request);
  Response AddWritePermission(const Request& request);
  Response TopicsOfCluster(const Request& request);

  Response GetKv(const Request& request);
  Response KvOfNamespace(const Request& request);
  Response PutKv(Context& ctx, const Request& request);
  Response DeleteKv(Context& ctx, const Request& request);
  Response UpdateConfig(Context& ctx, const Request& request);
  Result<void> StoreConfig(Context& ctx, const std::map<std::string, std::string>& changes);

  void Remove(const std::vector<Removal>& removals, std::string_view why);
  void Tell(const std::vector<MinBrokerIdChange>& changes);
  bool serving() const;

  runtime::Runtime& runtime_;
  NameServerConfig& config_;
  wire::ConfigSchema& schema_;
  const Tick started_at_;
  const std::set<std::string, std::less<>> black_list_;
  RouteTable routes_;
  KvConfig kv_;
  runtime::Mutex changing_config_;
  remoting::Client client_;
  runtime::Gate gate_;
};

}  // namespace rmq::namesrv
