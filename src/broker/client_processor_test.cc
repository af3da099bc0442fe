// The broker's clients: BROKER-30 to BROKER-36.
#include "broker/client_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_for_test.h"
#include "broker/client_table.h"
#include "wire/client_bodies.h"
#include "wire/subscription_group_config.h"
#include "wire/topic_config.h"

namespace rmq::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

constexpr auto kNotify = RequestCode::kNotifyConsumerIdsChanged;

RemotingCommand MembersRequest(std::string_view group) {
  return RawRequest(RequestCode::kGetConsumerListByGroup, {{"consumerGroup", std::string(group)}});
}

std::vector<std::string> Members(TestClient& client, const TestBroker& broker,
                                 std::string_view group) {
  const RemotingCommand answer = client.Ask(broker, MembersRequest(group));
  if (answer.response_code() != ResponseCode::kSuccess) return {answer.remark};
  return wire::FromJson<wire::GetConsumerListByGroupResponseBody>(answer.body)->consumer_id_list;
}

RemotingCommand UnregisterRequest(std::string_view client_id, std::string_view group) {
  return RawRequest(RequestCode::kUnregisterClient,
                    {{"clientID", std::string(client_id)}, {"consumerGroup", std::string(group)}});
}

// BROKER-30.
SIM_TEST(Heartbeat, MakesTheGroupAndItsRetryTopic) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(client.CodeOf(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T"))),
            ResponseCode::kSuccess);
  EXPECT_EQ(
      client.CodeOf(broker, RawRequest(RequestCode::kGetTopicConfig, {{"topic", "%RETRY%G"}})),
      ResponseCode::kSuccess);
  EXPECT_EQ(
      client.CodeOf(broker, RawRequest(RequestCode::kGetSubscriptionGroupConfig, {{"group", "G"}})),
      ResponseCode::kSuccess);
  // Who broadcasts sends nothing back.
  wire::HeartbeatData broadcast = ConsumerHeartbeat("me", "B", "T");
  broadcast.consumer_data_set[0].message_model = wire::MessageModel::kBroadcasting;
  client.Ask(broker, HeartbeatRequest(broadcast));
  EXPECT_EQ(
      client.CodeOf(broker, RawRequest(RequestCode::kGetTopicConfig, {{"topic", "%RETRY%B"}})),
      ResponseCode::kTopicNotExist);
}

// BROKER-30.
SIM_TEST(Heartbeat, MakesNoGroupWhereNoneMayBeMade) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"autoCreateSubscriptionGroup", "false"}}));
  EXPECT_EQ(client.CodeOf(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T"))),
            ResponseCode::kSuccess);
  EXPECT_THAT(Members(client, broker, "G"), ElementsAre("no consumer for this group, G"));
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "CID_RMQ_SYS_x", "T")));
  EXPECT_THAT(Members(client, broker, "CID_RMQ_SYS_x"), ElementsAre("me"));
}

// BROKER-31: members come and go, and the others share the queues anew.
SIM_TEST(Members, AreToldWhenTheirGroupChanges) {
  TestBroker broker(sim);
  TestClient one(ctx, sim);
  TestClient two(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  one.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("one", "G", "T")));
  const size_t alone = one.asked(kNotify);
  two.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("two", "G", "T")));
  EXPECT_THAT(Members(one, broker, "G"), ElementsAre("one", "two"));
  EXPECT_EQ(one.asked(kNotify), alone + 1);
  EXPECT_EQ(one.asked().back().ext_fields.Find("consumerGroup"), "G");
  two.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("two", "G", "T")));  // Nothing new.
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_EQ(one.asked(kNotify), alone + 1);
  two.Ask(broker, UnregisterRequest("two", "G"));
  EXPECT_THAT(Members(one, broker, "G"), ElementsAre("one"));
  EXPECT_EQ(one.asked(kNotify), alone + 2);
  two.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("two", "G", "T")));
  two.Disconnect(broker);
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_THAT(Members(one, broker, "G"), ElementsAre("one"));
  EXPECT_EQ(one.asked(kNotify), alone + 4);
}

// BROKER-31.
SIM_TEST(Members, AreNotToldWhenTheBrokerOrTheGroupSaysSo) {
  TestBroker broker(sim);
  TestClient one(ctx, sim);
  TestClient two(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"notifyConsumerIdsChangedEnable", "false"}}));
  one.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("one", "G", "T")));
  two.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("two", "G", "T")));
  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.StartAndWait(ctx, {}));
  wire::SubscriptionGroupConfig config;
  config.group_name = "G";
  config.notify_consumer_ids_changed_enable = false;
  RemotingCommand update = wire::MakeRequest(RequestCode::kUpdateAndCreateSubscriptionGroup);
  update.body = Bytes::Copy(wire::ToJson(config));
  one.Ask(broker, std::move(update));
  one.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("one", "G", "T")));
  two.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("two", "G", "T")));
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_EQ(one.asked(kNotify), 0U);
}

// BROKER-31: a client that says nothing is gone, even if its connection is used.
SIM_TEST(Members, LeaveWhenTheyFallSilent) {
  TestBroker broker(sim);
  TestClient silent(ctx, sim);
  TestClient alive(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"channelExpiredTimeout", "60000"}}));
  silent.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("silent", "G", "T")));
  for (int i = 0; i < 5; ++i) {
    alive.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("alive", "G", "T")));
    silent.Ask(broker, wire::MakeRequest(RequestCode::kGetBrokerConfig));
    ctx.SleepFor(seconds(15)).value();
  }
  EXPECT_THAT(Members(alive, broker, "G"), ElementsAre("alive"));
}

// BROKER-31: a client that reconnects is the same member, and its old connection's end not its own.
SIM_TEST(Members, OutliveTheirOldConnection) {
  TestBroker broker(sim);
  TestClient old_life(ctx, sim);
  TestClient new_life(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  old_life.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T")));
  new_life.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T")));
  old_life.Disconnect(broker);
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_THAT(Members(new_life, broker, "G"), ElementsAre("me"));
}

// BROKER-32: heartbeat V2.
SIM_TEST(Heartbeat, AsksForSubscriptionsItDoesNotKnow) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  wire::HeartbeatData brief = ConsumerHeartbeat("me", "G", "T");
  brief.heartbeat_fingerprint = 77;
  brief.without_sub = true;
  brief.consumer_data_set[0].subscription_data_set.clear();
  RemotingCommand answer = client.Ask(broker, HeartbeatRequest(brief));
  EXPECT_EQ(answer.ext_fields.Find("IS_SUPPORT_HEART_BEAT_V2"), "true");
  EXPECT_EQ(answer.ext_fields.Find("IS_SUB_CHANGE"), "true");
  wire::HeartbeatData full = ConsumerHeartbeat("me", "G", "T");
  client.Ask(broker, HeartbeatRequest(full));
  answer = client.Ask(broker, HeartbeatRequest(brief));
  EXPECT_EQ(answer.ext_fields.Find("IS_SUB_CHANGE"), "false");
  // The brief one has forgotten nothing.
  Send(client, broker, {});
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.with_subscription = false})),
            ResponseCode::kSuccess);
}

// BROKER-33.
SIM_TEST(Subscriptions, AreThoseOfTheNewestVersion) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const auto subscription = [&](std::string_view topic) {
    const auto body = wire::FromJson<wire::QuerySubscriptionResponseBody>(
        client.TextOf(broker, RawRequest(RequestCode::kQuerySubscriptionByConsumer,
                                         {{"group", "G"}, {"topic", std::string(topic)}})));
    return body->subscription_data ? body->subscription_data->sub_string : "none";
  };
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T", "new", 5)));
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("other", "G", "T", "old", 4)));
  EXPECT_EQ(subscription("T"), "new");
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T", "newer", 6)));
  EXPECT_EQ(subscription("T"), "newer");
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "U", "*", 7)));
  EXPECT_EQ(subscription("T"), "none");
  EXPECT_EQ(subscription("U"), "*");
}

// BROKER-34.
SIM_TEST(Members, OfAGroupThatNobodyIsInAreAnError) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const RemotingCommand answer = client.Ask(broker, MembersRequest("none"));
  EXPECT_EQ(answer.response_code(), ResponseCode::kSystemError);
  EXPECT_EQ(answer.remark, "no consumer for this group, none");
}

// BROKER-35.
SIM_TEST(Locks, BelongToOneClientUntilTheyRunOut) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const auto request = [](RequestCode code, std::string_view who) {
    RemotingCommand lock = wire::MakeRequest(code);
    lock.body = Bytes::Copy(wire::ToJson(
        wire::LockBatchRequestBody{.client_id = std::string(who),
                                   .consumer_group = "G",
                                   .mq_set = {{"T", "broker-a", 0}, {"T", "broker-a", 1}}}));
    return lock;
  };
  const auto locked = [&](std::string_view who) {
    return wire::FromJson<wire::LockBatchResponseBody>(
               client.Ask(broker, request(RequestCode::kLockBatchMq, who)).body)
        ->lock_ok_mq_set.size();
  };
  EXPECT_EQ(locked("one"), 2U);
  EXPECT_EQ(locked("two"), 0U);
  ctx.SleepFor(seconds(40)).value();
  EXPECT_EQ(locked("one"), 2U);  // renewed
  ctx.SleepFor(seconds(40)).value();
  EXPECT_EQ(locked("two"), 0U);
  client.Ask(broker, request(RequestCode::kUnlockBatchMq, "two"));  // Not its own.
  EXPECT_EQ(locked("two"), 0U);
  client.Ask(broker, request(RequestCode::kUnlockBatchMq, "one"));
  EXPECT_EQ(locked("two"), 2U);
  ctx.SleepFor(seconds(61)).value();
  EXPECT_EQ(locked("one"), 2U);
}

TEST(QueueLocks, OfGroupsAreIndependent) {
  QueueLocks locks;
  const std::set<MessageQueue> queue = {{"T", "b", 0}};
  EXPECT_EQ(locks.Lock("G", "one", queue, Tick{}), queue);
  EXPECT_EQ(locks.Lock("H", "two", queue, Tick{}), queue);
  EXPECT_TRUE(locks.Lock("G", "two", queue, Tick{} + seconds(60)).empty());
  EXPECT_EQ(locks.Lock("G", "two", queue, Tick{} + seconds(60) + nanoseconds(1)), queue);
}

// BROKER-36.
SIM_TEST(CheckClientConfig, RefusesExpressionsOtherThanTags) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const auto check = [&](std::string_view type) {
    wire::CheckClientRequestBody body;
    body.subscription_data.emplace();
    body.subscription_data->expression_type = type;
    return client.CodeOf(broker,
                         RawRequest(RequestCode::kCheckClientConfig, {}, wire::ToJson(body)));
  };
  EXPECT_EQ(check("TAG"), ResponseCode::kSuccess);
  EXPECT_EQ(check("SQL92"), ResponseCode::kSystemError);
}

// BROKER-61.
SIM_TEST(Heartbeat, ThatIsNoneIsAnError) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (const auto* body : {"{", "[]", "\xff", "{\"clientID\":"}) {
    EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kHeartBeat, {}, body)),
              ResponseCode::kSystemError)
        << body;
  }
}

}  // namespace
}  // namespace rmq::broker
