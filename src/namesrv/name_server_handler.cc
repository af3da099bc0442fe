#include "namesrv/name_server_handler.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/file_path.h"
#include "runtime/replace_file.h"
#include "wire/checksum.h"
#include "wire/json_bean.h"
#include "wire/namesrv_headers.h"
#include "wire/properties_text.h"
#include "wire/register_broker_body.h"
#include "wire/route_data.h"

namespace rmq::namesrv {

using wire::DataVersion;
using wire::MakeResponse;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

namespace {

constexpr std::string_view kOrderTopics = "ORDER_TOPIC_CONFIG";
constexpr std::string_view kZoneName = "__ZONE_NAME";
constexpr std::string_view kZoneMode = "__ZONE_MODE";
// Users find the answer by searching for this text.
constexpr std::string_view kFaq =
    "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";
constexpr milliseconds kNotifyTimeout{300};

// Headers that are missing or malformed, bodies that can't be read: code 1 with the reason (NS-2).
RemotingCommand Refuse(const RemotingCommand& request, const Error& error) {
  return MakeResponse(request, ResponseCode::kSystemError, error.message());
}

RemotingCommand Success(const RemotingCommand& request) {
  return MakeResponse(request, ResponseCode::kSuccess);
}

template <typename Bean>
RemotingCommand SuccessWith(const RemotingCommand& request, const Bean& bean) {
  RemotingCommand response = Success(request);
  response.body = Bytes::Copy(wire::ToJson(bean));
  return response;
}

template <typename Header>
RemotingCommand SuccessWithHeader(const RemotingCommand& request, const Header& header) {
  RemotingCommand response = Success(request);
  wire::EncodeHeader(header, response.ext_fields);
  return response;
}

std::set<std::string, std::less<>> SplitNames(std::string_view text) {
  std::set<std::string, std::less<>> names;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    if (end > 0) names.emplace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

// Paths are never changed over the network, whatever the configuration says (NS-21).
std::set<std::string, std::less<>> BlackList(const NameServerConfig& config) {
  std::set<std::string, std::less<>> names = SplitNames(config.black_list);
  names.insert({"configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome"});
  return names;
}

}  // namespace

// Binds `header` to the decoded header of `request`, or answers with what is wrong.
#define RMQ_DECODE(Header, header, request)                                              \
  const auto header##_or_error = wire::DecodeHeader<wire::Header>(request);              \
  if (!header##_or_error.has_value()) return Refuse(request, header##_or_error.error()); \
  const wire::Header& header = *header##_or_error

NameServerHandler::NameServerHandler(runtime::Runtime& runtime, NameServerConfig& config,
                                     wire::ConfigSchema& schema)
    : runtime_(runtime),
      config_(config),
      schema_(schema),
      started_at_(runtime.clock().Now()),
      black_list_(BlackList(config)),
      routes_(config.routes),
      kv_(runtime.files(), config.kv_config_path),
      client_(runtime, nullptr) {}

Result<void> NameServerHandler::Load(Context& ctx) {
  return kv_.Load(ctx);
}

void NameServerHandler::Close(Context& ctx) {
  gate_.Close(ctx);
  client_.Close(ctx);
}

void NameServerHandler::HandleRequest(const std::shared_ptr<Connection>& connection,
                                      Request request) {
  const SlowAnswer slow = FindSlowAnswer(request.request_code());
  if (slow == nullptr) return connection->Reply(request, Answer(*connection, request));
  runtime_.executor().Spawn(gate_, "namesrv request",
                            [this, connection, slow, request = std::move(request)](Context& ctx) {
                              connection->Reply(request, (this->*slow)(ctx, request));
                            });
}

NameServerHandler::SlowAnswer NameServerHandler::FindSlowAnswer(RequestCode code) {
  switch (code) {
    case RequestCode::kPutKvConfig:
      return &NameServerHandler::PutKv;
    case RequestCode::kDeleteKvConfig:
      return &NameServerHandler::DeleteKv;
    case RequestCode::kUpdateNamesrvConfig:
      return &NameServerHandler::UpdateConfig;
    default:
      return nullptr;
  }
}

NameServerHandler::Response NameServerHandler::Answer(const Connection& connection,
                                                      const Request& request) {
  // NS-25.
  const auto if_enabled = [&](bool enabled, auto list) {
    if (!enabled) return MakeResponse(request, ResponseCode::kSystemError, "disable");
    return SuccessWith(request, list());
  };
  switch (request.request_code()) {
    case RequestCode::kRegisterBroker:
      return RegisterBroker(connection, request);
    case RequestCode::kUnregisterBroker:
      return UnregisterBroker(connection, request);
    case RequestCode::kBrokerHeartbeat:
      return BrokerHeartbeat(connection, request);
    case RequestCode::kQueryDataVersion:
      return QueryDataVersion(connection, request);
    case RequestCode::kGetBrokerMemberGroup:
      return BrokerMemberGroup(request);
    case RequestCode::kGetRouteInfoByTopic:
      return RouteOfTopic(request);
    case RequestCode::kRegisterTopicInNamesrv:
      return RegisterTopic(request);
    case RequestCode::kDeleteTopicInNamesrv:
      return DeleteTopic(request);
    case RequestCode::kWipeWritePermOfBroker:
      return WipeWritePermission(request);
    case RequestCode::kAddWritePermOfBroker:
      return AddWritePermission(request);
    case RequestCode::kGetBrokerClusterInfo:
      return SuccessWith(request, routes_.Clusters());
    case RequestCode::kGetTopicsByCluster:
      return TopicsOfCluster(request);
    case RequestCode::kGetSystemTopicListFromNs:
      return SuccessWith(request, routes_.SystemTopics());
    case RequestCode::kGetAllTopicListFromNameServer:
      return if_enabled(config_.enable_all_topic_list, [&] { return routes_.AllTopics(); });
    case RequestCode::kGetUnitTopicList:
      return if_enabled(config_.enable_topic_list, [&] { return routes_.UnitTopics(); });
    case RequestCode::kGetHasUnitSubTopicList:
      return if_enabled(config_.enable_topic_list, [&] { return routes_.UnitSubTopics(); });
    case RequestCode::kGetHasUnitSubUnunitTopicList:
      return if_enabled(config_.enable_topic_list,
                        [&] { return routes_.UnitSubButNotUnitTopics(); });
    case RequestCode::kGetKvConfig:
      return GetKv(request);
    case RequestCode::kGetKvListByNamespace:
      return KvOfNamespace(request);
    case RequestCode::kGetNamesrvConfig: {
      Response response = Success(request);
      response.body = Bytes::Copy(schema_.Text());
      return response;
    }
    default:  // NS-1
      return MakeResponse(request, ResponseCode::kRequestCodeNotSupported,
                          fmt::format(" request type {} not supported", request.code));
  }
}

// --- brokers ---

NameServerHandler::Response NameServerHandler::RegisterBroker(const Connection& connection,
                                                              const Request& request) {
  Result<Registration> registration = ReadRegistration(connection, request);
  if (!registration.has_value()) return Refuse(request, registration.error());
  const BrokerAddress broker = registration->broker;
  const std::string name = registration->broker_name;
  const int64_t id = registration->broker_id;
  const bool is_new = routes_.FindDataVersion(broker) == nullptr;

  Result<Registered> registered =
      routes_.Register(*std::move(registration), runtime_.clock().Now());
  if (!registered.has_value()) {
    RMQ_LOG(runtime_.log(), kWarn, "namesrv", "refused {}", registered.error().message());
    return MakeResponse(request, ResponseCode::kSystemError, "register broker failed");
  }
  if (is_new) {
    RMQ_LOG(runtime_.log(), kInfo, "namesrv", "broker {} id {} at {} of {} registered", name, id,
            broker.address, broker.cluster);
  }
  if (registered->min_id_change.has_value()) Tell({*registered->min_id_change});

  Response response = SuccessWithHeader(
      request, wire::RegisterBrokerResponseHeader{.ha_server_addr = registered->ha_address,
                                                  .master_addr = registered->master_address});
  // NS-19.
  const auto* order_topics = kv_.FindNamespace(kOrderTopics);
  if (config_.return_order_topic_config_to_broker && order_topics != nullptr) {
    response.body = Bytes::Copy(wire::ToJson(wire::KVTable{.table = *order_topics}));
  }
  return response;
}

Result<Registration> NameServerHandler::ReadRegistration(const Connection& connection,
                                                         const Request& request) {
  RMQ_TRY(const auto header, wire::DecodeHeader<wire::RegisterBrokerRequestHeader>(request));
  // NS-3: 0 means that the broker did not count.
  if (header.body_crc32 != 0 &&
      static_cast<uint32_t>(header.body_crc32) != wire::MessageBodyCrc(request.body.view())) {
    return Fail(ErrorCode::kCorruption, "crc32 not match");
  }
  Registration registration{
      .broker = {.cluster = header.cluster_name, .address = header.broker_addr},
      .broker_name = header.broker_name,
      .broker_id = header.broker_id,
      .ha_address = header.ha_server_addr,
      .zone_name = {},
      .enable_acting_master = header.enable_acting_master,
      .topics = {},
      .filter_servers = {},
      .connection_id = connection.id()};
  if (header.heartbeat_timeout_millis.has_value()) {
    registration.heartbeat_timeout = milliseconds(
        std::clamp<int64_t>(*header.heartbeat_timeout_millis, 0, milliseconds(hours(24)).count()));
  }
  if (const auto zone = request.ext_fields.Find(kZoneName)) registration.zone_name = *zone;

  if (request.version < wire::kVersion3_0_11) {
    if (!request.body.empty()) {
      RMQ_TRY(auto topics, wire::FromJson<wire::TopicConfigSerializeWrapper>(request.body));
      registration.topics.data_version = topics.data_version;
      registration.topics.topic_config_table = std::move(topics.topic_config_table);
    }
    return registration;
  }
  wire::RegisterBrokerBody body;
  if (!request.body.empty()) {
    RMQ_TRY(body, wire::DecodeRegisterBrokerBody(request.body.view(), header.compressed,
                                                 request.version));
  }
  registration.topics = std::move(body.topic_config_serialize_wrapper);
  registration.filter_servers = std::move(body.filter_server_list);
  return registration;
}

NameServerHandler::Response NameServerHandler::UnregisterBroker(const Connection& connection,
                                                                const Request& request) {
  RMQ_DECODE(UnRegisterBrokerRequestHeader, header, request);
  const BrokerAddress broker{.cluster = header.cluster_name, .address = header.broker_addr};
  if (const auto removal = routes_.DecideUnregister(broker, connection.id())) {
    Remove({*removal}, "said goodbye");
  }
  return Success(request);
}

NameServerHandler::Response NameServerHandler::BrokerHeartbeat(const Connection& connection,
                                                               const Request& request) {
  RMQ_DECODE(BrokerHeartbeatRequestHeader, header, request);
  routes_.Heartbeat({.cluster = header.cluster_name, .address = header.broker_addr},
                    connection.id(), runtime_.clock().Now());
  return Success(request);
}

NameServerHandler::Response NameServerHandler::QueryDataVersion(const Connection& connection,
                                                                const Request& request) {
  RMQ_DECODE(QueryDataVersionRequestHeader, header, request);
  const auto theirs = wire::FromJson<DataVersion>(request.body);
  if (!theirs.has_value()) return Refuse(request, theirs.error());
  const BrokerAddress broker{.cluster = header.cluster_name, .address = header.broker_addr};
  routes_.Heartbeat(broker, connection.id(), runtime_.clock().Now());
  const DataVersion* ours = routes_.FindDataVersion(broker);
  Response response = SuccessWithHeader(
      request,
      wire::QueryDataVersionResponseHeader{.changed = ours == nullptr || *ours != *theirs});
  if (ours != nullptr) response.body = Bytes::Copy(wire::ToJson(*ours));
  return response;
}

NameServerHandler::Response NameServerHandler::BrokerMemberGroup(const Request& request) {
  RMQ_DECODE(GetBrokerMemberGroupRequestHeader, header, request);
  return SuccessWith(request, wire::GetBrokerMemberGroupResponseBody{
                                  .broker_member_group =
                                      routes_.Members(header.cluster_name, header.broker_name)});
}

// NS-11, as RemoveExpired.
void NameServerHandler::ConnectionClosed(Connection& connection) {
  Remove(routes_.DecideClosed(connection.id()), "closed its connection");
}

void NameServerHandler::RemoveExpired() {
  Remove(routes_.DecideExpired(runtime_.clock().Now()), "was silent for too long");
}

void NameServerHandler::Remove(const std::vector<Removal>& removals, std::string_view why) {
  for (const Removal& removal : removals) {
    RMQ_LOG(runtime_.log(), kInfo, "namesrv", "broker at {} of {} {}: removed",
            removal.broker.address, removal.broker.cluster, why);
  }
  Tell(routes_.Remove(removals));
}

// NS-15. Nobody answers: who misses it learns it with its next registration.
void NameServerHandler::Tell(const std::vector<MinBrokerIdChange>& changes) {
  if (!config_.notify_min_broker_id_changed) return;
  for (const MinBrokerIdChange& change : changes) {
    for (const std::string& address : change.notify) {
      RemotingCommand request = wire::MakeRequest(
          RequestCode::kNotifyMinBrokerIdChange,
          wire::NotifyMinBrokerIdChangeRequestHeader{.min_broker_id = change.min_broker_id,
                                                     .broker_name = {},
                                                     .min_broker_addr = change.min_broker_address,
                                                     .offline_broker_addr = change.offline_address,
                                                     .ha_broker_addr = change.ha_address});
      runtime_.executor().Spawn(
          gate_, "notify min broker id",
          [this, address, request = std::move(request)](Context& ctx) mutable {
            Context quick = ctx.WithTimeout(kNotifyTimeout);
            const Result<void> sent = client_.SendOneway(quick, address, std::move(request));
            if (sent.has_value()) return;
            RMQ_LOG(runtime_.log(), kWarn, "namesrv", "tell {} the least broker id: {}", address,
                    sent.error().ToString());
          });
    }
  }
}

// --- routes and topics ---

// NS-17.
bool NameServerHandler::serving() const {
  return !config_.need_wait_for_service ||
         runtime_.clock().Now() >= started_at_ + seconds(config_.wait_seconds_for_service);
}

// NS-16.
NameServerHandler::Response NameServerHandler::RouteOfTopic(const Request& request) {
  RMQ_DECODE(GetRouteInfoRequestHeader, header, request);
  if (!serving()) {
    return MakeResponse(request, ResponseCode::kSystemError, "name server not ready");
  }
  std::optional<wire::TopicRouteData> route = routes_.FindRoute(header.topic);
  if (!route.has_value()) {
    return MakeResponse(
        request, ResponseCode::kTopicNotExist,
        fmt::format("No topic route info in name server for the topic: {}{}", header.topic, kFaq));
  }
  if (config_.order_message_enable) route->order_topic_conf = kv_.Get(kOrderTopics, header.topic);
  const auto zone = request.ext_fields.Find(kZoneName);
  if (request.ext_fields.Find(kZoneMode) == "true" && zone.has_value() && !zone->empty()) {
    KeepZone(*route, *zone);
  }
  Response response = Success(request);
  response.body = Bytes::Copy(wire::TopicRouteDataToJson(
      *route, request.version, header.accept_standard_json_only.value_or(false)));
  return response;
}

NameServerHandler::Response NameServerHandler::RegisterTopic(const Request& request) {
  RMQ_DECODE(RegisterTopicRequestHeader, header, request);
  const auto route = wire::FromJson<wire::TopicRouteData>(request.body);
  if (!route.has_value()) return Refuse(request, route.error());
  if (!route->queue_datas.empty() && !routes_.RegisterTopic(header.topic, route->queue_datas)) {
    RMQ_LOG(runtime_.log(), kWarn, "namesrv", "topic {} of an unknown broker: not registered",
            header.topic);
  }
  return Success(request);
}

NameServerHandler::Response NameServerHandler::DeleteTopic(const Request& request) {
  RMQ_DECODE(DeleteTopicFromNamesrvRequestHeader, header, request);
  RMQ_LOG(runtime_.log(), kInfo, "namesrv", "topic {} deleted {}", header.topic,
          header.cluster_name);
  if (header.cluster_name.empty()) {
    routes_.DeleteTopic(header.topic);
  } else {
    routes_.DeleteTopic(header.topic, header.cluster_name);
  }
  return Success(request);
}

NameServerHandler::Response NameServerHandler::WipeWritePermission(const Request& request) {
  RMQ_DECODE(WipeWritePermOfBrokerRequestHeader, header, request);
  const int32_t topics = routes_.WipeWritePermission(header.broker_name);
  RMQ_LOG(runtime_.log(), kInfo, "namesrv", "wiped write permission of {} in {} topics",
          header.broker_name, topics);
  return SuccessWithHeader(request,
                           wire::WipeWritePermOfBrokerResponseHeader{.wipe_topic_count = topics});
}

NameServerHandler::Response NameServerHandler::AddWritePermission(const Request& request) {
  RMQ_DECODE(AddWritePermOfBrokerRequestHeader, header, request);
  const int32_t topics = routes_.AddWritePermission(header.broker_name);
  RMQ_LOG(runtime_.log(), kInfo, "namesrv", "gave write permission of {} in {} topics",
          header.broker_name, topics);
  return SuccessWithHeader(request,
                           wire::AddWritePermOfBrokerResponseHeader{.add_topic_count = topics});
}

NameServerHandler::Response NameServerHandler::TopicsOfCluster(const Request& request) {
  if (!config_.enable_topic_list) {
    return MakeResponse(request, ResponseCode::kSystemError, "disable");
  }
  RMQ_DECODE(GetTopicsByClusterRequestHeader, header, request);
  return SuccessWith(request, routes_.TopicsOfCluster(header.cluster));
}

// --- stored texts ---

NameServerHandler::Response NameServerHandler::GetKv(const Request& request) {
  RMQ_DECODE(GetKVConfigRequestHeader, header, request);
  const std::optional<std::string> value = kv_.Get(header.kv_namespace, header.key);
  if (value.has_value()) {
    Response response = Success(request);
    response.ext_fields.Set("value", *value);  // Also an empty one.
    return response;
  }
  return MakeResponse(
      request, ResponseCode::kQueryNotFound,
      fmt::format("No config item, Namespace: {} Key: {}", header.kv_namespace, header.key));
}

NameServerHandler::Response NameServerHandler::KvOfNamespace(const Request& request) {
  RMQ_DECODE(GetKVListByNamespaceRequestHeader, header, request);
  const auto* table = kv_.FindNamespace(header.kv_namespace);
  if (table != nullptr) return SuccessWith(request, wire::KVTable{.table = *table});
  return MakeResponse(request, ResponseCode::kQueryNotFound,
                      fmt::format("No config item, Namespace: {}", header.kv_namespace));
}

NameServerHandler::Response NameServerHandler::PutKv(Context& ctx, const Request& request) {
  RMQ_DECODE(PutKVConfigRequestHeader, header, request);
  const Result<void> put = kv_.Put(ctx, header.kv_namespace, header.key, header.value);
  return put.has_value() ? Success(request) : Refuse(request, put.error());
}

NameServerHandler::Response NameServerHandler::DeleteKv(Context& ctx, const Request& request) {
  RMQ_DECODE(DeleteKVConfigRequestHeader, header, request);
  const Result<void> deleted = kv_.Delete(ctx, header.kv_namespace, header.key);
  return deleted.has_value() ? Success(request) : Refuse(request, deleted.error());
}

// Everything is checked before anything changes, and stored before it counts (NS-20).
NameServerHandler::Response NameServerHandler::UpdateConfig(Context& ctx, const Request& request) {
  const auto properties = wire::ParseProperties(request.body.text());
  if (!properties.has_value()) {
    return MakeResponse(request, ResponseCode::kSystemError, "string2Properties error");
  }
  std::map<std::string, std::string> changes;
  for (const wire::ConfigProperty& property : *properties) {
    const std::string& key = property.key;
    if (black_list_.contains(key)) {
      return MakeResponse(request, ResponseCode::kNoPermission,
                          "Can not update config in black list.");
    }
    const Result<void> valid = schema_.Check(key, property.value);
    if (valid.has_value()) {
      changes.insert_or_assign(key, property.value);
    } else if (valid.error().code() != ErrorCode::kNotFound) {
      return Refuse(request, valid.error());
    }
  }
  if (changes.empty()) return Success(request);

  const Result<void> stored = StoreConfig(ctx, changes);
  if (!stored.has_value()) return Refuse(request, WithContext(stored.error(), "not changed"));
  for (const auto& [key, value] : changes) {
    RMQ_LOG(runtime_.log(), kInfo, "namesrv", "configuration: {}={}", key, value);
    (void)schema_.Update(key, value);
  }
  return Success(request);
}

Result<void> NameServerHandler::StoreConfig(Context& ctx,
                                            const std::map<std::string, std::string>& changes) {
  RMQ_TRY(const runtime::Mutex::Guard guard, changing_config_.Lock(ctx));
  const std::string name = runtime::NameOf(config_.config_store_path);
  RMQ_TRY(const auto directory,
          runtime_.files().OpenDirectory(ctx, runtime::DirectoryOf(config_.config_store_path),
                                         /*create=*/true));
  Result<std::string> text = runtime::ReadWholeFile(ctx, *directory, name);
  if (!text.has_value() && text.error().code() != ErrorCode::kNotFound) {
    return Fail(std::move(text).error());
  }
  RMQ_TRY(const std::string changed, wire::ChangeProperties(text.value_or(""), changes));
  return runtime::ReplaceFile(ctx, *directory, name, changed);
}

#undef RMQ_DECODE

}  // namespace rmq::namesrv
