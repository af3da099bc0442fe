#include "client/library/convert.h"

namespace rocketmq {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCancelled:
      return "Cancelled";
    case ErrorCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case ErrorCode::kClosed:
      return "Closed";
    case ErrorCode::kConnectionRefused:
      return "ConnectionRefused";
    case ErrorCode::kConnectionReset:
      return "ConnectionReset";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kAlreadyExists:
      return "AlreadyExists";
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kCorruption:
      return "Corruption";
    case ErrorCode::kResourceExhausted:
      return "ResourceExhausted";
    case ErrorCode::kUnavailable:
      return "Unavailable";
    case ErrorCode::kRejected:
      return "Rejected";
    case ErrorCode::kInternal:
      return "Internal";
  }
  return "Unknown";
}

std::string Error::ToString() const {
  std::string text(ErrorCodeName(code_));
  if (!message_.empty()) text += ": " + message_;
  return text;
}

namespace internal {
namespace {

ErrorCode CodeOf(rmq::ErrorCode code) {
  switch (code) {
    case rmq::ErrorCode::kCancelled:
      return ErrorCode::kCancelled;
    case rmq::ErrorCode::kDeadlineExceeded:
      return ErrorCode::kDeadlineExceeded;
    case rmq::ErrorCode::kClosed:
      return ErrorCode::kClosed;
    case rmq::ErrorCode::kConnectionRefused:
      return ErrorCode::kConnectionRefused;
    case rmq::ErrorCode::kConnectionReset:
      return ErrorCode::kConnectionReset;
    case rmq::ErrorCode::kNotFound:
      return ErrorCode::kNotFound;
    case rmq::ErrorCode::kAlreadyExists:
      return ErrorCode::kAlreadyExists;
    case rmq::ErrorCode::kInvalidArgument:
      return ErrorCode::kInvalidArgument;
    case rmq::ErrorCode::kCorruption:
      return ErrorCode::kCorruption;
    case rmq::ErrorCode::kResourceExhausted:
      return ErrorCode::kResourceExhausted;
    case rmq::ErrorCode::kUnavailable:
      return ErrorCode::kUnavailable;
    case rmq::ErrorCode::kRejected:
      return ErrorCode::kRejected;
    case rmq::ErrorCode::kWouldBlock:
    case rmq::ErrorCode::kIoError:
    case rmq::ErrorCode::kNoSpace:
      return ErrorCode::kInternal;
  }
  return ErrorCode::kInternal;
}

Time ToPublic(rmq::WallTime time) {
  return Time(std::chrono::milliseconds(time.ms));
}

}  // namespace

Error ToPublic(const rmq::Error& error) {
  return {CodeOf(error.code()), error.message()};
}

MessageQueue ToPublic(const rmq::MessageQueue& queue) {
  return {.topic = queue.topic, .broker_name = queue.broker_name, .queue_id = queue.queue_id};
}

std::vector<MessageQueue> ToPublic(const std::vector<rmq::MessageQueue>& queues) {
  std::vector<MessageQueue> converted;
  converted.reserve(queues.size());
  for (const rmq::MessageQueue& queue : queues) converted.push_back(ToPublic(queue));
  return converted;
}

MessageExt ToPublic(const rmq::client::MessageExt& message) {
  MessageExt converted{.topic = message.topic,
                       .body = std::string(message.body.text()),
                       .properties = {},
                       .msg_id = message.msg_id,
                       .offset_msg_id = message.offset_msg_id,
                       .queue = ToPublic(message.queue),
                       .queue_offset = message.queue_offset.value,
                       .flag = message.flag,
                       .reconsume_times = message.reconsume_times,
                       .born_time = ToPublic(message.born_time),
                       .store_time = ToPublic(message.store_time),
                       .born_host = message.born_host.ToString(),
                       .store_host = message.store_host.ToString()};
  for (const auto& [name, value] : message.properties) converted.properties[name] = value;
  return converted;
}

rmq::MessageQueue ToCore(const MessageQueue& queue) {
  return {.topic = queue.topic, .broker_name = queue.broker_name, .queue_id = queue.queue_id};
}

rmq::WallTime ToCore(Time time) {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count()};
}

rmq::client::Message ToCore(const Message& message) {
  rmq::client::Message converted{.topic = message.topic,
                                 .body = rmq::Bytes::Copy(message.body),
                                 .tags = message.tags,
                                 .keys = message.keys,
                                 .sharding_key = message.sharding_key,
                                 .delay_level = message.delay_level,
                                 .deliver_time = {},
                                 .wait_store_ok = message.wait_store_ok,
                                 .flag = message.flag,
                                 .properties = {}};
  if (message.deliver_time.has_value()) converted.deliver_time = ToCore(*message.deliver_time);
  for (const auto& [name, value] : message.properties) converted.properties.Set(name, value);
  return converted;
}

}  // namespace internal
}  // namespace rocketmq
