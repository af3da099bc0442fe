// Each fault of the disk, seen happening. spec/sim/disk.md.
#include <set>

#include "sim/disk.h"
#include "sim/disk_for_test.h"

namespace rmq::sim {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

template <typename T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result.error().code();
}

std::string Sector(char fill) {
  return std::string(kSectorSize, fill);
}

// --- SIM-DISK-13: failing syncs ---

// The device refuses each page with probability 3/4: checks the seeds in which it did.
template <typename Check>
void WithLostPage(SyncFailure how, Check check) {
  int lost = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    TestDisk t(seed);
    DiskHandle file = t.DurableFile("log", "old");
    DiskHandle other = t.Open("log");
    t.Write(file, 0, "new");
    t.disk->FailNextSync(how);
    const Result<void> synced = t.disk->SyncFile(file, false);
    if (t.disk->ReadDurableFile("log").value() == "new") continue;
    check(t, synced, file, other);
    ++lost;
  }
  EXPECT_GT(lost, 10);
  EXPECT_LT(lost, 40);
}

TEST(DiskFaults, AFailedSyncKeepsTheCacheAndLaterSyncsSucceed) {
  WithLostPage(SyncFailure::kKeepCache, [](TestDisk& t, const Result<void>& synced,
                                           DiskHandle& file, DiskHandle& other) {
    EXPECT_EQ(CodeOf(synced), ErrorCode::kIoError);
    EXPECT_EQ(t.Text("log"), "new");
    EXPECT_TRUE(t.disk->SyncFile(file, false).has_value());
    EXPECT_EQ(CodeOf(t.disk->SyncFile(other, false)), ErrorCode::kIoError);  // Once each.
    EXPECT_TRUE(t.disk->SyncFile(other, false).has_value());
    t.disk->CutPower();
    EXPECT_EQ(t.Text("log"), "old");
  });
}

TEST(DiskFaults, WhatAFailedSyncLostShowsWhenTheCacheIsDropped) {
  WithLostPage(SyncFailure::kKeepCache,
               [](TestDisk& t, const Result<void>&, DiskHandle&, DiskHandle&) {
                 t.disk->DropCache();
                 EXPECT_EQ(t.Text("log"), "old");
               });
}

TEST(DiskFaults, WritingThePageAgainAfterAFailedSyncSavesIt) {
  WithLostPage(SyncFailure::kKeepCache,
               [](TestDisk& t, const Result<void>&, DiskHandle& file, DiskHandle&) {
                 t.Write(file, 3, "!");
                 t.Sync(file);
                 t.disk->CutPower();
                 EXPECT_EQ(t.Text("log"), "new!");
               });
}

TEST(DiskFaults, AFailedSyncMayRevertTheCache) {
  WithLostPage(SyncFailure::kRevertCache,
               [](TestDisk& t, const Result<void>& synced, DiskHandle& file, DiskHandle&) {
                 EXPECT_EQ(CodeOf(synced), ErrorCode::kIoError);
                 EXPECT_EQ(t.Text("log"), "old");
                 EXPECT_TRUE(t.disk->SyncFile(file, false).has_value());
               });
}

TEST(DiskFaults, AFailedSyncMayBeReportedByTheNextOne) {
  WithLostPage(SyncFailure::kReportLate,
               [](TestDisk& t, const Result<void>& synced, DiskHandle& file, DiskHandle&) {
                 EXPECT_TRUE(synced.has_value());
                 EXPECT_EQ(CodeOf(t.disk->SyncFile(file, false)), ErrorCode::kIoError);
                 EXPECT_TRUE(t.disk->SyncFile(file, false).has_value());
                 t.disk->CutPower();
                 EXPECT_EQ(t.Text("log"), "old");
               });
}

TEST(DiskFaults, AFailedSyncMayBeReportedToOneHandleOnly) {
  WithLostPage(SyncFailure::kOneHandleOnly,
               [](TestDisk& t, const Result<void>& synced, DiskHandle& file, DiskHandle& other) {
                 EXPECT_EQ(CodeOf(synced), ErrorCode::kIoError);
                 EXPECT_TRUE(t.disk->SyncFile(other, false).has_value());
                 EXPECT_TRUE(t.disk->SyncFile(file, false).has_value());
                 t.disk->CutPower();
                 EXPECT_EQ(t.Text("log"), "old");
               });
}

TEST(DiskFaults, ARevertedFileHasItsDurableSize) {
  WithLostPage(SyncFailure::kRevertCache,
               [](TestDisk& t, const Result<void>&, DiskHandle& file, DiskHandle&) {
                 t.Write(file, 0, std::string(10'000, 'x'));
                 t.disk->FailNextSync(SyncFailure::kRevertCache);
                 EXPECT_FALSE(t.disk->SyncFile(file, false).has_value());
                 EXPECT_EQ(t.Text("log").size(), 3);
               });
}

TEST(DiskFaults, SyncsFailByThemselves) {
  DiskOptions options;
  options.faults.sync_failure_one_in = 4;
  TestDisk t(1, options);
  DiskHandle file = t.DurableFile("log", "old");
  int failures = 0;
  int directory_failures = 0;
  for (int i = 0; i < 100; ++i) {
    t.Write(file, 0, "new");
    failures += !t.disk->SyncFile(file, false).has_value();
    directory_failures += !t.disk->SyncDirectory(t.Root()).has_value();
  }
  EXPECT_GT(failures, 5);
  EXPECT_GT(directory_failures, 5);
}

// --- SIM-DISK-14: reads, writes, space ---

TEST(DiskFaults, ABrokenSectorFailsUntilItIsWritten) {
  TestDisk t;
  const std::string text(3 * kPageSize, 'x');
  const DiskHandle file = t.DurableFile("log", text);
  ASSERT_TRUE(t.disk->BreakSector("log", 5'000).has_value());
  EXPECT_EQ(t.Read(file, 0, text.size()).value(), text);  // From the cache.
  t.disk->DropCache();

  EXPECT_EQ(CodeOf(t.Read(file, 4'096, 10)), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.Read(file, 0, text.size())), ErrorCode::kIoError);
  EXPECT_TRUE(t.Read(file, 0, 4'096).has_value());
  EXPECT_TRUE(t.Read(file, 8'192, 4'096).has_value());
  t.Write(file, 5'000, "y");
  EXPECT_TRUE(t.Read(file, 4'096, 10).has_value());
}

TEST(DiskFaults, ReadsFailByThemselvesOnceOrForEver) {
  DiskOptions options;
  options.faults.read_error_one_in = 8;
  std::set<bool> again;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    TestDisk t(seed, options);
    const DiskHandle file = t.DurableFile("log", "abc");
    while (t.Read(file, 0, 3).has_value()) {
    }
    t.disk->SetFaults({});
    t.disk->DropCache();
    again.insert(t.Read(file, 0, 3).has_value());
  }
  EXPECT_THAT(again, UnorderedElementsAre(false, true));
}

TEST(DiskFaults, WritesFailByThemselvesAndHaveNoEffect) {
  DiskOptions options;
  options.faults.write_error_one_in = 1;
  TestDisk t(1, options);
  const DiskHandle file = t.DurableFile("log", "abc");

  EXPECT_EQ(CodeOf(t.TryWrite(file, 0, "x")), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->Allocate(file, 0, 10)), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->Truncate(file, 0)), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->Rename(t.Root(), "log", t.Root(), "x")), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->Remove(t.Root(), "log")), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->OpenFile(t.Root(), "new", runtime::OpenMode::kCreate)),
            ErrorCode::kIoError);
  EXPECT_EQ(t.Text("log"), "abc");
}

TEST(DiskFaults, ReadOnlyDisksServeReads) {
  TestDisk t;
  const DiskHandle file = t.DurableFile("log", "abc");
  t.disk->SetReadOnly(true);

  EXPECT_EQ(t.Read(file, 0, 3).value(), "abc");
  EXPECT_EQ(CodeOf(t.TryWrite(file, 0, "x")), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->Remove(t.Root(), "log")), ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->OpenFile(t.Root(), "new", runtime::OpenMode::kCreate)),
            ErrorCode::kIoError);
  EXPECT_EQ(CodeOf(t.disk->OpenPath("new", true)), ErrorCode::kIoError);
  t.disk->SetReadOnly(false);
  t.Write(file, 0, "x");
}

TEST(DiskFaults, AFullDiskTakesAPartOfAWriteThenNothing) {
  TestDisk t;
  t.disk->SetCapacity(3 * kPageSize);
  const DiskHandle file = t.Open("log");

  EXPECT_EQ(t.TryWrite(file, 0, std::string(5 * kPageSize, 'x')).value(), 3 * kPageSize);
  EXPECT_EQ(CodeOf(t.TryWrite(file, 3 * kPageSize, "x")), ErrorCode::kNoSpace);
  EXPECT_TRUE(t.TryWrite(file, 100, "overwriting needs no space").has_value());
  EXPECT_EQ(CodeOf(t.disk->Allocate(t.Open("other"), 0, 1)), ErrorCode::kNoSpace);
  EXPECT_EQ(t.disk->Space("").value().available_bytes, 0);

  ASSERT_TRUE(t.disk->Truncate(file, kPageSize).has_value());
  EXPECT_EQ(t.disk->Space("").value().available_bytes, 2 * kPageSize);
  EXPECT_TRUE(t.disk->Allocate(t.Open("other"), 0, 2 * kPageSize).has_value());
}

TEST(DiskFaults, AQuotaIsALimitBelowTheCapacity) {
  TestDisk t;
  t.disk->SetQuota(kPageSize);
  EXPECT_EQ(t.disk->Space("").value().available_bytes, kPageSize);
  EXPECT_EQ(CodeOf(t.disk->Allocate(t.Open("log"), 0, kPageSize + 1)), ErrorCode::kNoSpace);
}

TEST(DiskFaults, SpaceRunsOutByItselfForOneOperation) {
  DiskOptions options;
  options.faults.no_space_one_in = 2;
  TestDisk t(1, options);
  const DiskHandle file = t.DurableFile("log");
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const Result<size_t> written = t.TryWrite(file, 0, "x");
    seen.insert(written.has_value() ? "ok" : std::string(ErrorCodeName(CodeOf(written))));
  }
  EXPECT_THAT(seen, UnorderedElementsAre("ok", ErrorCodeName(ErrorCode::kNoSpace)));
}

TEST(DiskFaults, CountsAreShortOnlyWithTheOption) {
  TestDisk t;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(t.disk->DrawShortCount(1'000), 1'000);
  t.disk->SetFaults({.short_count_one_in = 2});
  std::set<uint64_t> counts;
  for (int i = 0; i < 100; ++i) counts.insert(t.disk->DrawShortCount(1'000));
  EXPECT_GT(counts.size(), 20);
  EXPECT_GE(*counts.begin(), 1);
  EXPECT_EQ(*counts.rbegin(), 1'000);
}

// --- SIM-DISK-15, SIM-DISK-16: the medium ---

TEST(DiskFaults, ARottenBitShowsOnceThePageIsReadFromTheDeviceAndStays) {
  TestDisk t;
  const DiskHandle file = t.DurableFile("log", "abc");
  ASSERT_TRUE(t.disk->RotBit("log", 1, 0).has_value());
  EXPECT_EQ(t.Read(file, 0, 3).value(), "abc");
  t.disk->DropCache();
  EXPECT_EQ(t.Read(file, 0, 3).value(), "acc");
  t.disk->DropCache();
  EXPECT_EQ(t.Read(file, 0, 3).value(), "acc");
  EXPECT_EQ(CodeOf(t.disk->RotBit("log", 3, 0)), ErrorCode::kInvalidArgument);
}

TEST(DiskFaults, AMisdirectedWriteDamagesTwoPlacesUnseen) {
  TestDisk t;
  DiskHandle file = t.DurableFile("log", Sector('a'));
  const DiskHandle victim = t.DurableFile("victim", Sector('v') + Sector('w'));
  ASSERT_TRUE(t.disk->MisdirectNextSync("log", "victim", kSectorSize).has_value());
  t.Write(file, 0, Sector('b'));
  t.Sync(file);
  EXPECT_EQ(t.Text("log"), Sector('b'));
  EXPECT_EQ(t.Text("victim"), Sector('v') + Sector('w'));

  t.disk->DropCache();
  EXPECT_EQ(t.Text("log"), Sector('a'));
  EXPECT_EQ(t.Text("victim"), Sector('v') + Sector('b'));
  EXPECT_EQ(t.disk->media_fault_count(), 1);
}

TEST(DiskFaults, MediaFaultsHappenByThemselvesUpToTheirLimit) {
  DiskOptions options;
  options.faults.media_faults_at_most = 2;
  options.faults.media_fault_one_in = 3;
  const std::string good(8 * kPageSize, 'x');
  int bad_reads = 0;
  int healed = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    TestDisk t(seed, options);
    const DiskHandle file = t.DurableFile("log", good + "y");
    for (int i = 0; i < 10; ++i) {
      t.disk->DropCache();
      (void)t.Read(file, 0, good.size());
    }
    EXPECT_EQ(t.disk->media_fault_count(), 2);
    const bool bad = t.Read(file, 0, good.size()).value() != good;
    t.disk->DropCache();
    const bool still_bad = t.Read(file, 0, good.size()).value() != good;
    bad_reads += bad || still_bad;
    healed += !still_bad;
  }
  EXPECT_GT(bad_reads, 10);
  EXPECT_GT(healed, 2);  // Both faults were misdirected reads: the medium is right.
}

TEST(DiskFaults, AMisdirectedWriteMayBeDrawn) {
  DiskOptions options;
  options.faults.media_faults_at_most = 1;
  options.faults.media_fault_one_in = 1;
  TestDisk t(3, options);
  DiskHandle file = t.DurableFile("log", std::string(4 * kPageSize, 'a'));
  t.Write(file, 0, Sector('b'));
  t.Sync(file);
  EXPECT_EQ(t.disk->media_fault_count(), 1);
  t.disk->DropCache();
  EXPECT_EQ(t.Text("log").substr(0, kSectorSize), Sector('a'));
}

TEST(DiskFaults, EvictionMakesReadsGoToTheDevice) {
  TestDisk t;
  const DiskHandle file = t.DurableFile("log", std::string(2 * kPageSize, 'a'));
  EXPECT_TRUE(t.disk->IsCached(file, 0, 2 * kPageSize));
  t.disk->SetFaults({.eviction_one_in = 1});
  EXPECT_TRUE(t.Read(file, 0, kPageSize).has_value());
  EXPECT_TRUE(t.disk->IsCached(file, 0, kPageSize));
  EXPECT_FALSE(t.disk->IsCached(file, 0, 2 * kPageSize));
}

TEST(DiskFaults, ThePowerCutEmptiesTheCache) {
  TestDisk t;
  t.DurableFile("log", "abc");
  t.disk->CutPower();
  EXPECT_FALSE(t.disk->IsCached(t.Open("log"), 0, 3));
}

// --- SIM-DISK-17: time ---

TEST(DiskFaults, DevicesDifferInSpeed) {
  const auto mean = [](DiskClass device) {
    TestDisk t(1, DiskOptions{.device = device});
    nanoseconds total(0);
    for (int i = 0; i < 500; ++i) {
      total += t.disk->DrawDelay(true, kPageSize);
      t.host.now = t.host.now + seconds(1);
    }
    return total / 500;
  };
  EXPECT_LT(mean(DiskClass::kNvme), microseconds(200));
  EXPECT_LT(mean(DiskClass::kNvme), mean(DiskClass::kSata));
  EXPECT_LT(mean(DiskClass::kSata), mean(DiskClass::kNetwork));
  EXPECT_LT(mean(DiskClass::kNetwork), mean(DiskClass::kFailing));
  EXPECT_GT(mean(DiskClass::kFailing), milliseconds(40));
}

TEST(DiskFaults, TheCacheIsFast) {
  TestDisk t(1, DiskOptions{.device = DiskClass::kFailing});
  EXPECT_LT(t.disk->DrawDelay(false, kPageSize), microseconds(50));
}

TEST(DiskFaults, AStallHoldsEverythingUp) {
  TestDisk t;
  t.disk->StallFor(seconds(5));
  EXPECT_GE(t.disk->DrawDelay(false, 1), seconds(5));
  EXPECT_GE(t.disk->DrawDelay(true, 1), seconds(5));
  t.host.now = t.host.now + seconds(5);
  EXPECT_LT(t.disk->DrawDelay(true, 1), seconds(1));
}

TEST(DiskFaults, StallsHappenByThemselves) {
  DiskOptions options;
  options.faults.stall_one_in = 10;
  TestDisk t(1, options);
  nanoseconds longest(0);
  for (int i = 0; i < 500; ++i) {
    longest = std::max(longest, t.disk->DrawDelay(false, 1));
    t.host.now = t.host.now + seconds(100);
  }
  EXPECT_GT(longest, seconds(10));
  EXPECT_LT(longest, seconds(70));
}

TEST(DiskFaults, AThrottledDiskQueues) {
  TestDisk t;
  t.disk->SetThrottle(/*operations_per_second=*/10, /*bytes_per_second=*/0);
  nanoseconds last(0);
  for (int i = 0; i < 10; ++i) last = t.disk->DrawDelay(true, 1);
  EXPECT_GE(last, seconds(1));

  t.host.now = t.host.now + seconds(10);
  t.disk->SetThrottle(0, 1'000'000);
  EXPECT_GE(t.disk->DrawDelay(true, 2'000'000), seconds(2));
}

}  // namespace
}  // namespace rmq::sim
