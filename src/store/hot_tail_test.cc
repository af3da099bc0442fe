#include "store/hot_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "store/consume_queue.h"
#include "store/file_name.h"

namespace rmq::store {
namespace {

using testing::SizeIs;

void Append(HotTail& tail, std::string_view text) {
  const std::span<std::byte> room = tail.Extend(text.size());
  std::memcpy(room.data(), text.data(), text.size());
}

std::string Read(const HotTail& tail, int64_t at, size_t size) {
  const std::optional<Bytes> bytes = tail.Read(CommitLogOffset{at}, size);
  return bytes.has_value() ? std::string(bytes->text()) : "none";
}

// STORE-14.
TEST(HotTail, ReadsWhatWasAppendedUntilItIsTrimmed) {
  HotTail tail(/*keep_bytes=*/20, /*segment_size=*/10);
  tail.Reset(CommitLogOffset{100});
  for (const auto* text : {"aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"}) Append(tail, text);
  EXPECT_EQ(tail.end().value, 124);
  EXPECT_EQ(Read(tail, 100, 4), "aaaa");
  EXPECT_EQ(Read(tail, 104, 4), "bbbb");
  EXPECT_EQ(Read(tail, 108, 4), "cccc");  // A record does not lie in two segments.
  EXPECT_EQ(Read(tail, 106, 4), "none");
  EXPECT_EQ(Read(tail, 124, 1), "none");
  EXPECT_EQ(Read(tail, 99, 1), "none");

  const Bytes held = *tail.Read(CommitLogOffset{100}, 4);
  tail.Trim(CommitLogOffset{124});
  EXPECT_EQ(tail.begin().value, 108);
  EXPECT_EQ(Read(tail, 100, 4), "none");
  EXPECT_EQ(held.text(), "aaaa");  // Views outlive the tail's interest.
}

TEST(HotTail, TrimKeepsWhatIsNotWrittenYet) {
  HotTail tail(0, 4);
  tail.Reset({});
  for (const auto* text : {"aaaa", "bbbb", "cccc"}) Append(tail, text);
  tail.Trim(CommitLogOffset{5});
  EXPECT_EQ(tail.begin().value, 4);
}

TEST(HotTail, GathersAcrossSegmentsUpToASkippedRest) {
  HotTail tail(100, 10);
  tail.Reset({});
  for (const auto* text : {"aaaa", "bbbb", "cccc"}) Append(tail, text);
  tail.SkipTo(CommitLogOffset{50});
  std::vector<Slice> slices;
  tail.Gather(CommitLogOffset{4}, slices);
  ASSERT_THAT(slices, SizeIs(2));
  EXPECT_EQ(AsText(slices[0]), "bbbb");
  EXPECT_EQ(AsText(slices[1]), "cccc");
  Append(tail, "next");
  EXPECT_EQ(Read(tail, 50, 4), "next");
  EXPECT_EQ(Read(tail, 12, 1), "none");
}

TEST(HotTail, CutTakesBackWholeAndPartialSegments) {
  HotTail tail(100, 10);
  tail.Reset({});
  for (const auto* text : {"aaaa", "bbbb", "cccc"}) Append(tail, text);
  tail.SkipTo(CommitLogOffset{50});
  tail.CutTo(CommitLogOffset{4});
  EXPECT_EQ(Read(tail, 4, 1), "none");
  Append(tail, "dddd");
  EXPECT_EQ(Read(tail, 0, 8), "aaaadddd");
}

TEST(HotTail, GivesARecordLargerThanASegmentASegmentOfItsOwn) {
  HotTail tail(100, 4);
  tail.Reset({});
  Append(tail, "a");
  Append(tail, "0123456789");
  EXPECT_EQ(Read(tail, 1, 10), "0123456789");
}

TEST(UnitWindow, IsAQueueOfUnits) {
  UnitWindow window;
  window.Restart(QueueOffset{7});
  for (int64_t i = 7; i < 107; ++i) {
    window.Append({.offset = {i * 10}, .size = 10, .tags_code = -i});
  }
  EXPECT_EQ(window.end().value, 107);
  window.DropBefore(QueueOffset{90});
  EXPECT_EQ(window.begin().value, 90);
  EXPECT_EQ(window.At(QueueOffset{99}).offset.value, 990);
  EXPECT_EQ(window.At(QueueOffset{99}).tags_code, -99);
  EXPECT_EQ(window.Range(QueueOffset{90}, QueueOffset{107}).size(), 17 * 20);
  window.DropBefore(QueueOffset{107});
  EXPECT_TRUE(window.empty());
  EXPECT_EQ(window.memory_bytes(), 0);
}

// STORE-26.
TEST(ConsumeQueue, TrimsOnlyWhatIsWrittenAndCold) {
  ConsumeQueue queue(std::make_shared<const std::string>("T"), 0, 1);
  for (int64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(queue.AssignOffset().value, i);
    queue.Append({.offset = {i * 100}, .size = 100});
  }
  queue.set_written(QueueOffset{4});
  queue.Trim(CommitLogOffset{700});
  EXPECT_EQ(queue.window().begin().value, 4);
  queue.set_written(QueueOffset{10});
  queue.Trim(CommitLogOffset{700});
  EXPECT_EQ(queue.window().begin().value, 7);
}

// STORE-1.
TEST(OffsetFileName, HasTwentyDigits) {
  EXPECT_EQ(OffsetFileName(1073741824), "00000000001073741824");
  EXPECT_EQ(ParseOffsetFileName("00000000001073741824"), 1073741824);
  for (const auto* name : {"", "1", "0000000000107374182x", "-0000000001073741824",
                           "99999999999999999999", "000000000010737418240", "checkpoint"}) {
    EXPECT_EQ(ParseOffsetFileName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace rmq::store
