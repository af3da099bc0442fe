// Pulling messages: BROKER-10 to BROKER-12, BROKER-15 to BROKER-17.
#include "broker/pull_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_for_test.h"
#include "wire/java_hash.h"
#include "wire/message_properties.h"
#include "wire/subscription_group_config.h"
#include "wire/topic_config.h"

namespace rmq::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

std::string Tag(std::string_view tag) {
  std::string text;
  wire::AppendProperty(text, wire::kPropertyTags, tag);
  return text;
}

// BROKER-17.
SIM_TEST(Pull, BringsMessagesAndWhereToGoOn) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (const auto* body : {"0", "1", "2"}) Send(client, broker, {.body = body});
  for (const auto code : {RequestCode::kPullMessage, RequestCode::kLitePullMessage}) {
    const RemotingCommand pulled =
        client.Ask(broker, PullRequestOf({.offset = 1, .count = 1}, code));
    EXPECT_EQ(pulled.response_code(), ResponseCode::kSuccess);
    EXPECT_THAT(BodiesOf(pulled), ElementsAre("1"));
    EXPECT_EQ(Number(pulled, "nextBeginOffset"), 2);
    EXPECT_EQ(Number(pulled, "minOffset"), 0);
    EXPECT_EQ(Number(pulled, "maxOffset"), 3);
    EXPECT_EQ(Number(pulled, "suggestWhichBrokerId"), 0);
  }
}

// BROKER-17: at least one, at most the broker's own limits.
SIM_TEST(Pull, IsBoundedByCountAndBytes) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"maxTransferCountOnMessageInMemory", "5"}}));
  for (int i = 0; i < 10; ++i) Send(client, broker, {.body = std::string(100, 'x')});
  for (const auto& [asked, got] : {std::pair{3, 3U}, std::pair{32, 5U}, std::pair{INT32_MAX, 5U}}) {
    EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.count = asked}))), SizeIs(got));
  }
  for (const int32_t asked : {0, -1, INT32_MIN}) {
    EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.count = asked}))), SizeIs(1)) << asked;
  }
  for (const auto& [bytes, got] : {std::pair{"1", 1U}, std::pair{"500", 2U}, std::pair{"0", 5U},
                                   std::pair{"-1", 5U}, std::pair{"2147483647", 5U}}) {
    RemotingCommand request = PullRequestOf({});
    request.ext_fields.Set("maxMsgBytes", bytes);
    EXPECT_THAT(BodiesOf(client.Ask(broker, std::move(request))), SizeIs(got)) << bytes;
  }
}

// BROKER-17: what is not in memory any more comes from the disk.
SIM_TEST(Pull, ReadsOldMessagesFromTheDisk) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"hotTailSize", "0"}}));
  for (int i = 0; i < 3; ++i) Send(client, broker, {.body = std::to_string(i)});
  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({}))), ElementsAre("0", "1", "2"));
}

// BROKER-10.
SIM_TEST(Pull, NeedsAReadableBrokerTopicAndGroup) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.topic = "none"})), ResponseCode::kTopicNotExist);
  client.Ask(broker, CreateTopicRequest("W", 4, wire::kPermWrite));
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.topic = "W"})), ResponseCode::kNoPermission);
  client.Ask(broker, CreateTopicRequest("T", 4));
  for (const int32_t queue : {-1, 4, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.queue_id = queue})),
              ResponseCode::kInvalidParameter);
  }
  for (const auto* group : {"", "a b", "../x"}) {
    EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.group = group})),
              ResponseCode::kSubscriptionGroupNotExist);
  }
  wire::SubscriptionGroupConfig config;
  config.group_name = "off";
  config.consume_enable = false;
  RemotingCommand update = wire::MakeRequest(RequestCode::kUpdateAndCreateSubscriptionGroup);
  update.body = Bytes::Copy(wire::ToJson(config));
  client.Ask(broker, std::move(update));
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.group = "off"})), ResponseCode::kNoPermission);

  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"autoCreateSubscriptionGroup", "false"}}));
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.group = "new"})),
            ResponseCode::kSubscriptionGroupNotExist);
  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"brokerPermission", "2"}}));
  const RemotingCommand answer = client.Ask(broker, PullRequestOf({}));
  EXPECT_EQ(answer.response_code(), ResponseCode::kNoPermission);
  EXPECT_THAT(answer.remark, HasSubstr("pulling message is forbidden"));
}

// BROKER-11: with its subscription no heartbeat is needed.
SIM_TEST(Pull, BringsItsSubscriptionOrHeartbeatsHaveBroughtIt) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (const auto* tag : {"red", "blue", "red"}) {
    Send(client, broker, {.body = tag, .properties = Tag(tag)});
  }
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.subscription = "blue || green"}))),
              ElementsAre("blue"));
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.with_subscription = false})),
            ResponseCode::kSubscriptionNotExist);
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "other")));
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.with_subscription = false})),
            ResponseCode::kSubscriptionNotExist);
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T", "red", 7)));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.with_subscription = false}))),
              ElementsAre("red", "red"));
  RemotingCommand newer = PullRequestOf({.with_subscription = false});
  newer.ext_fields.Set("subVersion", 8);
  EXPECT_EQ(client.CodeOf(broker, std::move(newer)), ResponseCode::kSubscriptionNotLatest);
}

// BROKER-11.
SIM_TEST(Pull, TakesTagExpressionsAlone) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  RemotingCommand sql = PullRequestOf({.subscription = "a > 1"});
  sql.ext_fields.Set("expressionType", "SQL92");
  EXPECT_EQ(client.CodeOf(broker, std::move(sql)), ResponseCode::kSystemError);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.subscription = "||"})),
            ResponseCode::kSubscriptionParseFailed);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.subscription = ""})), ResponseCode::kSuccess);
}

// BROKER-12.
SIM_TEST(Pull, TellsAReaderOutsideOfTheQueueWhereItIs) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {.properties = Tag("red")});
  const auto pull = [&](int64_t offset, int32_t queue = 0, std::string subscription = "*") {
    const RemotingCommand answer = client.Ask(
        broker, PullRequestOf({.queue_id = queue, .offset = offset, .subscription = subscription}));
    return std::pair(answer.response_code(), Number(answer, "nextBeginOffset"));
  };
  EXPECT_EQ(pull(3), std::pair(ResponseCode::kPullNotFound, int64_t{3}));
  EXPECT_EQ(pull(4), std::pair(ResponseCode::kPullOffsetMoved, int64_t{3}));
  EXPECT_EQ(pull(INT64_MAX), std::pair(ResponseCode::kPullOffsetMoved, int64_t{3}));
  EXPECT_EQ(pull(-1), std::pair(ResponseCode::kPullOffsetMoved, int64_t{0}));
  EXPECT_EQ(pull(INT64_MIN), std::pair(ResponseCode::kPullOffsetMoved, int64_t{0}));
  EXPECT_EQ(pull(0, 0, "blue"), std::pair(ResponseCode::kPullRetryImmediately, int64_t{3}));
  // A queue without messages.
  EXPECT_EQ(pull(0, 1), std::pair(ResponseCode::kPullNotFound, int64_t{0}));
  EXPECT_EQ(pull(5, 1), std::pair(ResponseCode::kPullOffsetMoved, int64_t{0}));
}

// BROKER-16.
SIM_TEST(Pull, CommitsOnItsWay) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  client.Ask(broker, PullRequestOf({.offset = 2, .commit = 1, .suspend_ms = 0}));
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 1);
  client.Ask(broker, PullRequestOf({.offset = 2, .commit = 2}));  // Only with the flag to wait.
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 1);
  client.Ask(broker, PullRequestOf({.offset = 2, .commit = -1, .suspend_ms = 0}));
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 1);
}

// BROKER-16, BROKER-21: no more than a commit by itself may.
SIM_TEST(Pull, CommitsNothingBeyondTheEnd) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  for (const int64_t offset : {int64_t{4}, INT64_MAX}) {
    client.Ask(broker, PullRequestOf({.offset = 2, .commit = offset, .suspend_ms = 0}));
    EXPECT_EQ(Committed(client, broker, "G", "T", 0), 0);
  }
}

// --- long polling ---

// BROKER-15.
SIM_TEST(LongPolling, WakesWhoWaitsForAMessageThatMayMatch) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("T", 4));
  Send(client, broker, {});
  std::optional<RemotingCommand> all;
  std::optional<RemotingCommand> red;
  std::optional<RemotingCommand> other_queue;
  client.AskAsync(broker, PullRequestOf({.offset = 1, .suspend_ms = 15'000}), all);
  client.AskAsync(broker, PullRequestOf({.offset = 1, .subscription = "red", .suspend_ms = 15'000}),
                  red);
  client.AskAsync(broker, PullRequestOf({.queue_id = 1, .offset = 0, .suspend_ms = 15'000}),
                  other_queue);
  ctx.SleepFor(seconds(3)).value();
  EXPECT_FALSE(all.has_value());
  Send(client, broker, {.body = "blue", .properties = Tag("blue")});
  ctx.SleepFor(milliseconds(100)).value();
  ASSERT_TRUE(all.has_value());
  EXPECT_THAT(BodiesOf(*all), ElementsAre("blue"));
  EXPECT_FALSE(red.has_value());
  EXPECT_FALSE(other_queue.has_value());
  Send(client, broker, {.body = "red", .properties = Tag("red")});
  ctx.SleepFor(milliseconds(100)).value();
  ASSERT_TRUE(red.has_value());
  EXPECT_THAT(BodiesOf(*red), ElementsAre("red"));
  EXPECT_EQ(Number(*red, "nextBeginOffset"), 3);
}

// BROKER-15: a wake-up may be false, tags are known by their hashes only; the reader gets on.
SIM_TEST(LongPolling, AnswersAFalseWakeUpToo) {
  ASSERT_EQ(wire::TagsCode("Aa"), wire::TagsCode("BB"));
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  std::optional<RemotingCommand> held;
  client.AskAsync(broker, PullRequestOf({.offset = 1, .subscription = "Aa", .suspend_ms = 15'000}),
                  held);
  ctx.SleepFor(seconds(1)).value();
  Send(client, broker, {.properties = Tag("BB")});
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_TRUE(held.has_value());
}

// BROKER-15.
SIM_TEST(LongPolling, EndsWhenItsTimeIsUp) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  const Tick before = ctx.Now();
  const RemotingCommand answer =
      client.Ask(broker, PullRequestOf({.offset = 1, .suspend_ms = 15'000}));
  EXPECT_EQ(answer.response_code(), ResponseCode::kPullNotFound);
  EXPECT_EQ(Number(answer, "nextBeginOffset"), 1);
  EXPECT_GE(ctx.Now() - before, seconds(15));
  EXPECT_LE(ctx.Now() - before, seconds(16));
}

// BROKER-15: only a pull that found nothing waits.
SIM_TEST(LongPolling, HoldsNobodyWhoHasSomethingToDo) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {.properties = Tag("red")});
  const Tick before = ctx.Now();
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 5, .suspend_ms = 15'000})),
            ResponseCode::kPullOffsetMoved);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.subscription = "blue", .suspend_ms = 15'000})),
            ResponseCode::kPullRetryImmediately);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 1})), ResponseCode::kPullNotFound);
  EXPECT_LE(ctx.Now() - before, seconds(1));
}

// BROKER-15: numbers that a client makes up.
SIM_TEST(LongPolling, TakesAnyNumberForItsTime) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  for (const int64_t ms : {int64_t{-1}, int64_t{0}, INT64_MIN}) {
    EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 1, .suspend_ms = ms})),
              ResponseCode::kPullNotFound);
  }
  std::optional<RemotingCommand> held;
  client.AskAsync(broker, PullRequestOf({.offset = 1, .suspend_ms = INT64_MAX}), held);
  ctx.SleepFor(seconds(60)).value();
  EXPECT_FALSE(held.has_value());
  Send(client, broker, {});
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_TRUE(held.has_value());
}

// BROKER-15.
SIM_TEST(LongPolling, IsShortWhenTheBrokerIsToldSo) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(
      ctx, {{"longPollingEnable", "false"}, {"shortPollingTimeMills", "2000"}}));
  Send(client, broker, {});
  const Tick before = ctx.Now();
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.offset = 1, .suspend_ms = 15'000})),
            ResponseCode::kPullNotFound);
  EXPECT_GE(ctx.Now() - before, seconds(2));
  EXPECT_LE(ctx.Now() - before, seconds(3));
}

// BROKER-15: at most pullThreadPoolQueueCapacity wait; those of a closed connection do not count.
SIM_TEST(LongPolling, HoldsABoundedNumberOfPulls) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"pullThreadPoolQueueCapacity", "2"}}));
  Send(client, broker, {});
  for (int round = 0; round < 2; ++round) {
    TestClient waiting(ctx, sim);
    std::optional<RemotingCommand> held[3];
    for (auto& answer : held) {
      waiting.AskAsync(broker, PullRequestOf({.offset = 1, .suspend_ms = 60'000}), answer);
    }
    ctx.SleepFor(milliseconds(100)).value();
    EXPECT_FALSE(held[0].has_value());
    EXPECT_FALSE(held[1].has_value());
    ASSERT_TRUE(held[2].has_value());
    EXPECT_EQ(held[2]->response_code(), ResponseCode::kPullNotFound);
    waiting.Disconnect(broker);
    ctx.SleepFor(milliseconds(100)).value();
  }
  EXPECT_EQ(Send(client, broker, {}), 1);
}

// BROKER-15: whatever comes between the look and the hold, nobody sleeps over a message.
SIM_TEST_SEEDS(LongPolling, NeverSleepsOverAMessage, 50) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  TestClient producer(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  for (int64_t offset = 1; offset < 30; ++offset) {
    std::optional<RemotingCommand> held;
    std::optional<RemotingCommand> sent;
    client.AskAsync(broker, PullRequestOf({.offset = offset, .suspend_ms = 30'000}), held);
    const auto wait = sim.runtime().random().Draw("test: between", 0, 400);
    ctx.SleepFor(microseconds(static_cast<int64_t>(wait))).value();
    producer.AskAsync(broker, SendRequest({}), sent);
    ctx.SleepFor(seconds(5)).value();
    ASSERT_TRUE(sent.has_value());
    ASSERT_TRUE(held.has_value()) << offset;
    ASSERT_THAT(BodiesOf(*held), SizeIs(1));
  }
}

}  // namespace
}  // namespace rmq::broker
