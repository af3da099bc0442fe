#include "broker/send_processor.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/metadata.h"
#include "wire/message.h"
#include "wire/message_batch.h"
#include "wire/message_id.h"
#include "wire/message_properties.h"
#include "wire/message_sys_flag.h"
#include "wire/name_rules.h"

namespace rmq::broker {

using wire::ResponseCode;

// A send between its arrival and its answer.
struct SendProcessor::Work {
  ConnectionPtr connection;
  wire::RemotingCommand request;  // without its body
  wire::RemotingCommand response;
  int32_t queue_id = 0;
  std::string transaction_id;
  Tick began;

  void Fail(ResponseCode code, std::string remark) {
    response.code = static_cast<int32_t>(code);
    response.remark = std::move(remark);
    connection->Reply(request, std::move(response));
  }
};

namespace {

void SetError(wire::RemotingCommand& response, ResponseCode code, std::string remark) {
  response.code = static_cast<int32_t>(code);
  response.remark = std::move(remark);
}

// WAIT=true is what an absent property means: dropping it saves 10 bytes in every message.
// Region, trace switch and cluster are the broker's to say, as in Java.
std::string StoredProperties(std::string_view sent, const BrokerConfig& config) {
  static constexpr std::string_view kWaitTrue = "WAIT\x01true\x02";
  std::string kept;
  kept.reserve(sent.size() + config.cluster_name.size() + config.region_id.size() + 48);
  const size_t at = sent.find(kWaitTrue);
  const bool whole_pair = at != std::string_view::npos && (at == 0 || sent[at - 1] == '\x02');
  if (whole_pair) {
    kept.append(sent.substr(0, at)).append(sent.substr(at + kWaitTrue.size()));
  } else {
    kept.append(sent);
  }
  wire::AppendProperty(kept, wire::kPropertyMsgRegion, config.region_id);
  wire::AppendProperty(kept, wire::kPropertyTraceSwitch, config.trace_on ? "true" : "false");
  wire::AppendProperty(kept, wire::kPropertyCluster, config.cluster_name);
  return kept;
}

bool IsTransactional(const wire::PropertiesView& properties) {
  return properties.Find(wire::kPropertyTransactionPrepared) == "true";
}

bool IsDelayed(const wire::PropertiesView& properties) {
  for (const std::string_view name :
       {wire::kPropertyTimerDelaySec, wire::kPropertyTimerDelayMs, wire::kPropertyTimerDeliverMs}) {
    if (properties.Find(name).has_value()) return true;
  }
  const auto level = properties.Find(wire::kPropertyDelayTimeLevel);
  return level.has_value() && *level != "0";
}

}  // namespace

void SendProcessor::HandleSend(const ConnectionPtr& connection, wire::RemotingCommand request) {
  auto work = std::make_unique<Work>();
  work->began = parts_.runtime.clock().Now();
  work->connection = connection;
  work->response = wire::MakeResponse(request, ResponseCode::kSuccess);
  Bytes body = std::exchange(request.body, Bytes());
  auto header = wire::DecodeSendMessageHeader(request);
  work->request = std::move(request);
  work->request.ext_fields = {};
  work->response.ext_fields.Set(wire::kPropertyMsgRegion, parts_.config.region_id);
  work->response.ext_fields.Set(wire::kPropertyTraceSwitch, parts_.config.trace_on);
  if (!header.has_value()) {
    return work->Fail(ResponseCode::kSystemError, header.error().message());
  }
  const size_t waiting = parts_.store.Stats().pending_put_count;
  if (waiting >= static_cast<size_t>(parts_.config.send_queue_capacity)) {
    return work->Fail(ResponseCode::kSystemBusy,
                      fmt::format("[OVERLOAD]system busy, start flow control for a while: {} sends "
                                  "wait for the store",
                                  waiting));
  }
  const auto topic = CheckedTopic(*header, work->response);
  if (!topic.has_value()) {
    work->connection->Reply(work->request, std::move(work->response));
    return;
  }
  if (header->queue_id < 0) header->queue_id = AnyQueue((*topic)->write_queue_nums);
  work->queue_id = header->queue_id;
  const bool batch =
      header->batch || work->request.request_code() == wire::RequestCode::kSendBatchMessage;
  if (batch) {
    StoreBatch(std::move(work), std::move(*header), std::move(body));
  } else {
    StoreOne(std::move(work), std::move(*header), std::move(body));
  }
}

int32_t SendProcessor::AnyQueue(int32_t queue_count) {
  return static_cast<int32_t>(next_queue_++ % std::max(queue_count, 1));
}

// BROKER-1 to BROKER-4: permission, name, existence, queue id, in Java's order and with its codes.
// On failure the response says why.
Result<const wire::TopicConfig*> SendProcessor::CheckedTopic(wire::SendMessageRequestHeader& header,
                                                             wire::RemotingCommand& response) {
  const auto refuse = [&](ResponseCode code, std::string remark) {
    SetError(response, code, std::move(remark));
    return Fail(ErrorCode::kRejected);
  };
  if (!parts_.config.writable()) {
    return refuse(ResponseCode::kNoPermission,
                  fmt::format("the broker[{}] sending message is forbidden",
                              parts_.store_host.ip.ToString()));
  }
  if (const auto valid = wire::ValidateTopic(header.topic); !valid.has_value()) {
    return refuse(ResponseCode::kSystemError, valid.error().message());
  }
  if (wire::IsSendForbidden(header.topic)) {
    return refuse(ResponseCode::kNoPermission,
                  fmt::format("Sending message to topic[{}] is forbidden.", header.topic));
  }
  if (wire::IsRetryTopic(header.topic) && RedirectToDlq(header, response)) {
    if (response.code != 0) return Fail(ErrorCode::kRejected);
  }
  const WallTime now = parts_.runtime.clock().WallNow();
  const wire::TopicConfig* topic = parts_.topics.Find(header.topic);
  if (topic == nullptr && wire::IsRetryTopic(header.topic)) {
    topic = &parts_.topics.CreateForGroup(header.topic, 1, wire::kPermRead | wire::kPermWrite, now);
  } else if (topic == nullptr) {
    topic = parts_.topics.CreateForSend(header.topic, header.default_topic,
                                        header.default_topic_queue_nums, now);
  }
  if (topic == nullptr) {
    return refuse(ResponseCode::kTopicNotExist,
                  fmt::format("topic[{}] not exist, apply first please!", header.topic));
  }
  if ((topic->perm & wire::kPermWrite) == 0) {
    return refuse(ResponseCode::kNoPermission,
                  fmt::format("the topic[{}] sending message is forbidden", header.topic));
  }
  const int32_t queues = std::max(topic->write_queue_nums, topic->read_queue_nums);
  if (header.queue_id >= queues) {
    return refuse(ResponseCode::kSystemError,
                  fmt::format("request queueId[{}] is illegal, topic[{}] has {} queues",
                              header.queue_id, header.topic, queues));
  }
  return topic;
}

// A consumer's own re-send to %RETRY%group goes to %DLQ%group once it was tried often enough.
// True if the header was changed or refused.
bool SendProcessor::RedirectToDlq(wire::SendMessageRequestHeader& header,
                                  wire::RemotingCommand& response) {
  const std::string group = header.topic.substr(wire::kRetryTopicPrefix.size());
  const WallTime now = parts_.runtime.clock().WallNow();
  const wire::SubscriptionGroupConfig* config = parts_.groups.FindOrCreate(group, now);
  if (config == nullptr) {
    SetError(response, ResponseCode::kSubscriptionGroupNotExist,
             fmt::format("subscription group not exist, {}", group));
    return true;
  }
  const int32_t limit = header.max_reconsume_times.value_or(config->retry_max_times);
  if (header.reconsume_times <= limit) return false;
  header.topic = wire::DlqTopic(group);
  header.queue_id = 0;
  parts_.topics.CreateForGroup(header.topic, 1, wire::kPermWrite, now);
  return true;
}

store::MessageToStore SendProcessor::MessageOf(const wire::SendMessageRequestHeader& header,
                                               Endpoint peer, Bytes body) const {
  store::MessageToStore message;
  message.topic = header.topic;
  message.queue_id = header.queue_id;
  message.flag = header.flag;
  message.sys_flag = header.sys_flag;
  message.reconsume_times = header.reconsume_times;
  message.born_time = WallTime{header.born_timestamp};
  message.born_host = peer;
  message.store_host = parts_.store_host;
  message.body = std::move(body);
  return message;
}

void SendProcessor::StoreOne(std::unique_ptr<Work> work, wire::SendMessageRequestHeader header,
                             Bytes body) {
  const wire::PropertiesView properties(header.properties);
  if (IsTransactional(properties)) {
    return work->Fail(ResponseCode::kNoPermission,
                      fmt::format("the broker[{}] sending transaction message is forbidden",
                                  parts_.store_host.ip.ToString()));
  }
  if (IsDelayed(properties)) {
    return work->Fail(
        ResponseCode::kMessageIllegal,
        "this broker does not deliver delayed messages yet: it would deliver at once");
  }
  store::MessageToStore message = MessageOf(header, work->connection->peer(), std::move(body));
  message.wait_store_ok = properties.Find(wire::kPropertyWaitStoreMsgOk) != "false";
  work->transaction_id = properties.Find(wire::kPropertyUniqKey).value_or("");
  message.properties = StoredProperties(header.properties, parts_.config);
  Began(*work);
  parts_.store.PutAsync(std::move(message),
                        [this, work = std::move(work)](const Result<store::PutResult>& result) {
                          Answer(*work, result);
                        });
}

void SendProcessor::StoreBatch(std::unique_ptr<Work> work, wire::SendMessageRequestHeader header,
                               Bytes body) {
  if (wire::IsRetryTopic(header.topic)) {
    return work->Fail(ResponseCode::kMessageIllegal, "batch request does not support retry group");
  }
  std::vector<store::MessageToStore> messages;
  wire::BatchReader reader(body.view());
  for (;;) {
    const auto record = reader.Next();
    if (!record.has_value()) {
      return work->Fail(ResponseCode::kMessageIllegal, record.error().message());
    }
    if (!record->has_value()) break;
    store::MessageToStore message = MessageOf(header, work->connection->peer(), Bytes());
    const auto at = static_cast<size_t>((*record)->body.data() - body.data());
    message.body = (*record)->body.empty() ? Bytes() : body.Sub(at, (*record)->body.size());
    message.flag = (*record)->flag;
    message.properties = StoredProperties((*record)->properties, parts_.config);
    messages.push_back(std::move(message));
  }
  if (messages.empty()) return work->Fail(ResponseCode::kMessageIllegal, "the batch is empty");
  const wire::PropertiesView properties(header.properties);
  const bool wait = properties.Find(wire::kPropertyWaitStoreMsgOk) != "false";
  for (store::MessageToStore& message : messages) message.wait_store_ok = wait;
  Began(*work);
  // No batchUniqId in the answer: with it, clients take the batch for one message.
  parts_.store.PutBatchAsync(
      std::move(messages), [this, work = std::move(work)](const Result<store::PutResult>& result) {
        Answer(*work, result);
      });
}

ResponseCode ResponseCodeOf(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kNoSpace:
    case ErrorCode::kIoError:
    case ErrorCode::kClosed:
      return ResponseCode::kServiceNotAvailable;
    case ErrorCode::kResourceExhausted:
      return ResponseCode::kSystemBusy;
    default:
      return ResponseCode::kSystemError;
  }
}

namespace {

ResponseCode ResponseCodeOf(store::PutStatus status) {
  switch (status) {
    case store::PutStatus::kPutOk:
      return ResponseCode::kSuccess;
    case store::PutStatus::kFlushDiskTimeout:
      return ResponseCode::kFlushDiskTimeout;
    case store::PutStatus::kMessageIllegal:
    case store::PutStatus::kPropertiesSizeExceeded:
      return ResponseCode::kMessageIllegal;
  }
  return ResponseCode::kSystemError;
}

constexpr std::string_view kIllegalRemark =
    "the message is illegal, maybe msg body or properties length not matched. msg body length "
    "limit "
    "is maxMessageSize, properties length limit 32k.";

}  // namespace

void SendProcessor::Began(const Work& work) {
  parts_.stats.SendBegan(work.began);
  ++unanswered_;
}

void SendProcessor::WaitForAnswers(Context& ctx) {
  while (unanswered_ > 0 && answered_.Wait(ctx).has_value()) continue;
}

void SendProcessor::Answer(Work& work, const Result<store::PutResult>& result) {
  parts_.stats.SendEnded(work.began, parts_.runtime.clock().Now());
  --unanswered_;
  answered_.NotifyAll();
  if (!result.has_value()) {
    return work.Fail(ResponseCodeOf(result.error()),
                     fmt::format("service not available now: {}", result.error().ToString()));
  }
  const ResponseCode code = ResponseCodeOf(result->status);
  if (code == ResponseCode::kMessageIllegal) return work.Fail(code, std::string(kIllegalRemark));
  wire::SendMessageResponseHeader header;
  const auto id_of = [&](CommitLogOffset offset) {
    return wire::OffsetMessageId{parts_.store_host, offset}.ToString();
  };
  if (result->batch_offsets.empty()) {
    header.msg_id = id_of(result->offset);
  } else {
    for (const CommitLogOffset offset : result->batch_offsets) {
      if (!header.msg_id.empty()) header.msg_id += ',';
      header.msg_id += id_of(offset);
    }
  }
  header.queue_id = work.queue_id;
  header.queue_offset = result->queue_offset.value;
  header.transaction_id = work.transaction_id;
  wire::EncodeHeader(header, work.response.ext_fields);
  work.response.code = static_cast<int32_t>(code);
  work.connection->Reply(work.request, std::move(work.response));
}

void SendProcessor::HandleSendBack(const ConnectionPtr& connection, wire::RemotingCommand request) {
  runtime::Executor& executor = parts_.runtime.executor();
  executor.Spawn(parts_.gate, "send back",
                 [this, connection, request = std::move(request)](Context& ctx) {
                   Context timed = ctx.WithTimeout(seconds(30));
                   SendBack(timed, connection, request);
                 });
}

void SendProcessor::SendBack(Context& ctx, const ConnectionPtr& connection,
                             const wire::RemotingCommand& request) {
  const auto fail = [&](ResponseCode code, std::string remark) {
    ReplyError(connection, request, code, std::move(remark));
  };
  const auto header = wire::DecodeHeader<wire::ConsumerSendMsgBackRequestHeader>(request);
  if (!header.has_value()) return fail(ResponseCode::kSystemError, header.error().message());
  const WallTime now = parts_.runtime.clock().WallNow();
  const wire::SubscriptionGroupConfig* group = parts_.groups.FindOrCreate(header->group, now);
  if (group == nullptr) {
    return fail(ResponseCode::kSubscriptionGroupNotExist,
                fmt::format("subscription group not exist, {}", header->group));
  }
  if (!parts_.config.writable()) {
    return fail(ResponseCode::kNoPermission,
                fmt::format("the broker[{}] sending message is forbidden",
                            parts_.store_host.ip.ToString()));
  }
  if (group->retry_queue_nums <= 0) {
    return ReplyError(connection, request, ResponseCode::kSuccess, {});
  }
  const int32_t limit = header->max_reconsume_times.value_or(group->retry_max_times);
  const auto record = parts_.store.MessageAt(ctx, CommitLogOffset{header->offset});
  if (!record.has_value()) {
    return fail(ResponseCode::kSystemError,
                fmt::format("look message by offset failed, {}", header->offset));
  }
  const auto original = wire::DecodeStoredMessage(record->view());
  if (!original.has_value()) return fail(ResponseCode::kSystemError, original.error().message());

  const bool give_up = original->reconsume_times >= limit || header->delay_level < 0;
  const std::string topic =
      give_up ? wire::DlqTopic(header->group) : wire::RetryTopic(header->group);
  parts_.topics.CreateForGroup(topic, give_up ? 1 : group->retry_queue_nums,
                               give_up ? wire::kPermWrite : wire::kPermRead | wire::kPermWrite,
                               now);
  wire::Properties properties = wire::Properties::Parse(original->properties);
  if (!properties.Find(wire::kPropertyRetryTopic).has_value()) {
    properties.Set(wire::kPropertyRetryTopic, original->topic);
  }
  if (!properties.Find(wire::kPropertyOriginMessageId).has_value()) {
    properties.Set(wire::kPropertyOriginMessageId, header->origin_msg_id);
  }
  properties.Remove(wire::kPropertyDelayTimeLevel);
  store::MessageToStore message;
  message.topic = topic;
  message.queue_id = give_up ? 0 : AnyQueue(group->retry_queue_nums);
  message.flag = original->flag;
  message.sys_flag = original->sys_flag;
  // Hostile clients send any number.
  message.reconsume_times = original->reconsume_times + (original->reconsume_times < INT32_MAX);
  message.born_time = original->born_time;
  message.born_host = original->born_host;
  message.store_host = parts_.store_host;
  message.body = Bytes::Copy(original->body);
  message.properties = properties.ToString();
  const auto put = parts_.store.Put(ctx, std::move(message));
  if (!put.has_value()) return fail(ResponseCodeOf(put.error()), put.error().ToString());
  if (put->status == store::PutStatus::kPutOk) {
    return ReplyError(connection, request, ResponseCode::kSuccess, {});
  }
  fail(ResponseCodeOf(put->status), "the message could not be stored again");
}

}  // namespace rmq::broker
