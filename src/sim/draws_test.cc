#include "sim/draws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace rmq::sim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Gt;
using testing::Lt;

constexpr runtime::Site kDice{"test: dice"};
constexpr runtime::Site kCoin{"test: coin"};

std::vector<uint64_t> Throw(Draws& draws, uint64_t object, int times) {
  std::vector<uint64_t> values;
  for (int i = 0; i < times; ++i) values.push_back(draws.Draw(kDice, object, 1000));
  return values;
}

TEST(Draws, AValueDependsOnSeedSiteObjectAndCounterAlone) {
  TraceHash hash;
  Draws alone(7, hash);
  Draws interleaved(7, hash);
  const std::vector<uint64_t> expected = Throw(alone, 1, 20);
  std::vector<uint64_t> values;
  for (int i = 0; i < 20; ++i) {
    interleaved.Draw(kCoin, 1, 1000);
    interleaved.Draw(kDice, 2, 1000);
    values.push_back(interleaved.Draw(kDice, 1, 1000));
  }
  EXPECT_EQ(values, expected);
  Draws other_seed(8, hash);
  EXPECT_NE(Throw(other_seed, 1, 20), expected);
}

// The values are part of every recorded run: they never change.
TEST(Draws, ValuesAreStable) {
  TraceHash hash;
  Draws draws(42, hash);
  EXPECT_THAT(Throw(draws, 0, 4), ElementsAre(249, 92, 682, 469));
  EXPECT_EQ(draws.Exponential(kDice, 0, 1'000'000), 373729);
  EXPECT_EQ(hash.value().ToString(), "eaff3115c46edbfc1a626944f3349f15");
}

TEST(Draws, AreUniform) {
  TraceHash hash;
  Draws draws(1, hash);
  std::array<int, 6> seen{};
  for (int i = 0; i < 60'000; ++i) ++seen[draws.Draw(kDice, 0, 6)];
  for (const int count : seen) EXPECT_THAT(count, AllOf(Gt(9'500), Lt(10'500)));
}

TEST(Draws, AChanceComesTrueAsOftenAsItSays) {
  TraceHash hash;
  Draws draws(1, hash);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += draws.Chance(kCoin, 0, 1, 4) ? 1 : 0;
  EXPECT_THAT(hits, AllOf(Gt(2'350), Lt(2'650)));
  EXPECT_FALSE(draws.Chance(kCoin, 0, 0, 4));
  EXPECT_TRUE(draws.Chance(kCoin, 0, 4, 4));
}

TEST(Draws, ExponentialHasItsMeanAndALongTail) {
  TraceHash hash;
  Draws draws(1, hash);
  int64_t sum = 0;
  int64_t largest = 0;
  for (int i = 0; i < 100'000; ++i) {
    const int64_t value = draws.Exponential(kDice, 0, 1'000'000);
    sum += value;
    largest = std::max(largest, value);
  }
  EXPECT_THAT(sum / 100'000, AllOf(Gt(1'020'000), Lt(1'060'000)));
  EXPECT_GT(largest, 8'000'000);
  EXPECT_GE(draws.Exponential(kDice, 0, INT64_MAX), 0);
}

TEST(Draws, ARecordHoldsTheDeviationsAndReplaysThem) {
  TraceHash hash;
  Draws original(5, hash);
  original.StartRecording();
  const std::vector<uint64_t> expected = Throw(original, 3, 50);

  Draws replayed(6, hash);  // Another seed: all values come from the record.
  replayed.Replay(original.record(), ReplayMode::kClosed);
  EXPECT_EQ(Throw(replayed, 3, 50), expected);
  EXPECT_THAT(Throw(replayed, 3, 2), ElementsAre(0, 0));

  Draws open(5, hash);
  open.Replay(original.record(), ReplayMode::kOpen);
  EXPECT_EQ(Throw(open, 3, 55), [] {
    TraceHash other;
    Draws fresh(5, other);
    return Throw(fresh, 3, 55);
  }());
}

TEST(Draws, AReplayedValueStaysWithinItsBound) {
  TraceHash hash;
  Draws draws(1, hash);
  DrawRecord record;
  record.deviations = {{kDice.id, 0, 1, 5000}};
  draws.Replay(record, ReplayMode::kClosed);
  EXPECT_THAT(Throw(draws, 0, 3), ElementsAre(0, 999, 0));
}

TEST(DrawRecord, SurvivesItsText) {
  TraceHash hash;
  Draws draws(5, hash);
  draws.StartRecording();
  Throw(draws, 0xabcdef, 3);
  draws.Draw(kCoin, 1, 1'000'000);
  const Result<DrawRecord> read = DrawRecord::FromText(draws.record().ToText());
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ(read->seed, 5U);
  EXPECT_EQ(read->deviations, draws.record().deviations);
  EXPECT_EQ(read->site_names.at(kDice.id), "test: dice");
}

TEST(DrawRecord, NamesTheLineThatIsBroken) {
  for (const char* text : {"", "rmq-draws 2\n", "rmq-draws 1\nseed x\n", "rmq-draws 1\n0 1 2 3\n",
                           "rmq-draws 1\nsite 0 12 name\n0 1 2\n"}) {
    EXPECT_EQ(DrawRecord::FromText(text).error().code(), ErrorCode::kCorruption) << text;
  }
  EXPECT_EQ(DrawRecord::FromText("rmq-draws 1\nseed x\n").error().message(), "draw record: line 2");
}

TEST(TraceHash, DependsOnOrderAndOnEveryWord) {
  const auto hash_of = [](auto... events) {
    TraceHash hash;
    (hash.Add(TraceKind::kMark, events[0], events[1], events[2]), ...);
    return hash.value();
  };
  using Event = std::array<uint64_t, 3>;
  const Hash128 base = hash_of(Event{1, 2, 3}, Event{4, 5, 6});
  EXPECT_EQ(hash_of(Event{1, 2, 3}, Event{4, 5, 6}), base);
  EXPECT_NE(hash_of(Event{4, 5, 6}, Event{1, 2, 3}), base);
  EXPECT_NE(hash_of(Event{0, 2, 3}, Event{4, 5, 6}), base);
  EXPECT_NE(hash_of(Event{1, 0, 3}, Event{4, 5, 6}), base);
  EXPECT_NE(hash_of(Event{1, 2, 0}, Event{4, 5, 6}), base);
}

TEST(TraceHash, KeepsItsStateEachChunkAndShowsEventsToAWatcher) {
  TraceHash hash;
  uint64_t watched = 0;
  hash.Watch([&](const TraceEvent& event) { watched += event.a; });
  for (int i = 0; i < 10'000; ++i) hash.Add(TraceKind::kMark, 1);
  EXPECT_EQ(hash.chunks().size(), 2U);
  EXPECT_EQ(hash.event_count(), 10'000U);
  EXPECT_EQ(watched, 10'000U);
}

}  // namespace
}  // namespace rmq::sim
