// The file system as processes use it: time, short counts, failures, deaths. The contract itself
// (SIM-DISK-1) is the business of conformance_test.cc.
#include "sim/sim_file_system.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "runtime/replace_file.h"
#include "sim/disk_for_test.h"
#include "sim/sim_test.h"

namespace rmq::sim {
namespace {

using runtime::Directory;
using runtime::File;
using runtime::OpenMode;
using runtime::Runtime;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::unique_ptr<Directory> OpenStore(Context& ctx, runtime::FileSystem& files) {
  return files.OpenDirectory(ctx, "/store", true).value();
}

Result<size_t> WriteText(Context& ctx, File& file, uint64_t at, std::string_view text) {
  const Slice slice = AsBytes(text);
  return file.WriteAt(ctx, at, std::span(&slice, 1));
}

SIM_TEST(SimFileSystem, CarriesOutTheContractAndTakesTime) {
  const Tick before = ctx.Now();
  auto store = OpenStore(ctx, sim.files());
  auto log = store->Open(ctx, "log", OpenMode::kCreateNew).value();
  EXPECT_EQ(WriteText(ctx, *log, 0, "hello").value(), 5);
  EXPECT_TRUE(log->SyncData(ctx).has_value());
  std::byte bytes[10];
  EXPECT_EQ(log->ReadAt(ctx, 1, bytes).value(), 4);
  EXPECT_EQ(AsText(Slice(bytes).first(4)), "ello");
  EXPECT_EQ(log->Size(ctx).value(), 5);
  EXPECT_TRUE(store->Rename(ctx, "log", *store, "log.1").has_value());
  EXPECT_TRUE(store->Sync(ctx).has_value());
  EXPECT_THAT(store->List(ctx).value(),
              ElementsAre(runtime::DirectoryEntry{.name = "log.1", .is_directory = false}));
  EXPECT_GT(sim.files().Space(ctx, "/store").value().available_bytes, 1 << 30);

  EXPECT_GT(ctx.Now() - before, microseconds(100));
  EXPECT_EQ(sim.disk().ReadDurableFile("store/log.1").value(), "hello");
}

SIM_TEST(SimFileSystem, ErrorsNameThePathTheOperationAndTheOffset) {
  auto store = OpenStore(ctx, sim.files());
  auto log = store->Open(ctx, "log", OpenMode::kCreate).value();
  sim.disk().SetReadOnly(true);
  EXPECT_EQ(WriteText(ctx, *log, 4096, "x").error().message(),
            "/store/log: write at 4096: read-only file system");
  EXPECT_THAT(store->Open(ctx, "missing", OpenMode::kRead).error().message(),
              HasSubstr("/store/missing: open"));
  EXPECT_EQ(store->Open(ctx, "missing", OpenMode::kRead).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(sim.files().OpenDirectory(ctx, "/none", false).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(sim.files().Space(ctx, "/none").error().code(), ErrorCode::kNotFound);
}

// SIM-DISK-18.
SIM_TEST(SimFileSystem, FailsTheNthOperationOnce) {
  auto store = OpenStore(ctx, sim.files());
  auto log = store->Open(ctx, "log", OpenMode::kCreate).value();
  sim.disk().FailNthOperation(2);
  EXPECT_TRUE(WriteText(ctx, *log, 0, "a").has_value());
  EXPECT_EQ(WriteText(ctx, *log, 1, "b").error().code(), ErrorCode::kIoError);
  EXPECT_TRUE(WriteText(ctx, *log, 2, "c").has_value());
  EXPECT_EQ(sim.disk().ReadFile("store/log").value(), std::string("a\0c", 3));
}

// Each operation of ReplaceFile fails once; the file is the old or the new one.
SIM_TEST(SimFileSystem, FailuresCanBeInjectedUntilNoneIsLeft) {
  int failures = 0;
  for (uint64_t nth = 1;; ++nth) {
    auto store = OpenStore(ctx, sim.files());
    ASSERT_TRUE(runtime::ReplaceFile(ctx, *store, "config", "old").has_value());
    sim.disk().FailNthOperation(nth);
    const Result<void> replaced = runtime::ReplaceFile(ctx, *store, "config", "new");
    sim.disk().FailNthOperation(0);
    if (replaced.has_value() && sim.disk().ReadFile("store/config").value() == "new") break;
    ++failures;
    EXPECT_THAT(sim.disk().ReadFile("store/config").value_or("none"), AnyOf("old", "new", "none"));
  }
  EXPECT_GT(failures, 3);
}

DiskOptions WithShortCounts() {
  DiskOptions options;
  options.faults.short_count_one_in = 2;
  return options;
}

SIM_TEST_OPTIONS(SimFileSystem, ShortCountsReachTheCaller, 1, {.disk = WithShortCounts()}) {
  auto store = OpenStore(ctx, sim.files());
  auto log = store->Open(ctx, "log", OpenMode::kCreate).value();
  const std::string text(10'000, 'x');
  bool short_write = false;
  for (int i = 0; i < 20; ++i) short_write |= WriteText(ctx, *log, 0, text).value() < text.size();
  EXPECT_TRUE(short_write);

  ASSERT_TRUE(runtime::WriteFully(ctx, *log, 0, AsBytes(text)).has_value());
  bool short_read = false;
  std::vector<std::byte> bytes(text.size());
  for (int i = 0; i < 20; ++i) short_read |= log->ReadAt(ctx, 0, bytes).value() < text.size();
  EXPECT_TRUE(short_read);
  ASSERT_TRUE(runtime::ReadFully(ctx, *log, 0, bytes).has_value());
  EXPECT_EQ(AsText(bytes), text);
}

SIM_TEST(SimFileSystem, AnExpiredContextSubmitsNothingButASubmittedOperationEnds) {
  auto store = OpenStore(ctx, sim.files());
  auto log = store->Open(ctx, "log", OpenMode::kCreate).value();
  Context expired = ctx.WithTimeout(nanoseconds(0));
  EXPECT_EQ(WriteText(expired, *log, 0, "a").error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(sim.disk().ReadFile("store/log").value(), "");

  sim.disk().StallFor(seconds(5));
  Context brief = ctx.WithTimeout(seconds(1));
  EXPECT_TRUE(WriteText(brief, *log, 0, "b").has_value());
  EXPECT_EQ(sim.disk().ReadFile("store/log").value(), "b");
}

// SIM-DISK-3: two writes under way at once are carried out in either order.
TEST(SimFileSystemOrder, OperationsOvertakeEachOther) {
  static std::set<std::string>* seen = nullptr;
  std::set<std::string> texts;
  seen = &texts;
  RunSimTest(60, {}, [](Context& ctx, Simulation& sim) {
    auto store = OpenStore(ctx, sim.files());
    auto log = store->Open(ctx, "log", OpenMode::kCreate).value();
    runtime::TaskGroup group(ctx);
    group.Spawn("first", [&](Context& c) { EXPECT_TRUE(WriteText(c, *log, 0, "1").has_value()); });
    group.Spawn("second", [&](Context& c) { EXPECT_TRUE(WriteText(c, *log, 0, "2").has_value()); });
    group.Wait();
    seen->insert(sim.disk().ReadFile("store/log").value());
  });
  EXPECT_THAT(texts, UnorderedElementsAre("1", "2"));
}

SIM_TEST(SimFileSystem, LocksExcludeTheSameProcessToo) {
  auto store = OpenStore(ctx, sim.files());
  auto lock = store->Lock(ctx, "lock").value();
  EXPECT_EQ(store->Lock(ctx, "lock").error().code(), ErrorCode::kAlreadyExists);
  lock.reset();
  EXPECT_TRUE(store->Lock(ctx, "lock").has_value());
}

// SIM-DISK-2.
SIM_TEST_SEEDS(SimFileSystem, LocksEndWithTheProcess, 50) {
  Machine& machine = sim.AddMachine("a");
  Process& holder = sim.Start(machine, "holder", [](Context& c, Runtime& runtime) {
    auto store = OpenStore(c, runtime.files());
    auto lock = store->Lock(c, "lock").value();
    (void)c.SleepFor(hours(1));
  });
  // At first in the middle of taking the lock, later while holding it.
  ASSERT_TRUE(ctx.SleepFor(microseconds(static_cast<int64_t>(10 * sim.seed()))).has_value());
  sim.Kill(holder);
  bool locked = false;
  Process& next = sim.Start(machine, "next", [&](Context& c, Runtime& runtime) {
    locked = OpenStore(c, runtime.files())->Lock(c, "lock").has_value();
  });
  ASSERT_TRUE(sim.WaitForEnd(ctx, next).has_value());
  EXPECT_TRUE(locked);
}

// SIM-DISK-4.
TEST(SimFileSystemDeath, AWriteUnderWayIsDoneInFullInPartOrNotAtAll) {
  static std::set<std::string>* seen = nullptr;
  std::set<std::string> outcomes;
  seen = &outcomes;
  RunSimTest(200, {}, [](Context& ctx, Simulation& sim) {
    Machine& machine = sim.AddMachine("a");
    machine.disk().WriteFile("store/log", "");
    Process& writer = sim.Start(machine, "writer", [](Context& c, Runtime& runtime) {
      auto store = OpenStore(c, runtime.files());
      auto log = store->Open(c, "log", OpenMode::kReadWrite).value();
      (void)c.SleepFor(seconds(10));
      (void)WriteText(c, *log, 0, std::string(1'000, 'x'));
      ADD_FAILURE() << "the disk is stalled";
    });
    ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
    machine.disk().StallFor(hours(1));
    ASSERT_TRUE(ctx.SleepFor(minutes(30)).has_value());
    sim.Kill(writer);
    const size_t size = machine.disk().ReadFile("store/log").value().size();
    seen->insert(size == 0 ? "nothing" : size == 1'000 ? "all" : "a part");
  });
  EXPECT_THAT(outcomes, UnorderedElementsAre("nothing", "a part", "all"));
}

SIM_TEST(SimFileSystem, LimitsWhatIsOpen) {
  Disk& disk = sim.disk();
  SimFileSystem files("small", disk, sim.test_process(), sim.draws(), {.max_open = 3});
  auto store = OpenStore(ctx, files);
  auto a = store->Open(ctx, "a", OpenMode::kCreate).value();
  auto b = store->Open(ctx, "b", OpenMode::kCreate).value();
  EXPECT_EQ(store->Open(ctx, "c", OpenMode::kCreate).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(store->Lock(ctx, "c").error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(files.OpenDirectory(ctx, "/", false).error().code(), ErrorCode::kResourceExhausted);
  a.reset();
  EXPECT_TRUE(store->Open(ctx, "c", OpenMode::kCreate).has_value());
}

// --- SIM-DISK-18: crash points ---

SIM_TEST(SimFileSystem, AFrozenDiskCarriesOutNothingMore) {
  Machine& machine = sim.AddMachine("a");
  machine.disk().WriteFile("store/log", "");
  machine.disk().CrashBefore(4);  // Open the directory, open the file, one write.
  Process& writer = sim.Start(machine, "writer", [](Context& c, Runtime& runtime) {
    auto store = OpenStore(c, runtime.files());
    auto log = store->Open(c, "log", OpenMode::kReadWrite).value();
    for (uint64_t i = 0;; ++i) (void)WriteText(c, *log, i, "x");
  });
  ASSERT_TRUE(ctx.SleepFor(seconds(10)).has_value());
  EXPECT_TRUE(machine.disk().frozen());
  EXPECT_EQ(machine.disk().ReadFile("store/log").value(), "x");
  sim.PowerCut(machine);
  EXPECT_FALSE(writer.alive());
  EXPECT_FALSE(machine.disk().frozen());
}

TEST(SimFileSystemDeath, NothingUnderWayReachesAFrozenDisk) {
  RunSimTest(50, {}, [](Context& ctx, Simulation& sim) {
    Machine& machine = sim.AddMachine("a");
    machine.disk().WriteFile("store/log", "");
    machine.disk().CrashBefore(5);  // Of five writes, two are carried out.
    bool long_frozen = false;
    Process& writer = sim.Start(machine, "writer", [&](Context& c, Runtime& runtime) {
      auto store = OpenStore(c, runtime.files());
      auto log = store->Open(c, "log", OpenMode::kReadWrite).value();
      (void)c.SleepFor(milliseconds(20));
      runtime::TaskGroup group(c);
      for (uint64_t i = 0; i < 5; ++i) {
        group.Spawn("write", [&, i](Context& own) {
          (void)WriteText(own, *log, i, "x");
          EXPECT_FALSE(long_frozen);
        });
      }
      group.Wait();
    });
    // The writes end after a second: those carried out at once may freeze the disk before.
    ASSERT_TRUE(ctx.SleepFor(milliseconds(15)).has_value());
    machine.disk().StallFor(seconds(1));
    while (!machine.disk().frozen()) {
      ASSERT_TRUE(ctx.SleepFor(microseconds(100)).has_value());
    }
    const std::string before = machine.disk().ReadFile("store/log").value();
    ASSERT_TRUE(ctx.SleepFor(milliseconds(1)).has_value());
    long_frozen = true;
    if (sim.seed() % 2 == 0) {
      ASSERT_TRUE(ctx.SleepFor(seconds(2)).has_value());
    }
    sim.Kill(writer);
    EXPECT_EQ(std::ranges::count(before, 'x'), 2);
    EXPECT_EQ(machine.disk().ReadFile("store/log").value(), before);
    machine.disk().Thaw();
    Process& next = sim.Start(machine, "next", [](Context& c, Runtime& runtime) {
      EXPECT_EQ(OpenStore(c, runtime.files())->List(c).value().size(), 1);
    });
    ASSERT_TRUE(sim.WaitForEnd(ctx, next).has_value());
  });
}

// Every operation of ReplaceFile is a crash point: whatever the file system and the draws, the old
// or the new contents are found.
SIM_TEST_SEEDS(SimFileSystem, ReplacedFilesSurviveAPowerCutAtEachOperation, 40) {
  const DiskPersonality personality = kHonestPersonalities[sim.seed() % 3];
  for (uint64_t nth = 1;; ++nth) {
    Machine& machine =
        sim.AddMachine(fmt::format("machine {}", nth), DiskOptions{.personality = personality});
    machine.disk().WriteFile("store/config", "old");
    machine.disk().CrashBefore(nth);
    bool finished = false;
    Process& writer = sim.Start(machine, "writer", [&](Context& c, Runtime& runtime) {
      auto store = OpenStore(c, runtime.files());
      EXPECT_TRUE(runtime::ReplaceFile(c, *store, "config", "new").has_value());
      finished = true;
    });
    while (writer.alive() && !machine.disk().frozen()) {
      ASSERT_TRUE(ctx.SleepFor(milliseconds(1)).has_value());
    }
    sim.PowerCut(machine);

    std::string found;
    Process& reader = sim.Start(machine, "reader", [&](Context& c, Runtime& runtime) {
      auto store = OpenStore(c, runtime.files());
      const auto parse = [&](std::string_view text) -> Result<void> {
        found = text;
        if (text != "old" && text != "new") return Fail(ErrorCode::kCorruption, found);
        return {};
      };
      EXPECT_TRUE(runtime::LoadReplacedFile(c, *store, "config", parse).has_value());
    });
    ASSERT_TRUE(sim.WaitForEnd(ctx, reader).has_value());
    EXPECT_THAT(found, AnyOf("old", "new")) << "crash before operation " << nth;
    if (!finished) continue;
    EXPECT_EQ(found, "new");
    EXPECT_GT(nth, 5);
    break;
  }
}

}  // namespace
}  // namespace rmq::sim
