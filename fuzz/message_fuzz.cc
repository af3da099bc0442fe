// A stored message that decodes is one that our encoder could have written.
#include <string>

#include "base/assert.h"
#include "wire/java_hash.h"
#include "wire/message.h"
#include "wire/message_id.h"
#include "wire/message_properties.h"

using namespace rmq;
using namespace rmq::wire;

namespace {

MessageToStore AgainFrom(const StoredMessage& message) {
  return {.topic = message.topic,
          .body = message.body,
          .properties = message.properties,
          .body_crc = message.body_crc,
          .queue_id = message.queue_id,
          .flag = message.flag,
          .sys_flag = message.sys_flag,
          .reconsume_times = message.reconsume_times,
          .queue_offset = message.queue_offset,
          .physical_offset = message.physical_offset,
          .prepared_transaction_offset = message.prepared_transaction_offset,
          .born_time = message.born_time,
          .store_time = message.store_time,
          .born_host = message.born_host,
          .store_host = message.store_host};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Slice input(reinterpret_cast<const std::byte*>(data), size);
  const auto decoded = DecodeStoredMessage(input);
  if (DecodeStoredMessage(input, {.verify_crc = true, .verify_property_crc = true}).has_value()) {
    RMQ_ASSERT(decoded.has_value());
  }
  const auto head = PeekRecord(input);
  if (!decoded.has_value()) return 0;
  RMQ_ASSERT(head.has_value());
  RMQ_ASSERT(head->kind == RecordKind::kMessage);
  RMQ_ASSERT(head->total_size == decoded->total_size);

  (void)TagsCode(PropertiesView(decoded->properties).Find(kPropertyTags).value_or(""));
  (void)IndexKeyHash(decoded->topic, decoded->properties);
  const OffsetMessageId id{decoded->store_host, decoded->physical_offset};
  RMQ_ASSERT(OffsetMessageId::Parse(id.ToString()).value() == id);

  // A version 2 message with a short topic is legal, but not what we write.
  if (decoded->version != VersionForTopic(decoded->topic)) return 0;
  const MessageToStore again = AgainFrom(*decoded);
  std::string out(StoredMessageSize(again), '\0');
  EncodeStoredMessage(again, std::as_writable_bytes(std::span(out)));
  RMQ_ASSERT(out == AsText(input.first(decoded->total_size)));
  return 0;
}
