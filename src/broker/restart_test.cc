// What a broker makes of its files when it starts again: BROKER-50 to BROKER-55.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_for_test.h"
#include "wire/topic_config.h"

namespace rmq::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using wire::RemotingCommand;
using wire::ResponseCode;

constexpr std::string_view kTopicsFile = "/store/config/topics.json";
constexpr std::string_view kOffsetsFile = "/store/config/consumerOffset.json";

// The process dies, and the disk forgets all that was not synced.
void LoseEverythingPending(TestBroker& broker) {
  broker.Kill();
  broker.disk().CutPowerLosingEverythingPending();
}

// An ASYNC broker that keeps what it is told to sync alone.
const KeyValues kNeverFlushes = {{"flushIntervalCommitLog", "3600000"}};

// A broker with messages 0 to 4 of queue 0 of T, that had 5 to 9, too, until its power was cut; and
// then 5 new ones under the same offsets and 5 more. The recovered end is 5, the end is 15.
void LoseFiveOfTen(Context& ctx, TestBroker& broker, TestClient& client) {
  ASSERT_TRUE(broker.StartAndWait(ctx, kNeverFlushes));
  for (int i = 0; i < 5; ++i) ASSERT_EQ(Send(client, broker, {}), i);
  ctx.SleepFor(seconds(10)).value();
  broker.disk().SyncEverything();
  for (int i = 5; i < 10; ++i) ASSERT_EQ(Send(client, broker, {}), i);
  LoseEverythingPending(broker);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 5; i < 15; ++i) ASSERT_EQ(Send(client, broker, {.body = "new"}), i);
}

// BROKER-50: the message of a topic that was made by its send is in the CommitLog, the topic not
// yet in topics.json, when the broker dies.
SIM_TEST(BrokerRestart, FindsAnAutoCreatedTopicThatWasLostWithTheBroker) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  ctx.SleepFor(seconds(10)).value();
  const std::string without = broker.disk().ReadFile(kTopicsFile).value();
  EXPECT_EQ(Send(client, broker, {.topic = "made", .queue_id = 2}), 0);
  EXPECT_EQ(Send(client, broker, {.topic = "%DLQ%G", .queue_id = 0, .default_topic = "TBW102"}), 0);
  ctx.SleepFor(seconds(10)).value();
  broker.disk().SyncEverything();
  broker.Kill();
  broker.disk().WriteFile(kTopicsFile, without);

  ASSERT_TRUE(broker.StartAndWait(ctx));
  // Before anybody is served it is durable again: a second crash does not lose it.
  EXPECT_THAT(broker.disk().ReadDurableFile(kTopicsFile).value(), HasSubstr("\"made\""));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.topic = "made", .queue_id = 2}))),
              ElementsAre("hello"));
  EXPECT_EQ(Send(client, broker, {.topic = "made", .queue_id = 2}), 1);
  // A dead-letter topic comes back as it is made: only for writing.
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.topic = "%DLQ%G"})), ResponseCode::kNoPermission);
}

// BROKER-50: a topic that is there keeps what an operator has set.
SIM_TEST(BrokerRestart, LeavesATopicAloneThatHasAllItsQueues) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("T", 8));
  EXPECT_EQ(Send(client, broker, {.queue_id = 7}), 0);
  client.Ask(broker, CreateTopicRequest("T", 8, wire::kPermRead));
  ASSERT_TRUE(broker.StopAndWait(ctx));
  const std::string before = broker.disk().ReadFile(kTopicsFile).value();
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(client.CodeOf(broker, SendRequest({})), ResponseCode::kNoPermission);
  EXPECT_EQ(broker.disk().ReadFile(kTopicsFile).value(), before);
}

// BROKER-51.
SIM_TEST(BrokerRestart, TakesBackOffsetsBeyondTheEndBeforeItServes) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  ASSERT_TRUE(broker.StopAndWait(ctx));
  broker.disk().WriteFile(kOffsetsFile,
                          R"({"offsetTable":{"T@G":{"0":100,"1":7},"T@H":{"0":2},"U@G":{"0":1}}})");
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const std::string durable = broker.disk().ReadDurableFile(kOffsetsFile).value();
  EXPECT_THAT(durable, Not(HasSubstr("100")));
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 3);
  EXPECT_EQ(Committed(client, broker, "G", "T", 1), 0);
  EXPECT_EQ(Committed(client, broker, "H", "T", 0), 2);
  EXPECT_EQ(Committed(client, broker, "G", "U", 0), 0);
}

// BROKER-52: again and again, for the answer may get lost; until the reader follows.
SIM_TEST(BrokerRestart, SendsALiveReaderBackToWhatSurvived) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  LoseFiveOfTen(ctx, broker, client);
  for (int i = 0; i < 2; ++i) {
    const RemotingCommand back = client.Ask(broker, PullRequestOf({.offset = 10}));
    EXPECT_EQ(back.response_code(), ResponseCode::kPullOffsetMoved);
    EXPECT_EQ(Number(back, "nextBeginOffset"), 5);
    EXPECT_EQ(Number(back, "minOffset"), 0);
    EXPECT_EQ(Number(back, "maxOffset"), 15);
  }
  const RemotingCommand followed = client.Ask(broker, PullRequestOf({.offset = 5, .count = 5}));
  EXPECT_THAT(BodiesOf(followed), ElementsAre("new", "new", "new", "new", "new"));
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 10})), ResponseCode::kSuccess);
}

// BROKER-52: one that was not further than what survived is not disturbed.
SIM_TEST(BrokerRestart, LeavesAReaderAloneThatWasNotFurther) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  LoseFiveOfTen(ctx, broker, client);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 3})), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 12})), ResponseCode::kSuccess);
}

// BROKER-52: the whole topic was lost and made again by a later send.
SIM_TEST(BrokerRestart, SendsReadersOfAQueueThatWasLostWholeBackToItsBegin) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, kNeverFlushes));
  ctx.SleepFor(seconds(10)).value();
  broker.disk().SyncEverything();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Send(client, broker, {}), i);
  LoseEverythingPending(broker);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Send(client, broker, {}), i);
  const RemotingCommand back = client.Ask(broker, PullRequestOf({.offset = 2}));
  EXPECT_EQ(back.response_code(), ResponseCode::kPullOffsetMoved);
  EXPECT_EQ(Number(back, "nextBeginOffset"), 0);
}

// BROKER-53: the member that took the queue over is where the group has committed, the one that was
// away is beyond that.
SIM_TEST(BrokerRestart, AMemberThatWasAwayGoesNoFurtherThanItsGroupHasCommitted) {
  TestBroker broker(sim);
  TestClient here(ctx, sim);
  LoseFiveOfTen(ctx, broker, here);
  TestClient away(ctx, sim);
  EXPECT_EQ(here.CodeOf(broker, PullRequestOf({.offset = 5})), ResponseCode::kSuccess);
  RemotingCommand back = away.Ask(broker, PullRequestOf({.offset = 10}));
  EXPECT_EQ(back.response_code(), ResponseCode::kPullOffsetMoved);
  EXPECT_EQ(Number(back, "nextBeginOffset"), 5);  // Nothing is committed yet.
  EXPECT_EQ(here.CodeOf(broker, CommitRequest("G", "T", 0, 8)), ResponseCode::kSuccess);
  back = away.Ask(broker, PullRequestOf({.offset = 10}));
  EXPECT_EQ(back.response_code(), ResponseCode::kPullOffsetMoved);
  EXPECT_EQ(Number(back, "nextBeginOffset"), 8);
  EXPECT_EQ(away.CodeOf(broker, PullRequestOf({.offset = 8})), ResponseCode::kSuccess);
  EXPECT_EQ(away.CodeOf(broker, PullRequestOf({.offset = 14})), ResponseCode::kSuccess);
}

// BROKER-53: in broadcasting each member has offsets of its own.
SIM_TEST(BrokerRestart, BroadcastMembersAreSentBackOneByOne) {
  TestBroker broker(sim);
  TestClient one(ctx, sim);
  LoseFiveOfTen(ctx, broker, one);
  TestClient two(ctx, sim);
  for (TestClient* client : {&one, &two}) {
    wire::HeartbeatData heartbeat = ConsumerHeartbeat(client == &one ? "one" : "two", "G", "T");
    heartbeat.consumer_data_set[0].message_model = wire::MessageModel::kBroadcasting;
    client->Ask(broker, HeartbeatRequest(heartbeat));
  }
  EXPECT_EQ(one.CodeOf(broker, PullRequestOf({.offset = 5})), ResponseCode::kSuccess);
  EXPECT_EQ(one.CodeOf(broker, CommitRequest("G", "T", 0, 12)), ResponseCode::kSuccess);
  const RemotingCommand back = two.Ask(broker, PullRequestOf({.offset = 10}));
  EXPECT_EQ(back.response_code(), ResponseCode::kPullOffsetMoved);
  EXPECT_EQ(Number(back, "nextBeginOffset"), 5);
}

// BROKER-54: the offset of a consumer that does not know yet what was lost.
SIM_TEST(BrokerRestart, ACommitCountsOnlyFromWhoHasReadInThisLife) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  LoseFiveOfTen(ctx, broker, client);
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "T", 0, 10)), ResponseCode::kSuccess);
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 5);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 5})), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "T", 0, 10)), ResponseCode::kSuccess);
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 10);
  TestClient other(ctx, sim);
  EXPECT_EQ(other.CodeOf(broker, CommitRequest("H", "T", 0, 10)), ResponseCode::kSuccess);
  EXPECT_EQ(Committed(other, broker, "H", "T", 0), 5);
}

// BROKER-55: later on, who asks beyond the recovered end is new and wants the newest alone.
SIM_TEST(BrokerRestart, SendsNobodyBackTenMinutesLater) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  LoseFiveOfTen(ctx, broker, client);
  ctx.SleepFor(minutes(9)).value();
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 12})), ResponseCode::kPullOffsetMoved);
  ctx.SleepFor(minutes(1)).value();
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 12})), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("H", "T", 0, 12)), ResponseCode::kSuccess);
  EXPECT_EQ(Committed(client, broker, "H", "T", 0), 12);
}

// BROKER-55.
SIM_TEST(BrokerRestart, SendsNobodyBackAfterACleanStop) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 5; ++i) Send(client, broker, {});
  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 5; ++i) Send(client, broker, {});
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 8})), ResponseCode::kSuccess);
}

// BROKER-55: what a reader has seen is synced.
SIM_TEST(BrokerRestart, SendsNobodyBackWithSyncFlush) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"flushDiskType", "SYNC_FLUSH"}}));
  for (int i = 0; i < 5; ++i) Send(client, broker, {});
  LoseEverythingPending(broker);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 5; i < 10; ++i) EXPECT_EQ(Send(client, broker, {}), i);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 8})), ResponseCode::kSuccess);
}

// BROKER-48: whoever supervises it starts it again, and nothing that was answered is gone.
SIM_TEST(BrokerRestart, FollowsWhenASyncHasFailed) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"flushDiskType", "SYNC_FLUSH"}}));
  EXPECT_EQ(Send(client, broker, {}), 0);
  broker.disk().FailNextSync(sim::SyncFailure::kKeepCache);
  EXPECT_NE(client.CodeOf(broker, SendRequest({})), ResponseCode::kSuccess);
  ctx.SleepFor(seconds(20)).value();
  ASSERT_FALSE(broker.process().alive());
  ASSERT_TRUE(broker.error().has_value());
  EXPECT_THAT(broker.error()->ToString(), HasSubstr("/store/commitlog/00000000000000000000"));

  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_GE(Send(client, broker, {.body = "again"}), 1);
  broker.PowerCut();
  client.Disconnect(broker);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const auto bodies = BodiesOf(client.Ask(broker, PullRequestOf({})));
  ASSERT_GE(bodies.size(), 2U);
  EXPECT_EQ(bodies.front(), "hello");
  EXPECT_EQ(bodies.back(), "again");
}

}  // namespace
}  // namespace rmq::broker
