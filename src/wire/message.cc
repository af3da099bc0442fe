#include "wire/message.h"

#include <fmt/format.h>

#include <limits>

#include "base/assert.h"
#include "wire/checksum.h"
#include "wire/message_properties.h"

namespace rmq::wire {
namespace {

// `__CRC32#` and the separator that follows a name.
constexpr std::string_view kPropertyCrcPrefix = "__CRC32#\x01";
constexpr size_t kPropertyCrcDigits = 10;
static_assert(kPropertyCrcPrefix.size() + kPropertyCrcDigits + 1 == kPropertyCrcSize);

// Errors are rare and their texts long: they stay out of the way of the decoder.
template <typename... Args>
[[gnu::cold, gnu::noinline]] std::unexpected<Error> Corrupt(fmt::format_string<Args...> text,
                                                            Args... args) {
  return Fail(ErrorCode::kCorruption,
              "message: " + fmt::vformat(text, fmt::make_format_args(args...)));
}

constexpr size_t TopicSizeSize(MessageVersion version) {
  return version == MessageVersion::kV1 ? 1 : 2;
}

void StorePropertyCrc(std::byte* at, uint32_t crc) {
  std::memcpy(at, kPropertyCrcPrefix.data(), kPropertyCrcPrefix.size());
  at += kPropertyCrcPrefix.size();
  for (size_t i = 0; i < kPropertyCrcDigits; ++i) {
    *at++ = static_cast<std::byte>('0' + crc % 10);
    crc /= 10;
  }
  *at = static_cast<std::byte>(kPropertySeparator);
}

// MSG-10. `record` is a whole message that ends with `properties`.
bool PropertyCrcMatches(Slice record, std::string_view properties) {
  if (properties.size() < kPropertyCrcSize) return false;
  const Slice covered = record.first(record.size() - kPropertyCrcSize);
  std::byte expected[kPropertyCrcSize];
  StorePropertyCrc(expected, MessageBodyCrc(covered));
  return std::memcmp(expected, record.data() + covered.size(), kPropertyCrcSize) == 0;
}

// The size of the properties as they are stored.
size_t StoredPropertiesSize(const MessageToStore& message) {
  size_t size = message.properties.size();
  if (!message.append_property_crc) return size;
  if (size > 0 && message.properties.back() != kPropertySeparator) ++size;
  return size + kPropertyCrcSize;
}

int32_t StoredSysFlag(const MessageToStore& message) {
  return (message.sys_flag & ~(kBornHostV6Flag | kStoreHostV6Flag)) |
         (message.born_host.ip.v6 ? kBornHostV6Flag : 0) |
         (message.store_host.ip.v6 ? kStoreHostV6Flag : 0);
}

// Writes fields one after another.
class Cursor {
 public:
  explicit Cursor(std::byte* at) : at_(at) {}
  const std::byte* at() const { return at_; }

  template <std::integral T>
  void Put(T value) {
    StoreBigEndian<T>(at_, value);
    at_ += sizeof(T);
  }
  void Put(const HostAddress& host) {
    StoreHostAddress(at_, host);
    at_ += HostAddressSize(host.ip.v6);
  }
  void Put(Slice bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void Put(std::string_view text) { Put(AsBytes(text)); }
  void Skip(size_t bytes) { at_ += bytes; }

 private:
  std::byte* at_;
};

void PutFixedFields(const MessageToStore& message, uint32_t total_size, uint32_t magic,
                    Cursor& to) {
  to.Put(total_size);
  to.Put(magic);
  to.Put(message.body_crc);
  to.Put(message.queue_id);
  to.Put(message.flag);
  to.Put(message.queue_offset.value);
  to.Put(message.physical_offset.value);
  to.Put(StoredSysFlag(message));
  to.Put(message.born_time.ms);
  to.Put(message.born_host);
  to.Put(message.store_time.ms);
  to.Put(message.store_host);
  to.Put(message.reconsume_times);
  to.Put(message.prepared_transaction_offset.value);
}

void PutProperties(const MessageToStore& message, Cursor& to) {
  const size_t size = StoredPropertiesSize(message);
  to.Put(static_cast<uint16_t>(size));
  to.Put(message.properties);
  if (!message.append_property_crc) return;
  if (size > message.properties.size() + kPropertyCrcSize) {
    to.Put(static_cast<uint8_t>(kPropertySeparator));
  }
  to.Skip(kPropertyCrcSize);
}

// Reads everything in front of the body. False: a port that is none.
bool LoadFixedFields(const std::byte* at, StoredMessage& message) {
  message.total_size = LoadBigEndian<uint32_t>(at + kTotalSizeAt);
  message.body_crc = LoadBigEndian<uint32_t>(at + kBodyCrcAt);
  message.queue_id = LoadBigEndian<int32_t>(at + kQueueIdAt);
  message.flag = LoadBigEndian<int32_t>(at + kFlagAt);
  message.queue_offset.value = LoadBigEndian<int64_t>(at + kQueueOffsetAt);
  message.physical_offset.value = LoadBigEndian<int64_t>(at + kPhysicalOffsetAt);
  message.sys_flag = LoadBigEndian<int32_t>(at + kSysFlagAt);
  message.born_time.ms = LoadBigEndian<int64_t>(at + kBornTimeAt);

  const int32_t sys_flag = message.sys_flag;
  message.store_time.ms = LoadBigEndian<int64_t>(at + StoreTimeAt(sys_flag));
  const std::byte* after_hosts = at + BodySizeAt(sys_flag) - 12;
  message.reconsume_times = LoadBigEndian<int32_t>(after_hosts);
  message.prepared_transaction_offset.value = LoadBigEndian<int64_t>(after_hosts + 4);
  return LoadHostAddress(at + kBornHostAt, (sys_flag & kBornHostV6Flag) != 0, message.born_host) &&
         LoadHostAddress(at + StoreHostAt(sys_flag), (sys_flag & kStoreHostV6Flag) != 0,
                         message.store_host);
}

}  // namespace

Result<RecordHead> PeekRecord(Slice record) {
  if (record.size() < kRecordHeadSize) return Corrupt("{} bytes are no record", record.size());
  const auto total_size = LoadBigEndian<uint32_t>(record.data() + kTotalSizeAt);
  const auto magic = LoadBigEndian<uint32_t>(record.data() + kMagicAt);
  RecordHead head{.total_size = total_size};
  size_t min_size = kMinStoredMessageSize;
  if (magic == kBlankMagic) {
    head.kind = RecordKind::kBlank;
    min_size = kBlankRecordSize;
  } else if (magic != kMessageMagicV1 && magic != kMessageMagicV2) {
    return Corrupt("unknown magic {:#010x}, total size {}", magic, total_size);
  }
  if (total_size < min_size || total_size > std::numeric_limits<int32_t>::max()) {
    return Corrupt("impossible total size {}, magic {:#010x}", total_size, magic);
  }
  return head;
}

Result<StoredMessage> DecodeStoredMessage(Slice record, DecodeOptions options) {
  if (record.size() < kMinStoredMessageSize) {
    return Corrupt("{} bytes are no message", record.size());
  }
  const std::byte* at = record.data();
  const auto magic = LoadBigEndian<uint32_t>(at + kMagicAt);
  if (magic != kMessageMagicV1 && magic != kMessageMagicV2) {
    return Corrupt("unknown magic {:#010x}", magic);
  }
  const MessageVersion version =
      magic == kMessageMagicV1 ? MessageVersion::kV1 : MessageVersion::kV2;
  const auto total_size = LoadBigEndian<uint32_t>(at + kTotalSizeAt);
  if (total_size > record.size()) {
    return Corrupt("total size {} of {} bytes", total_size, record.size());
  }
  const auto sys_flag = LoadBigEndian<int32_t>(at + kSysFlagAt);
  const size_t body_at = BodySizeAt(sys_flag) + 4;
  const size_t topic_size_size = TopicSizeSize(version);
  const size_t min_size = body_at + topic_size_size + 2;
  if (total_size < min_size) {
    return Corrupt("total size {}, but sysFlag {:#x} needs {}", total_size, sys_flag, min_size);
  }

  Result<StoredMessage> decoded;
  StoredMessage& message = *decoded;
  message.version = version;
  if (!LoadFixedFields(at, message)) return Corrupt("a host's port is beyond 65535");

  // MSG-8: from here on `left` is what body, topic and properties may still take.
  size_t left = total_size - min_size;
  const size_t body_size = LoadBigEndian<uint32_t>(at + body_at - 4);
  if (body_size > left) return Corrupt("body of {} bytes, {} left", body_size, left);
  message.body = Slice(at + body_at, body_size);
  left -= body_size;

  const std::byte* topic_at = at + body_at + body_size;
  const size_t topic_size = version == MessageVersion::kV1 ? LoadBigEndian<uint8_t>(topic_at)
                                                           : LoadBigEndian<uint16_t>(topic_at);
  const size_t max_topic_size = version == MessageVersion::kV1 ? kMaxTopicSizeV1 : kMaxTopicSizeV2;
  if (topic_size > left || topic_size > max_topic_size) {
    return Corrupt("topic of {} bytes, {} left", topic_size, left);
  }
  topic_at += topic_size_size;
  message.topic = AsText(Slice(topic_at, topic_size));
  left -= topic_size;

  const std::byte* properties_at = topic_at + topic_size;
  const size_t properties_size = LoadBigEndian<uint16_t>(properties_at);
  if (properties_size != left || properties_size > kMaxPropertiesSize) {
    return Corrupt("properties of {} bytes, {} left", properties_size, left);
  }
  message.properties = AsText(Slice(properties_at + 2, properties_size));

  if (options.verify_crc) {
    const uint32_t crc = MessageBodyCrc(message.body);
    // Java checks the CRC of a body only if there is one.
    if (crc != message.body_crc && !message.body.empty()) {
      return Corrupt("body CRC {:#010x}, stored {:#010x}", crc, message.body_crc);
    }
  }
  if (options.verify_property_crc &&
      !PropertyCrcMatches(record.first(total_size), message.properties)) {
    return Corrupt("the checksum in the properties of {} bytes is missing or wrong",
                   properties_size);
  }
  return decoded;
}

Result<void> CheckStorable(const MessageToStore& message, size_t max_body_size) {
  const auto check = [](std::string_view what, size_t size, size_t max_size) -> Result<void> {
    if (size <= max_size) return {};
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("message {} of {} bytes, at most {}", what, size, max_size));
  };
  RMQ_TRY(check("body", message.body.size(), max_body_size));
  RMQ_TRY(check("topic", message.topic.size(), kMaxTopicSizeV2));
  return check("properties", StoredPropertiesSize(message), kMaxPropertiesSize);
}

size_t StoredMessageSize(const MessageToStore& message) {
  return BodySizeAt(StoredSysFlag(message)) + 4 + message.body.size() +
         TopicSizeSize(VersionForTopic(message.topic)) + message.topic.size() + 2 +
         StoredPropertiesSize(message);
}

void EncodeStoredMessage(const MessageToStore& message, std::span<std::byte> out) {
  RMQ_ASSERT(out.size() == StoredMessageSize(message));
  RMQ_ASSERT(out.size() <= std::numeric_limits<int32_t>::max());
  RMQ_ASSERT(message.topic.size() <= kMaxTopicSizeV2);
  RMQ_ASSERT(StoredPropertiesSize(message) <= kMaxPropertiesSize);

  const bool v1 = VersionForTopic(message.topic) == MessageVersion::kV1;
  Cursor to(out.data());
  PutFixedFields(message, static_cast<uint32_t>(out.size()), v1 ? kMessageMagicV1 : kMessageMagicV2,
                 to);
  to.Put(static_cast<uint32_t>(message.body.size()));
  to.Put(message.body);
  if (v1) {
    to.Put(static_cast<uint8_t>(message.topic.size()));
  } else {
    to.Put(static_cast<uint16_t>(message.topic.size()));
  }
  to.Put(message.topic);
  PutProperties(message, to);
  RMQ_ASSERT(to.at() == out.data() + out.size());
}

void PatchStoredMessage(std::span<std::byte> record, QueueOffset queue_offset,
                        CommitLogOffset physical_offset, WallTime store_time) {
  RMQ_ASSERT(record.size() >= kMinStoredMessageSize);
  StoreBigEndian(record.data() + kQueueOffsetAt, queue_offset.value);
  StoreBigEndian(record.data() + kPhysicalOffsetAt, physical_offset.value);
  const auto sys_flag = LoadBigEndian<int32_t>(record.data() + kSysFlagAt);
  StoreBigEndian(record.data() + StoreTimeAt(sys_flag), store_time.ms);
}

void PatchStoreHost(std::span<std::byte> record, const HostAddress& host) {
  RMQ_ASSERT(record.size() >= kMinStoredMessageSize);
  const auto sys_flag = LoadBigEndian<int32_t>(record.data() + kSysFlagAt);
  RMQ_ASSERT(((sys_flag & kStoreHostV6Flag) != 0) == host.ip.v6);
  StoreHostAddress(record.data() + StoreHostAt(sys_flag), host);
}

void SealPropertyCrc(std::span<std::byte> record) {
  RMQ_ASSERT(record.size() >= kMinStoredMessageSize + kPropertyCrcSize);
  const std::span<std::byte> covered = record.first(record.size() - kPropertyCrcSize);
  StorePropertyCrc(record.data() + covered.size(), MessageBodyCrc(covered));
}

void EncodeBlankRecord(size_t space_left, std::span<std::byte> out) {
  RMQ_ASSERT(space_left >= kBlankRecordSize);
  RMQ_ASSERT(space_left <= std::numeric_limits<int32_t>::max());
  RMQ_ASSERT(out.size() >= kBlankRecordSize);
  StoreBigEndian(out.data() + kTotalSizeAt, static_cast<uint32_t>(space_left));
  StoreBigEndian(out.data() + kMagicAt, kBlankMagic);
}

}  // namespace rmq::wire
