#include "wire/message_batch.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "wire/hex_for_test.h"

namespace rmq::wire {
namespace {

// "Hello" with TAGS=TagA, then "x" with nothing.
std::string Batch() {
  return Hex(R"(
      00000025 00000000 00000000 00000007 00000005 48656c6c6f 000a 5441475301546167 4102
      00000017 00000000 00000000 ffffffff 00000001 78 0000)");
}

// MSG-30
TEST(MessageBatch, ReadsItsRecords) {
  const std::string batch = Batch();
  BatchReader reader(AsBytes(batch));
  const auto first = reader.Next().value();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->flag, 7);
  EXPECT_EQ(AsText(first->body), "Hello");
  EXPECT_EQ(first->properties, "TAGS\x01TagA\x02");
  const auto second = reader.Next().value();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->flag, -1);
  EXPECT_EQ(AsText(second->body), "x");
  EXPECT_EQ(second->properties, "");
  EXPECT_FALSE(reader.Next().value().has_value());
  EXPECT_FALSE(reader.Next().value().has_value());
}

// MSG-30, MSG-31
TEST(MessageBatch, EncodesItsRecords) {
  const std::vector<BatchRecord> records = {
      {.flag = 7, .body = AsBytes("Hello"), .properties = "TAGS\x01TagA\x02"},
      {.flag = -1, .body = AsBytes("x")}};
  EXPECT_EQ(EncodeBatch(records)->text(), Batch());
  EXPECT_TRUE(EncodeBatch({})->empty());
}

// MSG-32
TEST(MessageBatch, TrustsTheSizesOfBodyAndPropertiesAlone) {
  std::string batch = Batch();
  batch[3] = 0;       // total size
  batch[4] = '\xda';  // magic
  batch[8] = '\x7f';  // CRC
  EXPECT_EQ(CountBatchRecords(AsBytes(batch)), 2U);
}

// MSG-33
TEST(MessageBatch, RejectsRecordsThatDoNotFit) {
  const auto error = [](std::string_view batch) {
    return CountBatchRecords(AsBytes(batch)).error().message();
  };
  EXPECT_EQ(error(Batch().substr(0, 21)), "batch: record 0: head of 22 bytes, 21 left");
  EXPECT_EQ(error(Batch().substr(0, 59)), "batch: record 1: body of 1 bytes, 22 left");
  std::string batch = Batch();
  batch[16] = '\x80';
  EXPECT_EQ(error(batch), "batch: record 0: body of 2147483653 bytes, 60 left");
  batch = Batch();
  batch[25] = '\x80';
  EXPECT_EQ(error(batch), "batch: record 0: properties of 32778 bytes, 60 left");
  batch = Batch();
  batch[59] = 1;
  EXPECT_EQ(error(batch), "batch: record 1: properties of 1 bytes, 23 left");
}

// MSG-33: the size of the properties is a signed number, even if all the bytes are there.
TEST(MessageBatch, RejectsPropertiesOf32768Bytes) {
  const std::string batch = std::string(20, '\0') + Hex("8000") + std::string(32768, 'p');
  EXPECT_EQ(CountBatchRecords(AsBytes(batch)).error().message(),
            "batch: record 0: properties of 32768 bytes, 32790 left");
}

// MSG-33
TEST(MessageBatch, RefusesToEncodePropertiesTooLongForTheirSizeField) {
  const std::string large(32768, 'p');
  const std::vector<BatchRecord> records = {{}, {.properties = large}};
  EXPECT_EQ(EncodeBatch(records).error().message(),
            "batch: record 1: body of 0 bytes, properties of 32768");
}

// MSG-30
RC_GTEST_PROP(MessageBatch, ReadsWhatItEncoded,
              (const std::vector<std::pair<std::string, std::string>>& messages)) {
  std::vector<BatchRecord> records;
  for (const auto& [body, properties] : messages) {
    records.push_back({*rc::gen::arbitrary<int32_t>(), AsBytes(body), properties});
  }
  const Bytes batch = EncodeBatch(records).value();
  RC_ASSERT(CountBatchRecords(batch.view()).value() == records.size());
  BatchReader reader(batch.view());
  for (const BatchRecord& expected : records) {
    const auto got = reader.Next().value();
    RC_ASSERT(got.has_value());
    RC_ASSERT(got->flag == expected.flag);
    RC_ASSERT(AsText(got->body) == AsText(expected.body));
    RC_ASSERT(got->properties == expected.properties);
  }
  RC_ASSERT(!reader.Next()->has_value());
}

}  // namespace
}  // namespace rmq::wire
