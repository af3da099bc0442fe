// The store as the broker sees it: putting, getting, offsets, rolling over, opening again.
#include "store/message_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_test.h"
#include "store/store_for_test.h"
#include "wire/java_hash.h"

namespace rmq::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

SIM_TEST(MessageStore, ReturnsWhatWasPut) {
  auto store = OpenStore(ctx, sim.runtime());
  const PutResult first = store->Put(ctx, TestMessage("orders", 0, "a")).value();
  const PutResult second = store->Put(ctx, TestMessage("orders", 0, "b")).value();

  EXPECT_EQ(first.status, PutStatus::kPutOk);
  EXPECT_EQ(first.offset.value, 0);
  EXPECT_EQ(first.queue_offset.value, 0);
  EXPECT_EQ(first.size_bytes, 91 + 6 + 1);
  EXPECT_EQ(second.offset.value, first.size_bytes);
  EXPECT_EQ(second.queue_offset.value, 1);

  const GetResult got = store->Get(ctx, {.topic = "orders"}).value();
  EXPECT_EQ(got.status, GetStatus::kFound);
  EXPECT_EQ(got.next_begin.value, 2);
  ASSERT_THAT(got.messages, SizeIs(2));
  EXPECT_EQ(BodyOf(got.messages[1]), "b");
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-25.
SIM_TEST(MessageStore, KeepsQueuesApartAndTheirOffsetsDense) {
  auto store = OpenStore(ctx, sim.runtime());
  for (const auto* body : {"1", "2", "3"}) {
    for (const int queue : {0, 1}) {
      store->Put(ctx, TestMessage("a", queue, fmt::format("{}-{}", queue, body))).value();
    }
  }
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), ElementsAre("0-1", "0-2", "0-3"));
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 1), ElementsAre("1-1", "1-2", "1-3"));
  EXPECT_EQ(store->MaxOffset("a", 1), QueueOffset{3});
  EXPECT_EQ(store->MaxOffset("a", 2), std::nullopt);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

SIM_TEST(MessageStore, HasEverythingAgainAfterACleanExit) {
  auto store = OpenStore(ctx, sim.runtime());
  std::vector<std::string> bodies;
  for (int i = 0; i < 200; ++i) {  // Some twenty files of 4 KiB.
    bodies.push_back(fmt::format("body {}", i));
    store->Put(ctx, KeyedMessage("orders", i % 2, bodies.back(), fmt::format("key-{}", i))).value();
  }
  const CommitLogOffset end = store->MaxCommitLogOffset();
  ASSERT_TRUE(store->Close(ctx).has_value());
  EXPECT_FALSE(sim.disk().HasFile("store/abort"));

  store = OpenStore(ctx, sim.runtime());
  EXPECT_EQ(store->MaxCommitLogOffset(), end);
  EXPECT_THAT(BodiesOf(ctx, *store, "orders", 0), SizeIs(100));
  EXPECT_EQ(BodiesOf(ctx, *store, "orders", 1).back(), "body 199");
  const PutResult next = store->Put(ctx, TestMessage("orders", 0, "next")).value();
  EXPECT_EQ(next.queue_offset.value, 100);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-30.
SIM_TEST(MessageStore, AnswersAsJavaDoesOutsideOfAQueue) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("orders", 0, "a")).value();
  const auto status = [&](std::string_view topic, int64_t from) {
    return store->Get(ctx, {.topic = topic, .from = {from}}).value();
  };
  EXPECT_EQ(status("none", 7).status, GetStatus::kNoMatchedLogicQueue);
  EXPECT_EQ(status("none", 7).next_begin.value, 0);
  EXPECT_EQ(status("orders", 1).status, GetStatus::kOffsetOverflowOne);
  EXPECT_EQ(status("orders", 1).next_begin.value, 1);
  EXPECT_EQ(status("orders", 5).status, GetStatus::kOffsetOverflowBadly);
  EXPECT_EQ(status("orders", 5).next_begin.value, 1);
  EXPECT_EQ(status("orders", -1).status, GetStatus::kOffsetTooSmall);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-3.
SIM_TEST(MessageStore, RefusesWhatCannotBeStored) {
  auto store = OpenStore(ctx, sim.runtime());
  const auto status = [&](MessageToStore message) {
    return store->Put(ctx, std::move(message)).value().status;
  };
  EXPECT_EQ(status(TestMessage("a", 0, std::string(2001, 'x'))), PutStatus::kMessageIllegal);
  EXPECT_EQ(status(TestMessage("../../etc", 0, "x")), PutStatus::kMessageIllegal);
  EXPECT_EQ(status(TestMessage("..", 0, "x")), PutStatus::kMessageIllegal);
  EXPECT_EQ(status(TestMessage("", 0, "x")), PutStatus::kMessageIllegal);
  EXPECT_EQ(status(TestMessage("a", -1, "x")), PutStatus::kMessageIllegal);
  MessageToStore wordy = TestMessage("a", 0, "x");
  wordy.properties = std::string(32768, 'p');
  EXPECT_EQ(status(std::move(wordy)), PutStatus::kPropertiesSizeExceeded);
  MessageToStore whole_file = TestMessage("a", 0, "x");
  whole_file.properties = std::string(4096, 'p');
  EXPECT_EQ(status(std::move(whole_file)), PutStatus::kMessageIllegal);
  EXPECT_EQ(store->MaxCommitLogOffset().value, 0);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-8.
SIM_TEST(MessageStore, WritesRequestsOfOneTurnTogether) {
  auto store = OpenStore(ctx, sim.runtime());
  std::vector<int64_t> offsets;
  for (int i = 0; i < 10; ++i) {
    store->PutAsync(TestMessage("a", 0, "x"), [&](Result<PutResult> result) {
      offsets.push_back(result.value().queue_offset.value);
    });
  }
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  EXPECT_THAT(offsets, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(store->Stats().write_count, 1);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-2.
SIM_TEST(MessageStore, StoresABatchWholeInOneFile) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("a", 0, std::string(1900, 'x'))).value();
  store->Put(ctx, TestMessage("a", 0, std::string(1000, 'x'))).value();
  std::vector<MessageToStore> batch;
  for (const auto* body : {"1", "2", "3"}) {
    batch.push_back(TestMessage("a", 0, body + std::string(500, 'y')));
  }
  const PutResult put = store->PutBatch(ctx, std::move(batch)).value();
  EXPECT_EQ(put.offset.value, 4096);  // It had not fitted into the first file any more.
  EXPECT_EQ(put.message_count, 3);
  EXPECT_EQ(put.queue_offset.value, 2);
  ASSERT_THAT(put.batch_offsets, SizeIs(3));
  EXPECT_EQ(put.batch_offsets[1] - put.batch_offsets[0], 91 + 1 + 501);
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), SizeIs(5));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

class TagIs final : public MessageFilter {
 public:
  explicit TagIs(std::string_view tag) : code_(wire::TagsCode(tag)) {}
  bool MatchesTagsCode(int64_t code) const override { return code == code_; }

 private:
  const int64_t code_;
};

SIM_TEST(MessageStore, GivesAReaderTheMessagesItsFilterTakes) {
  auto store = OpenStore(ctx, sim.runtime());
  for (const auto* tag : {"red", "blue", "red", "green"}) {
    store->Put(ctx, TaggedMessage("a", 0, tag, tag)).value();
  }
  const TagIs red("red");
  GetResult got = store->Get(ctx, {.topic = "a", .filter = &red}).value();
  EXPECT_EQ(got.status, GetStatus::kFound);
  EXPECT_THAT(got.messages, SizeIs(2));
  EXPECT_EQ(got.filtered_count, 2);
  EXPECT_EQ(got.next_begin.value, 4);

  const TagIs black("black");
  got = store->Get(ctx, {.topic = "a", .from = {1}, .filter = &black}).value();
  EXPECT_EQ(got.status, GetStatus::kNoMatchedMessage);
  EXPECT_EQ(got.next_begin.value, 4);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-31.
SIM_TEST(MessageStore, ExaminesABoundedNumberOfMessagesPerGet) {
  StoreOptions options = SmallStore();
  options.max_filter_bytes = 20 * 10;
  auto store = OpenStore(ctx, sim.runtime(), options);
  for (int i = 0; i < 50; ++i) store->Put(ctx, TaggedMessage("a", 0, "x", "red")).value();
  const TagIs blue("blue");
  const GetResult got = store->Get(ctx, {.topic = "a", .max_count = 4, .filter = &blue}).value();
  EXPECT_EQ(got.status, GetStatus::kNoMatchedMessage);
  EXPECT_EQ(got.next_begin.value, 10);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-31.
SIM_TEST(MessageStore, LimitsAGetByCountAndBytes) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 5; ++i) store->Put(ctx, TestMessage("a", 0, std::string(300, 'x'))).value();
  EXPECT_THAT(store->Get(ctx, {.topic = "a", .max_count = 2}).value().messages, SizeIs(2));
  // 392 bytes each.
  EXPECT_THAT(store->Get(ctx, {.topic = "a", .max_bytes = 800}).value().messages, SizeIs(2));
  EXPECT_THAT(store->Get(ctx, {.topic = "a", .max_bytes = 1}).value().messages, SizeIs(1));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-14, STORE-26.
SIM_TEST(MessageStore, TryGetServesHotDataAndLeavesColdDataToTheDisk) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 100; ++i) {
    store->Put(ctx, TestMessage("a", 0, fmt::format("{:0200}", i))).value();
  }
  const GetResult hot = store->TryGet({.topic = "a", .from = {99}}).value();
  EXPECT_EQ(hot.status, GetStatus::kFound);
  EXPECT_THAT(hot.messages, SizeIs(1));
  EXPECT_EQ(store->Stats().cold_read_count, 0);

  // Units and messages: the queues' fiber drops the units that point to cold messages.
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  EXPECT_EQ(store->TryGet({.topic = "a"}).error().code(), ErrorCode::kWouldBlock);
  EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), SizeIs(100));
  EXPECT_GT(store->Stats().cold_read_count, 0);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-14.
SIM_TEST(MessageStore, KeepsABoundedTailInMemory) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 300; ++i) store->Put(ctx, TestMessage("a", 0, std::string(200, 'x'))).value();
  EXPECT_LE(store->Stats().hot_tail_bytes, 8192 + 2048);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

SIM_TEST(MessageStore, FindsAMessageByItsOffsetAlone) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, TestMessage("a", 0, "first")).value();
  const PutResult put = store->Put(ctx, TestMessage("a", 0, "second")).value();
  EXPECT_EQ(BodyOf(store->MessageAt(ctx, put.offset).value()), "second");
  const auto code = [&](int64_t at) {
    return store->MessageAt(ctx, CommitLogOffset{at}).error().code();
  };
  EXPECT_EQ(code(1), ErrorCode::kNotFound);
  EXPECT_EQ(code(-5), ErrorCode::kNotFound);
  EXPECT_EQ(code(1'000'000), ErrorCode::kNotFound);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-28.
SIM_TEST(MessageStore, FindsOffsetsByTimeAsJavaDoes) {
  auto store = OpenStore(ctx, sim.runtime());
  std::vector<int64_t> times;
  for (int i = 0; i < 3; ++i) {  // Two messages at each of three times, one second apart.
    for (int k = 0; k < 2; ++k) {
      store->PutAsync(TestMessage("a", 0, "x"), [&](Result<PutResult> result) {
        times.push_back(result.value().store_time.ms);
      });
    }
    ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  }
  const auto lower = [&](int64_t ms) {
    return store->OffsetByTime(ctx, "a", 0, {ms}, TimeBoundary::kLower).value().value;
  };
  const auto upper = [&](int64_t ms) {
    return store->OffsetByTime(ctx, "a", 0, {ms}, TimeBoundary::kUpper).value().value;
  };
  EXPECT_EQ(lower(0), 0);
  EXPECT_EQ(lower(times[2]), 2);
  EXPECT_EQ(lower(times[2] + 1), 4);
  EXPECT_EQ(lower(times[5] + 1), 6);
  EXPECT_EQ(upper(0), 0);
  EXPECT_EQ(upper(times[2]), 3);
  EXPECT_EQ(upper(times[2] + 1), 3);
  EXPECT_EQ(upper(times[5] + 1), 5);
  EXPECT_EQ(store->EarliestStoreTime(ctx, "a", 0).value().ms, times[0]);
  EXPECT_EQ(store->EarliestStoreTime(ctx).value().ms, times[0]);
  EXPECT_EQ(store->OffsetByTime(ctx, "none", 0, {1}, TimeBoundary::kLower).value().value, 0);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-41, STORE-44, STORE-46.
SIM_TEST(MessageStore, QueriesByKeyAndComparesTheKeyItself) {
  auto store = OpenStore(ctx, sim.runtime());
  store->Put(ctx, KeyedMessage("a", 0, "1", "Aa other")).value();
  store->Put(ctx, KeyedMessage("a", 1, "2", "BB")).value();  // The same hash as Aa.
  store->Put(ctx, KeyedMessage("b", 0, "3", "Aa")).value();
  MessageToStore unique = TestMessage("a", 0, "4");
  wire::AppendProperty(unique.properties, wire::kPropertyUniqKey, "Aa");
  store->Put(ctx, std::move(unique)).value();

  const auto query = [&](std::string_view topic, std::string_view key, int max) {
    std::vector<std::string> bodies;
    const auto found = store->Query(ctx, topic, key, max, WallTime{0}, WallTime{INT64_MAX}).value();
    for (const Bytes& record : found.messages) bodies.push_back(BodyOf(record));
    return bodies;
  };
  EXPECT_THAT(query("a", "Aa", 10), ElementsAre("1", "4"));
  EXPECT_THAT(query("a", "Aa", 1), ElementsAre("4"));
  EXPECT_THAT(query("a", "BB", 1), ElementsAre("2"));
  EXPECT_THAT(query("a", "other", 10), ElementsAre("1"));
  EXPECT_THAT(query("c", "Aa", 10), IsEmpty());
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-44.
SIM_TEST(MessageStore, QueriesWithinATimeWindow) {
  auto store = OpenStore(ctx, sim.runtime());
  std::vector<WallTime> times;
  for (const auto* body : {"1", "2", "3"}) {
    times.push_back(store->Put(ctx, KeyedMessage("a", 0, body, "k")).value().store_time);
    ASSERT_TRUE(ctx.SleepFor(milliseconds(100)).has_value());
  }
  const auto found = store->Query(ctx, "a", "k", 10, times[1], times[1]).value();
  ASSERT_THAT(found.messages, SizeIs(1));
  EXPECT_EQ(BodyOf(found.messages[0]), "2");
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-43, STORE-44.
SIM_TEST(MessageStore, QueriesAcrossIndexFilesAndRestarts) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 200; ++i) {  // 64 entries a file.
    store->Put(ctx, KeyedMessage("a", 0, fmt::format("{}", i), fmt::format("k{}", i % 50))).value();
  }
  for (int round = 0; round < 2; ++round) {
    const auto found = store->Query(ctx, "a", "k7", 10, WallTime{0}, WallTime{INT64_MAX}).value();
    std::vector<std::string> bodies;
    for (const Bytes& record : found.messages) bodies.push_back(BodyOf(record));
    EXPECT_THAT(bodies, ElementsAre("7", "57", "107", "157"));
    ASSERT_TRUE(store->Close(ctx).has_value());
    store = OpenStore(ctx, sim.runtime());
  }
  EXPECT_TRUE(store->Close(ctx).has_value());
}

SIM_TEST(MessageStore, TellsArrivalsInTheOrderOfTheLog) {
  auto store = OpenStore(ctx, sim.runtime());
  std::vector<std::string> arrived;
  store->OnArrival([&](const MessageArrival& arrival) {
    arrived.push_back(
        fmt::format("{}-{}:{}", arrival.topic, arrival.queue_id, arrival.new_max.value));
    // It is readable by now.
    EXPECT_EQ(store
                  ->TryGet({.topic = arrival.topic,
                            .queue_id = arrival.queue_id,
                            .from = arrival.new_max + -1})
                  .value()
                  .status,
              GetStatus::kFound);
  });
  store->Put(ctx, TestMessage("a", 0, "x")).value();
  store->Put(ctx, TestMessage("b", 1, "x")).value();
  store->Put(ctx, TestMessage("a", 0, "x")).value();
  EXPECT_THAT(arrived, ElementsAre("a-0:1", "b-1:1", "a-0:2"));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-21.
SIM_TEST(MessageStore, GivesScheduledMessagesTheirTimeOfDelivery) {
  auto store = OpenStore(ctx, sim.runtime());
  MessageToStore delayed = TestMessage("SCHEDULE_TOPIC_XXXX", 2, "x");
  wire::AppendProperty(delayed.properties, wire::kPropertyDelayTimeLevel, "3");
  int64_t tags_code = 0;
  store->OnArrival([&](const MessageArrival& arrival) { tags_code = arrival.tags_code; });
  const PutResult put = store->Put(ctx, std::move(delayed)).value();
  EXPECT_EQ(tags_code, put.store_time.ms + 10'000);
  delayed = TestMessage("SCHEDULE_TOPIC_XXXX", 2, "x");
  wire::AppendProperty(delayed.properties, wire::kPropertyDelayTimeLevel, "99");
  const PutResult last = store->Put(ctx, std::move(delayed)).value();
  EXPECT_EQ(tags_code, last.store_time.ms + 7'200'000);  // The highest level: 2 h.
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-4.
SIM_TEST(MessageStore, GivesTheMessagesOfOneWriteOneTime) {
  auto store = OpenStore(ctx, sim.runtime());
  std::vector<int64_t> times;
  const auto note = [&](Result<PutResult> put) { times.push_back(put.value().store_time.ms); };
  for (int i = 0; i < 3; ++i) store->PutAsync(TestMessage("a", 0, "x"), note);
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  sim.StepWallClock(sim.test_machine(), hours(-1));
  store->PutAsync(TestMessage("a", 0, "x"), note);
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  ASSERT_THAT(times, SizeIs(4));
  EXPECT_EQ(times[0], times[2]);
  EXPECT_LT(times[3], times[0]);  // It follows the clock.
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-31: those that are further behind the end than the window.
SIM_TEST(MessageStore, GivesFewerColdMessagesAtOnce) {
  StoreOptions options = SmallStore();
  options.memory_window = 2000;
  options.max_transfer_count_in_disk = 3;
  options.max_transfer_count_in_memory = 5;
  auto store = OpenStore(ctx, sim.runtime(), options);
  for (int i = 0; i < 50; ++i) store->Put(ctx, TestMessage("a", 0, std::string(100, 'x'))).value();
  EXPECT_THAT(store->Get(ctx, {.topic = "a"}).value().messages, SizeIs(3));
  EXPECT_THAT(store->Get(ctx, {.topic = "a", .from = {43}}).value().messages, SizeIs(5));
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-41: operators find a transaction that is still open, but no end of one.
SIM_TEST(MessageStore, IndexesPreparedMessagesButNotThoseRolledBack) {
  auto store = OpenStore(ctx, sim.runtime());
  for (const auto type : {wire::TransactionType::kPrepared, wire::TransactionType::kRollback}) {
    MessageToStore message = KeyedMessage("a", 0, "x", fmt::format("k{}", static_cast<int>(type)));
    message.sys_flag = static_cast<int32_t>(type);
    store->Put(ctx, std::move(message)).value();
  }
  const auto found = [&](std::string_view key) {
    return store->Query(ctx, "a", key, 10, WallTime{0}, WallTime{INT64_MAX})->messages.size();
  };
  EXPECT_EQ(found("k4"), 1U);
  EXPECT_EQ(found("k12"), 0U);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-26: twenty queues, of which four files may be open.
SIM_TEST(MessageStore, ReadsMoreQueuesThanItMayHaveFilesOpen) {
  StoreOptions options = SmallStore();
  options.max_open_queue_files = 4;
  auto store = OpenStore(ctx, sim.runtime(), options);
  for (int i = 0; i < 200; ++i) {
    store->Put(ctx, TestMessage("a", i % 20, fmt::format("{}", i))).value();
  }
  ASSERT_TRUE(ctx.SleepFor(seconds(5)).has_value());
  for (int queue = 0; queue < 20; ++queue) {
    const auto bodies = BodiesOf(ctx, *store, "a", queue);
    ASSERT_THAT(bodies, SizeIs(10));
    EXPECT_EQ(bodies[3], fmt::format("{}", 60 + queue));
  }
  EXPECT_TRUE(store->Close(ctx).has_value());
}

SIM_TEST(MessageStore, KeepsPreparedMessagesOutOfTheQueues) {
  auto store = OpenStore(ctx, sim.runtime());
  MessageToStore prepared = TestMessage("a", 0, "half");
  prepared.sys_flag = static_cast<int32_t>(wire::TransactionType::kPrepared);
  const PutResult put = store->Put(ctx, std::move(prepared)).value();
  EXPECT_EQ(put.queue_offset.value, 0);
  EXPECT_EQ(store->MaxOffset("a", 0), std::nullopt);
  EXPECT_EQ(BodyOf(store->MessageAt(ctx, put.offset).value()), "half");
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "x")).value().queue_offset.value, 0);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

// STORE-27.
SIM_TEST(MessageStore, StartsADeletedTopicOver) {
  auto store = OpenStore(ctx, sim.runtime());
  for (int i = 0; i < 40; ++i) store->Put(ctx, TestMessage("a", 0, "old")).value();
  store->Put(ctx, TestMessage("b", 0, "other")).value();
  ASSERT_TRUE(store->DeleteTopic(ctx, "a").has_value());
  EXPECT_THAT(store->Topics(), ElementsAre("b"));
  EXPECT_EQ(store->MaxOffset("a", 0), std::nullopt);
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "new")).value().queue_offset.value, 0);
  ASSERT_TRUE(store->Close(ctx).has_value());

  for (const bool replayed : {false, true}) {
    if (replayed) {  // The log knows of no deletion, but of an offset that is there again.
      for (const std::string& file : sim.disk().ListFiles()) {
        if (file.starts_with("store/commitlog/")) continue;
        ASSERT_TRUE(sim.disk().RemoveFile(file).has_value());
      }
    }
    store = OpenStore(ctx, sim.runtime());
    EXPECT_THAT(BodiesOf(ctx, *store, "a", 0), ElementsAre("new"));
    EXPECT_THAT(BodiesOf(ctx, *store, "b", 0), ElementsAre("other"));
    EXPECT_TRUE(store->Close(ctx).has_value());
  }
}

// STORE-50.
SIM_TEST(MessageStore, IsOpenedByOneProcessAtATime) {
  auto store = OpenStore(ctx, sim.runtime());
  bool refused = false;
  sim::Process& second =
      sim.Start(sim.test_machine(), "second", [&](Context& own, runtime::Runtime& runtime) {
        const auto opened = MessageStore::Open(own, runtime, SmallStore());
        refused = !opened.has_value() && opened.error().code() == ErrorCode::kAlreadyExists;
      });
  ASSERT_TRUE(sim.WaitForEnd(ctx, second).has_value());
  EXPECT_TRUE(refused);
  EXPECT_TRUE(store->Close(ctx).has_value());
}

SIM_TEST(MessageStore, RefusesPutsOnceItCloses) {
  auto store = OpenStore(ctx, sim.runtime());
  ASSERT_TRUE(store->Close(ctx).has_value());
  EXPECT_EQ(store->Put(ctx, TestMessage("a", 0, "x")).error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace rmq::store
