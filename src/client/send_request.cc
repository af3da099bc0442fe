#include "client/send_request.h"

#include <fmt/format.h>

#include "wire/message.h"
#include "wire/message_batch.h"
#include "wire/message_sys_flag.h"
#include "wire/name_rules.h"

namespace rmq::client {
namespace {

// Above this, compressing takes so long that it must not hold up the other fibers.
constexpr size_t kOffloadAbove = 64 * 1024;

std::unexpected<Error> Invalid(std::string what) {
  return Fail(ErrorCode::kInvalidArgument, std::move(what));
}

bool HasSeparator(std::string_view text) {
  return text.find(wire::kNameValueSeparator) != std::string_view::npos ||
         text.find(wire::kPropertySeparator) != std::string_view::npos;
}

Result<void> CheckWords(const Message& message) {
  if (HasSeparator(message.tags)) return Invalid("the tags contain a control character");
  if (HasSeparator(message.sharding_key)) {
    return Invalid("the sharding key contains a control character");
  }
  for (const std::string& key : message.keys) {
    if (HasSeparator(key) || key.find(wire::kKeySeparator) != std::string::npos) {
      return Invalid(fmt::format("the key '{}' contains a blank or a control character", key));
    }
  }
  for (const auto& property : message.properties) {
    RMQ_TRY(wire::CheckUserProperty(property.name, property.value));
  }
  return {};
}

std::string Joined(const std::vector<std::string>& keys) {
  std::string joined;
  for (const std::string& key : keys) {
    if (!joined.empty()) joined += wire::kKeySeparator;
    joined += key;
  }
  return joined;
}

void AppendIfAny(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) wire::AppendProperty(text, name, value);
}

std::string PropertiesOf(const Message& message, std::string_view uniq_id) {
  std::string text = message.properties.ToString();
  AppendIfAny(text, wire::kPropertyKeys, Joined(message.keys));
  AppendIfAny(text, wire::kPropertyTags, message.tags);
  AppendIfAny(text, wire::kPropertyShardingKey, message.sharding_key);
  wire::AppendProperty(text, wire::kPropertyUniqKey, uniq_id);
  wire::AppendProperty(text, wire::kPropertyWaitStoreMsgOk,
                       message.wait_store_ok ? "true" : "false");
  if (message.delay_level > 0) {
    wire::AppendProperty(text, wire::kPropertyDelayTimeLevel, fmt::to_string(message.delay_level));
  }
  if (message.deliver_time.has_value()) {
    wire::AppendProperty(text, wire::kPropertyTimerDeliverMs,
                         fmt::to_string(message.deliver_time->ms));
  }
  return text;
}

Result<void> CheckProperties(std::string_view properties) {
  if (properties.size() <= wire::kMaxPropertiesSize) return {};
  return Invalid(fmt::format("the properties take {} bytes, more than {}", properties.size(),
                             wire::kMaxPropertiesSize));
}

wire::SendMessageRequestHeader HeaderFor(runtime::Runtime& runtime, const ProducerOptions& options,
                                         const std::string& topic) {
  wire::SendMessageRequestHeader header;
  header.producer_group = options.group;
  header.topic = topic;
  header.default_topic = wire::kAutoCreateTopicKeyTopic;
  header.default_topic_queue_nums = options.default_topic_queue_nums;
  header.born_timestamp = runtime.clock().WallNow().ms;
  return header;
}

// CLIENT-24. A body that compressing does not make smaller goes as it is.
Result<void> CompressBody(Context& ctx, const ProducerOptions& options, SendRequest& request) {
  if (request.body.size() <= options.compress_above) return {};
  Result<std::string> small = std::string();
  const auto compress = [&] {
    small = wire::Compress(options.compression, request.body.view(), options.compression_level);
  };
  if (request.body.size() > kOffloadAbove) {
    ctx.executor().Offload(ctx, compress);
  } else {
    compress();
  }
  if (!small.has_value()) return Fail(std::move(small).error());
  if (small->size() >= request.body.size()) return {};
  request.body = Bytes::Copy(*small);
  request.header.sys_flag = wire::WithCompression(request.header.sys_flag, options.compression);
  return {};
}

Result<void> CheckBatch(std::span<const Message> messages, const ProducerOptions& options) {
  if (messages.empty()) return Invalid("the batch is empty");
  const Message& first = messages.front();
  for (const Message& message : messages) {
    RMQ_TRY(CheckMessage(message, options));
    if (message.topic != first.topic) {
      return Invalid("The topic of the messages in one batch should be the same");
    }
    if (message.wait_store_ok != first.wait_store_ok) {
      return Invalid("The waitStoreMsgOK of the messages in one batch should the same");
    }
    if (message.delay_level > 0 || message.deliver_time.has_value()) {
      return Invalid("TimeDelayLevel is not supported for batching");
    }
  }
  if (wire::IsRetryTopic(first.topic)) return Invalid("Retry Group is not supported for batching");
  return {};
}

}  // namespace

wire::RemotingCommand SendRequest::For(const MessageQueue& queue) const {
  wire::SendMessageRequestHeader addressed = header;
  addressed.queue_id = queue.queue_id;
  addressed.broker_name = queue.broker_name;
  wire::RemotingCommand command = wire::MakeRequest(code);
  wire::EncodeSendMessageHeader(addressed, command.ext_fields);
  command.body = body;
  return command;
}

Result<void> CheckMessage(const Message& message, const ProducerOptions& options) {
  RMQ_TRY(wire::ValidateTopic(message.topic));
  if (wire::IsSendForbidden(message.topic)) {
    return Invalid(fmt::format("Sending message to topic [{}] is forbidden.", message.topic));
  }
  if (message.body.empty()) return Invalid("the message body length is zero");
  if (message.body.size() > options.max_message_size) {
    return Invalid(
        fmt::format("the message body size over max value, MAX: {}", options.max_message_size));
  }
  return CheckWords(message);
}

Result<SendRequest> MakeSendRequest(Context& ctx, runtime::Runtime& runtime, UniqIdSource& ids,
                                    const ProducerOptions& options, const Message& message) {
  RMQ_TRY(CheckMessage(message, options));
  SendRequest request;
  request.header = HeaderFor(runtime, options, message.topic);
  request.header.flag = message.flag;
  request.msg_id = ids.Next();
  request.header.properties = PropertiesOf(message, request.msg_id);
  RMQ_TRY(CheckProperties(request.header.properties));
  request.body = message.body;
  RMQ_TRY(CompressBody(ctx, options, request));
  return request;
}

Result<SendRequest> MakeBatchRequest(runtime::Runtime& runtime, UniqIdSource& ids,
                                     const ProducerOptions& options,
                                     std::span<const Message> messages) {
  RMQ_TRY(CheckBatch(messages, options));
  std::vector<std::string> properties;
  std::vector<wire::BatchRecord> records;
  properties.reserve(messages.size());  // Records point into it.
  SendRequest request;
  for (const Message& message : messages) {
    const std::string id = ids.Next();
    if (!request.msg_id.empty()) request.msg_id += ',';
    request.msg_id += id;
    properties.push_back(PropertiesOf(message, id));
    records.push_back(
        {.flag = message.flag, .body = message.body.view(), .properties = properties.back()});
  }
  request.code = wire::RequestCode::kSendBatchMessage;
  request.header = HeaderFor(runtime, options, messages.front().topic);
  request.header.batch = true;
  wire::AppendProperty(request.header.properties, wire::kPropertyUniqKey, ids.Next());
  wire::AppendProperty(request.header.properties, wire::kPropertyWaitStoreMsgOk,
                       messages.front().wait_store_ok ? "true" : "false");
  RMQ_TRY(request.body, wire::EncodeBatch(records));
  if (request.body.size() > options.max_message_size) {
    return Invalid(fmt::format("the batch takes {} bytes, more than {}", request.body.size(),
                               options.max_message_size));
  }
  return request;
}

}  // namespace rmq::client
