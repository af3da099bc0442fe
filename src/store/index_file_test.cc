#include "store/index_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_test.h"
#include "wire/java_hash.h"

namespace rmq::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSubsetOf;

CommitLogOffset At(int64_t offset) {
  return CommitLogOffset{offset};
}
constexpr WallTime kNoon{1'700'000'000'000};
constexpr CommitLogOffset kLogEnd{1'000'000};

std::unique_ptr<runtime::File> OpenFile(Context& ctx, sim::Simulation& sim) {
  auto directory = sim.files().OpenDirectory(ctx, "index", /*create=*/true).value();
  auto file = directory->Open(ctx, "1", runtime::OpenMode::kCreate).value();
  EXPECT_TRUE(directory->Sync(ctx).has_value());
  return file;
}

std::unique_ptr<IndexFile> Make(Context& ctx, sim::Simulation& sim, uint32_t slots,
                                uint32_t entries = 100) {
  auto index = IndexFile::Create(ctx, "1", OpenFile(ctx, sim),
                                 {.slot_count = slots, .entry_count = entries}, nullptr)
                   .value();
  EXPECT_TRUE(index->Sync(ctx).has_value());
  return index;
}

std::unique_ptr<IndexFile> OpenAgain(Context& ctx, sim::Simulation& sim, uint32_t slots,
                                     uint32_t entries = 100) {
  return IndexFile::Open(ctx, "1", OpenFile(ctx, sim),
                         {.slot_count = slots, .entry_count = entries})
      .value();
}

Result<void> Put(Context& ctx, IndexFile& index, std::string_view key, int64_t offset,
                 WallTime at = kNoon) {
  return index.Put(ctx, wire::IndexKeyHash(key), At(offset), at);
}

std::vector<CommitLogOffset> Find(Context& ctx, IndexFile& index, std::string_view key,
                                  size_t limit = 32, WallTime begin = {0},
                                  WallTime end = {INT64_MAX}) {
  std::vector<CommitLogOffset> found;
  EXPECT_TRUE(index.Find(ctx, wire::IndexKeyHash(key), begin, end, limit, found).has_value());
  return found;
}

// STORE-40.
SIM_TEST(IndexFile, FindsTheNewestMessageFirst) {
  auto index = Make(ctx, sim, /*slots=*/2);  // order-7 and order-9 share a chain.
  Put(ctx, *index, "order-7", 100).value();
  Put(ctx, *index, "order-9", 200).value();
  Put(ctx, *index, "order-7", 300).value();

  for (const bool on_disk : {false, true}) {
    EXPECT_THAT(Find(ctx, *index, "order-7"), ElementsAre(At(300), At(100)));
    EXPECT_THAT(Find(ctx, *index, "order-7", 1), ElementsAre(At(300)));
    EXPECT_THAT(Find(ctx, *index, "order-8"), IsEmpty());
    if (on_disk) break;
    ASSERT_TRUE(index->Flush(ctx).has_value());
    index = OpenAgain(ctx, sim, 2);
  }
}

// STORE-42, STORE-44.
SIM_TEST(IndexFile, KnowsTimesToTheSecond) {
  auto index = Make(ctx, sim, 2);
  Put(ctx, *index, "k", 100, kNoon).value();
  Put(ctx, *index, "k", 200, WallTime{kNoon.ms + 5300}).value();
  Put(ctx, *index, "k", 300, WallTime{kNoon.ms - 60'000}).value();  // The clock was set back.
  EXPECT_THAT(Find(ctx, *index, "k", 32, WallTime{kNoon.ms + 5200}), ElementsAre(At(200)));
  EXPECT_THAT(Find(ctx, *index, "k", 32, WallTime{0}, WallTime{kNoon.ms + 900}),
              ElementsAre(At(300), At(100)));
  EXPECT_TRUE(index->Overlaps(WallTime{kNoon.ms - 60'000}, WallTime{kNoon.ms - 60'000}));
  EXPECT_FALSE(index->Overlaps(WallTime{kNoon.ms + 10'000}, WallTime{kNoon.ms + 20'000}));
}

// STORE-43.
SIM_TEST(IndexFile, IsFullOneBeforeItsNumberOfEntries) {
  auto index = Make(ctx, sim, 2, /*entries=*/4);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_FALSE(index->full());
    Put(ctx, *index, "k", i).value();
  }
  EXPECT_TRUE(index->full());
}

SIM_TEST(IndexFile, GoesOnAfterItsPagesWereDropped) {
  auto index = Make(ctx, sim, 5000);
  for (int i = 1; i <= 50; ++i) {
    Put(ctx, *index, "a", 2 * i).value();
    Put(ctx, *index, "b", 2 * i + 1).value();
    ASSERT_TRUE(index->Flush(ctx).has_value());
    index->DropPages();
    if (i == 49) break;  // 98 entries
  }
  EXPECT_THAT(Find(ctx, *index, "a", 2), ElementsAre(At(98), At(96)));
  EXPECT_EQ(Find(ctx, *index, "b", 100).size(), 49);
}

// Fails the first disk operation, then the second, and so on until the flush gets through.
// STORE-45.
SIM_TEST(IndexFile, ReportsTheFailureOfEachDiskOperationInFlush) {
  int failures = 0;
  for (int nth = 1;; ++nth) {
    sim.EmptyDisk();
    auto index = Make(ctx, sim, 2);
    Put(ctx, *index, "order-7", 100).value();
    sim.disk().FailNthOperation(static_cast<uint64_t>(nth));
    const Result<void> flushed = index->Flush(ctx);
    if (flushed.has_value()) break;
    EXPECT_EQ(flushed.error().code(), ErrorCode::kIoError);
    // What is in memory is still right, and the next flush succeeds.
    EXPECT_THAT(Find(ctx, *index, "order-7"), ElementsAre(At(100)));
    EXPECT_TRUE(index->Flush(ctx).has_value());
    EXPECT_THAT(Find(ctx, *OpenAgain(ctx, sim, 2), "order-7"), ElementsAre(At(100)));
    ++failures;
  }
  EXPECT_EQ(failures, 4);  // Write the entries, sync them, write the slots, the header.
}

// A power cut loses any subset of the unsynced sectors. After the repair all that a finished flush
// had made durable is there, nothing appears that was never put, and the index goes on working.
// STORE-45.
SIM_TEST_SEEDS(IndexFile, RepairAfterAPowerCutFindsEverythingThatWasFlushed, /*seeds=*/200) {
  auto index = Make(ctx, sim, 256, 200);
  std::vector<CommitLogOffset> all;
  const auto synced_at = static_cast<int64_t>(sim.draws().Draw("synced at", 0, 60));
  const auto flushed_at = static_cast<int64_t>(sim.draws().Draw("flushed at", 0, 60));
  for (int64_t i = 1; i <= 60; ++i) {
    all.push_back(At(i));
    Put(ctx, *index, "order-7", i).value();
    Put(ctx, *index, fmt::format("other-{}", i), i).value();
    if (i != flushed_at && i != synced_at) continue;
    ASSERT_TRUE(index->Flush(ctx).has_value());
    if (i != synced_at) continue;
    ASSERT_TRUE(index->Sync(ctx).has_value());
  }
  sim.disk().CutPower();

  index = OpenAgain(ctx, sim, 256, 200);
  const CommitLogOffset resume = index->Repair(ctx, kLogEnd).value();
  EXPECT_GE(resume.value, synced_at);
  std::vector<CommitLogOffset> found = Find(ctx, *index, "order-7", 100);
  EXPECT_THAT(found, IsSubsetOf(all));
  EXPECT_EQ(static_cast<int64_t>(found.size()), std::max<int64_t>(resume.value - 1, 0));
  for (int64_t i = std::max<int64_t>(resume.value, 1); i <= 60; ++i) {
    Put(ctx, *index, "order-7", i).value();
  }
  std::ranges::reverse(all);
  EXPECT_EQ(Find(ctx, *index, "order-7", 100), all);
}

// STORE-47.
SIM_TEST(IndexFile, RepairDropsEntriesBehindTheEndOfTheLog) {
  auto index = Make(ctx, sim, 2);
  for (int64_t i = 1; i <= 5; ++i) {
    Put(ctx, *index, "k", 100 * i).value();
    Put(ctx, *index, "l", 100 * i).value();
  }
  ASSERT_TRUE(index->Flush(ctx).has_value());
  EXPECT_EQ(index->Repair(ctx, At(350)).value(), At(300));  // To be put again with all its keys.
  EXPECT_THAT(Find(ctx, *index, "k"), ElementsAre(At(200), At(100)));
  EXPECT_THAT(Find(ctx, *index, "l"), ElementsAre(At(200), At(100)));
  EXPECT_EQ(index->header().next_entry, 5);
}

// STORE-47.
SIM_TEST(IndexFile, RefusesAHeaderThatIsNone) {
  Make(ctx, sim, 2);
  ASSERT_TRUE(sim.disk().Corrupt("index/1", 36, AsBytes("\x7f\xff\xff\xff")).has_value());
  const auto opened =
      IndexFile::Open(ctx, "1", OpenFile(ctx, sim), {.slot_count = 2, .entry_count = 100});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
}

// STORE-40, STORE-47.
SIM_TEST(IndexFile, IsNotLedInCirclesByDamagedChains) {
  auto index = Make(ctx, sim, 1);
  for (int64_t i = 1; i <= 5; ++i) Put(ctx, *index, "k", i).value();
  ASSERT_TRUE(index->Flush(ctx).has_value());
  // Entry 3 names entry 5 as the older one.
  ASSERT_TRUE(
      sim.disk()
          .Corrupt("index/1", 40 + 4 + 3 * 20 + 16, AsBytes(std::string_view("\0\0\0\5", 4)))
          .has_value());
  index = OpenAgain(ctx, sim, 1);
  EXPECT_THAT(Find(ctx, *index, "k"), ElementsAre(At(5), At(4), At(3)));
  EXPECT_EQ(index->Repair(ctx, kLogEnd).value(), At(2));
}

}  // namespace
}  // namespace rmq::store
