// A message as the CommitLog stores it and as pull, pop and view answers deliver it (MSG-1).
//
//   at  size  field                      at  size  field (IPv4 hosts; IPv6 hosts take 20 bytes)
//    0    4   total size                 48    8   born host
//    4    4   magic (version)            56    8   store time
//    8    4   body CRC                   64    8   store host
//   12    4   queue id                   72    4   reconsume times
//   16    4   flag                       76    8   prepared transaction offset
//   20    8   queue offset               84    4   body size, then the body
//   28    8   physical offset                1|2   topic size (version 1: 1 byte), then the topic
//   36    4   sysFlag                          2   properties size, then the properties
//   40    8   born time
//
// The store encodes messages into the tail of the CommitLog and patches the fields that are known
// only then; recovery, dispatch, pull filters and the client decode them. Hot paths: decoding makes
// views, encoding copies once, neither allocates unless it fails. Everything decoded is hostile:
// errors are kCorruption and name the numbers. Rules: spec/wire/message.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/host_address.h"
#include "wire/message_sys_flag.h"

namespace rmq::wire {

enum class MessageVersion : uint8_t { kV1 = 1, kV2 = 2 };

inline constexpr uint32_t kMessageMagicV1 = 0xdaa320a7;
inline constexpr uint32_t kMessageMagicV2 = 0xdaa320ab;
inline constexpr uint32_t kBlankMagic = 0xcbd43194;

// Where the fields that do not move are.
inline constexpr size_t kTotalSizeAt = 0;
inline constexpr size_t kMagicAt = 4;
inline constexpr size_t kBodyCrcAt = 8;
inline constexpr size_t kQueueIdAt = 12;
inline constexpr size_t kFlagAt = 16;
inline constexpr size_t kQueueOffsetAt = 20;
inline constexpr size_t kPhysicalOffsetAt = 28;
inline constexpr size_t kSysFlagAt = 36;
inline constexpr size_t kBornTimeAt = 40;
inline constexpr size_t kBornHostAt = 48;
// The fields after the born host move by 12 bytes when it is IPv6.
constexpr size_t StoreTimeAt(int32_t sys_flag) {
  return kBornHostAt + HostAddressSize((sys_flag & kBornHostV6Flag) != 0);
}
constexpr size_t StoreHostAt(int32_t sys_flag) {
  return StoreTimeAt(sys_flag) + 8;
}
constexpr size_t BodySizeAt(int32_t sys_flag) {
  return StoreHostAt(sys_flag) + HostAddressSize((sys_flag & kStoreHostV6Flag) != 0) + 4 + 8;
}

inline constexpr size_t kRecordHeadSize = 8;         // total size and magic
inline constexpr size_t kBlankRecordSize = 8;        // what is written of a blank (MSG-9)
inline constexpr size_t kMinStoredMessageSize = 91;  // version 1, IPv4, nothing in it

// MSG-2 and MSG-8.
inline constexpr size_t kMaxTopicSizeV1 = 127;       // a signed byte
inline constexpr size_t kMaxTopicSizeV2 = 32767;     // a signed 16-bit number
inline constexpr size_t kMaxPropertiesSize = 32767;  // a signed 16-bit number

// The optional checksum at the end of the properties (MSG-10): `__CRC32#` 0x01, ten digits, 0x02.
inline constexpr size_t kPropertyCrcSize = 20;

// A decoded message. body, topic and properties are views into the decoded bytes.
struct StoredMessage {
  MessageVersion version = MessageVersion::kV1;
  uint32_t total_size = 0;  // of the record; the next record of a list begins after it
  uint32_t body_crc = 0;
  int32_t queue_id = 0;
  int32_t flag = 0;
  int32_t sys_flag = 0;
  int32_t reconsume_times = 0;
  QueueOffset queue_offset;
  CommitLogOffset physical_offset;
  CommitLogOffset prepared_transaction_offset;
  WallTime born_time;
  WallTime store_time;
  HostAddress born_host;
  HostAddress store_host;
  Slice body;  // as stored: compressed if sys_flag says so
  std::string_view topic;
  std::string_view properties;  // see message_properties.h
};

struct DecodeOptions {
  bool verify_crc = false;           // of the body (MSG-4)
  bool verify_property_crc = false;  // MSG-10; a message without the property fails
};

// Decodes the message at the start of `record`, which may go on after it (a file, or the list in a
// pull answer). kCorruption (MSG-8) if `record` does not hold all of it, or holds something else.
Result<StoredMessage> DecodeStoredMessage(Slice record, DecodeOptions options = {});

enum class RecordKind : uint8_t { kMessage, kBlank };
struct RecordHead {
  uint32_t total_size = 0;  // at least kMinStoredMessageSize, or kBlankRecordSize for a blank
  RecordKind kind = RecordKind::kMessage;
};
// Reads the first kRecordHeadSize bytes of a record. kCorruption: fewer bytes than that, no magic
// that we know (zeros: nothing was ever written here), or an impossible size.
Result<RecordHead> PeekRecord(Slice record);

// What EncodeStoredMessage writes. The version follows from the topic, and the two IPv6 bits of
// sys_flag from the hosts, whatever they are in `sys_flag`.
struct MessageToStore {
  std::string_view topic;
  Slice body;
  std::string_view properties;
  uint32_t body_crc = 0;  // MessageBodyCrc(body), computed by whoever has the time
  int32_t queue_id = 0;
  int32_t flag = 0;
  int32_t sys_flag = 0;
  int32_t reconsume_times = 0;
  QueueOffset queue_offset;
  CommitLogOffset physical_offset;
  CommitLogOffset prepared_transaction_offset;
  WallTime born_time;
  WallTime store_time;
  HostAddress born_host;
  HostAddress store_host;
  // Reserve room for SealPropertyCrc at the end of the properties.
  bool append_property_crc = false;
};

// MSG-3: version 2 only where version 1 can't hold the topic.
constexpr MessageVersion VersionForTopic(std::string_view topic) {
  return topic.size() > kMaxTopicSizeV1 ? MessageVersion::kV2 : MessageVersion::kV1;
}

// kInvalidArgument if the body is larger than `max_body_size`, or topic or properties are larger
// than their size fields can say. What passes can be encoded.
Result<void> CheckStorable(const MessageToStore& message, size_t max_body_size);

// The number of bytes EncodeStoredMessage writes.
size_t StoredMessageSize(const MessageToStore& message);

// Writes the record. REQUIRES: CheckStorable(message), out.size() == StoredMessageSize(message).
void EncodeStoredMessage(const MessageToStore& message, std::span<std::byte> out);

// Fills in what is known only at append time. REQUIRES: `record` is a whole encoded message.
void PatchStoredMessage(std::span<std::byte> record, QueueOffset queue_offset,
                        CommitLogOffset physical_offset, WallTime store_time);
// REQUIRES: `host` is of the same family as the one that was encoded.
void PatchStoreHost(std::span<std::byte> record, const HostAddress& host);
// Computes and writes the checksum that append_property_crc made room for; after the last patch.
void SealPropertyCrc(std::span<std::byte> record);

// Writes the kBlankRecordSize bytes that end a CommitLog file with `space_left` bytes left in it.
// REQUIRES: kBlankRecordSize <= space_left <= INT32_MAX, and out has room for kBlankRecordSize.
void EncodeBlankRecord(size_t space_left, std::span<std::byte> out);

}  // namespace rmq::wire
