// Opening a store whose files are not as a clean exit leaves them: torn, short, empty, zero-filled,
// missing, damaged (M04, M08, M09).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_test.h"
#include "store/log_scanner.h"
#include "store/store_for_test.h"
#include "wire/checksum.h"

namespace rmq::store {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kFirstFile = "store/commitlog/00000000000000000000";

// Two queues of fifty messages each, in some three CommitLog files, closed in order.
void FillStore(Context& ctx, sim::Simulation& sim) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 100; ++i) {
    store->Put(ctx, KeyedMessage("T", i % 2, fmt::format("{}", i), fmt::format("k{}", i))).value();
  }
  ASSERT_TRUE(store->Close(ctx).has_value());
}

void ExpectWhole(Context& ctx, sim::Simulation& sim) {
  auto store = OpenStore(ctx, sim.runtime());
  EXPECT_THAT(BodiesOf(ctx, *store, "T", 0), SizeIs(50));
  const auto odd = BodiesOf(ctx, *store, "T", 1);
  ASSERT_THAT(odd, SizeIs(50));
  EXPECT_EQ(odd[20], "41");
  const auto found = store->Query(ctx, "T", "k41", 4, WallTime{0}, WallTime{INT64_MAX}).value();
  ASSERT_THAT(found.messages, SizeIs(1));
  EXPECT_EQ(BodyOf(found.messages[0]), "41");
  EXPECT_EQ(store->Put(ctx, TestMessage("T", 1, "next")).value().queue_offset.value, 50);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

std::vector<std::string> FilesUnder(sim::Simulation& sim, std::string_view prefix) {
  std::vector<std::string> files;
  for (const std::string& file : sim.disk().ListFiles()) {
    if (file.starts_with(prefix)) files.push_back(file);
  }
  return files;
}

// M08: every file of derived state, lost, emptied, cut short, zeroed or filled with nonsense.
// STORE-47, STORE-65, STORE-68.
SIM_TEST(Recovery, RebuildsAnyDamagedFileOfTheQueuesAndTheIndex) {
  const std::vector<std::string> ways = {"remove", "empty", "short", "zeros", "garbage", "long"};
  FillStore(ctx, sim);
  const sim::DiskImage image = sim.disk().Image();
  std::vector<std::string> victims = FilesUnder(sim, "store/consumequeue/");
  for (const std::string& file : FilesUnder(sim, "store/index/")) victims.push_back(file);
  victims.emplace_back("store/checkpoint");
  for (const std::string& victim : victims) {
    for (const std::string& way : ways) {
      for (const bool aborted : {false, true}) {
        SCOPED_TRACE(fmt::format("{} {} {}", way, victim, aborted));
        sim.disk().Restore(image);
        std::string bytes = sim.disk().ReadFile(victim).value();
        if (way == "remove") {
          ASSERT_TRUE(sim.disk().RemoveFile(victim).has_value());
        } else {
          if (way == "empty") bytes.clear();
          if (way == "short") bytes.resize(bytes.size() / 2 + 7);
          if (way == "zeros") bytes.assign(bytes.size(), '\0');
          if (way == "garbage") bytes.assign(bytes.size(), '\x5a');
          if (way == "long") bytes += bytes;
          sim.disk().WriteFile(victim, bytes);
        }
        if (aborted) sim.disk().WriteFile("store/abort", "1");
        ExpectWhole(ctx, sim);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

// STORE-67, STORE-68.
SIM_TEST(Recovery, RebuildsEverythingFromTheLogAlone) {
  FillStore(ctx, sim);
  for (const std::string& file : sim.disk().ListFiles()) {
    if (!file.starts_with("store/commitlog/")) {
      ASSERT_TRUE(sim.disk().RemoveFile(file).has_value());
    }
  }
  ExpectWhole(ctx, sim);
}

SIM_TEST(Recovery, OpensAnEmptyDirectoryAndOneThatWasNeverWrittenTo) {
  for (int i = 0; i < 2; ++i) {
    auto store = OpenStore(ctx, sim.runtime());
    EXPECT_THAT(store->Topics(), IsEmpty());
    EXPECT_TRUE(store->Close(ctx).has_value());
  }
}

// A message that was promised durable is gone: this is no crash.
// STORE-61.
SIM_TEST(Recovery, RefusesALogThatHasLostPromisedBytes) {
  FillStore(ctx, sim);
  const sim::DiskImage image = sim.disk().Image();
  const std::vector<std::string> logs = FilesUnder(sim, "store/commitlog/");
  ASSERT_GE(logs.size(), 3);
  for (const bool aborted : {false, true}) {
    sim.disk().Restore(image);
    if (aborted) sim.disk().WriteFile("store/abort", "1");
    // The last file with messages in it, and the empty one made ahead, if there is one.
    ASSERT_TRUE(sim.disk().RemoveFile(logs.back()).has_value());
    ASSERT_TRUE(sim.disk().RemoveFile(logs[logs.size() - 2]).has_value());
    const auto opened = MessageStore::Open(ctx, sim.runtime(), SmallStore());
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
    EXPECT_THAT(opened.error().message(), HasSubstr("commitlog/"));
  }
  StoreOptions options = SmallStore();
  options.accept_data_loss = true;
  auto store = OpenStore(ctx, sim.runtime(), options);
  const auto even = BodiesOf(ctx, *store, "T", 0);
  EXPECT_GT(even.size(), 10);
  EXPECT_LT(even.size(), 50);
  EXPECT_EQ(even.back(), fmt::format("{}", 2 * (even.size() - 1)));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-61. After a clean exit the scan begins where the log ends, behind what is missing.
SIM_TEST(Recovery, RefusesALogWhoseLastFileHasLostPromisedBytes) {
  FillStore(ctx, sim);
  const sim::DiskImage image = sim.disk().Image();
  const std::string last = FilesUnder(sim, "store/commitlog/").back();
  for (const bool aborted : {false, true}) {
    sim.disk().Restore(image);
    if (aborted) sim.disk().WriteFile("store/abort", "1");
    sim.disk().WriteFile(last, sim.disk().ReadFile(last).value().substr(0, 10));
    const auto opened = MessageStore::Open(ctx, sim.runtime(), SmallStore());
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
    EXPECT_THAT(opened.error().message(), HasSubstr(last));
  }
}

SIM_TEST(Recovery, RefusesALogWithAFileMissingInTheMiddle) {
  FillStore(ctx, sim);
  ASSERT_TRUE(sim.disk().RemoveFile("store/commitlog/00000000000000004096").has_value());
  const auto opened = MessageStore::Open(ctx, sim.runtime(), SmallStore());
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message(), HasSubstr("00000000000000004096: missing"));
}

// STORE-1.
SIM_TEST(Recovery, RefusesALogOfAnotherFileSize) {
  FillStore(ctx, sim);
  for (const int64_t size : {2048, 8192, 5000}) {
    StoreOptions options = SmallStore();
    options.commit_log_file_size = size;
    const auto opened = MessageStore::Open(ctx, sim.runtime(), options);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
  }
  ExpectWhole(ctx, sim);
}

// Bytes of messages that were never answered stay behind the end of the log, at places where
// records of a later run begin. They must not come back (STORE-6).
// STORE-60, STORE-63.
SIM_TEST(Recovery, DoesNotBringBackWhatWasCutOff) {
  {
    auto store = OpenStore(ctx, sim.runtime(), SmallStore(FlushMode::kSyncFlush));
    for (const auto* body : {"1", "2", "3", "4"}) {
      store->Put(ctx, TestMessage("T", 0, body)).value();
    }
    ASSERT_TRUE(store->Close(ctx).has_value());
  }
  // As if a power cut had taken the second message, and the checkpoint had been older. The next
  // record has the size of the one it replaces, so that the third begins right behind it.
  const size_t size = 93;
  sim.disk().WriteFile("store/abort", "1");
  ASSERT_TRUE(sim.disk().RemoveFile("store/checkpoint").has_value());
  ASSERT_TRUE(sim.disk().Corrupt(kFirstFile, size, AsBytes(std::string(size, '\0'))).has_value());
  for (int i = 0; i < 2; ++i) {
    auto store = OpenStore(ctx, sim.runtime());
    EXPECT_THAT(BodiesOf(ctx, *store, "T", 0), i == 0 ? SizeIs(1) : SizeIs(2));
    if (i == 0) store->Put(ctx, TestMessage("T", 0, "x")).value();
    EXPECT_TRUE(store->Close(ctx).has_value());
    sim.disk().WriteFile("store/abort", "1");
    ASSERT_TRUE(sim.disk().RemoveFile("store/checkpoint").has_value());
  }
}

// Makes a checkpoint now: deleting a topic does.
void MakeCheckpoint(Context& ctx, MessageStore& store) {
  store.Put(ctx, TestMessage("other", 0, "x")).value();
  ASSERT_TRUE(store.DeleteTopic(ctx, "other").has_value());
}

// The same for the units of a queue, which Java would believe (STORE-24, STORE-66).
SIM_TEST(Recovery, LeavesZerosBehindTheUnitsOfWhatWasCutOff) {
  const std::string path = "store/consumequeue/T/0/00000000000000000000";
  std::string units;
  {
    auto store = OpenStore(ctx, sim.runtime());
    for (int i = 0; i < 5; ++i) store->Put(ctx, TestMessage("T", 0, "x")).value();
    MakeCheckpoint(ctx, *store);
    for (int i = 0; i < 7; ++i) store->Put(ctx, TestMessage("T", 0, "y")).value();
    ASSERT_TRUE(ctx.SleepFor(milliseconds(1100)).has_value());
    units = sim.disk().ReadFile(path).value();
    // The disk loses the log behind the checkpoint, but not the units.
    sim.disk().CutPowerLosingEverythingPending();
    EXPECT_FALSE(store->Close(ctx).has_value());
    std::string log = sim.disk().ReadFile(kFirstFile).value();
    log.replace(7 * 93, log.size() - 7 * 93, log.size() - 7 * 93, '\0');
    sim.disk().WriteFile(kFirstFile, log);
    sim.disk().WriteFile(path, units);
  }
  auto store = OpenStore(ctx, sim.runtime());
  const QueueOffset max = store->MaxOffset("T", 0).value();
  EXPECT_GE(max.value, 5);
  EXPECT_LT(max.value, 12);
  EXPECT_TRUE(store->Close(ctx).has_value());
  const auto size = static_cast<size_t>(20 * max.value);
  EXPECT_EQ(sim.disk().ReadFile(path)->substr(0, size), units.substr(0, size));
  EXPECT_EQ(sim.disk().ReadFile(path)->substr(size), std::string(16 * 20 - size, '\0'));
}

// STORE-52
SIM_TEST(Recovery, FindsEverythingThatACheckpointPromises) {
  {
    auto store = OpenStore(ctx, sim.runtime());
    for (int i = 0; i < 40; ++i) {
      store->Put(ctx, KeyedMessage("T", 0, fmt::format("{}", i), fmt::format("k{}", i))).value();
    }
    MakeCheckpoint(ctx, *store);
    sim.disk().CutPowerLosingEverythingPending();
    EXPECT_FALSE(store->Close(ctx).has_value());
  }
  for (const auto* file : {"store/consumequeue/T/0/00000000000000000000",
                           "store/consumequeue/T/0/00000000000000000320",
                           "store/consumequeue/T/0/00000000000000000640"}) {
    ASSERT_TRUE(sim.disk().HasFile(file)) << file;
    EXPECT_NE(sim.disk().ReadFile(file)->substr(20, 20), std::string(20, '\0')) << file;
  }
  EXPECT_FALSE(FilesUnder(sim, "store/index/").empty());
  auto store = OpenStore(ctx, sim.runtime());
  EXPECT_THAT(BodiesOf(ctx, *store, "T", 0), SizeIs(40));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// M09: times say nothing about the order of messages.
// STORE-4.
SIM_TEST(Recovery, SurvivesAClockThatWasSetBack) {
  sim::Machine& machine = sim.test_machine();
  {
    auto store = OpenStore(ctx, sim.runtime());
    for (int i = 0; i < 100; ++i) {
      if (i == 50) sim.StepWallClock(machine, hours(-2));
      store->Put(ctx, KeyedMessage("T", i % 2, fmt::format("{}", i), fmt::format("k{}", i)))
          .value();
      if (i % 10 != 0) continue;
      ASSERT_TRUE(ctx.SleepFor(seconds(30)).has_value());
    }
    sim.disk().SyncEverything();
    sim.disk().CutPower();
    EXPECT_FALSE(store->Close(ctx).has_value());
  }
  sim.StepWallClock(machine, hours(-5));
  ExpectWhole(ctx, sim);
}

// STORE-64.
SIM_TEST(Recovery, TakesAnOlderCheckpointOfJavaWithAClockSetBack) {
  FillStore(ctx, sim);
  std::string page = sim.disk().ReadFile("store/checkpoint").value();
  page.replace(24, 4072, 4072, '\0');
  page.replace(0, 8, 8, '\0');  // physicMsgTimestamp 0, as a slave of an old version leaves it.
  sim.disk().WriteFile("store/checkpoint", page);
  sim.disk().WriteFile("store/abort", "1");
  ExpectWhole(ctx, sim);
}

// STORE-22, STORE-25, STORE-67.
SIM_TEST(Recovery, StartsAQueueWhereTheLogStillHasIt) {
  FillStore(ctx, sim);
  // The oldest file has expired.
  ASSERT_TRUE(sim.disk().RemoveFile(kFirstFile).has_value());
  for (const bool queues_too : {false, true}) {
    if (queues_too) {
      for (const std::string& file : FilesUnder(sim, "store/consumequeue/")) {
        ASSERT_TRUE(sim.disk().RemoveFile(file).has_value());
      }
    }
    auto store = OpenStore(ctx, sim.runtime());
    const QueueOffset min = store->MinOffset("T", 0).value();
    EXPECT_GT(min.value, 0);
    EXPECT_EQ(store->MaxOffset("T", 0), QueueOffset{50});
    const auto bodies = BodiesOf(ctx, *store, "T", 0, min);
    ASSERT_THAT(bodies, SizeIs(static_cast<size_t>(50 - min.value)));
    EXPECT_EQ(bodies.front(), fmt::format("{}", 2 * min.value));
    const GetResult early = store->Get(ctx, {.topic = "T"}).value();
    EXPECT_EQ(early.status, GetStatus::kOffsetTooSmall);
    EXPECT_EQ(early.next_begin, min);
    EXPECT_EQ(store->MinCommitLogOffset().value, 4096);
    EXPECT_TRUE(store->Close(ctx).has_value());
  }
}

// A log as somebody else has left it: one file with these records of queue 0 of T.
void WriteLog(sim::Simulation& sim, const std::vector<int64_t>& queue_offsets) {
  std::string file(4096, '\0');
  size_t at = 0;
  for (const int64_t queue_offset : queue_offsets) {
    const std::string body = fmt::format("{}", queue_offset);
    const wire::MessageToStore message{.topic = "T",
                                       .body = AsBytes(body),
                                       .body_crc = wire::MessageBodyCrc(AsBytes(body)),
                                       .queue_offset = {queue_offset},
                                       .physical_offset = {static_cast<int64_t>(at)},
                                       .store_time = WallTime{1'700'000'000'000}};
    const size_t size = wire::StoredMessageSize(message);
    wire::EncodeStoredMessage(message, std::as_writable_bytes(std::span(file).subspan(at, size)));
    at += size;
  }
  sim.disk().WriteFile(kFirstFile, file);
}

// STORE-22, STORE-67: the offsets in between are holes, which readers skip.
SIM_TEST(Recovery, FillsGapsOfAQueueWithHoles) {
  WriteLog(sim, {2, 3, 6});
  auto store = OpenStore(ctx, sim.runtime());
  EXPECT_EQ(store->MinOffset("T", 0), QueueOffset{2});
  EXPECT_EQ(store->MaxOffset("T", 0), QueueOffset{7});
  EXPECT_THAT(BodiesOf(ctx, *store, "T", 0, QueueOffset{2}), ElementsAre("2", "3", "6"));
  EXPECT_EQ(store->Put(ctx, TestMessage("T", 0, "next")).value().queue_offset.value, 7);
  ASSERT_TRUE(store->Close(ctx).has_value());
  const std::string units =
      sim.disk().ReadFile("store/consumequeue/T/0/00000000000000000000").value();
  const std::string hole("\0\0\0\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0\0\0\0\0", 20);
  for (const size_t at : {0U, 1U, 4U, 5U}) EXPECT_EQ(units.substr(20 * at, 20), hole) << at;
}

// STORE-60: one bit in each field of the third record that has to be right.
SIM_TEST(Recovery, EndsTheLogAtTheFirstRecordThatIsNotGood) {
  WriteLog(sim, {0, 1, 2, 3});
  const std::string good = sim.disk().ReadFile(kFirstFile).value();
  const size_t size = 91 + 1 + 1;
  // Total size, magic, body CRC, physical offset, body size, body, size of the topic.
  for (const size_t field : {3U, 4U, 11U, 35U, 87U, 88U, 89U}) {
    SCOPED_TRACE(field);
    sim.EmptyDisk();
    std::string damaged = good;
    damaged[2 * size + field] ^= 1;
    sim.disk().WriteFile(kFirstFile, damaged);
    auto store = OpenStore(ctx, sim.runtime());
    EXPECT_THAT(BodiesOf(ctx, *store, "T", 0), ElementsAre("0", "1"));
    EXPECT_EQ(store->MaxCommitLogOffset().value, static_cast<int64_t>(2 * size));
    EXPECT_TRUE(store->Close(ctx).has_value());
    // Nothing of what was behind is left (STORE-63).
    EXPECT_EQ(sim.disk().ReadFile(kFirstFile)->substr(2 * size),
              std::string(4096 - 2 * size, '\0'));
  }
}

// STORE-23: units that could not be written back are tried again.
SIM_TEST(Recovery, KeepsUnitsThatCouldNotBeWrittenBack) {
  StoreOptions options = SmallStore();
  options.flush_interval = hours(1);
  auto store = OpenStore(ctx, sim.runtime(), options);
  store->Put(ctx, TestMessage("T", 0, "x")).value();
  sim.disk().SetReadOnly(true);
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  EXPECT_THAT(BodiesOf(ctx, *store, "T", 0), ElementsAre("x"));
  sim.disk().SetReadOnly(false);
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  EXPECT_EQ(sim.disk().ReadFile("store/consumequeue/T/0/00000000000000000000")->substr(8, 4),
            std::string("\0\0\0\x5d", 4));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// --- snapshot of the queues ---

StoreOptions WithSnapshot() {
  StoreOptions options = SmallStore();
  options.queue_snapshot_from = 1;
  return options;
}

// STORE-70.
SIM_TEST(Recovery, TakesTheQueuesFromASnapshotAfterACleanExit) {
  for (int round = 0; round < 3; ++round) {
    auto store = OpenStore(ctx, sim.runtime(), WithSnapshot());
    EXPECT_EQ(store->Stats().queue_count, round == 0 ? 0 : 3);
    for (int i = 0; i < 30; ++i) {
      store->Put(ctx, TestMessage("T", i % 3, fmt::format("{}", 30 * round + i))).value();
    }
    const auto bodies = BodiesOf(ctx, *store, "T", 2);
    ASSERT_THAT(bodies, SizeIs(static_cast<size_t>(10 * (round + 1))));
    EXPECT_EQ(bodies[5], "17");
    ASSERT_TRUE(store->Close(ctx).has_value());
    EXPECT_TRUE(sim.disk().HasFile("store/queuesnapshot"));
  }
}

// STORE-70.
SIM_TEST(Recovery, DoesNotBelieveADamagedOrAnOldSnapshot) {
  FillStore(ctx, sim);
  ASSERT_TRUE(OpenStore(ctx, sim.runtime(), WithSnapshot())->Close(ctx).has_value());
  const std::string old = sim.disk().ReadFile("store/queuesnapshot").value();
  auto store = OpenStore(ctx, sim.runtime(), WithSnapshot());
  store->Put(ctx, TestMessage("T", 0, "50")).value();
  ASSERT_TRUE(store->Close(ctx).has_value());
  std::string damaged = sim.disk().ReadFile("store/queuesnapshot").value();
  damaged[30] ^= 1;
  for (const std::string& bytes : {old, damaged, std::string(), std::string(100, 'x')}) {
    sim.disk().WriteFile("store/queuesnapshot", bytes);
    store = OpenStore(ctx, sim.runtime(), WithSnapshot());
    EXPECT_EQ(store->MaxOffset("T", 0), QueueOffset{51});
    EXPECT_EQ(BodiesOf(ctx, *store, "T", 0).back(), "50");
    ASSERT_TRUE(store->Close(ctx).has_value());
  }
}

// STORE-70.
SIM_TEST(Recovery, LooksAtTheFilesOnceASnapshotHasProvedWrong) {
  FillStore(ctx, sim);
  ASSERT_TRUE(OpenStore(ctx, sim.runtime(), WithSnapshot())->Close(ctx).has_value());
  ASSERT_TRUE(sim.disk().RemoveFile("store/consumequeue/T/0/00000000000000000320").has_value());
  auto store = OpenStore(ctx, sim.runtime(), WithSnapshot());
  const auto got = store->Get(ctx, {.topic = "T", .from = {20}});
  ASSERT_FALSE(got.has_value());
  EXPECT_THAT(got.error().message(), HasSubstr("consumequeue/T/0/00000000000000000320"));
  ASSERT_TRUE(store->Close(ctx).has_value());
  ExpectWhole(ctx, sim);
}

// --- lost sectors ---

Result<wire::StoredMessage> Decoded(Slice record) {
  return wire::DecodeStoredMessage(record);
}

std::string EncodedMessage(std::string_view properties) {
  const wire::MessageToStore message{
      .topic = "T", .body = AsBytes("body"), .properties = properties};
  std::string record(wire::StoredMessageSize(message), '\0');
  wire::EncodeStoredMessage(message, std::as_writable_bytes(std::span(record)));
  return record;
}

// STORE-62.
TEST(LostSector, IsFoundInThePropertiesWhereverTheRecordLies) {
  const std::string whole = EncodedMessage(std::string(1500, 'p'));
  for (int64_t at = 0; at < 1024; at += 7) {
    EXPECT_FALSE(HasLostSector(Decoded(AsBytes(whole)).value(), AsBytes(whole), at));
    for (int64_t sector = 512 - at % 512; sector < static_cast<int64_t>(whole.size());
         sector += 512) {
      std::string torn = whole;
      const size_t size = std::min<size_t>(512, whole.size() - static_cast<size_t>(sector));
      torn.replace(static_cast<size_t>(sector), size, size, '\0');
      const auto decoded = Decoded(AsBytes(torn));
      if (!decoded.has_value()) continue;
      EXPECT_TRUE(HasLostSector(*decoded, AsBytes(torn), at)) << at << " " << sector;
    }
  }
}

TEST(LostSector, IsNoSizeFieldWhoseBytesAreZeros) {
  const std::string record = EncodedMessage("");  // Ends with the properties' size, 0.
  for (int64_t at = 0; at < 512; ++at) {
    EXPECT_FALSE(HasLostSector(Decoded(AsBytes(record)).value(), AsBytes(record), at));
  }
}

// A client may send zeros: such a message gets a checksum of its own.
// STORE-7, STORE-62.
SIM_TEST(Recovery, KeepsMessagesWhosePropertiesHoldZeros) {
  {
    auto store = OpenStore(ctx, sim.runtime());
    for (int i = 0; i < 3; ++i) {
      MessageToStore message = TestMessage("T", 0, fmt::format("{}", i));
      message.properties = "a\x01" + std::string(1500, '\0') + "\x02";
      store->Put(ctx, std::move(message)).value();
    }
    ASSERT_TRUE(store->Close(ctx).has_value());
  }
  sim.disk().WriteFile("store/abort", "1");
  ASSERT_TRUE(sim.disk().RemoveFile("store/checkpoint").has_value());
  auto store = OpenStore(ctx, sim.runtime());
  EXPECT_THAT(BodiesOf(ctx, *store, "T", 0), ElementsAre("0", "1", "2"));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

}  // namespace
}  // namespace rmq::store
