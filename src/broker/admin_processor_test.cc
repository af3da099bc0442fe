// What operators ask: BROKER-40 and BROKER-ADMIN-1 to BROKER-ADMIN-13.
#include "broker/admin_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_for_test.h"
#include "wire/client_bodies.h"
#include "wire/message_properties.h"
#include "wire/route_data.h"
#include "wire/stats_bodies.h"
#include "wire/subscription_group_config.h"
#include "wire/topic_config.h"

namespace rmq::broker {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

constexpr std::string_view kTopicsFile = "/store/config/topics.json";
constexpr std::string_view kGroupsFile = "/store/config/subscriptionGroup.json";

RemotingCommand TopicRequest(RequestCode code, std::string_view topic) {
  return RawRequest(code, {{"topic", std::string(topic)}});
}

RemotingCommand GroupRequest(const wire::SubscriptionGroupConfig& config) {
  return RawRequest(RequestCode::kUpdateAndCreateSubscriptionGroup, {}, wire::ToJson(config));
}

RemotingCommand ConfigRequest(std::string_view text) {
  return RawRequest(RequestCode::kUpdateBrokerConfig, {}, text);
}

wire::TopicConfig TopicOf(TestClient& client, const TestBroker& broker, std::string_view topic) {
  return wire::FromJson<wire::TopicConfig>(
             client.TextOf(broker, TopicRequest(RequestCode::kGetTopicConfig, topic)))
      .value();
}

wire::DataVersion TopicVersion(TestClient& client, const TestBroker& broker) {
  return wire::FromJson<wire::TopicConfigSerializeWrapper>(
             client.TextOf(broker, wire::MakeRequest(RequestCode::kGetAllTopicConfig)))
      ->data_version;
}

// --- topics ---

// BROKER-ADMIN-1, BROKER-ADMIN-2.
SIM_TEST(TopicAdmin, ATopicIsDurableWhenItIsAnswered) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  RemotingCommand request = CreateTopicRequest("T", 3, wire::kPermRead);
  request.ext_fields.Set("order", true);
  request.ext_fields.Set("topicSysFlag", 1);
  request.ext_fields.Set("topicFilterType", "MULTI_TAG");
  EXPECT_EQ(client.CodeOf(broker, std::move(request)), ResponseCode::kSuccess);
  EXPECT_THAT(broker.disk().ReadDurableFile(kTopicsFile).value(), HasSubstr("\"T\""));
  const wire::TopicConfig topic = TopicOf(client, broker, "T");
  EXPECT_EQ(topic.read_queue_nums, 3);
  EXPECT_EQ(topic.write_queue_nums, 3);
  EXPECT_EQ(topic.perm, wire::kPermRead);
  EXPECT_TRUE(topic.order);
  EXPECT_EQ(topic.topic_sys_flag, 1);
  EXPECT_EQ(topic.topic_filter_type, wire::TopicFilterType::kMultiTag);
}

// BROKER-ADMIN-1: what could not be stored is not confirmed.
SIM_TEST(TopicAdmin, SaysSoWhenATopicCannotBeStored) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  broker.disk().SetReadOnly(true);
  EXPECT_EQ(client.CodeOf(broker, CreateTopicRequest("T")), ResponseCode::kSystemError);
  broker.disk().SetReadOnly(false);
  ctx.SleepFor(seconds(10)).value();  // It is there, and stored as soon as that is possible.
  EXPECT_THAT(broker.disk().ReadDurableFile(kTopicsFile).value(), HasSubstr("\"T\""));
}

// BROKER-ADMIN-2.
SIM_TEST(TopicAdmin, RefusesTopicsThatCannotBe) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const wire::DataVersion before = TopicVersion(client, broker);
  for (const auto* topic : {"", "../x", "TBW102", "c", "broker-a", "c_REPLY_TOPIC", "rmq_sys_x"}) {
    EXPECT_EQ(client.CodeOf(broker, CreateTopicRequest(topic)), ResponseCode::kInvalidParameter)
        << topic;
  }
  for (const int32_t queues : {-1, INT32_MIN, 100'001, INT32_MAX}) {
    EXPECT_EQ(client.CodeOf(broker, CreateTopicRequest("T", queues)),
              ResponseCode::kInvalidParameter)
        << queues;
  }
  EXPECT_EQ(client.CodeOf(broker, CreateTopicRequest("T", 1, -1)), ResponseCode::kInvalidParameter);
  EXPECT_EQ(TopicVersion(client, broker), before);
}

// BROKER-ADMIN-2: NameServers need not hear of it.
SIM_TEST(TopicAdmin, ATopicThatIsAsItWasKeepsItsVersion) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("T"));
  const wire::DataVersion before = TopicVersion(client, broker);
  EXPECT_EQ(client.CodeOf(broker, CreateTopicRequest("T")), ResponseCode::kSuccess);
  EXPECT_EQ(TopicVersion(client, broker), before);
  client.Ask(broker, CreateTopicRequest("T", 5));
  EXPECT_GT(TopicVersion(client, broker), before);
}

// BROKER-ADMIN-3.
SIM_TEST(TopicAdmin, ChangesAttributesOneByOne) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const auto change = [&](std::string_view text) {
    RemotingCommand request = CreateTopicRequest("T");
    request.ext_fields.Set("attributes", text);
    return client.CodeOf(broker, std::move(request));
  };
  EXPECT_EQ(change("+message.type=NORMAL,+a=b=c"), ResponseCode::kSuccess);
  EXPECT_EQ(change("-a,+x=1"), ResponseCode::kSuccess);
  EXPECT_THAT(TopicOf(client, broker, "T").attributes,
              ElementsAre(std::pair("message.type", "NORMAL"), std::pair("x", "1")));
  for (const auto* wrong : {"a=b", "+a", "+=b", "-", "+", "+a=1,,"}) {
    EXPECT_EQ(change(wrong), ResponseCode::kInvalidParameter) << wrong;
  }
  EXPECT_EQ(TopicOf(client, broker, "T").attributes.size(), 2U);
}

// BROKER-ADMIN-4: all or none.
SIM_TEST(TopicAdmin, TakesAListOfTopics) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const auto list = [&](std::vector<std::string> names) {
    wire::CreateTopicListRequestBody body;
    for (const std::string& name : names) body.topic_config_list.push_back({.topic_name = name});
    return client.CodeOf(
        broker, RawRequest(RequestCode::kUpdateAndCreateTopicList, {}, wire::ToJson(body)));
  };
  EXPECT_EQ(list({"T", "TBW102"}), ResponseCode::kInvalidParameter);
  EXPECT_EQ(client.CodeOf(broker, TopicRequest(RequestCode::kGetTopicConfig, "T")),
            ResponseCode::kTopicNotExist);
  EXPECT_EQ(list({"T", "U"}), ResponseCode::kSuccess);
  EXPECT_EQ(TopicOf(client, broker, "U").write_queue_nums, 16);
}

// BROKER-ADMIN-5.
SIM_TEST(TopicAdmin, ForgetsADeletedTopicWithItsQueuesAndOffsets) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  client.Ask(broker, CommitRequest("G", "T", 0, 2));
  EXPECT_EQ(client.CodeOf(broker, TopicRequest(RequestCode::kDeleteTopicInBroker, "T")),
            ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({})), ResponseCode::kTopicNotExist);
  EXPECT_EQ(client.CodeOf(broker, CommittedRequest("G", "T", 0, /*zero_if_not_found=*/false)),
            ResponseCode::kQueryNotFound);
  broker.Kill();
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(client.CodeOf(broker, TopicRequest(RequestCode::kGetTopicConfig, "T")),
            ResponseCode::kTopicNotExist);
  EXPECT_EQ(Send(client, broker, {}), 0);
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 0);
  EXPECT_EQ(client.CodeOf(broker, TopicRequest(RequestCode::kDeleteTopicInBroker, "none")),
            ResponseCode::kSuccess);
  for (const auto* topic : {"", "TBW102", "broker-a"}) {
    EXPECT_EQ(client.CodeOf(broker, TopicRequest(RequestCode::kDeleteTopicInBroker, topic)),
              ResponseCode::kInvalidParameter);
  }
}

// BROKER-ADMIN-6.
SIM_TEST(TopicAdmin, ListsTopicsAndCountsThem) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("T", 2));
  Send(client, broker, {});
  RemotingCommand all = client.Ask(broker, wire::MakeRequest(RequestCode::kGetAllTopicConfig));
  const auto table =
      wire::FromJson<wire::TopicConfigSerializeWrapper>(all.body)->topic_config_table;
  EXPECT_THAT(table, Contains(Key("T")));
  EXPECT_EQ(Number(all, "totalTopicNum"), static_cast<int64_t>(table.size()));
  const auto system = wire::FromJson<wire::TopicList>(
      client.TextOf(broker, wire::MakeRequest(RequestCode::kGetSystemTopicListFromBroker)));
  EXPECT_THAT(system->topic_list, Contains("TBW102"));
  EXPECT_THAT(system->topic_list, Not(Contains("T")));

  const auto stats = wire::FromJson<wire::TopicStatsTable>(
      client.TextOf(broker, TopicRequest(RequestCode::kGetTopicStatsInfo, "T")));
  ASSERT_EQ(stats->offset_table.size(), 2U);
  const wire::TopicOffset& first = stats->offset_table.at({"T", "broker-a", 0});
  EXPECT_EQ(first.max_offset, 1);
  EXPECT_GT(first.last_update_timestamp, 0);
  EXPECT_EQ(stats->offset_table.at({"T", "broker-a", 1}).last_update_timestamp, 0);
  for (const auto code : {RequestCode::kGetTopicStatsInfo, RequestCode::kGetTopicConfig}) {
    EXPECT_EQ(client.CodeOf(broker, TopicRequest(code, "none")), ResponseCode::kTopicNotExist);
  }
}

// --- groups ---

// BROKER-ADMIN-7.
SIM_TEST(GroupAdmin, MakesChangesListsAndDeletesGroups) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  wire::SubscriptionGroupConfig config;
  config.group_name = "G";
  config.retry_max_times = 3;
  EXPECT_EQ(client.CodeOf(broker, GroupRequest(config)), ResponseCode::kSuccess);
  EXPECT_THAT(broker.disk().ReadDurableFile(kGroupsFile).value(), HasSubstr("\"G\""));
  const auto read = [&] {
    return client.Ask(broker,
                      RawRequest(RequestCode::kGetSubscriptionGroupConfig, {{"group", "G"}}));
  };
  EXPECT_EQ(wire::FromJson<wire::SubscriptionGroupConfig>(read().body), config);
  const RemotingCommand all =
      client.Ask(broker, wire::MakeRequest(RequestCode::kGetAllSubscriptionGroupConfig));
  const auto table =
      wire::FromJson<wire::SubscriptionGroupWrapper>(all.body)->subscription_group_table;
  EXPECT_THAT(table, Contains(Key("G")));
  EXPECT_EQ(Number(all, "totalGroupNum"), static_cast<int64_t>(table.size()));

  wire::SubscriptionGroupList list;
  list.group_config_list = {config, config};
  list.group_config_list[1].group_name = "H";
  EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kUpdateAndCreateSubscriptionGroupList, {},
                                             wire::ToJson(list))),
            ResponseCode::kSuccess);
  Send(client, broker, {});
  client.Ask(broker, CommitRequest("G", "T", 0, 1));
  const auto remove = [&](std::string clean) {
    return client.CodeOf(broker, RawRequest(RequestCode::kDeleteSubscriptionGroup,
                                            {{"groupName", "G"}, {"cleanOffset", clean}}));
  };
  EXPECT_EQ(remove("false"), ResponseCode::kSuccess);
  EXPECT_EQ(read().response_code(), ResponseCode::kSubscriptionGroupNotExist);
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 1);
  EXPECT_EQ(remove("true"), ResponseCode::kSuccess);
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 0);
}

// BROKER-ADMIN-7.
SIM_TEST(GroupAdmin, RefusesGroupsThatCannotBe) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  wire::SubscriptionGroupConfig config;
  for (const auto* name : {"", "a b", "../x"}) {
    config.group_name = name;
    EXPECT_EQ(client.CodeOf(broker, GroupRequest(config)), ResponseCode::kSystemError);
  }
  config.group_name = "G";
  for (const int32_t queues : {-1, 100'001, INT32_MAX}) {
    config.retry_queue_nums = queues;
    EXPECT_EQ(client.CodeOf(broker, GroupRequest(config)), ResponseCode::kSystemError);
  }
  EXPECT_EQ(
      client.CodeOf(broker, RawRequest(RequestCode::kUpdateAndCreateSubscriptionGroup, {}, "{")),
      ResponseCode::kSystemError);
}

// BROKER-ADMIN-8.
SIM_TEST(GroupAdmin, ShowsWhoIsConnected) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  wire::HeartbeatData heartbeat = ConsumerHeartbeat("me", "G", "T", "red");
  heartbeat.producer_data_set.push_back({.group_name = "P"});
  client.Ask(broker, HeartbeatRequest(heartbeat));
  const auto consumers = wire::FromJson<wire::ConsumerConnection>(client.TextOf(
      broker, RawRequest(RequestCode::kGetConsumerConnectionList, {{"consumerGroup", "G"}})));
  ASSERT_EQ(consumers->connection_set.size(), 1U);
  EXPECT_EQ(consumers->connection_set[0].client_id, "me");
  EXPECT_EQ(consumers->connection_set[0].language, wire::LanguageCode::kCpp);
  EXPECT_EQ(consumers->subscription_table.at("T").sub_string, "red");
  const auto producers = wire::FromJson<wire::ProducerConnection>(client.TextOf(
      broker, RawRequest(RequestCode::kGetProducerConnectionList, {{"producerGroup", "P"}})));
  ASSERT_EQ(producers->connection_set.size(), 1U);
  const auto all = wire::FromJson<wire::ProducerTableInfo>(
      client.TextOf(broker, wire::MakeRequest(RequestCode::kGetAllProducerInfo)));
  EXPECT_THAT(all->data, Contains(Key("P")));
  EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kGetConsumerConnectionList,
                                             {{"consumerGroup", "none"}})),
            ResponseCode::kConsumerNotOnline);
  EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kGetProducerConnectionList,
                                             {{"producerGroup", "none"}})),
            ResponseCode::kSystemError);
  client.Ask(broker, RawRequest(RequestCode::kUnregisterClient,
                                {{"clientID", "me"}, {"producerGroup", "P"}}));
  EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kGetProducerConnectionList,
                                             {{"producerGroup", "P"}})),
            ResponseCode::kSystemError);
}

// BROKER-ADMIN-9.
SIM_TEST(GroupAdmin, CountsWhatAGroupHasConsumed) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  client.Ask(broker, CommitRequest("G", "T", 0, 2));
  const auto stats = [&](std::string topic) {
    return wire::FromJson<wire::ConsumeStats>(
               client.TextOf(broker, RawRequest(RequestCode::kGetConsumeStats,
                                                {{"consumerGroup", "G"}, {"topic", topic}})))
        ->offset_table;
  };
  for (const auto* topic : {"", "T"}) {
    const wire::OffsetWrapper offsets = stats(topic).at({"T", "broker-a", 0});
    EXPECT_EQ(offsets.broker_offset, 3);
    EXPECT_EQ(offsets.consumer_offset, 2);
    EXPECT_GT(offsets.last_timestamp, 0);
  }
  EXPECT_THAT(stats("none"), IsEmpty());
  // The members subscribe to something else now: nobody works this lag off.
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "U")));
  EXPECT_THAT(stats(""), IsEmpty());
  EXPECT_EQ(stats("T").size(), 4U);

  const auto span = wire::FromJson<wire::QueryConsumeTimeSpanBody>(client.TextOf(
      broker, RawRequest(RequestCode::kQueryConsumeTimeSpan, {{"topic", "T"}, {"group", "G"}})));
  ASSERT_EQ(span->consume_time_span_set.size(), 4U);
  const wire::QueueTimeSpan& first = span->consume_time_span_set[0];
  EXPECT_GT(first.min_time_stamp, 0);
  EXPECT_GE(first.max_time_stamp, first.consume_time_stamp);
  EXPECT_GE(first.delay_time, 0);
  EXPECT_EQ(span->consume_time_span_set[1].min_time_stamp, -1);
  EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kQueryConsumeTimeSpan,
                                             {{"topic", "none"}, {"group", "G"}})),
            ResponseCode::kTopicNotExist);
}

// BROKER-ADMIN-10.
SIM_TEST(GroupAdmin, TellsWhoConsumesWhat) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  client.Ask(broker, CommitRequest("offline", "T", 0, 1));
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "online", "T")));
  EXPECT_THAT(wire::FromJson<wire::GroupList>(
                  client.TextOf(broker, TopicRequest(RequestCode::kQueryTopicConsumeByWho, "T")))
                  ->group_list,
              ElementsAre("offline", "online"));
  EXPECT_THAT(wire::FromJson<wire::TopicList>(
                  client.TextOf(broker, RawRequest(RequestCode::kQueryTopicsByConsumer,
                                                   {{"group", "offline"}})))
                  ->topic_list,
              ElementsAre("T"));
}

// BROKER-ADMIN-11.
SIM_TEST(GroupAdmin, ClonesTheOffsetsOfAGroup) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (const auto* topic : {"T", "U"}) {
    Send(client, broker, {.topic = topic});
    client.Ask(broker, CommitRequest("G", topic, 0, 1));
  }
  const auto clone = [&](std::string to, std::string topic) {
    return client.CodeOf(broker,
                         RawRequest(RequestCode::kCloneGroupOffset,
                                    {{"srcGroup", "G"}, {"destGroup", to}, {"topic", topic}}));
  };
  EXPECT_EQ(clone("one", "T"), ResponseCode::kSuccess);
  EXPECT_EQ(clone("all", ""), ResponseCode::kSuccess);
  EXPECT_EQ(clone("G", ""), ResponseCode::kSuccess);  // Onto itself.
  EXPECT_EQ(Committed(client, broker, "one", "T", 0), 1);
  EXPECT_EQ(Committed(client, broker, "one", "U", 0), 0);
  EXPECT_EQ(Committed(client, broker, "all", "U", 0), 1);
  EXPECT_EQ(
      client.TextOf(broker, wire::MakeRequest(RequestCode::kGetAllConsumerOffset)),
      R"({"offsetTable":{"T@G":{0:1},"T@all":{0:1},"T@one":{0:1},"U@G":{0:1},"U@all":{0:1}}})");
}

// BROKER-ADMIN-12.
SIM_TEST(GroupAdmin, PassesAQuestionOnToAClient) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  TestClient operator_client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, HeartbeatRequest(ConsumerHeartbeat("me", "G", "T")));
  const auto ask = [&](RequestCode code, std::string who) {
    return operator_client.Ask(
        broker, RawRequest(code, {{"consumerGroup", "G"}, {"clientId", who}}, "question"));
  };
  for (const auto code :
       {RequestCode::kGetConsumerRunningInfo, RequestCode::kConsumeMessageDirectly}) {
    const RemotingCommand answer = ask(code, "me");
    EXPECT_EQ(answer.response_code(), ResponseCode::kSuccess);
    EXPECT_EQ(answer.remark, "mine");
    EXPECT_EQ(answer.body.text(), "question");
    EXPECT_EQ(client.asked().back().request_code(), code);
    EXPECT_EQ(ask(code, "other").response_code(), ResponseCode::kSystemError);
  }
  client.answers = false;
  EXPECT_EQ(ask(RequestCode::kGetConsumerRunningInfo, "me").response_code(),
            ResponseCode::kConsumeMsgTimeout);
}

// --- configuration ---

// BROKER-ADMIN-13.
SIM_TEST(ConfigAdmin, ShowsTheConfigurationAndTheState) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  client.Ask(broker, PullRequestOf({}));
  const std::string text = client.TextOf(broker, wire::MakeRequest(RequestCode::kGetBrokerConfig));
  EXPECT_THAT(text, HasSubstr("brokerName=broker-a\n"));
  EXPECT_THAT(text, HasSubstr("brokerPermission=6\n"));
  ctx.SleepFor(seconds(11)).value();
  const auto state = wire::FromJson<wire::KVTable>(
      client.TextOf(broker, wire::MakeRequest(RequestCode::kGetBrokerRuntimeInfo)));
  EXPECT_EQ(state->table.at("putMessageTimesTotal"), "1");
  EXPECT_EQ(state->table.at("msgPutTotalTodayNow"), "1");
  EXPECT_EQ(state->table.at("msgGetTotalTodayNow"), "1");
  EXPECT_EQ(state->table.at("commitLogMinOffset"), "0");
  EXPECT_EQ(state->table.at("sendThreadPoolQueueSize"), "0");
  EXPECT_THAT(state->table.at("putTps"), HasSubstr("0.09"));
  for (const auto* key : {"brokerVersionDesc", "bootTimestamp", "runtime", "commitLogDiskRatio",
                          "earliestMessageTimeStamp", "getTransferredTps", "putLatency99"}) {
    EXPECT_THAT(state->table, Contains(Key(key)));
  }
}

// BROKER-40: live keys count at once.
SIM_TEST(ConfigAdmin, ChangesAllKeysOrNone) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  EXPECT_EQ(client.CodeOf(broker, ConfigRequest("brokerPermission=4\nlistenPort=x\n")),
            ResponseCode::kInvalidParameter);
  EXPECT_EQ(client.CodeOf(broker, SendRequest({})), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, ConfigRequest("brokerPermission=4\nnobodyKnows=x\n")),
            ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, SendRequest({})), ResponseCode::kNoPermission);
  EXPECT_EQ(client.CodeOf(broker, ConfigRequest("brokerPermission=6\nflushDiskType=SYNC_FLUSH\n")),
            ResponseCode::kSuccess);
  Send(client, broker, {.body = "synced"});
  broker.Kill();
  broker.disk().CutPowerLosingEverythingPending();
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({}))), Contains("synced"));
}

// BROKER-40, CVE-2023-33246: keys by which one could run programs or redirect files.
SIM_TEST(ConfigAdmin, RefusesBlackListedKeys) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"configBlackList", "configBlackList;regionId"}}));
  for (const auto* text : {"rocketmqHome=/tmp", "configBlackList=", "regionId=x",
                           "brokerPermission=4\nrocketmqHome=$(x)"}) {
    EXPECT_EQ(client.CodeOf(broker, ConfigRequest(text)), ResponseCode::kNoPermission) << text;
  }
  EXPECT_EQ(client.CodeOf(broker, SendRequest({})), ResponseCode::kSuccess);
}

}  // namespace
}  // namespace rmq::broker
