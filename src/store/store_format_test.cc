// The files byte by byte, as Apache's broker writes and reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_test.h"
#include "store/checkpoint.h"
#include "store/consume_queue.h"
#include "store/index_service.h"
#include "store/store_for_test.h"
#include "wire/java_hash.h"

namespace rmq::store {
namespace {

using testing::ElementsAre;

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string HexOf(Context&, sim::Simulation& sim, std::string_view path, size_t at, size_t size) {
  return Hex(sim.disk().ReadFile(path).value().substr(at, size));
}

std::string BigEndianHex(int64_t number, int bytes) {
  return fmt::format("{:016x}", static_cast<uint64_t>(number))
      .substr(static_cast<size_t>(16 - 2 * bytes));
}

// STORE-4.
SIM_TEST(StoreFormat, CommitLogRecord) {
  auto store = OpenStore(ctx, sim.runtime());
  MessageToStore message = TaggedMessage("T", 3, "hi", "A");
  message.flag = 5;
  message.reconsume_times = 2;
  message.prepared_transaction_offset = CommitLogOffset{9};
  const PutResult put = store->Put(ctx, std::move(message)).value();
  const std::string record = HexOf(ctx, sim, "store/commitlog/00000000000000000000", 0,
                                   static_cast<size_t>(put.size_bytes));
  EXPECT_EQ(record,
            "00000065"          // total size 101
            "daa320a7"          // magic, version 1
            "58932aac"          // CRC-32 of "hi", without the sign
            "00000003"          // queue id
            "00000005"          // flag
            "0000000000000000"  // queue offset
            "0000000000000000"  // physical offset
            "00000000"          // sysFlag
            "0000018bcfe56800"  // born time 1700000000000
            "0a000001"          // born host
            "00009c41" +
                BigEndianHex(put.store_time.ms, 8) +
                "0a000002"  // store host
                "00002a9f"
                "00000002"          // reconsume times
                "0000000000000009"  // prepared transaction offset
                "00000002"          // body
                "6869"
                "01"  // topic
                "54"
                "0007"  // properties: TAGS 01 A 02
                "54414753014102");
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-1, STORE-2.
SIM_TEST(StoreFormat, BlankAtTheEndOfAFile) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("T", 0, std::string(2000, 'x'))).value();  // 2092 bytes
  const PutResult put = store->Put(ctx, TestMessage("T", 0, std::string(2000, 'y'))).value();
  EXPECT_EQ(put.offset.value, 4096);
  EXPECT_EQ(HexOf(ctx, sim, "store/commitlog/00000000000000000000", 2092, 12),
            BigEndianHex(4096 - 2092, 4) + "cbd43194" + "00000000");
  EXPECT_EQ(HexOf(ctx, sim, "store/commitlog/00000000000000004096", 0, 8),
            BigEndianHex(2092, 4) + "daa320a7");
  EXPECT_EQ(sim.disk().ReadFile("store/commitlog/00000000000000000000")->size(), 4096);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// A record takes the last bytes only if a blank of eight still fits behind it.
// STORE-2.
SIM_TEST(StoreFormat, LeavesRoomForABlankBehindTheLastRecord) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("T", 0, std::string(1956, 'x'))).value();  // 2048 bytes
  const PutResult fits =
      store->Put(ctx, TestMessage("T", 0, std::string(2048 - 8 - 92, 'y'))).value();
  EXPECT_EQ(fits.offset.value, 2048);
  const PutResult next = store->Put(ctx, TestMessage("T", 0, "z")).value();
  EXPECT_EQ(next.offset.value, 4096);
  EXPECT_EQ(HexOf(ctx, sim, "store/commitlog/00000000000000000000", 4088, 8), "00000008cbd43194");
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-20, STORE-21, STORE-23.
SIM_TEST(StoreFormat, ConsumeQueueUnits) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TaggedMessage("T", 1, "a", "A")).value();                   // 100 bytes
  store->Put(ctx, TestMessage("T", 1, "b")).value();                          // 93 bytes
  store->Put(ctx, TaggedMessage("T", 1, "c", "polygenelubricants")).value();  // hash INT_MIN
  ASSERT_TRUE(store->Close(ctx).has_value());
  const std::string path = "store/consumequeue/T/1/00000000000000000000";
  EXPECT_EQ(sim.disk().ReadFile(path)->size(), 16 * 20);
  EXPECT_EQ(HexOf(ctx, sim, path, 0, 80),
            "0000000000000000"
            "00000064"
            "0000000000000041"
            "0000000000000064"
            "0000005d"
            "0000000000000000"
            "00000000000000c1"
            "00000075"
            "ffffffff80000000"
            "0000000000000000"
            "00000000"
            "0000000000000000");
}

SIM_TEST(StoreFormat, ConsumeQueueFilesAreNamedByTheirFirstByte) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 33; ++i) store->Put(ctx, TestMessage("T", 0, "a")).value();
  ASSERT_TRUE(store->Close(ctx).has_value());
  EXPECT_TRUE(sim.disk().HasFile("store/consumequeue/T/0/00000000000000000320"));
  EXPECT_TRUE(sim.disk().HasFile("store/consumequeue/T/0/00000000000000000640"));
  EXPECT_FALSE(sim.disk().HasFile("store/consumequeue/T/0/00000000000000000960"));
}

// STORE-40, STORE-41, STORE-42.
SIM_TEST(StoreFormat, IndexFile) {
  auto store = OpenStore(ctx, sim.runtime());
  const int64_t first = store->Put(ctx, KeyedMessage("T", 0, "a", "k1 k2")).value().store_time.ms;
  ASSERT_TRUE(ctx.SleepFor(milliseconds(2500)).has_value());
  const PutResult second = store->Put(ctx, KeyedMessage("T", 0, "b", "k1")).value();
  ASSERT_TRUE(store->Close(ctx).has_value());

  std::string path;
  for (const std::string& file : sim.disk().ListFiles()) {
    if (file.starts_with("store/index/")) path = file;
  }
  EXPECT_EQ(path.size(), std::string_view("store/index/20240131235959123").size());
  EXPECT_EQ(sim.disk().ReadFile(path)->size(), 40 + 16 * 4 + 64 * 20);
  const auto k1 = static_cast<int64_t>(wire::IndexKeyHash("T#k1"));
  const auto k2 = static_cast<int64_t>(wire::IndexKeyHash("T#k2"));
  ASSERT_NE(k1 % 16, k2 % 16);
  EXPECT_EQ(HexOf(ctx, sim, path, 0, 40),
            BigEndianHex(first, 8) + BigEndianHex(second.store_time.ms, 8) + BigEndianHex(0, 8) +
                BigEndianHex(second.offset.value, 8) + "00000002" + "00000004");
  EXPECT_EQ(HexOf(ctx, sim, path, static_cast<size_t>(40 + 4 * (k1 % 16)), 4), "00000003");
  EXPECT_EQ(HexOf(ctx, sim, path, static_cast<size_t>(40 + 4 * (k2 % 16)), 4), "00000002");
  EXPECT_EQ(HexOf(ctx, sim, path, 40 + 64, 80), std::string(40, '0') +  // entry 0
                                                    BigEndianHex(k1, 4) + BigEndianHex(0, 8) +
                                                    "00000000"
                                                    "00000000" +  // 1
                                                    BigEndianHex(k2, 4) +
                                                    BigEndianHex(0, 8) +
                                                    "00000000"
                                                    "00000000" +  // 2
                                                    BigEndianHex(k1, 4) +
                                                    BigEndianHex(second.offset.value, 8) +
                                                    "00000002"
                                                    "00000001");
}

// STORE-42, STORE-43: the seconds of a file's first entry count from the end of the file before,
// those of the others from its own begin. Names grow though the clock was set back.
SIM_TEST(StoreFormat, IndexFilesFollowEachOther) {
  auto store = OpenStore(ctx, sim.runtime());
  PutResult first_of_second;
  for (int i = 0; i < 150; ++i) {
    if (i == 63) ctx.SleepFor(milliseconds(5500)).value();
    if (i == 100) sim.StepWallClock(sim.test_machine(), hours(-3));
    const auto put = store->Put(ctx, KeyedMessage("T", 0, "x", fmt::format("k{}", i))).value();
    if (i == 63) first_of_second = put;
  }
  ASSERT_TRUE(store->Close(ctx).has_value());
  std::vector<std::string> files;  // Sorted by name: 63 entries each.
  for (const std::string& file : sim.disk().ListFiles()) {
    if (file.starts_with("store/index/")) files.push_back(file);
  }
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(HexOf(ctx, sim, files[0], 36, 4), "00000040");
  EXPECT_EQ(HexOf(ctx, sim, files[1], 0, 8), BigEndianHex(first_of_second.store_time.ms, 8));
  EXPECT_EQ(HexOf(ctx, sim, files[1], 16, 8), BigEndianHex(first_of_second.offset.value, 8));
  const size_t entries = 40 + 16 * 4;
  EXPECT_EQ(HexOf(ctx, sim, files[1], entries + 20 + 12, 4), "00000005");
  EXPECT_EQ(HexOf(ctx, sim, files[1], entries + 40 + 12, 4), "00000000");
  // The first entry of the third file was stored before the end of the second.
  EXPECT_EQ(HexOf(ctx, sim, files[2], entries + 20 + 12, 4), "00000000");
}

// STORE-5: what recovery believes of all files but the last, and what a Java broker expects.
SIM_TEST(StoreFormat, MakesTheNextFileAheadAndInFullSize) {
  auto store = OpenStore(ctx, sim.runtime());
  const std::string first = "store/commitlog/00000000000000000000";
  const std::string next = "store/commitlog/00000000000000004096";
  store->Put(ctx, TestMessage("T", 0, std::string(1900, 'x'))).value();
  ASSERT_TRUE(ctx.SleepFor(milliseconds(10)).has_value());
  EXPECT_EQ(sim.disk().ReadDurableFile(first)->size(), 4096);
  EXPECT_FALSE(sim.disk().HasFile(next));
  store->Put(ctx, TestMessage("T", 0, std::string(1100, 'x'))).value();  // 3184 of 4096 bytes
  ASSERT_TRUE(ctx.SleepFor(milliseconds(100)).has_value());
  ASSERT_TRUE(sim.disk().HasFile(next));
  EXPECT_EQ(sim.disk().ReadDurableFile(next).value(), std::string(4096, '\0'));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-1.
SIM_TEST(StoreFormat, LeavesFilesAloneThatAreNotItsOwn) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("T", 0, "x")).value();
  ASSERT_TRUE(store->Close(ctx).has_value());
  for (const auto* name : {"notes.txt", "0000000000000000000", "00000000000000004096.old"}) {
    sim.disk().WriteFile(fmt::format("store/commitlog/{}", name), "mine");
  }
  sim.disk().WriteFile("store/abort", "1");
  store = OpenStore(ctx, sim.runtime());
  EXPECT_THAT(BodiesOf(ctx, *store, "T", 0), ElementsAre("x"));
  ASSERT_TRUE(store->Close(ctx).has_value());
  EXPECT_EQ(sim.disk().ReadFile("store/commitlog/notes.txt"), "mine");
  EXPECT_TRUE(sim.disk().HasFile("store/commitlog/00000000000000004096.old"));
}

TEST(IndexFileName, IsTheTimeToTheMillisecond) {
  EXPECT_EQ(IndexFileName(WallTime{1'700'000'000'123}), "20231114221320123");
}

TEST(CheckpointPage, BeginsWithJavasFiveNumbers) {
  const Checkpoint checkpoint{.physic_time = {1},
                              .logics_time = {2},
                              .index_time = {3},
                              .master_flushed_offset = 4,
                              .confirm_offset = 5,
                              .positions = {}};
  const std::string page = EncodeCheckpoint(checkpoint);
  EXPECT_EQ(page.size(), 4096);
  EXPECT_EQ(Hex(page.substr(0, 48)),
            "0000000000000001"
            "0000000000000002"
            "0000000000000003"
            "0000000000000004"
            "0000000000000005"
            "0000000000000000");
}

// STORE-53.
TEST(CheckpointPage, KeepsOurPositionsUntilJavaHasWrittenTheTimes) {
  const Checkpoint checkpoint{.physic_time = {1},
                              .logics_time = {2},
                              .index_time = {3},
                              .positions = Checkpoint::Positions{.log_durable = {100},
                                                                 .queues_durable = {90},
                                                                 .queue_offset_sum = 7,
                                                                 .queue_first_sum = 4,
                                                                 .queue_count = 2,
                                                                 .indexed = {80},
                                                                 .index_last = {70},
                                                                 .index_file_count = 3,
                                                                 .clean_exit = true}};
  std::string page = EncodeCheckpoint(checkpoint);
  EXPECT_EQ(DecodeCheckpoint(AsBytes(page)), checkpoint);
  page[7] = 42;
  const std::optional<Checkpoint> javas = DecodeCheckpoint(AsBytes(page));
  ASSERT_TRUE(javas.has_value());
  EXPECT_EQ(javas->physic_time.ms, 42);
  EXPECT_FALSE(javas->positions.has_value());
}

TEST(CheckpointPage, OfZerosSaysNothing) {
  EXPECT_EQ(DecodeCheckpoint(AsBytes(std::string(4096, '\0'))), std::nullopt);
  EXPECT_EQ(DecodeCheckpoint(Slice()), std::nullopt);
}

// STORE-50, STORE-51.
SIM_TEST(StoreFormat, MarksARunningStore) {
  auto store = OpenStore(ctx, sim.runtime());
  EXPECT_EQ(sim.disk().ReadFile("store/lock").value(), "lock");
  EXPECT_EQ(sim.disk().ReadFile("store/abort").value(),
            fmt::format("{}", sim.runtime().process_id()));
  ASSERT_TRUE(store->Close(ctx).has_value());
  EXPECT_FALSE(sim.disk().HasFile("store/abort"));
}

// What a Java broker leaves: no positions in the checkpoint, queues that begin with holes, and an
// index file whose header was written last.
// STORE-64.
SIM_TEST(StoreFormat, OpensAStoreWithoutOurPositions) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 60; ++i) {
    store->Put(ctx, KeyedMessage("T", i % 2, fmt::format("{}", i), fmt::format("k{}", i))).value();
  }
  ASSERT_TRUE(store->Close(ctx).has_value());
  std::string page = sim.disk().ReadFile("store/checkpoint").value();
  page.replace(40, 4056, 4056, '\0');
  sim.disk().WriteFile("store/checkpoint", page);
  for (const bool aborted : {false, true}) {
    if (aborted) sim.disk().WriteFile("store/abort", "1234");
    store = OpenStore(ctx, sim.runtime());
    EXPECT_EQ(BodiesOf(ctx, *store, "T", 1).back(), "59");
    EXPECT_EQ(store->MaxOffset("T", 0), QueueOffset{30});
    const auto found = store->Query(ctx, "T", "k33", 4, WallTime{0}, WallTime{INT64_MAX}).value();
    ASSERT_EQ(found.messages.size(), 1);
    EXPECT_EQ(BodyOf(found.messages[0]), "33");
    ASSERT_TRUE(store->Close(ctx).has_value());
    sim.disk().WriteFile("store/checkpoint", page);
  }
}

}  // namespace
}  // namespace rmq::store
