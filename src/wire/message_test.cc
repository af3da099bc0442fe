#include "wire/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "wire/checksum.h"
#include "wire/hex_for_test.h"

namespace rmq::wire {
namespace {

using testing::HasSubstr;

// "Hello" to TopicTest, tagged TagA, with IPv4 hosts: every field of spec/wire/message.md written
// out by hand.
std::string V1Record() {
  return Hex(R"(
      00000073 daa320a7 77d18982 00000003 00000007
      0000000000000102 0000000000030405
      00000000
      0000019200000001
      0a000001 0000c350
      0000019200000002
      7f000001 00002a9f
      00000010
      0000000000000009
      00000005 48656c6c6f
      09 546f70696354657374
      000a 54414753 01 54616741 02)");
}

// The same with IPv6 hosts and an empty body, properties and topic of version 2.
std::string V2Record() {
  return Hex(R"(
      00000074 daa320ab 00000000 00000003 00000007
      0000000000000102 0000000000030405
      00000030
      0000019200000001
      20010db8000000000000000000000001 0000c350
      0000019200000002
      00000000000000000000000000000001 00002a9f
      00000010
      0000000000000009
      00000000
      0000
      0000)");
}

MessageToStore V1Message() {
  return {.topic = "TopicTest",
          .body = AsBytes("Hello"),
          .properties = "TAGS\x01TagA\x02",
          .body_crc = 0x77d18982,
          .queue_id = 3,
          .flag = 7,
          .reconsume_times = 16,
          .queue_offset = {0x102},
          .physical_offset = {0x30405},
          .prepared_transaction_offset = {9},
          .born_time = {0x19200000001},
          .store_time = {0x19200000002},
          .born_host = {IpAddress::V4(10, 0, 0, 1), 50000},
          .store_host = {IpAddress::Loopback(), 10911}};
}

std::string Encode(const MessageToStore& message) {
  std::string out(StoredMessageSize(message), '\x55');
  EncodeStoredMessage(message, std::as_writable_bytes(std::span(out)));
  return out;
}

std::string DecodeError(std::string_view record, DecodeOptions options = {}) {
  const auto decoded = DecodeStoredMessage(AsBytes(record), options);
  if (decoded.has_value()) return "";
  EXPECT_EQ(decoded.error().code(), ErrorCode::kCorruption);
  return decoded.error().message();
}

void ExpectSame(const StoredMessage& got, const MessageToStore& want) {
  EXPECT_EQ(got.topic, want.topic);
  EXPECT_EQ(AsText(got.body), AsText(want.body));
  EXPECT_EQ(got.properties, want.properties);
  EXPECT_EQ(got.body_crc, want.body_crc);
  EXPECT_EQ(got.queue_id, want.queue_id);
  EXPECT_EQ(got.flag, want.flag);
  EXPECT_EQ(got.reconsume_times, want.reconsume_times);
  EXPECT_EQ(got.queue_offset, want.queue_offset);
  EXPECT_EQ(got.physical_offset, want.physical_offset);
  EXPECT_EQ(got.prepared_transaction_offset, want.prepared_transaction_offset);
  EXPECT_EQ(got.born_time, want.born_time);
  EXPECT_EQ(got.store_time, want.store_time);
  EXPECT_EQ(got.born_host, want.born_host);
  EXPECT_EQ(got.store_host, want.store_host);
}

// MSG-1, MSG-2, MSG-6
TEST(MessageCodec, DecodesEveryFieldOfVersion1) {
  const std::string record = V1Record();
  const StoredMessage message = DecodeStoredMessage(AsBytes(record), {.verify_crc = true}).value();
  EXPECT_EQ(message.version, MessageVersion::kV1);
  EXPECT_EQ(message.total_size, 115U);
  EXPECT_EQ(message.sys_flag, 0);
  ExpectSame(message, V1Message());
}

// MSG-1
TEST(MessageCodec, EncodesEveryFieldOfVersion1) {
  EXPECT_EQ(Encode(V1Message()), V1Record());
}

// MSG-2, MSG-6
TEST(MessageCodec, DecodesVersion2WithIpv6Hosts) {
  const std::string record = V2Record();
  const StoredMessage message = DecodeStoredMessage(AsBytes(record), {.verify_crc = true}).value();
  EXPECT_EQ(message.version, MessageVersion::kV2);
  EXPECT_EQ(message.sys_flag, kBornHostV6Flag | kStoreHostV6Flag);
  EXPECT_EQ(message.born_host.ToString(), "[2001:db8:0:0:0:0:0:1]:50000");
  EXPECT_EQ(message.store_host.ToString(), "[0:0:0:0:0:0:0:1]:10911");
  EXPECT_EQ(message.store_time, WallTime{0x19200000002});
  EXPECT_EQ(message.reconsume_times, 16);
  EXPECT_EQ(message.prepared_transaction_offset, CommitLogOffset{9});
  EXPECT_TRUE(message.body.empty());
}

// MSG-3
TEST(MessageCodec, ChoosesVersion2ForATopicThatVersion1CannotHold) {
  const std::string topic(128, 't');
  MessageToStore message = V1Message();
  message.topic = std::string_view(topic).substr(1);
  EXPECT_EQ(DecodeStoredMessage(AsBytes(Encode(message)))->version, MessageVersion::kV1);
  message.topic = topic;
  const std::string record = Encode(message);
  EXPECT_EQ(record.size(), 115 - 9 + 128 + 1);
  EXPECT_EQ(DecodeStoredMessage(AsBytes(record))->version, MessageVersion::kV2);
  EXPECT_EQ(DecodeStoredMessage(AsBytes(record))->topic, topic);
}

// MSG-5: a client's sysFlag cannot make the record lie about its layout.
TEST(MessageCodec, TakesTheIpv6BitsFromTheHosts) {
  MessageToStore message = V1Message();
  message.sys_flag = kCompressedFlag | kBornHostV6Flag | kStoreHostV6Flag;
  EXPECT_EQ(DecodeStoredMessage(AsBytes(Encode(message)))->sys_flag, kCompressedFlag);
  message.born_host.ip.v6 = true;
  const std::string record = Encode(message);
  EXPECT_EQ(DecodeStoredMessage(AsBytes(record))->sys_flag, kCompressedFlag | kBornHostV6Flag);
  ExpectSame(*DecodeStoredMessage(AsBytes(record)), message);
}

// MSG-8
TEST(MessageCodec, RejectsATotalSizeBeyondTheBuffer) {
  EXPECT_THAT(DecodeError(V1Record().substr(0, 114)), HasSubstr("total size 115 of 114 bytes"));
  EXPECT_THAT(DecodeError(V1Record().substr(0, 90)), HasSubstr("90 bytes are no message"));
  EXPECT_THAT(DecodeError(""), HasSubstr("0 bytes are no message"));
}

// MSG-8
TEST(MessageCodec, AcceptsWhatFollowsTheRecord) {
  const std::string records = V1Record() + V1Record();
  EXPECT_EQ(DecodeStoredMessage(AsBytes(records))->total_size, 115U);
}

// MSG-8
TEST(MessageCodec, RejectsSizesThatDoNotAddUp) {
  std::string record = V1Record();
  record[3] = 0x72;  // the total size
  EXPECT_THAT(DecodeError(record), HasSubstr("properties of 10 bytes, 9 left"));
  record = V1Record() + "x";
  record[3] = 0x74;
  EXPECT_THAT(DecodeError(record), HasSubstr("properties of 10 bytes, 11 left"));
  record = V1Record();
  record[84] = '\xff';  // the body size
  EXPECT_THAT(DecodeError(record), HasSubstr("body of 4278190085 bytes, 24 left"));
  record = V1Record();
  record[87] = 25;
  EXPECT_THAT(DecodeError(record), HasSubstr("body of 25 bytes, 24 left"));
  record = V1Record();
  record[93] = 20;  // the topic size
  EXPECT_THAT(DecodeError(record), HasSubstr("topic of 20 bytes, 19 left"));
  record = V1Record();
  record[3] = 90;
  EXPECT_THAT(DecodeError(record), HasSubstr("total size 90, but sysFlag 0x0 needs 91"));
  record = V1Record();
  record[39] = kBornHostV6Flag;
  EXPECT_FALSE(DecodeError(record).empty());
}

// MSG-8: the size of the properties is a signed number, even if all the bytes are there.
TEST(MessageCodec, RejectsPropertiesOf32768Bytes) {
  MessageToStore message = V1Message();
  const std::string longest(32767, 'p');
  message.properties = longest;
  std::string record = Encode(message) + "p";
  record.replace(0, 4, Hex("00008069"));
  record.replace(103, 2, Hex("8000"));
  EXPECT_THAT(DecodeError(record), HasSubstr("properties of 32768 bytes, 32768 left"));
}

// MSG-2: the size of a version 1 topic is a signed byte.
TEST(MessageCodec, RejectsAVersion1TopicOf128Bytes) {
  MessageToStore message = V1Message();
  const std::string topic(127, 't');
  message.topic = topic;
  std::string record = Encode(message);
  record[93] = '\x80';
  record.erase(record.size() - 10);
  EXPECT_THAT(DecodeError(record + std::string(10, '\0')), HasSubstr("topic of 128 bytes"));
}

// MSG-2, MSG-9
TEST(MessageCodec, RejectsAnUnknownMagic) {
  std::string record = V1Record();
  record[7] = '\xa8';
  EXPECT_THAT(DecodeError(record), HasSubstr("unknown magic 0xdaa320a8"));
  EXPECT_THAT(DecodeError(std::string(200, '\0')), HasSubstr("unknown magic 0x00000000"));
}

// MSG-6
TEST(MessageCodec, RejectsAPortBeyond65535) {
  std::string record = V1Record();
  record[53] = 1;
  EXPECT_THAT(DecodeError(record), HasSubstr("port is beyond 65535"));
}

// MSG-4
TEST(MessageCodec, VerifiesTheBodyCrcOnRequest) {
  std::string record = V1Record();
  record[88] = 'J';
  EXPECT_EQ(DecodeError(record), "");
  EXPECT_THAT(DecodeError(record, {.verify_crc = true}), HasSubstr("stored 0x77d18982"));
  record = V2Record();
  record[kBodyCrcAt] = 1;
  EXPECT_EQ(DecodeError(record, {.verify_crc = true}), "");  // An empty body is not checked.
}

// MSG-1
TEST(MessageCodec, PatchesWhatIsKnownAtAppendTime) {
  MessageToStore message = V1Message();
  for (const bool v6 : {false, true}) {
    message.born_host.ip.v6 = v6;
    std::string record = Encode(message);
    const auto bytes = std::as_writable_bytes(std::span(record));
    PatchStoredMessage(bytes, QueueOffset{-1}, CommitLogOffset{-2}, WallTime{-3});
    PatchStoreHost(bytes, {IpAddress::V4(9, 8, 7, 6), 1});

    MessageToStore expected = message;
    expected.queue_offset = {-1};
    expected.physical_offset = {-2};
    expected.store_time = {-3};
    expected.store_host = {IpAddress::V4(9, 8, 7, 6), 1};
    EXPECT_EQ(record, Encode(expected));
  }
}

// MSG-8
TEST(MessageCodec, NamesTheLimitThatAMessageExceeds) {
  MessageToStore message = V1Message();
  EXPECT_TRUE(CheckStorable(message, 5).has_value());
  EXPECT_EQ(CheckStorable(message, 4).error().message(), "message body of 5 bytes, at most 4");
  const std::string large(32768, 'p');
  message.properties = large;
  EXPECT_EQ(CheckStorable(message, 5).error().message(),
            "message properties of 32768 bytes, at most 32767");
  message.properties = std::string_view(large).substr(20);  // One more for the separator.
  EXPECT_TRUE(CheckStorable(message, 5).has_value());
  message.append_property_crc = true;
  EXPECT_FALSE(CheckStorable(message, 5).has_value());
  message.topic = large;
  EXPECT_EQ(CheckStorable(message, 5).error().message(),
            "message topic of 32768 bytes, at most 32767");
}

// MSG-10
TEST(MessageCodec, SealsTheRecordWithAChecksumInTheProperties) {
  MessageToStore message = V1Message();
  message.append_property_crc = true;
  std::string record = Encode(message);
  ASSERT_EQ(record.size(), 135U);
  SealPropertyCrc(std::as_writable_bytes(std::span(record)));

  uint32_t crc = MessageBodyCrc(AsBytes(std::string_view(record).substr(0, 115)));
  std::string digits;  // least significant first
  for (int i = 0; i < 10; ++i, crc /= 10) digits.push_back(static_cast<char>('0' + crc % 10));
  EXPECT_EQ(DecodeStoredMessage(AsBytes(record))->properties,
            "TAGS\x01TagA\x02__CRC32#\x01" + digits + "\x02");
  EXPECT_EQ(DecodeError(record, {.verify_property_crc = true}), "");

  record[kQueueOffsetAt] = 1;
  EXPECT_THAT(DecodeError(record, {.verify_property_crc = true}), HasSubstr("checksum"));
  EXPECT_THAT(DecodeError(V1Record(), {.verify_property_crc = true}), HasSubstr("checksum"));
}

// MSG-10
TEST(MessageCodec, SeparatesTheChecksumFromThePropertiesBeforeIt) {
  MessageToStore message = V1Message();
  message.append_property_crc = true;
  message.properties = "TAGS\x01TagA";
  std::string record = Encode(message);
  SealPropertyCrc(std::as_writable_bytes(std::span(record)));
  EXPECT_THAT(DecodeStoredMessage(AsBytes(record))->properties,
              testing::StartsWith("TAGS\x01TagA\x02__CRC32#\x01"));
  message.properties = "";
  record = Encode(message);
  SealPropertyCrc(std::as_writable_bytes(std::span(record)));
  EXPECT_THAT(DecodeStoredMessage(AsBytes(record))->properties,
              testing::StartsWith("__CRC32#\x01"));
}

// MSG-9
TEST(RecordHead, TellsMessagesFromBlanks) {
  EXPECT_EQ(PeekRecord(AsBytes(V1Record()))->total_size, 115U);
  EXPECT_EQ(PeekRecord(AsBytes(V1Record()))->kind, RecordKind::kMessage);
  EXPECT_EQ(PeekRecord(AsBytes(V2Record()))->kind, RecordKind::kMessage);

  std::string blank(8, '\0');
  EncodeBlankRecord(1000, std::as_writable_bytes(std::span(blank)));
  EXPECT_EQ(blank, Hex("000003e8 cbd43194"));
  EXPECT_EQ(PeekRecord(AsBytes(blank))->total_size, 1000U);
  EXPECT_EQ(PeekRecord(AsBytes(blank))->kind, RecordKind::kBlank);
}

// MSG-9
TEST(RecordHead, RejectsWhatNoRecordBeginsWith) {
  const auto error = [](std::string_view hex) {
    return PeekRecord(AsBytes(Hex(hex))).error().message();
  };
  EXPECT_THAT(error("00000000 00000000"), HasSubstr("unknown magic 0x00000000, total size 0"));
  EXPECT_THAT(error("00000073 daa320"), HasSubstr("7 bytes are no record"));
  EXPECT_THAT(error("0000005a daa320a7"), HasSubstr("impossible total size 90"));
  EXPECT_THAT(error("80000000 daa320a7"), HasSubstr("impossible total size 2147483648"));
  EXPECT_THAT(error("00000007 cbd43194"), HasSubstr("impossible total size 7"));
}

// MSG-5, MSG-7
TEST(SysFlag, HoldsTransactionAndCompressionTypes) {
  EXPECT_EQ(TransactionTypeOf(0x10c), TransactionType::kRollback);
  EXPECT_EQ(WithTransactionType(0x10d, TransactionType::kCommit), 0x109);
  EXPECT_TRUE(EntersConsumeQueue(0x108));
  EXPECT_TRUE(EntersConsumeQueue(0));
  EXPECT_FALSE(EntersConsumeQueue(0x4));
  EXPECT_FALSE(EntersConsumeQueue(0xc));

  EXPECT_EQ(CompressionTypeOf(0x1), CompressionType::kZlib);
  EXPECT_EQ(CompressionTypeOf(0x101), CompressionType::kLz4);
  EXPECT_EQ(CompressionTypeOf(0x201), CompressionType::kZstd);
  EXPECT_EQ(CompressionTypeOf(0x301), CompressionType::kZlib);
  EXPECT_EQ(CompressionTypeOf(0x401), std::nullopt);
  EXPECT_EQ(WithCompression(0x302, CompressionType::kZstd), 0x203);
  EXPECT_EQ(WithoutCompression(0x203), 0x202);
}

HostAddress AnyHost() {
  HostAddress host;
  host.ip.v6 = *rc::gen::arbitrary<bool>();
  const auto ip = *rc::gen::container<std::vector<uint8_t>>(16, rc::gen::arbitrary<uint8_t>());
  std::copy_n(ip.begin(), host.ip.size(), host.ip.bytes.begin());
  host.port = *rc::gen::arbitrary<uint16_t>();
  return host;
}

// MSG-1 to MSG-6
RC_GTEST_PROP(MessageCodec, DecodesWhatItEncoded,
              (const std::string& body, const std::string& properties)) {
  const auto topic = *rc::gen::container<std::string>(*rc::gen::inRange<size_t>(0, 300),
                                                      rc::gen::arbitrary<char>());
  const MessageToStore message{.topic = topic,
                               .body = AsBytes(body),
                               .properties = properties,
                               .body_crc = MessageBodyCrc(AsBytes(body)),
                               .queue_id = *rc::gen::arbitrary<int32_t>(),
                               .flag = *rc::gen::arbitrary<int32_t>(),
                               .sys_flag = *rc::gen::arbitrary<int32_t>(),
                               .reconsume_times = *rc::gen::arbitrary<int32_t>(),
                               .queue_offset = {*rc::gen::arbitrary<int64_t>()},
                               .physical_offset = {*rc::gen::arbitrary<int64_t>()},
                               .prepared_transaction_offset = {*rc::gen::arbitrary<int64_t>()},
                               .born_time = {*rc::gen::arbitrary<int64_t>()},
                               .store_time = {*rc::gen::arbitrary<int64_t>()},
                               .born_host = AnyHost(),
                               .store_host = AnyHost()};
  const std::string record = Encode(message);
  const auto decoded = DecodeStoredMessage(AsBytes(record), {.verify_crc = true});
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(decoded->total_size == record.size());
  RC_ASSERT(PeekRecord(AsBytes(record))->total_size == record.size());
  ExpectSame(*decoded, message);
  RC_ASSERT(!testing::Test::HasFailure());
  // No prefix of a record is a record.
  const auto cut = *rc::gen::inRange<size_t>(0, record.size());
  RC_ASSERT(!DecodeStoredMessage(AsBytes(std::string_view(record).substr(0, cut))).has_value());
}

}  // namespace
}  // namespace rmq::wire
