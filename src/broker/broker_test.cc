// The broker as a daemon: how it starts, what it refuses, and how it leaves.
#include "broker/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_config.h"
#include "broker/broker_for_test.h"
#include "wire/admin_headers.h"

namespace rmq::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

constexpr auto kCheapRequest = RequestCode::kGetBrokerConfig;

// --- requests ---

// BROKER-60.
SIM_TEST(Broker, RefusesCodesItDoesNotKnow) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (const int32_t code : {0, -1, 9999, INT32_MAX, INT32_MIN}) {
    RemotingCommand request = wire::MakeRequest(kCheapRequest);
    request.code = code;
    const RemotingCommand answer = client.Ask(broker, std::move(request));
    EXPECT_EQ(answer.response_code(), ResponseCode::kRequestCodeNotSupported);
    EXPECT_EQ(answer.remark, fmt::format(" request type {} not supported", code));
  }
}

// BROKER-61: every code the broker knows, without a header and without a body.
SIM_TEST(Broker, AnswersRequestsWithoutAHeader) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int32_t code = 1; code < 1000; ++code) {
    RemotingCommand request = wire::MakeRequest(kCheapRequest);
    request.code = code;
    EXPECT_GE(client.Ask(broker, std::move(request)).code, 0) << code;
  }
  const RemotingCommand answer = client.Ask(broker, RawRequest(RequestCode::kPullMessage, {}));
  EXPECT_EQ(answer.response_code(), ResponseCode::kSystemError);
  EXPECT_THAT(answer.remark, HasSubstr("consumerGroup"));
}

// BROKER-61: every code with every field any header has, set to hostile values; then a body that is
// none. Nothing is left unanswered, and the broker goes on.
SIM_TEST_SEEDS(Broker, AnswersHostileHeaders, 20) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {.properties = std::string("KEYS\x01k\x02")});
  Send(client, broker, {});
  runtime::Random& random = sim.runtime().random();
  const auto draw = [&](uint64_t bound) { return random.Draw("test: hostile", 0, bound); };
  constexpr std::string_view kNumbers[] = {"0",
                                           "1",
                                           "-1",
                                           "3",
                                           "2147483647",
                                           "-2147483648",
                                           "4294967296",
                                           "9223372036854775807",
                                           "-9223372036854775808",
                                           "99999999999999999999",
                                           "x",
                                           ""};
  constexpr std::string_view kNames[] = {"T",      "",       "TBW102", "%RETRY%G",
                                         "%DLQ%G", "../x",   "a b",    "SCHEDULE_TOPIC_XXXX",
                                         "G",      "%RETRY%"};
  constexpr std::string_view kNumberFields[] = {"queueId",
                                                "queueOffset",
                                                "maxMsgNums",
                                                "sysFlag",
                                                "commitOffset",
                                                "suspendTimeoutMillis",
                                                "subVersion",
                                                "maxMsgBytes",
                                                "offset",
                                                "delayLevel",
                                                "maxReconsumeTimes",
                                                "timestamp",
                                                "maxNum",
                                                "beginTimestamp",
                                                "endTimestamp",
                                                "readQueueNums",
                                                "writeQueueNums",
                                                "perm",
                                                "topicSysFlag",
                                                "topicSeq",
                                                "groupSeq",
                                                "a-none",
                                                "d",
                                                "e",
                                                "f",
                                                "g",
                                                "h",
                                                "j",
                                                "l",
                                                "bornTimestamp",
                                                "flag",
                                                "reconsumeTimes",
                                                "defaultTopicQueueNums"};
  constexpr std::string_view kNameFields[] = {"topic",
                                              "b",
                                              "c",
                                              "a",
                                              "consumerGroup",
                                              "group",
                                              "groupName",
                                              "producerGroup",
                                              "key",
                                              "i",
                                              "defaultTopic",
                                              "properties",
                                              "subscription",
                                              "clientID",
                                              "clientId",
                                              "srcGroup",
                                              "destGroup",
                                              "attributes",
                                              "originMsgId",
                                              "topicFilterType",
                                              "expressionType"};
  constexpr std::string_view kBodies[] = {"",
                                          "{",
                                          "[]",
                                          "{}",
                                          "\xff\xfe",
                                          "null",
                                          R"({"consumerDataSet":[{}],"clientID":""})",
                                          R"({"mqSet":[{"queueId":-1}],"consumerGroup":"G"})",
                                          R"({"topicConfigList":[{"readQueueNums":-5}]})",
                                          "listenPort=x\nbrokerPermission=6",
                                          std::string_view("\0\0\0\x7f\0\0\0\0\0\0\0\0", 12)};
  constexpr int32_t kCodes[] = {10,  11,  12,  14,  15,  17,  18,  21,  25,  26,  28,  29,
                                30,  31,  32,  33,  34,  35,  36,  38,  41,  42,  43,  46,
                                200, 201, 202, 203, 204, 207, 208, 215, 225, 300, 303, 305,
                                307, 309, 310, 314, 320, 328, 343, 345, 351, 352, 361};
  for (int i = 0; i < 300; ++i) {
    RemotingCommand request = wire::MakeRequest(kCheapRequest);
    request.code = kCodes[draw(std::size(kCodes))];
    for (const std::string_view field : kNumberFields) {
      if (draw(12) == 0) continue;
      request.ext_fields.Set(field, draw(3) == 0 ? "0" : kNumbers[draw(std::size(kNumbers))]);
    }
    for (const std::string_view field : kNameFields) {
      if (draw(12) == 0) continue;
      request.ext_fields.Set(field, draw(2) == 0 ? "T" : kNames[draw(std::size(kNames))]);
    }
    request.body = Bytes::Copy(kBodies[draw(std::size(kBodies))]);
    SCOPED_TRACE(fmt::format("request {}: code {}", i, request.code));
    std::optional<RemotingCommand> answer;
    client.AskAsync(broker, std::move(request), answer);
    ctx.SleepFor(seconds(2)).value();
    if (answer.has_value()) {
      EXPECT_GE(answer->code, 0);
    }
    ASSERT_TRUE(broker.serving());
  }
  EXPECT_TRUE(broker.StopAndWait(ctx)) << (broker.error() ? broker.error()->ToString() : "");
}

// --- configuration ---

// BROKER-44: default, file, environment, command line: the later one wins, and NAMESRV_ADDR counts
// only where nobody names a NameServer.
SIM_TEST(BrokerStart, TakesTheCommandLineOverTheFileOverTheDefaults) {
  sim.disk().WriteFile("/b.conf", "brokerName=from-file\nlistenPort=1234\nnamesrvAddr=f:1\n");
  BrokerOptions options;
  options.config_file = "/b.conf";
  options.overrides = {{"listenPort", "5678"}};
  options.environment_name_servers = "e:1";
  std::string text = DescribeBrokerConfig(ctx, sim.runtime(), options, false).value();
  EXPECT_THAT(text, HasSubstr("brokerName=from-file"));
  EXPECT_THAT(text, HasSubstr("listenPort=5678"));
  EXPECT_THAT(text, HasSubstr("namesrvAddr=f:1"));
  EXPECT_THAT(text, HasSubstr("brokerClusterName=DefaultCluster"));
  options.config_file = {};
  text = DescribeBrokerConfig(ctx, sim.runtime(), options, false).value();
  EXPECT_THAT(text, HasSubstr("namesrvAddr=e:1"));
  text = DescribeBrokerConfig(ctx, sim.runtime(), options, true).value();
  EXPECT_THAT(text, Not(HasSubstr("maxMessageSize")));
}

// BROKER-45.
SIM_TEST(BrokerStart, RefusesABadValueAndNamesFileLineAndKey) {
  for (const auto& [line, key] :
       {std::pair{"listenPort=70000", "listenPort"}, std::pair{"brokerId=-1", "brokerId"},
        std::pair{"traceOn=perhaps", "traceOn"},
        std::pair{"channelExpiredTimeout=9223372036854775807", "channelExpiredTimeout"},
        std::pair{"flushDiskType=NEVER", "flushDiskType"}}) {
    TestBroker broker(sim, key);
    broker.WriteConfigFile(fmt::format("# a comment\nbrokerRole=ASYNC_MASTER\n{}\n", line));
    EXPECT_FALSE(broker.StartAndWait(ctx, {}));
    ASSERT_TRUE(broker.error().has_value());
    EXPECT_EQ(broker.error()->code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(broker.error()->ToString(), HasSubstr("/broker.conf:3"));
    EXPECT_THAT(broker.error()->ToString(), HasSubstr(key));
  }
}

// BROKER-45: Apache's keys without effect and keys nobody knows do not keep it from starting; they
// are answered to operators.
SIM_TEST(BrokerStart, AcceptsKeysWithoutEffectAndUnknownOnes) {
  TestBroker broker(sim);
  broker.WriteConfigFile("brokerNmae=typo\nsendMessageThreadPoolNums=16\n");
  ASSERT_TRUE(broker.StartAndWait(ctx, {})) << broker.error()->ToString();
  TestClient client(ctx, sim);
  const std::string text = client.TextOf(broker, wire::MakeRequest(RequestCode::kGetBrokerConfig));
  EXPECT_THAT(text, HasSubstr("brokerNmae=typo\n"));
  EXPECT_THAT(text, HasSubstr("sendMessageThreadPoolNums=16\n"));
}

SIM_TEST(BrokerStart, NamesAFileThatIsNotThere) {
  BrokerOptions options;
  options.config_file = "/none/b.conf";
  const auto described = DescribeBrokerConfig(ctx, sim.runtime(), options, false);
  ASSERT_FALSE(described.has_value());
  EXPECT_THAT(described.error().ToString(), HasSubstr("none"));
}

// BROKER-46.
SIM_TEST(BrokerStart, RefusesWhatWouldBreakAPromise) {
  int number = 0;
  for (const auto& [key, value] : KeyValues{{"brokerRole", "SLAVE"},
                                            {"brokerRole", "SYNC_MASTER"},
                                            {"storeType", "defaultRocksDB"},
                                            {"enableDLegerCommitLog", "true"},
                                            {"enableControllerMode", "true"},
                                            {"authenticationEnabled", "true"},
                                            {"authorizationEnabled", "true"},
                                            {"enableMultiDispatch", "true"},
                                            {"enableConsumeQueueExt", "true"}}) {
    TestBroker broker(sim, fmt::format("b{}", ++number));
    EXPECT_FALSE(broker.StartAndWait(ctx, {{key, value}}));
    ASSERT_TRUE(broker.error().has_value()) << key;
    EXPECT_THAT(broker.error()->ToString(), HasSubstr(key));
  }
}

// BROKER-45: every key in the table takes its own default, and the table has no key twice.
TEST(BrokerConfigKeys, TakeTheirOwnDefaults) {
  BrokerConfig config;
  wire::ConfigSchema schema;
  AddBrokerKeys(schema, config);
  EXPECT_GT(schema.keys().size(), 400U);
  std::vector<std::pair<std::string, std::string>> defaults;
  for (const wire::ConfigKey& key : schema.keys()) defaults.emplace_back(key.name, key.text);
  for (const auto& [name, text] : defaults) {
    const Result<void> set = schema.Set(name, text, wire::ConfigOrigin::kFile);
    EXPECT_TRUE(set.has_value()) << set.error().ToString();
    EXPECT_EQ(schema.Find(name)->text, text);
  }
  EXPECT_TRUE(schema.IgnoredButSet().empty());
}

TEST(BrokerConfigKeys, ReachTheStore) {
  BrokerConfig config;
  wire::ConfigSchema schema;
  AddBrokerKeys(schema, config);
  for (const auto& [key, value] : KeyValues{{"mappedFileSizeConsumeQueue", "2000"},
                                            {"flushDiskType", "SYNC_FLUSH"},
                                            {"flushIntervalCommitLog", "77"},
                                            {"maxMessageSize", "88"},
                                            {"messageIndexEnable", "false"},
                                            {"storePathCommitLog", "/log"}}) {
    ASSERT_TRUE(schema.Set(key, value, wire::ConfigOrigin::kFile).has_value()) << key;
  }
  const store::StoreOptions options = config.ToStoreOptions();
  EXPECT_EQ(options.consume_queue_file_units, 100);
  EXPECT_EQ(options.flush_disk_type, store::FlushMode::kSyncFlush);
  EXPECT_EQ(options.flush_interval, milliseconds(77));
  EXPECT_EQ(options.max_message_size, 88);
  EXPECT_FALSE(options.index_enabled);
  EXPECT_EQ(options.commit_log_path, "/log");
}

// --- start and stop ---

// BROKER-47.
SIM_TEST(BrokerStart, ServesTwoPorts) {
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  TestClient client(ctx, sim);
  const std::string fast = Endpoint{broker.machine().ip(), 10909}.ToString();
  const auto answer = client.client().Call(ctx, fast, SendRequest({}));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->response_code(), ResponseCode::kSuccess);
  // Message ids carry the main port, by which operators look messages up.
  EXPECT_THAT(std::string(*answer->ext_fields.Find("msgId")), HasSubstr("00002A9F"));
}

// BROKER-47: both of them, or none.
SIM_TEST(BrokerStart, EndsWhenAPortIsTaken) {
  TestBroker broker(sim);
  bool listening = false;
  sim::Process& other =
      sim.Start(broker.machine(), "other", [&](Context& own, runtime::Runtime& r) {
        auto listener = r.network().Listen(own, {IpAddress::Any(), 10909}).value();
        listening = true;
        static_cast<void>(own.WithCancellation(r.stop()).SleepUntil(kNever));
      });
  while (!listening) ctx.SleepFor(milliseconds(1)).value();
  EXPECT_FALSE(broker.StartAndWait(ctx));
  ASSERT_TRUE(broker.error().has_value());
  EXPECT_EQ(broker.error()->code(), ErrorCode::kAlreadyExists);
  sim.Kill(other);
  EXPECT_TRUE(broker.StartAndWait(ctx)) << "the store was left locked";
}

// BROKER-43: those who understand it are sent away, the others are served to the end.
SIM_TEST(BrokerStop, SendsClientsAwayWhoUnderstandIt) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  // A disk that takes its time keeps the broker from leaving for a while.
  broker.disk().StallFor(seconds(2));
  std::optional<RemotingCommand> created;
  client.AskAsync(broker, CreateTopicRequest("T"), created);
  ctx.SleepFor(milliseconds(100)).value();
  sim.Stop(broker.process());
  ctx.SleepFor(milliseconds(50)).value();
  std::optional<RemotingCommand> refused;
  client.AskAsync(broker, SendRequest({}), refused);
  ctx.SleepFor(milliseconds(100)).value();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->response_code(), ResponseCode::kGoAway);
  std::optional<RemotingCommand> old;
  RemotingCommand request = SendRequest({});
  request.version = wire::kVersion5_3_1;
  client.AskAsync(broker, std::move(request), old);
  EXPECT_TRUE(sim.WaitForEnd(ctx, broker.process()).has_value());
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(old->response_code(), ResponseCode::kSuccess);
}

// BROKER-43: a pull that is held is answered.
SIM_TEST(BrokerStop, AnswersPullsThatAreHeld) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  std::optional<RemotingCommand> held;
  client.AskAsync(broker, PullRequestOf({.offset = 1, .suspend_ms = 15'000}), held);
  ctx.SleepFor(seconds(1)).value();
  EXPECT_FALSE(held.has_value());
  EXPECT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->response_code(), ResponseCode::kPullNotFound);
}

// BROKER-43: what was accepted is stored and answered before the broker goes.
SIM_TEST(BrokerStop, AnswersSendsThatWaitForTheDisk) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"flushDiskType", "SYNC_FLUSH"}}));
  ASSERT_EQ(Send(client, broker, {}), 0);
  broker.disk().StallFor(seconds(4));
  std::optional<RemotingCommand> answer;
  client.AskAsync(broker, SendRequest({.body = "second"}), answer);
  ctx.SleepFor(seconds(1)).value();
  EXPECT_FALSE(answer.has_value());
  EXPECT_TRUE(broker.StopAndWait(ctx));
  ctx.SleepFor(seconds(1)).value();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->response_code(), ResponseCode::kSuccess);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_THAT(BodiesOf(client.Ask(broker, PullRequestOf({}))), ElementsAre("hello", "second"));
}

// BROKER-43: a disk that hangs for longer than the broker waits: it ends all the same.
SIM_TEST(BrokerStop, EndsThoughTheDiskHangsForLong) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"flushDiskType", "SYNC_FLUSH"}}));
  ASSERT_EQ(Send(client, broker, {}), 0);
  broker.disk().StallFor(minutes(1));
  std::optional<RemotingCommand> answer;
  client.AskAsync(broker, SendRequest({}), answer);
  ctx.SleepFor(seconds(1)).value();
  sim.Stop(broker.process());
  EXPECT_TRUE(sim.WaitForEnd(ctx, broker.process()).has_value());
}

// BROKER-43: offsets are on disk afterwards, and the next start finds a clean exit.
SIM_TEST(BrokerStop, LeavesOffsetsOnDiskAndNoMarkOfACrash) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  client.Ask(broker, CommitRequest("G", "T", 0, 2));
  EXPECT_TRUE(broker.disk().HasFile("/store/abort"));
  ASSERT_TRUE(broker.StopAndWait(ctx));
  EXPECT_FALSE(broker.disk().HasFile("/store/abort"));
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 2);
}

}  // namespace
}  // namespace rmq::broker
