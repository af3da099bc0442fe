// I3 by hand: stores whose bytes are written here, from spec/wire/message.md and spec/store, and
// not by the store. ORACLE-14, ORACLE-15.
#include "harness/store_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rmq::simtest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint32_t kSlots = 4;
constexpr int32_t kHashOfKey = 108'277'200;  // of "t#key", by Java

std::string Number(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// "hi" in topic "t", queue 0, with the tag "A" and the key "key".
std::string Record(int64_t at, int64_t queue_offset, int32_t sys_flag = 0) {
  const std::string properties =
      "TAGS\x01"
      "A\x02KEYS\x01key\x02";
  std::string rest = Number(0xdaa320a7, 4) + Number(0xd8932aac & 0x7fffffff, 4) + Number(0, 4) +
                     Number(0, 4) + Number(queue_offset, 8) + Number(at, 8) + Number(sys_flag, 4) +
                     Number(1000, 8) + Number(0, 8) + Number(2000, 8) + Number(0, 8) +
                     Number(0, 4) + Number(0, 8) + Number(2, 4) + "hi" + Number(1, 1) + "t" +
                     Number(properties.size(), 2) + properties;
  return Number(rest.size() + 4, 4) + rest;
}
const int32_t kSize = static_cast<int32_t>(Record(0, 0).size());

std::string Unit(int64_t at, int32_t size, int64_t tags_code = 'A') {
  return Number(at, 8) + Number(size, 4) + Number(tags_code, 8);
}

// Entries from the oldest to the newest, all in one chain.
std::string Index(const std::vector<int64_t>& offsets) {
  std::string slots(4 * kSlots, '\0');
  std::string entries(20, '\0');
  for (size_t i = 0; i < offsets.size(); ++i) {
    entries += Number(kHashOfKey, 4) + Number(offsets[i], 8) + Number(0, 4) + Number(i, 4);
  }
  slots.replace(4 * (kHashOfKey % kSlots), 4, Number(offsets.size(), 4));
  return std::string(36, '\0') + Number(offsets.size() + 1, 4) + slots + entries;
}

// Two messages, in order.
StoreFiles GoodStore() {
  return {
      {"commitlog/00000000000000000000", Record(0, 0) + Record(kSize, 1) + std::string(100, '\0')},
      {"consumequeue/t/0/00000000000000000000",
       Unit(0, kSize) + Unit(kSize, kSize) + std::string(40, '\0')},
      {"index/20240131235959123", Index({0, kSize})}};
}

std::vector<std::string> Findings(const StoreFiles& files) {
  return StoreImage(files, kSlots).Findings();
}

TEST(StoreImage, AcceptsAStoreWhoseQueuesAndIndexAreTheLogs) {
  EXPECT_THAT(Findings(GoodStore()), IsEmpty());
  EXPECT_EQ(StoreImage(GoodStore(), kSlots).message_count(), 2U);
}

TEST(StoreImage, AcceptsFilesOfAnotherKindAndAnEmptyStore) {
  EXPECT_THAT(Findings({}), IsEmpty());
  EXPECT_THAT(Findings({{"checkpoint", "x"}, {"config/topics.json", "{}"}, {"lock", ""}}),
              IsEmpty());
}

TEST(StoreImage, AcceptsALogThatBeginsLaterThanItsQueuesAndHolesInThem) {
  StoreFiles files;
  files["commitlog/00000000000000001000"] = Record(1000, 2) + std::string(50, '\0');
  files["consumequeue/t/0/00000000000000000000"] =
      Unit(0, 0x7fffffff, 0) + Unit(500, 77) + Unit(1000, kSize);
  files["index/20240131235959123"] = Index({500, 1000});
  EXPECT_THAT(Findings(files), IsEmpty());
}

TEST(StoreImage, AcceptsABlankAtTheEndOfAFile) {
  StoreFiles files = GoodStore();
  const std::string blank = Number(8, 4) + Number(0xcbd43194, 4);
  files["commitlog/00000000000000000000"] = Record(0, 0) + blank;
  files["commitlog/" + std::string(17, '0') + std::to_string(kSize + 8)] = Record(kSize + 8, 1);
  files["consumequeue/t/0/00000000000000000000"] = Unit(0, kSize) + Unit(kSize + 8, kSize);
  files["index/20240131235959123"] = Index({0, kSize + 8});
  ASSERT_GE(kSize + 8, 100);
  EXPECT_THAT(Findings(files), IsEmpty());
}

TEST(StoreImage, RejectsAMessageWithoutAUnit) {
  StoreFiles files = GoodStore();
  files["consumequeue/t/0/00000000000000000000"] = Unit(0, kSize) + std::string(60, '\0');
  EXPECT_THAT(Findings(files), ElementsAre("t/0 offset 1 has no unit for the message at 110"));
}

TEST(StoreImage, RejectsAUnitBehindTheEndOfTheLog) {
  StoreFiles files = GoodStore();
  files["consumequeue/t/0/00000000000000000000"] += Unit(220, kSize);
  EXPECT_THAT(Findings(files), ElementsAre("queue t/0: a unit behind the last one, at byte 80"));
  files["consumequeue/t/0/00000000000000000000"] =
      Unit(0, kSize) + Unit(kSize, kSize) + Unit(220, kSize);
  EXPECT_THAT(Findings(files), ElementsAre("t/0 offset 2 points to 220, where no such message is"));
}

TEST(StoreImage, RejectsAUnitWithAnotherSizeOrTag) {
  StoreFiles files = GoodStore();
  files["consumequeue/t/0/00000000000000000000"] = Unit(0, kSize - 1) + Unit(kSize, kSize, 'B');
  EXPECT_EQ(Findings(files).size(), 2U);
}

TEST(StoreImage, RejectsTwoMessagesWithOneQueueOffset) {
  StoreFiles files = GoodStore();
  files["commitlog/00000000000000000000"] = Record(0, 0) + Record(kSize, 0);
  EXPECT_THAT(Findings(files),
              ElementsAre("the log has two messages for t/0 offset 0: at 0 and 110",
                          "t/0 offset 1 points to 110, where no such message is"));
}

TEST(StoreImage, RejectsAMessageThatTheIndexDoesNotFind) {
  StoreFiles files = GoodStore();
  files["index/20240131235959123"] = Index({0});
  EXPECT_THAT(Findings(files),
              ElementsAre("the index does not find the message at 110 by 108277200"));
}

TEST(StoreImage, RejectsAnIndexEntryForNoMessage) {
  StoreFiles files = GoodStore();
  files["index/20240131235959123"] = Index({0, kSize, 220});
  EXPECT_THAT(Findings(files),
              ElementsAre("the index finds 220 by 108277200, which is no key there"));
}

TEST(StoreImage, RejectsARecordThatLiesBehindTheEndOfTheLog) {
  StoreFiles files = GoodStore();
  files["commitlog/00000000000000000000"] =
      Record(0, 0) + Record(kSize, 1) + std::string(8, '\0') + Record(2 * kSize + 8, 2);
  EXPECT_THAT(
      Findings(files),
      ElementsAre("commitlog/00000000000000000000: no record at 220, but something at 231"));
}

}  // namespace
}  // namespace rmq::simtest
