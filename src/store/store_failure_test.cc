// What the store does when the disk fails under it: nothing is answered that is not so, nothing is
// lost that was answered, and after the cause is gone it goes on, except after a failed sync.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_test.h"
#include "store/store_for_test.h"

namespace rmq::store {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Fails the first disk operation of a put, then the second, and so on until the put gets through:
// each failure is answered, uses up no offset, and the next put succeeds.
// STORE-5, STORE-8.
SIM_TEST(StoreFailure, OfAnyOperationInAPutLeavesNoHole) {
  int failures = 0;
  for (int nth = 1;; ++nth) {
    sim.EmptyDisk();
    auto store = OpenStore(ctx, sim.runtime());
    sim.disk().FailNthOperation(static_cast<uint64_t>(nth));
    const Result<PutResult> put = store->Put(ctx, TestMessage("a", 0, "failed"));
    sim.disk().FailNthOperation(0);
    if (put.has_value()) {
      EXPECT_TRUE(store->Close(ctx).has_value());
      break;
    }
    ++failures;
    EXPECT_EQ(put.error().code(), ErrorCode::kIoError);
    EXPECT_THAT(put.error().message(), HasSubstr("commitlog"));
    if (!store->failure().has_value()) {
      EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "ok")).value().queue_offset.value, 0);
      EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), ElementsAre("ok"));
      EXPECT_TRUE(store->Close(ctx).has_value());
    } else {
      EXPECT_FALSE(store->Close(ctx).has_value());
    }
    store = OpenStore(ctx, sim.runtime());
    EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), AnyOf(ElementsAre("ok"), ElementsAre()));
    EXPECT_TRUE(store->Close(ctx).has_value());
  }
  // Open, truncate, allocate and sync the file, sync its name; write.
  EXPECT_EQ(failures, 6);
}

SIM_TEST(StoreFailure, OfAWriteIsOverwrittenBeforeAnythingElseIsWritten) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("a", 0, "1")).value();
  sim.disk().SetReadOnly(true);
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "2")).error().code(), ErrorCode::kIoError);
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "3")).error().code(), ErrorCode::kIoError);
  sim.disk().SetReadOnly(false);
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "4")).value().queue_offset.value, 1);
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), ElementsAre("1", "4"));
  EXPECT_EQ(store->Stats().put_failed_count, 2);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// The first records of a batch get to the disk, the rest fails. The next message is as long as the
// first of them, so that the second would follow it (STORE-9).
SIM_TEST_OPTIONS(StoreFailure, OfHalfAWriteLeavesNothingToBeFound, 50, [] {
  sim::SimulationOptions options;
  options.disk.faults.short_count_one_in = 1;
  return options;
}()) {
  {
    auto store = OpenStore(ctx, sim.runtime());
    store->Put(ctx, TestMessage("a", 0, "0")).value();
    std::vector<MessageToStore> batch;
    for (const auto* body : {"x", "y", "z"}) batch.push_back(TestMessage("a", 0, body));
    sim.disk().FailNthOperation(2);
    const bool failed = !store->PutBatch(ctx, std::move(batch)).has_value();
    sim.disk().FailNthOperation(0);
    if (failed) store->Put(ctx, TestMessage("b", 0, "1")).value();
    ASSERT_TRUE(store->Close(ctx).has_value());
    if (!failed) return;
  }
  sim.disk().WriteFile("store/abort", "1");
  ASSERT_TRUE(sim.disk().RemoveFile("store/checkpoint").has_value());
  auto store = OpenStore(ctx, sim.runtime());
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), ElementsAre("0"));
  EXPECT_THAT(BodiesOf(ctx, *store, "b", 0), ElementsAre("1"));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// The same without a next message: the process dies as soon as it has said that nothing was stored.
SIM_TEST_OPTIONS(StoreFailure, OfHalfAWriteLeavesNothingForTheNextRun, 50, [] {
  sim::SimulationOptions options;
  options.disk.faults.short_count_one_in = 1;
  return options;
}()) {
  sim::Machine& machine = sim.AddMachine("broker");
  bool failed = false;
  sim::Process& first = sim.Start(machine, "broker", [&](Context& own, runtime::Runtime& runtime) {
    auto store = OpenStore(own, runtime);
    store->Put(own, TestMessage("b", 0, "0")).value();
    std::vector<MessageToStore> batch;
    for (const auto* body : {"x", "y", "z"}) batch.push_back(TestMessage("a", 0, body));
    machine.disk().FailNthOperation(2);
    failed = !store->PutBatch(own, std::move(batch)).has_value();
    static_cast<void>(own.SleepUntil(kNever));
  });
  ctx.SleepFor(seconds(1)).value();
  sim.Kill(first);
  if (!failed) return;
  sim::Process& second = sim.Start(machine, "broker", [&](Context& own, runtime::Runtime& runtime) {
    auto store = OpenStore(own, runtime);
    EXPECT_EQ(store->MaxOffset("a", 0).value_or(QueueOffset{0}), QueueOffset{0});
    EXPECT_TRUE(store->Close(own).has_value());
  });
  ctx.SleepFor(seconds(1)).value();
  EXPECT_FALSE(second.alive());
}

// M05, M10: the disk is full when the next file is to be made; space comes back.
SIM_TEST(StoreFailure, OfSpaceIsSurvivedWithoutAHole) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("a", 0, "1")).value();
  sim.disk().SetQuota(sim.disk().used_bytes());
  int64_t stored = 1;
  int refused = 0;
  for (int i = 0; i < 30; ++i) {
    const auto put = store->Put(ctx, TestMessage("a", 0, std::string(500, 'x')));
    if (put.has_value()) {
      EXPECT_EQ(put->queue_offset.value, stored++);
    } else {
      EXPECT_EQ(put.error().code(), ErrorCode::kNoSpace) << put.error().ToString();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_FALSE(store->failure().has_value());
  sim.disk().SetQuota(~uint64_t{0});
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "last")).value().queue_offset.value, stored);
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), SizeIs(static_cast<size_t>(stored + 1)));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// M01: whatever the kind of failure, nothing is answered with success any more.
// STORE-12.
SIM_TEST(StoreFailure, OfASyncEndsTheStore) {
  for (const auto how : {sim::SyncFailure::kKeepCache, sim::SyncFailure::kRevertCache,
                         sim::SyncFailure::kOneHandleOnly}) {
    sim.EmptyDisk();
    auto store = OpenStore(ctx, sim.runtime(), SmallStore(FlushMode::kSyncFlush));
    store->Put(ctx, TestMessage("a", 0, "before")).value();
    sim.disk().FailNextSync(how);
    EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "lost")).value().status,
              PutStatus::kFlushDiskTimeout);
    ASSERT_TRUE(store->failure().has_value());
    const auto put = store->Put(ctx, TestMessage("a", 0, "after"));
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().code(), ErrorCode::kIoError);
    EXPECT_THAT(put.error().message(), HasSubstr("commitlog/00000000000000000000"));
    EXPECT_FALSE(store->Get(ctx, {.topic = "a"}).has_value());
    EXPECT_FALSE(store->Close(ctx).has_value());

    sim.disk().CutPower();
    store = OpenStore(ctx, sim.runtime(), SmallStore(FlushMode::kSyncFlush));
    EXPECT_EQ(BodiesOf(ctx, *store, "a", 0).front(), "before");
    EXPECT_TRUE(store->Close(ctx).has_value());
  }
}

// The failed sync has left bytes in the cache that the disk does not have and that no later sync
// writes. The next run finds them, believes them, and builds on them: it must write them again.
// STORE-71.
SIM_TEST(StoreFailure, OfASyncIsMadeGoodByTheNextRun) {
  StoreOptions options = SmallStore(FlushMode::kSyncFlush);
  options.commit_log_file_size = 64 << 10;  // of several pages
  options.max_message_size = 32 << 10;
  auto store = OpenStore(ctx, sim.runtime(), options);
  store->Put(ctx, TestMessage("a", 0, "before")).value();
  sim.disk().FailNextSync(sim::SyncFailure::kKeepCache);
  // It may be found again: nobody is told that it is not stored.
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, std::string(30'000, 'x'))).value().status,
            PutStatus::kFlushDiskTimeout);
  EXPECT_FALSE(store->Close(ctx).has_value());

  store = OpenStore(ctx, sim.runtime(), options);
  store->Put(ctx, TestMessage("a", 0, "after")).value();
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), SizeIs(3));
  sim.disk().CutPower();
  EXPECT_FALSE(store->Close(ctx).has_value());

  store = OpenStore(ctx, sim.runtime(), options);
  const auto bodies = BodiesOf(ctx, *store, "a", 0);
  ASSERT_THAT(bodies, SizeIs(3));
  EXPECT_EQ(bodies[2], "after");
  EXPECT_TRUE(store->Close(ctx).has_value());
}

SIM_TEST(StoreFailure, WritesWaitForSyncsWhenMuchIsNotSynced) {
  StoreOptions options = SmallStore();
  options.max_unsynced_bytes = 1000;
  options.flush_interval = hours(1);
  auto store = OpenStore(ctx, sim.runtime(), options);
  int64_t worst = 0;
  store->OnArrival([&](const MessageArrival&) {
    const StoreStats stats = store->Stats();
    worst = std::max(worst, stats.written_offset - stats.flushed_offset);
  });
  for (int i = 0; i < 100; ++i) store->Put(ctx, TestMessage("a", 0, "x")).value();
  EXPECT_LE(worst, 1000 + 93);
  EXPECT_GT(store->Stats().sync_count, 8);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-10, STORE-12.
SIM_TEST(StoreFailure, OfASyncInTheBackgroundEndsAnAsyncStoreToo) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("a", 0, "x")).value();
  sim.disk().FailNextSync(sim::SyncFailure::kKeepCache);
  EXPECT_TRUE(store->Put(ctx, TestMessage("a", 0, "y")).has_value());
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  ASSERT_TRUE(store->failure().has_value());
  EXPECT_FALSE(store->Put(ctx, TestMessage("a", 0, "z")).has_value());
  EXPECT_FALSE(store->Close(ctx).has_value());
}

// STORE-11.
SIM_TEST(StoreFailure, AnswersATimeoutWhenTheSyncTakesTooLong) {
  StoreOptions options = SmallStore(FlushMode::kSyncFlush);
  auto store = OpenStore(ctx, sim.runtime(), options);
  store->Put(ctx, TestMessage("a", 0, "quick")).value();
  std::vector<PutStatus> answers;
  store->PutAsync(TestMessage("a", 0, "slow"),
                  [&](Result<PutResult> put) { answers.push_back(put.value().status); });
  MessageToStore careless = TestMessage("a", 0, "careless");
  careless.wait_store_ok = false;
  // Answered between the write and the sync, which then takes eight seconds.
  store->PutAsync(std::move(careless), [&](Result<PutResult> put) {
    answers.push_back(put.value().status);
    sim.disk().StallFor(seconds(8));
  });
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  // Not synced: WAIT=false is answered, but nobody reads it yet.
  EXPECT_EQ(store->MaxOffset("a", 0), QueueOffset{1});
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  EXPECT_THAT(answers, ElementsAre(PutStatus::kPutOk, PutStatus::kFlushDiskTimeout));
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), ElementsAre("quick", "slow", "careless"));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-13.
SIM_TEST(StoreFailure, AFlushModeCanBeChangedWhileMessagesWait) {
  auto store = OpenStore(ctx, sim.runtime());
  std::vector<std::string> arrived;
  store->OnArrival([&](const MessageArrival& arrival) {
    arrived.push_back(fmt::format("{}", arrival.new_max.value));
  });
  int answered = 0;
  for (int i = 0; i < 6; ++i) {
    store->SetFlushMode(i % 2 == 0 ? FlushMode::kSyncFlush : FlushMode::kAsyncFlush);
    store->PutAsync(TestMessage("a", 0, "x"), [&](Result<PutResult> put) {
      EXPECT_TRUE(put.has_value());
      ++answered;
    });
    ASSERT_TRUE(ctx.SleepFor(microseconds(30)).has_value());
  }
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  EXPECT_EQ(answered, 6);
  EXPECT_THAT(arrived, ElementsAre("1", "2", "3", "4", "5", "6"));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

SIM_TEST(StoreFailure, ReadErrorsAreAnsweredAndTheNextReadMaySucceed) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 100; ++i) {
    store->Put(ctx, TestMessage("a", 0, std::string(200, 'x'))).value();
  }
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  sim.disk().FailNthOperation(1);
  EXPECT_EQ(store->Get(ctx, {.topic = "a"}).error().code(), ErrorCode::kIoError);
  EXPECT_EQ(store->Get(ctx, {.topic = "a"}).value().status, GetStatus::kFound);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-32.
SIM_TEST(StoreFailure, DamagedBytesAreNeverServed) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 100; ++i) {
    store->Put(ctx, TestMessage("a", 0, std::string(200, 'x'))).value();
  }
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  ASSERT_TRUE(sim.disk()
                  .Corrupt("store/commitlog/00000000000000000000", 0, AsBytes("garbage!"))
                  .has_value());
  const auto got = store->Get(ctx, {.topic = "a"});
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(got.error().message(), HasSubstr("commitlog/00000000000000000000 at 0"));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

}  // namespace
}  // namespace rmq::store
