#include "client/fake_cluster_for_test.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "remoting/server.h"
#include "wire/checksum.h"
#include "wire/client_bodies.h"
#include "wire/client_headers.h"
#include "wire/compression.h"
#include "wire/java_hash.h"
#include "wire/json_bean.h"
#include "wire/message_batch.h"
#include "wire/message_id.h"
#include "wire/message_properties.h"
#include "wire/name_rules.h"
#include "wire/namesrv_headers.h"
#include "wire/offset_headers.h"

namespace rmq::client {

using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

namespace {

constexpr uint16_t kBrokerPort = 10911;
constexpr uint16_t kNameServerPort = 9876;
constexpr seconds kLockLifetime{60};

void Serve(Context& ctx, runtime::Runtime& runtime, Endpoint& at,
           remoting::RequestHandler& handler) {
  auto server =
      remoting::Server::Listen(ctx, runtime, {.ip = IpAddress::Any(), .port = at.port}, handler);
  RMQ_ASSERT(server.has_value());
  at.port = (*server)->local().port;
  Context serving = ctx.WithCancellation(runtime.stop());
  while (serving.SleepFor(hours(1)).has_value()) {
  }
  (*server)->Close(ctx);
}

template <typename Header>
Header Decoded(const RemotingCommand& request) {
  auto header = wire::DecodeHeader<Header>(request);
  RMQ_ASSERT(header.has_value());
  return *std::move(header);
}

template <typename Header>
RemotingCommand AnswerWith(const RemotingCommand& request, const Header& header) {
  RemotingCommand answer = wire::MakeResponse(request, ResponseCode::kSuccess);
  wire::EncodeHeader(header, answer.ext_fields);
  return answer;
}

template <typename Body>
RemotingCommand AnswerBody(const RemotingCommand& request, const Body& body) {
  RemotingCommand answer = wire::MakeResponse(request, ResponseCode::kSuccess);
  answer.body = Bytes::Copy(wire::ToJson(body));
  return answer;
}

wire::StoredMessage Decode(const std::string& record) {
  auto message = wire::DecodeStoredMessage(AsBytes(record));
  RMQ_ASSERT(message.has_value());
  return *message;
}

}  // namespace

// --- what tests see ---

int64_t FakeBroker::Append(const std::string& topic, int32_t queue, std::string_view body,
                           std::string_view tag, int32_t sys_flag) {
  std::string properties;
  if (!tag.empty()) wire::AppendProperty(properties, wire::kPropertyTags, tag);
  return Put({.topic = topic,
              .body = AsBytes(body),
              .properties = properties,
              .queue_id = queue,
              .sys_flag = sys_flag});
}

std::vector<std::string> FakeBroker::Bodies(const std::string& topic, int32_t queue) const {
  std::vector<std::string> bodies;
  const auto found = queues_.find({topic, queue});
  if (found == queues_.end()) return bodies;
  for (const std::string& record : found->second.records) {
    bodies.emplace_back(AsText(Decode(record).body));
  }
  return bodies;
}

std::vector<std::string> FakeBroker::AllBodies(const std::string& topic) const {
  std::vector<std::string> all;
  for (const auto& [key, queue] : queues_) {
    if (key.first != topic) continue;
    for (std::string& body : Bodies(key.first, key.second)) all.push_back(std::move(body));
  }
  return all;
}

void FakeBroker::DeleteBefore(const std::string& topic, int32_t queue, int64_t begin) {
  Stored& q = queues_[{topic, queue}];
  q.records.erase(q.records.begin(), q.records.begin() + (begin - q.begin));
  q.begin = begin;
}

void FakeBroker::Truncate(const std::string& topic, int32_t queue, int64_t end) {
  Stored& q = queues_[{topic, queue}];
  q.records.resize(static_cast<size_t>(end - q.begin));
}

std::optional<int64_t> FakeBroker::Committed(const std::string& group, const std::string& topic,
                                             int32_t queue) const {
  const auto found = committed_.find({group, {topic, queue}});
  if (found == committed_.end()) return std::nullopt;
  return found->second;
}

void FakeBroker::Commit(const std::string& group, const std::string& topic, int32_t queue,
                        int64_t offset) {
  committed_[{group, {topic, queue}}] = offset;
}

std::set<std::string> FakeBroker::Members(const std::string& group) const {
  std::set<std::string> ids;
  for (const auto& [id, member] : members_) {
    if (member.groups.contains(group)) ids.insert(id);
  }
  return ids;
}

std::string FakeBroker::LockOwner(const std::string& group, const MessageQueue& queue) const {
  const auto found = locks_.find({group, queue});
  if (found == locks_.end()) return {};
  if (runtime_->clock().Now() - found->second.renewed > kLockLifetime) return {};
  return found->second.owner;
}

void FakeBroker::StealLock(const std::string& group, const MessageQueue& queue,
                           const std::string& client) {
  locks_[{group, queue}] = {.owner = client, .renewed = runtime_->clock().Now()};
}

int FakeBroker::received(RequestCode code) const {
  const auto found = received_.find(static_cast<int32_t>(code));
  return found == received_.end() ? 0 : found->second;
}

void FakeBroker::Tell(const std::string& client_id, RemotingCommand request) {
  RMQ_ASSERT(members_.contains(client_id));
  RMQ_ASSERT(members_[client_id].connection->SendOneway(std::move(request)).has_value());
}

// The question is asked by the broker's own fiber; the test's fiber looks for the answer.
Result<RemotingCommand> FakeBroker::Ask(Context& ctx, const std::string& client_id,
                                        RemotingCommand request) {
  std::shared_ptr<std::optional<Result<RemotingCommand>>> answer =
      std::make_shared<std::optional<Result<RemotingCommand>>>();
  const auto member = members_.find(client_id);
  RMQ_ASSERT(member != members_.end());
  runtime_->executor().Spawn(
      *gate_, "ask", [answer, connection = member->second.connection, request](Context& own) {
        Context limited = own.WithTimeout(seconds(10));
        *answer = connection->Call(limited, request);
      });
  while (!answer->has_value()) RMQ_TRY(ctx.SleepFor(milliseconds(1)));
  return **answer;
}

Bytes FakeBroker::Record(const std::string& topic, int32_t queue, int64_t offset) const {
  const Stored& q = queues_.at({topic, queue});
  return Bytes::Copy(q.records.at(static_cast<size_t>(offset - q.begin)));
}

// --- the daemon ---

void FakeBroker::Run(Context& ctx, runtime::Runtime& runtime) {
  runtime::Gate gate;
  runtime::Condition arrived;
  runtime_ = &runtime;
  gate_ = &gate;
  arrived_ = &arrived;
  Serve(ctx, runtime, endpoint_, *this);
  gate.Close(ctx);
}

void FakeBroker::Died() {
  runtime_ = nullptr;
  gate_ = nullptr;
  arrived_ = nullptr;
  members_.clear();
  locks_.clear();
}

void FakeBroker::ConnectionClosed(remoting::Connection& connection) {
  std::vector<std::string> gone;
  for (const auto& [id, member] : members_) {
    if (member.connection.get() == &connection) gone.push_back(id);
  }
  for (const std::string& id : gone) Forget(id);
}

void FakeBroker::Forget(const std::string& client_id) {
  const std::set<std::string> groups = std::move(members_[client_id].groups);
  members_.erase(client_id);
  NotifyGroups(groups);
}

void FakeBroker::NotifyGroups(const std::set<std::string>& groups) {
  for (const auto& [id, member] : members_) {
    for (const std::string& group : member.groups) {
      if (!groups.contains(group)) continue;
      static_cast<void>(member.connection->SendOneway(
          wire::MakeRequest(RequestCode::kNotifyConsumerIdsChanged,
                            wire::NotifyConsumerIdsChangedRequestHeader{.consumer_group = group})));
    }
  }
}

void FakeBroker::HandleRequest(const ConnectionPtr& connection, RemotingCommand request) {
  ++received_[request.code];
  const Verdict verdict = judge_ ? judge_(request) : Verdict{};
  if (verdict.ignore) return;
  if (verdict.refuse.has_value()) {
    return connection->Reply(request, wire::MakeResponse(request, *verdict.refuse, "as wanted"));
  }
  if (verdict.answer_body.has_value()) {
    RemotingCommand answer = wire::MakeResponse(request, ResponseCode::kSuccess);
    answer.body = Bytes::Copy(*verdict.answer_body);
    return connection->Reply(request, std::move(answer));
  }
  if (request.request_code() == RequestCode::kPullMessage) return Pull(connection, request);
  RemotingCommand answer = Handle(connection, request);
  if (verdict.answer_code) answer.code = static_cast<int32_t>(*verdict.answer_code);
  if (verdict.delay == nanoseconds(0)) return connection->Reply(request, std::move(answer));
  runtime_->executor().Spawn(*gate_, "answer later",
                             [connection, request, answer, verdict](Context& ctx) {
                               if (!ctx.SleepFor(verdict.delay).has_value()) return;
                               connection->Reply(request, answer);
                             });
}

RemotingCommand FakeBroker::Handle(const ConnectionPtr& connection,
                                   const RemotingCommand& request) {
  switch (request.request_code()) {
    case RequestCode::kSendMessageV2:
    case RequestCode::kSendBatchMessage:
      return Send(request);
    case RequestCode::kConsumerSendMsgBack:
      return SendBack(request);
    case RequestCode::kHeartBeat:
      return Heartbeat(connection, request);
    case RequestCode::kUnregisterClient:
      return Unregister(request);
    case RequestCode::kGetConsumerListByGroup:
      return ListMembers(request);
    case RequestCode::kLockBatchMq:
    case RequestCode::kUnlockBatchMq:
      return LockOrUnlock(request);
    default:
      return Offset(request);
  }
}

int64_t FakeBroker::Put(wire::MessageToStore message) {
  topics_.try_emplace(std::string(message.topic), 1);
  Stored& queue = queues_[{std::string(message.topic), message.queue_id}];
  message.queue_offset = QueueOffset{queue.end()};
  message.physical_offset = CommitLogOffset{physical_offset_};
  message.store_host = endpoint_;
  message.born_host = endpoint_;
  message.body_crc = wire::MessageBodyCrc(message.body);
  std::string record(wire::StoredMessageSize(message), '\0');
  wire::EncodeStoredMessage(message, std::as_writable_bytes(std::span(record)));
  physical_offset_ += static_cast<int64_t>(record.size());
  queue.records.push_back(std::move(record));
  if (arrived_ != nullptr) arrived_->NotifyAll();
  return message.queue_offset.value;
}

RemotingCommand FakeBroker::Send(const RemotingCommand& request) {
  auto header = wire::DecodeSendMessageHeader(request);
  RMQ_ASSERT(header.has_value());
  sends_.push_back(*header);
  if (!topics_.contains(header->topic) && header->default_topic == wire::kAutoCreateTopicKeyTopic) {
    topics_[header->topic] = header->default_topic_queue_nums;
  }
  wire::MessageToStore message{.topic = header->topic,
                               .body = request.body.view(),
                               .properties = header->properties,
                               .queue_id = header->queue_id,
                               .flag = header->flag,
                               .sys_flag = header->sys_flag,
                               .born_time = WallTime{header->born_timestamp}};
  wire::SendMessageResponseHeader answer{.msg_id = "offset-id", .queue_id = header->queue_id};
  if (!header->batch) {
    answer.queue_offset = Put(message);
    return AnswerWith(request, answer);
  }
  answer.queue_offset = queues_[{header->topic, header->queue_id}].end();
  wire::BatchReader reader(request.body.view());
  for (;;) {
    const auto record = reader.Next();
    RMQ_ASSERT(record.has_value());
    if (!record->has_value()) return AnswerWith(request, answer);
    message.body = (*record)->body;
    message.properties = (*record)->properties;
    Put(message);
  }
}

// At once, into queue 0 of the retry topic, or of the dead-letter topic.
RemotingCommand FakeBroker::SendBack(const RemotingCommand& request) {
  const auto header = Decoded<wire::ConsumerSendMsgBackRequestHeader>(request);
  for (const auto& [key, queue] : queues_) {
    for (const std::string& record : queue.records) {
      const wire::StoredMessage found = Decode(record);
      if (found.physical_offset.value != header.offset) continue;
      const bool dead =
          header.delay_level < 0 || found.reconsume_times >= *header.max_reconsume_times;
      wire::Properties properties = wire::Properties::Parse(found.properties);
      if (!properties.Find(wire::kPropertyRetryTopic)) {
        properties.Set(wire::kPropertyRetryTopic, found.topic);
      }
      const std::string text = properties.ToString();
      const std::string body(AsText(found.body));
      const std::string topic =
          dead ? wire::DlqTopic(header.group) : wire::RetryTopic(header.group);
      Put({.topic = topic,
           .body = AsBytes(body),
           .properties = text,
           .reconsume_times = found.reconsume_times + 1});
      return wire::MakeResponse(request, ResponseCode::kSuccess);
    }
  }
  return wire::MakeResponse(request, ResponseCode::kSystemError, "no message at that offset");
}

RemotingCommand FakeBroker::Offset(const RemotingCommand& request) {
  switch (request.request_code()) {
    case RequestCode::kGetMaxOffset: {
      const auto header = Decoded<wire::GetMaxOffsetRequestHeader>(request);
      const int64_t end = queues_[{header.topic, header.queue_id}].end();
      return AnswerWith(request, wire::GetMaxOffsetResponseHeader{.offset = end});
    }
    case RequestCode::kGetMinOffset: {
      const auto header = Decoded<wire::GetMinOffsetRequestHeader>(request);
      const int64_t begin = queues_[{header.topic, header.queue_id}].begin;
      return AnswerWith(request, wire::GetMinOffsetResponseHeader{.offset = begin});
    }
    case RequestCode::kQueryConsumerOffset: {
      const auto header = Decoded<wire::QueryConsumerOffsetRequestHeader>(request);
      const auto found = Committed(header.consumer_group, header.topic, header.queue_id);
      if (!found) return wire::MakeResponse(request, ResponseCode::kQueryNotFound);
      return AnswerWith(request, wire::QueryConsumerOffsetResponseHeader{.offset = *found});
    }
    case RequestCode::kUpdateConsumerOffset: {
      const auto header = Decoded<wire::UpdateConsumerOffsetRequestHeader>(request);
      const auto before = Committed(header.consumer_group, header.topic, header.queue_id);
      went_back_ |= before.has_value() && header.commit_offset < *before;
      Commit(header.consumer_group, header.topic, header.queue_id, header.commit_offset);
      return wire::MakeResponse(request, ResponseCode::kSuccess);
    }
    default:
      return wire::MakeResponse(request, ResponseCode::kRequestCodeNotSupported);
  }
}

RemotingCommand FakeBroker::Heartbeat(const ConnectionPtr& connection,
                                      const RemotingCommand& request) {
  const auto data = wire::FromJson<wire::HeartbeatData>(request.body);
  RMQ_ASSERT(data.has_value());
  last_heartbeat_ = *data;
  Member& member = members_[data->client_id];
  member.connection = connection;
  std::set<std::string> joined;
  for (const wire::ConsumerData& consumer : data->consumer_data_set) {
    if (consumer.message_model == wire::MessageModel::kClustering) {
      topics_.try_emplace(wire::RetryTopic(consumer.group_name), 1);
    }
    if (member.groups.insert(consumer.group_name).second) joined.insert(consumer.group_name);
  }
  for (const wire::ProducerData& producer : data->producer_data_set) {
    member.groups.insert(producer.group_name);
  }
  NotifyGroups(joined);
  return wire::MakeResponse(request, ResponseCode::kSuccess);
}

RemotingCommand FakeBroker::Unregister(const RemotingCommand& request) {
  const auto header = Decoded<wire::UnregisterClientRequestHeader>(request);
  const auto member = members_.find(header.client_id);
  if (member != members_.end()) {
    member->second.groups.erase(header.consumer_group);
    member->second.groups.erase(header.producer_group);
    if (member->second.groups.empty()) members_.erase(member);
  }
  NotifyGroups({header.consumer_group});
  return wire::MakeResponse(request, ResponseCode::kSuccess);
}

RemotingCommand FakeBroker::ListMembers(const RemotingCommand& request) {
  const auto header = Decoded<wire::GetConsumerListByGroupRequestHeader>(request);
  const std::set<std::string> ids = Members(header.consumer_group);
  if (ids.empty()) return wire::MakeResponse(request, ResponseCode::kSystemError, "no consumer");
  return AnswerBody(request, wire::GetConsumerListByGroupResponseBody{
                                 .consumer_id_list = {ids.begin(), ids.end()}});
}

RemotingCommand FakeBroker::LockOrUnlock(const RemotingCommand& request) {
  const auto body = wire::FromJson<wire::LockBatchRequestBody>(request.body);
  RMQ_ASSERT(body.has_value());
  wire::LockBatchResponseBody answer;
  for (const MessageQueue& queue : body->mq_set) {
    const std::string owner = LockOwner(body->consumer_group, queue);
    if (!owner.empty() && owner != body->client_id) continue;
    if (request.request_code() == RequestCode::kUnlockBatchMq) {
      locks_.erase({body->consumer_group, queue});
    } else {
      StealLock(body->consumer_group, queue, body->client_id);
      answer.lock_ok_mq_set.insert(queue);
    }
  }
  return AnswerBody(request, answer);
}

void FakeBroker::Pull(const ConnectionPtr& connection, RemotingCommand request) {
  const auto header = Decoded<wire::PullMessageRequestHeader>(request);
  pulls_.push_back(header);
  if (auto answer = TryPull(request, header)) return connection->Reply(request, *answer);
  runtime_->executor().Spawn(*gate_, "hold pull", [=, this](Context& ctx) {
    Context limited = ctx.WithTimeout(milliseconds(header.suspend_timeout_millis));
    while (limited.Check().has_value()) {
      if (auto answer = TryPull(request, header)) return connection->Reply(request, *answer);
      static_cast<void>(arrived_->Wait(limited));
    }
    if (!ctx.Check().has_value()) return;
    const wire::PullMessageResponseHeader nothing{.next_begin_offset = header.queue_offset};
    RemotingCommand answer = AnswerWith(request, nothing);
    answer.code = static_cast<int32_t>(ResponseCode::kPullNotFound);
    connection->Reply(request, answer);
  });
}

// Filters by the hash of the tag, as brokers do.
std::optional<RemotingCommand> FakeBroker::TryPull(const RemotingCommand& request,
                                                   const wire::PullMessageRequestHeader& header) {
  const Stored& queue = queues_[{header.topic, header.queue_id}];
  wire::PullMessageResponseHeader answer{.suggest_which_broker_id = suggested_id_,
                                         .next_begin_offset = header.queue_offset,
                                         .min_offset = queue.begin,
                                         .max_offset = queue.end()};
  if (header.queue_offset < queue.begin || header.queue_offset > queue.end()) {
    answer.next_begin_offset = header.queue_offset < queue.begin ? queue.begin : queue.end();
    RemotingCommand moved = AnswerWith(request, answer);
    moved.code = static_cast<int32_t>(ResponseCode::kPullOffsetMoved);
    return moved;
  }
  if (header.queue_offset == queue.end()) return std::nullopt;
  const auto tags = filter::TagExpression::Parse(header.subscription);
  std::string body;
  for (int count = 0; count < header.max_msg_nums && answer.next_begin_offset < queue.end();) {
    const auto at = static_cast<size_t>(answer.next_begin_offset++ - queue.begin);
    const wire::PropertiesView properties(Decode(queue.records[at]).properties);
    const std::string_view tag = properties.Find(wire::kPropertyTags).value_or("");
    if (!tags->MatchesCode(wire::TagsCode(tag))) continue;
    body += queue.records[at];
    ++count;
  }
  RemotingCommand found = AnswerWith(request, answer);
  if (body.empty()) found.code = static_cast<int32_t>(ResponseCode::kPullRetryImmediately);
  found.body = Bytes::Copy(body);
  return found;
}

// --- NameServer ---

void FakeNameServer::Run(Context& ctx, runtime::Runtime& runtime) {
  Serve(ctx, runtime, endpoint_, *this);
}

wire::TopicRouteData FakeNameServer::RouteOf(const std::string& topic) const {
  wire::TopicRouteData route;
  for (const auto& broker : brokers_) {
    const auto found = broker->topics().find(topic);
    if (found == broker->topics().end() || hidden_.contains(broker->name())) continue;
    auto same = std::find_if(route.broker_datas.begin(), route.broker_datas.end(),
                             [&](const auto& data) { return data.broker_name == broker->name(); });
    if (same != route.broker_datas.end()) {
      same->broker_addrs[broker->id()] = broker->address();
      continue;
    }
    route.broker_datas.push_back({.broker_addrs = {{broker->id(), broker->address()}},
                                  .broker_name = broker->name(),
                                  .cluster = "cluster"});
    route.queue_datas.push_back({.broker_name = broker->name(),
                                 .perm = wire::kPermRead | wire::kPermWrite,
                                 .read_queue_nums = found->second,
                                 .write_queue_nums = found->second});
  }
  return route;
}

void FakeNameServer::HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                                   RemotingCommand request) {
  ++questions_;
  RMQ_ASSERT(request.request_code() == RequestCode::kGetRouteInfoByTopic);
  const auto header = Decoded<wire::GetRouteInfoRequestHeader>(request);
  const wire::TopicRouteData route = RouteOf(header.topic);
  if (route.broker_datas.empty() || empty_) {
    return connection->Reply(request, wire::MakeResponse(request, ResponseCode::kTopicNotExist));
  }
  connection->Reply(request, AnswerBody(request, route));
}

// --- the cluster ---

FakeCluster::FakeCluster(sim::Simulation& sim, int name_servers) : sim_(sim) {
  for (int i = 0; i < name_servers; ++i) {
    name_server_machines_.push_back(&sim.AddMachine(fmt::format("ns-{}", i)));
    name_servers_.push_back(std::make_unique<FakeNameServer>(
        brokers_, Endpoint{.ip = name_server_machines_.back()->ip(), .port = kNameServerPort}));
  }
}

FakeCluster::~FakeCluster() {
  for (const auto& [name, process] : processes_) sim_.Kill(*process);
}

FakeBroker& FakeCluster::AddBroker(const std::string& name, int64_t id) {
  sim::Machine& machine =
      sim_.AddMachine(id == wire::kMasterId ? name : fmt::format("{}.{}", name, id));
  brokers_.push_back(std::make_unique<FakeBroker>(
      name, id, Endpoint{.ip = machine.ip(), .port = kBrokerPort}, &machine));
  return *brokers_.back();
}

bool FakeCluster::Start(Context& ctx) {
  for (size_t i = 0; i < name_servers_.size(); ++i) {
    sim::Process*& process = processes_[fmt::format("ns-{}", i)];
    if (process != nullptr && process->alive()) continue;
    FakeNameServer* server = name_servers_[i].get();
    process = &sim_.Start(
        *name_server_machines_[i], "namesrv",
        [server](Context& own, runtime::Runtime& runtime) { server->Run(own, runtime); });
  }
  for (const auto& broker : brokers_) {
    sim::Process*& process = processes_[broker->machine().name()];
    if (process != nullptr && process->alive()) continue;
    FakeBroker* fake = broker.get();
    process =
        &sim_.Start(broker->machine(), "broker",
                    [fake](Context& own, runtime::Runtime& runtime) { fake->Run(own, runtime); });
  }
  return ctx.SleepFor(seconds(1)).has_value();
}

void FakeCluster::Kill(FakeBroker& broker) {
  sim_.Kill(*processes_.at(broker.machine().name()));
  broker.Died();
}

void FakeCluster::KillNameServer(size_t index) {
  sim_.Kill(*processes_.at(fmt::format("ns-{}", index)));
}

std::string FakeCluster::name_server_list() const {
  std::string list;
  for (const auto& server : name_servers_) list += server->address() + ";";
  return list;
}

}  // namespace rmq::client
