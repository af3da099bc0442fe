// Sending messages: BROKER-1 to BROKER-9, BROKER-13, BROKER-14.
#include "broker/send_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_for_test.h"
#include "wire/message.h"
#include "wire/message_batch.h"
#include "wire/message_id.h"
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

std::string Property(std::string_view name, std::string_view value) {
  std::string text;
  wire::AppendProperty(text, name, value);
  return text;
}

std::string BatchOf(const std::vector<wire::BatchRecord>& records) {
  return std::string(wire::EncodeBatch(records).value().text());
}

// The first message of a queue, as stored.
wire::StoredMessage FirstOf(const RemotingCommand& pulled) {
  return wire::DecodeStoredMessage(pulled.body.view()).value();
}

void UpdateGroup(TestClient& client, TestBroker& broker, std::string_view group, int32_t max_times,
                 int32_t retry_queues = 1) {
  wire::SubscriptionGroupConfig config;
  config.group_name = group;
  config.retry_max_times = max_times;
  config.retry_queue_nums = retry_queues;
  RemotingCommand request = wire::MakeRequest(RequestCode::kUpdateAndCreateSubscriptionGroup);
  request.body = Bytes::Copy(wire::ToJson(config));
  ASSERT_EQ(client.CodeOf(broker, std::move(request)), ResponseCode::kSuccess);
}

RemotingCommand SendBackRequest(int64_t offset, int32_t delay_level = 0,
                                std::optional<int32_t> limit = {}) {
  return wire::MakeRequest(RequestCode::kConsumerSendMsgBack,
                           wire::ConsumerSendMsgBackRequestHeader{.offset = offset,
                                                                  .group = "G",
                                                                  .delay_level = delay_level,
                                                                  .origin_msg_id = "origin",
                                                                  .max_reconsume_times = limit});
}

// BROKER-8: 10 and 310 mean the same.
SIM_TEST(Send, AnswersWhereTheMessageIs) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {.queue_id = 2});
  const RemotingCommand answer = client.Ask(
      broker, SendRequest({.queue_id = 2, .properties = Property("UNIQ_KEY", "unique")}));
  EXPECT_EQ(answer.response_code(), ResponseCode::kSuccess);
  EXPECT_EQ(Number(answer, "queueId"), 2);
  EXPECT_EQ(Number(answer, "queueOffset"), 1);
  EXPECT_EQ(answer.ext_fields.Find("transactionId"), "unique");
  EXPECT_EQ(answer.ext_fields.Find("MSG_REGION"), "DefaultRegion");
  EXPECT_EQ(answer.ext_fields.Find("TRACE_ON"), "true");
  const auto id = wire::OffsetMessageId::Parse(*answer.ext_fields.Find("msgId")).value();
  EXPECT_EQ(Endpoint(id.store_host).ToString(), broker.address());
  EXPECT_GT(id.physical_offset.value, 0);

  const RemotingCommand by_long_names =
      client.Ask(broker, RawRequest(RequestCode::kSendMessage,
                                    {{"producerGroup", "P"},
                                     {"topic", "T"},
                                     {"defaultTopic", "TBW102"},
                                     {"defaultTopicQueueNums", "4"},
                                     {"queueId", "2"},
                                     {"sysFlag", "0"},
                                     {"bornTimestamp", "1"},
                                     {"flag", "7"},
                                     {"properties", ""}},
                                    "long"));
  EXPECT_EQ(by_long_names.response_code(), ResponseCode::kSuccess) << by_long_names.remark;
  EXPECT_EQ(Number(by_long_names, "queueOffset"), 2);
}

// BROKER-1.
SIM_TEST(Send, IsForbiddenToABrokerThatMayNotBeWritten) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"brokerPermission", "4"}}));
  const RemotingCommand answer = client.Ask(broker, SendRequest({}));
  EXPECT_EQ(answer.response_code(), ResponseCode::kNoPermission);
  EXPECT_THAT(answer.remark, HasSubstr("sending message is forbidden"));
  EXPECT_EQ(answer.ext_fields.Find("MSG_REGION"), "DefaultRegion");  // BROKER-8
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0)), ResponseCode::kNoPermission);
}

// BROKER-2.
SIM_TEST(Send, TakesNoTopicThatIsNoneOrBelongsToTheSystem) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (const std::string& topic : {std::string(), std::string("../../etc"), std::string("a b"),
                                   std::string(128, 'a'), std::string("T\0x", 3)}) {
    EXPECT_EQ(client.CodeOf(broker, SendRequest({.topic = topic})), ResponseCode::kSystemError);
  }
  for (const auto* topic : {"SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC",
                            "RMQ_SYS_TRANS_OP_HALF_TOPIC", "TRANS_CHECK_MAX_TIME_TOPIC"}) {
    EXPECT_EQ(client.CodeOf(broker, SendRequest({.topic = topic})), ResponseCode::kNoPermission)
        << topic;
  }
  EXPECT_EQ(client.CodeOf(broker, SendRequest({.topic = "BenchmarkTest"})), ResponseCode::kSuccess);
}

// BROKER-3: at most the queues of the default topic, without its bit for inheriting.
SIM_TEST(Send, MakesAnUnknownTopic) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const auto topic_of = [&](std::string_view name) {
    return wire::FromJson<wire::TopicConfig>(client.TextOf(
        broker, RawRequest(RequestCode::kGetTopicConfig, {{"topic", std::string(name)}})));
  };
  EXPECT_EQ(Send(client, broker, {.topic = "few", .default_topic_queue_nums = 3}), 0);
  EXPECT_EQ(topic_of("few")->write_queue_nums, 3);
  EXPECT_EQ(topic_of("few")->read_queue_nums, 3);
  EXPECT_EQ(topic_of("few")->perm, wire::kPermRead | wire::kPermWrite);
  EXPECT_EQ(Send(client, broker, {.topic = "many", .default_topic_queue_nums = INT32_MAX}), 0);
  EXPECT_EQ(topic_of("many")->write_queue_nums, 8);
  // Soon after it is on disk, though nobody asked for it.
  ctx.SleepFor(seconds(1)).value();
  EXPECT_THAT(broker.disk().ReadDurableFile("/store/config/topics.json").value(),
              HasSubstr("\"many\""));
}

// BROKER-3.
SIM_TEST(Send, MakesNoTopicWithoutOneToInheritFrom) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("plain"));
  for (const auto& [default_topic, queues] :
       {std::pair{"none", 4}, std::pair{"plain", 4}, std::pair{"", 4}, std::pair{"TBW102", 0},
        std::pair{"TBW102", -1}, std::pair{"TBW102", INT32_MIN}}) {
    const RemotingCommand answer = client.Ask(
        broker,
        SendRequest(
            {.topic = "new", .default_topic = default_topic, .default_topic_queue_nums = queues}));
    EXPECT_EQ(answer.response_code(), ResponseCode::kTopicNotExist) << default_topic << queues;
    EXPECT_EQ(answer.remark, "topic[new] not exist, apply first please!");
  }
  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"autoCreateTopicEnable", "false"}}));
  EXPECT_EQ(client.CodeOf(broker, SendRequest({})), ResponseCode::kTopicNotExist);
}

// BROKER-4.
SIM_TEST(Send, NeedsAWritableTopicAndAQueueThatExists) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("readable", 4, wire::kPermRead));
  EXPECT_EQ(client.CodeOf(broker, SendRequest({.topic = "readable"})), ResponseCode::kNoPermission);
  client.Ask(broker, CreateTopicRequest("T", 4));
  for (const int32_t queue : {4, 5, INT32_MAX}) {
    EXPECT_EQ(client.CodeOf(broker, SendRequest({.queue_id = queue})), ResponseCode::kSystemError);
  }
  // Below 0 the broker chooses, one queue after the other.
  std::vector<int64_t> chosen;
  for (int i = 0; i < 5; ++i) {
    const auto answer = client.Ask(broker, SendRequest({.queue_id = i % 2 == 0 ? -1 : INT32_MIN}));
    chosen.push_back(Number(answer, "queueId"));
  }
  EXPECT_THAT(chosen, ElementsAre(0, 1, 2, 3, 0));
}

// BROKER-5.
SIM_TEST(Send, RefusesWhatTheBrokerCannotDoYet) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(client.CodeOf(broker, SendRequest({.properties = Property("TRAN_MSG", "true")})),
            ResponseCode::kNoPermission);
  for (const auto* name : {"DELAY", "TIMER_DELAY_SEC", "TIMER_DELAY_MS", "TIMER_DELIVER_MS"}) {
    EXPECT_EQ(client.CodeOf(broker, SendRequest({.properties = Property(name, "3")})),
              ResponseCode::kMessageIllegal)
        << name;
  }
  EXPECT_EQ(Send(client, broker, {.properties = Property("DELAY", "0")}), 0);
  EXPECT_EQ(Send(client, broker, {.properties = Property("TRAN_MSG", "false")}), 1);
}

// BROKER-6.
SIM_TEST(Send, AddsWhatTheBrokerKnowsToTheProperties) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"regionId", "north"}, {"traceOn", "false"}}));
  Send(client, broker,
       {.properties = Property("a", "1") + Property("WAIT", "true") + Property("AWAIT", "true")});
  const RemotingCommand pulled = client.Ask(broker, PullRequestOf({}));
  const wire::PropertiesView properties(FirstOf(pulled).properties);
  EXPECT_EQ(properties.Find("a"), "1");
  EXPECT_EQ(properties.Find("AWAIT"), "true");
  EXPECT_EQ(properties.Find("WAIT"), std::nullopt);
  EXPECT_EQ(properties.Find("MSG_REGION"), "north");
  EXPECT_EQ(properties.Find("TRACE_ON"), "false");
  EXPECT_EQ(properties.Find("CLUSTER"), "c");
}

// BROKER-7.
SIM_TEST(Send, StoresABatchAsSingleMessages) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const std::string properties = Property("TAGS", "red");
  const std::string batch = BatchOf({{.flag = 1, .body = AsBytes("one"), .properties = properties},
                                     {.flag = 2, .body = AsBytes(""), .properties = ""},
                                     {.flag = 3, .body = AsBytes("three"), .properties = ""}});
  for (const auto& request : {SendRequest({.body = batch}, RequestCode::kSendBatchMessage),
                              SendRequest({.body = batch, .batch = true})}) {
    const RemotingCommand answer = client.Ask(broker, request);
    EXPECT_EQ(answer.response_code(), ResponseCode::kSuccess) << answer.remark;
    const std::string ids(*answer.ext_fields.Find("msgId"));
    EXPECT_EQ(ids.size(), 3 * 32 + 2U);
    EXPECT_EQ(answer.ext_fields.Find("batchUniqId"), std::nullopt);
  }
  const RemotingCommand pulled = client.Ask(broker, PullRequestOf({}));
  EXPECT_THAT(BodiesOf(pulled), ElementsAre("one", "", "three", "one", "", "three"));
  EXPECT_EQ(FirstOf(pulled).flag, 1);
  EXPECT_EQ(wire::PropertiesView(FirstOf(pulled).properties).Find("TAGS"), "red");
}

// BROKER-7: all of it or nothing.
SIM_TEST(Send, RefusesABatchThatIsNone) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  const std::string batch = BatchOf({{.body = AsBytes("one")}, {.body = AsBytes("two")}});
  for (const std::string& body : {std::string(), batch.substr(0, batch.size() - 1), batch + "x",
                                  std::string(21, '\0'), std::string(64, '\x7f')}) {
    EXPECT_EQ(client.CodeOf(broker, SendRequest({.body = body}, RequestCode::kSendBatchMessage)),
              ResponseCode::kMessageIllegal);
  }
  EXPECT_EQ(client.CodeOf(broker, SendRequest({.topic = "%RETRY%G", .body = batch},
                                              RequestCode::kSendBatchMessage)),
            ResponseCode::kMessageIllegal);
  EXPECT_EQ(Number(client.Ask(broker, RawRequest(RequestCode::kGetMaxOffset,
                                                 {{"topic", "T"}, {"queueId", "0"}})),
                   "offset"),
            0);
}

// BROKER-8: what the store refuses.
SIM_TEST(Send, RefusesAMessageThatIsTooLarge) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"maxMessageSize", "1000"}}));
  EXPECT_EQ(client.CodeOf(broker, SendRequest({.body = std::string(1001, 'x')})),
            ResponseCode::kMessageIllegal);
  EXPECT_EQ(
      client.CodeOf(broker, SendRequest({.properties = Property("a", std::string(32768, 'x'))})),
      ResponseCode::kMessageIllegal);
  EXPECT_EQ(Send(client, broker, {.body = std::string(1000, 'x')}), 0);
}

// BROKER-8: a failed disk is a service that is not available, so that clients go elsewhere.
SIM_TEST(Send, AnswersServiceNotAvailableWhenTheDiskFails) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(Send(client, broker, {}), 0);
  broker.disk().SetReadOnly(true);
  EXPECT_EQ(client.CodeOf(broker, SendRequest({})), ResponseCode::kServiceNotAvailable);
  broker.disk().SetReadOnly(false);
  EXPECT_EQ(Send(client, broker, {}), 1);
}

// BROKER-8: the message is stored all the same.
SIM_TEST(Send, AnswersATimeoutWhenTheSyncTakesTooLong) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"flushDiskType", "SYNC_FLUSH"}}));
  EXPECT_EQ(Send(client, broker, {}), 0);
  broker.disk().SetThrottle(0, 500);  // A sync of a page takes eight seconds.
  std::optional<RemotingCommand> answer;
  client.AskAsync(broker, SendRequest({.body = "slow"}), answer);
  ctx.SleepFor(seconds(6)).value();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->response_code(), ResponseCode::kFlushDiskTimeout);
  EXPECT_EQ(Number(*answer, "queueOffset"), 1);
  ctx.SleepFor(seconds(6)).value();
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.offset = 1}))), ElementsAre("slow"));
}

// BROKER-9.
SIM_TEST(Send, AnswersSystemBusyWhenTooManySendsWait) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"sendThreadPoolQueueCapacity", "3"}}));
  EXPECT_EQ(Send(client, broker, {}), 0);
  broker.disk().StallFor(seconds(5));
  std::vector<std::optional<RemotingCommand>> answers(10);
  for (auto& answer : answers) client.AskAsync(broker, SendRequest({}), answer);
  ctx.SleepFor(seconds(1)).value();
  int busy = 0;
  for (const auto& answer : answers) {
    if (!answer.has_value()) continue;
    EXPECT_EQ(answer->response_code(), ResponseCode::kSystemBusy);
    EXPECT_THAT(answer->remark, HasSubstr("[OVERLOAD]"));
    ++busy;
  }
  EXPECT_GT(busy, 0);
  EXPECT_LT(busy, 10);
  ctx.SleepFor(seconds(10)).value();
  EXPECT_EQ(Send(client, broker, {}), 11 - busy);
}

// --- retries ---

// BROKER-13.
SIM_TEST(SendToARetryTopic, GoesToTheDeadLettersOnceItWasTriedOftenEnough) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  UpdateGroup(client, broker, "G", 3);
  EXPECT_EQ(Send(client, broker, {.topic = "%RETRY%G", .body = "again", .reconsume_times = 3}), 0);
  EXPECT_EQ(Send(client, broker, {.topic = "%RETRY%G", .body = "dead", .reconsume_times = 4}), 0);
  EXPECT_EQ(Send(client, broker,
                 {.topic = "%RETRY%G",
                  .body = "own limit",
                  .reconsume_times = 2,
                  .max_reconsume_times = 1}),
            1);
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.topic = "%RETRY%G"}))),
              ElementsAre("again"));
  client.Ask(broker, CreateTopicRequest("%DLQ%G", 1, 6));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.topic = "%DLQ%G"}))),
              ElementsAre("dead", "own limit"));
}

// BROKER-13.
SIM_TEST(SendToARetryTopic, NeedsAGroup) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"autoCreateSubscriptionGroup", "false"}}));
  EXPECT_EQ(client.CodeOf(broker, SendRequest({.topic = "%RETRY%none"})),
            ResponseCode::kSubscriptionGroupNotExist);
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0)), ResponseCode::kSubscriptionGroupNotExist);
}

// BROKER-14.
SIM_TEST(SendBack, StoresTheMessageAgainUnderTheRetryTopic) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {.properties = Property("TAGS", "red") + Property("DELAY", "0")});
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0, 3)), ResponseCode::kSuccess);
  RemotingCommand pulled = client.Ask(broker, PullRequestOf({.topic = "%RETRY%G"}));
  ASSERT_THAT(BodiesOf(pulled), ElementsAre("hello"));
  wire::StoredMessage message = FirstOf(pulled);
  EXPECT_EQ(message.reconsume_times, 1);
  EXPECT_EQ(message.born_time.ms, 1'700'000'000'000);
  wire::PropertiesView properties(message.properties);
  EXPECT_EQ(properties.Find("RETRY_TOPIC"), "T");
  EXPECT_EQ(properties.Find("ORIGIN_MESSAGE_ID"), "origin");
  EXPECT_EQ(properties.Find("TAGS"), "red");
  EXPECT_EQ(properties.Find("DELAY"), std::nullopt);

  // The second time the first topic and id stay.
  const int64_t second = message.physical_offset.value;
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(second)), ResponseCode::kSuccess);
  pulled = client.Ask(broker, PullRequestOf({.topic = "%RETRY%G", .offset = 1}));
  message = FirstOf(pulled);
  EXPECT_EQ(message.reconsume_times, 2);
  EXPECT_EQ(wire::PropertiesView(message.properties).Find("RETRY_TOPIC"), "T");
}

// BROKER-14.
SIM_TEST(SendBack, GivesUpAtTheLimitOrWhenToldTo) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {.body = "limit", .reconsume_times = 16});
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0)), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0, -1, 100)), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0, 0, 17)), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.topic = "%DLQ%G"})), ResponseCode::kNoPermission);
  client.Ask(broker, CreateTopicRequest("%DLQ%G", 1, 6));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.topic = "%DLQ%G"}))), SizeIs(2));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({.topic = "%RETRY%G"}))), SizeIs(1));
}

// BROKER-14: numbers that a client makes up.
SIM_TEST(SendBack, SurvivesAMessageThatWasTriedTwoBillionTimes) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {.reconsume_times = INT32_MAX});
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0)), ResponseCode::kSuccess);
  client.Ask(broker, CreateTopicRequest("%DLQ%G", 1, 6));
  EXPECT_EQ(FirstOf(client.Ask(broker, PullRequestOf({.topic = "%DLQ%G"}))).reconsume_times,
            INT32_MAX);
}

// BROKER-14.
SIM_TEST(SendBack, NeedsAMessageThatIsThere) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  for (const int64_t offset : {int64_t{-1}, int64_t{1}, int64_t{100'000}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(client.CodeOf(broker, SendBackRequest(offset)), ResponseCode::kSystemError);
  }
}

// BROKER-14: a group without retry queues wants nothing again.
SIM_TEST(SendBack, StoresNothingForAGroupWithoutRetryQueues) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  UpdateGroup(client, broker, "G", 16, /*retry_queues=*/0);
  Send(client, broker, {});
  EXPECT_EQ(client.CodeOf(broker, SendBackRequest(0)), ResponseCode::kSuccess);
  EXPECT_EQ(client.CodeOf(broker, PullRequestOf({.topic = "%RETRY%G"})),
            ResponseCode::kTopicNotExist);
}

}  // namespace
}  // namespace rmq::broker
