#include "client/message.h"

#include <charconv>

#include "wire/compression.h"
#include "wire/message.h"
#include "wire/message_batch.h"
#include "wire/message_id.h"
#include "wire/message_sys_flag.h"
#include "wire/remoting_command.h"

namespace rmq::client {
namespace {

// A body that can't be decompressed is handed over as it is: withholding the message would lose it,
// and failing would stop its queue for ever (CLIENT-35).
void TakeBody(Slice stored, MessageExt& message) {
  const auto type = wire::CompressionTypeOf(message.sys_flag);
  if ((message.sys_flag & wire::kCompressedFlag) != 0 && type.has_value()) {
    const auto plain = wire::Decompress(*type, stored, wire::kMaxFrameSize);
    if (plain.has_value()) {
      message.body = Bytes::Copy(*plain);
      message.sys_flag = wire::WithoutCompression(message.sys_flag);
      return;
    }
  }
  message.body = Bytes::Copy(stored);
}

void NameIt(MessageExt& message) {
  message.msg_id = message.properties.Find(wire::kPropertyUniqKey).value_or(message.offset_msg_id);
}

MessagePtr MakeMessage(const wire::StoredMessage& stored, std::string_view broker_name) {
  auto message = std::make_shared<MessageExt>();
  message->topic = stored.topic;
  message->queue = {.topic = message->topic,
                    .broker_name = std::string(broker_name),
                    .queue_id = stored.queue_id};
  message->properties = wire::Properties::Parse(stored.properties);
  message->offset_msg_id =
      wire::OffsetMessageId{stored.store_host, stored.physical_offset}.ToString();
  message->queue_offset = stored.queue_offset;
  message->commit_log_offset = stored.physical_offset;
  message->flag = stored.flag;
  message->sys_flag = stored.sys_flag;
  message->reconsume_times = stored.reconsume_times;
  message->store_size = stored.total_size;
  message->born_time = stored.born_time;
  message->store_time = stored.store_time;
  message->born_host = stored.born_host;
  message->store_host = stored.store_host;
  TakeBody(stored.body, *message);
  NameIt(*message);
  return message;
}

int64_t InnerBase(const MessageExt& batch) {
  const std::string_view text = batch.properties.Find(wire::kPropertyInnerBase).value_or("");
  int64_t base = batch.queue_offset.value;
  std::from_chars(text.data(), text.data() + text.size(), base);
  return base;
}

// One stored message that carries many: each becomes a message of its own, with offsets that go up
// by one.
Result<void> Unwrap(const MessageExt& batch, std::vector<MessagePtr>& to) {
  wire::BatchReader reader(batch.body.view());
  const int64_t base = InnerBase(batch);
  for (int64_t number = 0;; ++number) {
    RMQ_TRY(const auto record, reader.Next());
    if (!record.has_value()) return {};
    auto message = std::make_shared<MessageExt>(batch);
    message->flag = record->flag;
    message->sys_flag &= ~(wire::kInnerBatchFlag | wire::kNeedUnwrapFlag);
    message->body = Bytes::Copy(record->body);
    message->properties = wire::Properties::Parse(record->properties);
    message->queue_offset = QueueOffset{base + number};
    NameIt(*message);
    to.push_back(std::move(message));
  }
}

bool IsWrapped(const MessageExt& message) {
  constexpr int32_t kBoth = wire::kInnerBatchFlag | wire::kNeedUnwrapFlag;
  return (message.sys_flag & kBoth) == kBoth && (message.sys_flag & wire::kCompressedFlag) == 0;
}

}  // namespace

Result<std::vector<MessagePtr>> DecodeMessages(Slice records, std::string_view broker_name) {
  std::vector<MessagePtr> messages;
  while (!records.empty()) {
    RMQ_TRY(const wire::StoredMessage stored, wire::DecodeStoredMessage(records));
    records = records.subspan(stored.total_size);
    MessagePtr message = MakeMessage(stored, broker_name);
    if (IsWrapped(*message)) {
      RMQ_TRY(Unwrap(*message, messages));
    } else {
      messages.push_back(std::move(message));
    }
  }
  return messages;
}

}  // namespace rmq::client
