#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/client_bodies.h"
#include "wire/compression.h"
#include "wire/heartbeat_data.h"
#include "wire/json_bean.h"
#include "wire/mq_version.h"
#include "wire/offset_bodies.h"
#include "wire/register_broker_body.h"
#include "wire/route_data.h"
#include "wire/stats_bodies.h"
#include "wire/subscription_group_config.h"

namespace rmq::wire {
namespace {

using ::testing::HasSubstr;

// The literals below are what Apache RocketMQ's own classes encode to.
template <typename T>
void ExpectJson(const T& value, std::string_view json) {
  EXPECT_EQ(ToJson(value), json);
  EXPECT_EQ(FromJson<T>(json).value(), value);
}

// WIRE-15.
TEST(DataVersion, ComparesStateThenCounterThenTime) {
  const DataVersion base = {.state_version = 1, .counter = 5, .timestamp = 100};
  EXPECT_LT(base, (DataVersion{2, 0, 0}));
  EXPECT_LT(base, (DataVersion{1, 6, 0}));
  EXPECT_LT(base, (DataVersion{1, 5, 101}));
  EXPECT_EQ(base, (DataVersion{1, 5, 100}));
  EXPECT_EQ(base.Next(WallTime{200}), (DataVersion{1, 6, 200}));
  EXPECT_EQ(base.Next(WallTime{200}, 3), (DataVersion{3, 6, 200}));
  ExpectJson(DataVersion{.timestamp = 1700000000000},
             R"({"counter":0,"stateVersion":0,"timestamp":1700000000000})");
}

TEST(TopicConfig, IsWrittenAsJavaWritesIt) {
  ExpectJson(TopicConfig{.attributes = {{"+message.type", "NORMAL"}}, .topic_name = "TopicTest"},
             R"({"attributes":{"+message.type":"NORMAL"},"order":false,"perm":6,)"
             R"("readQueueNums":16,"topicFilterType":"SINGLE_TAG","topicName":"TopicTest",)"
             R"("topicSysFlag":0,"writeQueueNums":16})");
}

// WIRE-17.
TEST(TopicConfig, HasATextForm) {
  const TopicConfig config = {.attributes = {{"+message.type", "NORMAL"}},
                              .topic_filter_type = TopicFilterType::kMultiTag,
                              .topic_name = "TopicTest",
                              .write_queue_nums = 8};
  EXPECT_EQ(TopicConfigToText(config), R"(TopicTest 16 8 6 MULTI_TAG {"+message.type":"NORMAL"})");
  EXPECT_EQ(TopicConfigFromText(TopicConfigToText(config)).value(), config);
  EXPECT_EQ(TopicConfigFromText("T 4 4 6 SINGLE_TAG").value(),
            (TopicConfig{.read_queue_nums = 4, .topic_name = "T", .write_queue_nums = 4}));
  for (const std::string_view text :
       {"", "T", "T 4 4 6", "T x 4 6 SINGLE_TAG", "T 4 4 6 SINGLE_TAG {", "T 4  6 SINGLE_TAG"}) {
    EXPECT_EQ(TopicConfigFromText(text).error().code(), ErrorCode::kCorruption) << text;
  }
}

// JSON-17.
TEST(TopicConfigSerializeWrapper, IsWrittenToItsFileAsJavaWritesIt) {
  TopicConfigSerializeWrapper wrapper;
  wrapper.data_version.timestamp = 1700000000000;
  wrapper.topic_config_table["TopicTest"] = {.attributes = {{"+message.type", "NORMAL"}},
                                             .topic_name = "TopicTest"};
  EXPECT_EQ(ToJson(wrapper, kPrettyJson), R"({
	"dataVersion":{
		"counter":0,
		"stateVersion":0,
		"timestamp":1700000000000
	},
	"topicConfigTable":{
		"TopicTest":{
			"attributes":{
				"+message.type":"NORMAL"
			},
			"order":false,
			"perm":6,
			"readQueueNums":16,
			"topicFilterType":"SINGLE_TAG",
			"topicName":"TopicTest",
			"topicSysFlag":0,
			"writeQueueNums":16
		}
	}
})");
}

TEST(SubscriptionGroupConfig, IsWrittenAsJavaWritesIt) {
  ExpectJson(SubscriptionGroupConfig{.group_name = "g"},
             R"({"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,)"
             R"("consumeFromMinEnable":true,"consumeMessageOrderly":false,)"
             R"("consumeTimeoutMinute":15,"groupName":"g",)"
             R"("groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,)"
             R"("notifyConsumerIdsChangedEnable":true,"retryMaxTimes":16,"retryQueueNums":1,)"
             R"("whichBrokerWhenConsumeSlowly":1})");
}

// A repeated object is written as a reference by fastjson; it is behind a property we don't know.
TEST(SubscriptionGroupConfig, ReadsWhatFastjson1Writes) {
  const auto config = FromJson<SubscriptionGroupConfig>(
      R"({"groupName":"g","groupRetryPolicy":{"exponentialRetryPolicy":{"initial":5000,)"
      R"("max":7200000,"multiplier":2},"retryPolicy":{"$ref":)"
      R"("$.groupRetryPolicy.exponentialRetryPolicy"},"type":"EXPONENTIAL"},"priorityFactor":100,)"
      R"("subscriptionDataSet":[{"expression":"*","expressionType":"TAG","topic":"t",)"
      R"("version":3}]})");
  EXPECT_EQ(config->group_retry_policy.type, GroupRetryPolicyType::kExponential);
  EXPECT_EQ(config->group_retry_policy.exponential_retry_policy->max, 7200000);
  EXPECT_EQ(config->subscription_data_set->at(0).version, 3);
}

TopicRouteData SampleRoute() {
  TopicRouteData route;
  route.broker_datas.push_back({.broker_addrs = {{0, "10.0.0.1:10911"}, {1, "10.0.0.2:10911"}},
                                .broker_name = "broker-a",
                                .cluster = "DefaultCluster"});
  route.queue_datas.push_back(
      {.broker_name = "broker-a", .perm = 6, .read_queue_nums = 4, .write_queue_nums = 4});
  return route;
}

// JSON-18.
TEST(TopicRouteData, HasBareKeysForOldClients) {
  const std::string json =
      R"({"brokerDatas":[{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.2:10911"},)"
      R"("brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}],)"
      R"("filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,)"
      R"("readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]})";
  EXPECT_EQ(TopicRouteDataToJson(SampleRoute(), kVersion4_9_3, false), json);
  EXPECT_EQ(FromJson<TopicRouteData>(json).value(), SampleRoute());
}

// JSON-18.
TEST(TopicRouteData, IsStandardJsonForNewClientsAndOnRequest) {
  const std::string json =
      R"({"brokerDatas":[{"brokerAddrs":{"0":"10.0.0.1:10911","1":"10.0.0.2:10911"},)"
      R"("brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}],)"
      R"("filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,)"
      R"("readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]})";
  EXPECT_EQ(TopicRouteDataToJson(SampleRoute(), kVersion4_9_4, false), json);
  EXPECT_EQ(TopicRouteDataToJson(SampleRoute(), 0, true), json);
  EXPECT_EQ(FromJson<TopicRouteData>(json).value(), SampleRoute());
}

TEST(ClusterInfo, IsWrittenAsJavaWritesIt) {
  ClusterInfo info;
  info.broker_addr_table["broker-a"] = SampleRoute().broker_datas[0];
  info.cluster_addr_table["DefaultCluster"] = {"broker-a"};
  ExpectJson(info,
             R"({"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"10.0.0.1:10911",)"
             R"(1:"10.0.0.2:10911"},"brokerName":"broker-a","cluster":"DefaultCluster",)"
             R"("enableActingMaster":false}},"clusterAddrTable":{"DefaultCluster":["broker-a"]}})");
}

RegisterBrokerBody SampleRegistration() {
  RegisterBrokerBody body = {.filter_server_list = {"10.0.0.1:30000"}};
  auto& wrapper = body.topic_config_serialize_wrapper;
  wrapper.data_version.timestamp = 1700000000000;
  wrapper.topic_config_table["TopicTest"] = {.attributes = {{"+message.type", "NORMAL"}},
                                             .topic_name = "TopicTest"};
  wrapper.topic_queue_mapping_info_map["st"] = {
      .bname = "broker-a", .curr_id_map = {{0, 1}}, .epoch = 5, .topic = "st", .total_queues = 2};
  return body;
}

TEST(RegisterBrokerBody, IsWrittenAsJavaWritesIt) {
  const std::string json =
      R"({"filterServerList":["10.0.0.1:30000"],"topicConfigSerializeWrapper":{)"
      R"("dataVersion":{"counter":0,"stateVersion":0,"timestamp":1700000000000},)"
      R"("mappingDataVersion":{"counter":0,"stateVersion":0,"timestamp":0},)"
      R"("topicConfigTable":{"TopicTest":{"attributes":{"+message.type":"NORMAL"},"order":false,)"
      R"("perm":6,"readQueueNums":16,"topicFilterType":"SINGLE_TAG","topicName":"TopicTest",)"
      R"("topicSysFlag":0,"writeQueueNums":16}},"topicQueueMappingDetailMap":{},)"
      R"("topicQueueMappingInfoMap":{"st":{"bname":"broker-a","currIdMap":{0:1},"dirty":false,)"
      R"("epoch":5,"scope":"__global__","topic":"st","totalQueues":2}}}})";
  EXPECT_EQ(EncodeRegisterBrokerBody(SampleRegistration(), false).value(), json);
  EXPECT_EQ(DecodeRegisterBrokerBody(AsBytes(json), false, kOurVersion).value(),
            SampleRegistration());
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// WIRE-16: what Java's encode(true) gave for the same registration.
const std::string& JavaCompressed() {
  static const std::string bytes = FromHex(
      "78da454fcb6ac33010547fa15f60e65a37582d4d8a6e3984104852da9a5e4210b2b2494c6c4b48f22118ff7b25"
      "53e83e0e3becccce32c6de0768d377811c4491c30715e8879caf4d3701a16e2982ad85e08be23f46c6d843ec45"
      "696cadcbb893f179aa79f6bdd9afb72b592ed7d980a748f7ea42b370b70481fdc7d76eb945a23f1ec08b594a2e"
      "5e93268e7fa27640d5a936ed57cedcc83d2be4d0bd739bd34e452b4321f898e354bb708738abc6530eb2465f21"
      "dee217da4cc7a4bc34a6528d94911e92d108fa300d41359f3df5e4215ec65fcdb84b9d");
  return bytes;
}

// WIRE-16.
TEST(RegisterBrokerBody, ReadsJavasCompressedForm) {
  EXPECT_EQ(DecodeRegisterBrokerBody(AsBytes(JavaCompressed()), true, kVersion5_0_0).value(),
            SampleRegistration());
}

// WIRE-16.
TEST(RegisterBrokerBody, TakesNoMappingsFromBrokersBefore5_0) {
  const auto body = DecodeRegisterBrokerBody(AsBytes(JavaCompressed()), true, kVersion4_9_4);
  EXPECT_TRUE(body->topic_config_serialize_wrapper.topic_queue_mapping_info_map.empty());
  EXPECT_EQ(body->topic_config_serialize_wrapper.topic_config_table.size(), 1U);
}

// WIRE-16.
TEST(RegisterBrokerBody, CompressesToWhatJavaWouldInflate) {
  const auto compressed = EncodeRegisterBrokerBody(SampleRegistration(), true).value();
  const auto inflated = [](std::string_view bytes) {
    return Decompress(CompressionType::kZlib, AsBytes(bytes), 1 << 20).value();
  };
  EXPECT_EQ(inflated(compressed), inflated(JavaCompressed()));
}

TEST(RegisterBrokerBody, RejectsABodyThatIsCutOffAnywhere) {
  const auto inflated =
      Decompress(CompressionType::kZlib, AsBytes(JavaCompressed()), 1 << 20).value();
  for (size_t size = 0; size < inflated.size(); ++size) {
    const auto part = Compress(CompressionType::kZlib, AsBytes(inflated).first(size), 1).value();
    EXPECT_FALSE(DecodeRegisterBrokerBody(AsBytes(part), true, kOurVersion).has_value()) << size;
  }
  EXPECT_FALSE(DecodeRegisterBrokerBody(AsBytes("no zlib"), true, kOurVersion).has_value());
}

TEST(RegisterBrokerBody, BoundsWhatACompressedBodyGrowsTo) {
  const std::string zeros(kMaxInflatedRegisterBody + 1, '\0');
  const auto bomb = Compress(CompressionType::kZlib, AsBytes(zeros), 9).value();
  EXPECT_LT(bomb.size(), 100'000U);
  EXPECT_EQ(DecodeRegisterBrokerBody(AsBytes(bomb), true, kOurVersion).error().code(),
            ErrorCode::kResourceExhausted);
}

TEST(HeartbeatData, IsWrittenAsJavaWritesIt) {
  HeartbeatData heartbeat = {.client_id = "10.0.0.9@1"};
  heartbeat.consumer_data_set.push_back({.group_name = "g",
                                         .subscription_data_set = {{.code_set = {97},
                                                                    .sub_string = "a || b",
                                                                    .sub_version = 9,
                                                                    .tags_set = {"a"},
                                                                    .topic = "t"}}});
  heartbeat.producer_data_set.push_back({.group_name = "pg"});
  ExpectJson(heartbeat,
             R"({"clientID":"10.0.0.9@1","consumerDataSet":[{"consumeFromWhere":)"
             R"("CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"g",)"
             R"("messageModel":"CLUSTERING","subscriptionDataSet":[{"classFilterMode":false,)"
             R"("codeSet":[97],"expressionType":"TAG","subString":"a || b","subVersion":9,)"
             R"("tagsSet":["a"],"topic":"t"}],"unitMode":false}],"heartbeatFingerprint":0,)"
             R"("producerDataSet":[{"groupName":"pg"}],"withoutSub":false})");
}

// JSON-6, JSON-7: the C++ client writes enums as numbers, the Go client its own spelling.
TEST(HeartbeatData, ReadsWhatOtherClientsWrite) {
  const auto heartbeat = FromJson<HeartbeatData>(
      R"({"clientId":"c","consumerDataSet":[{"consumeFromWhere":0,"consumeType":2,)"
      R"("groupName":"g","messageModel":0,"subscriptionDataSet":[{"subString":"*",)"
      R"("subVersion":"1700000000000","tagsSet":null}]}],"producerDataSet":[]})");
  EXPECT_EQ(heartbeat->client_id, "c");
  const ConsumerData& consumer = heartbeat->consumer_data_set.at(0);
  EXPECT_EQ(consumer.consume_type, ConsumeType::kPop);
  EXPECT_EQ(consumer.message_model, MessageModel::kBroadcasting);
  EXPECT_EQ(consumer.subscription_data_set.at(0).sub_version, 1700000000000);
}

// JSON-13.
TEST(StatsBodies, HaveQueuesAsKeys) {
  const MessageQueue queue = {.topic = "t", .broker_name = "b", .queue_id = 0};
  ExpectJson(TopicStatsTable{.offset_table = {{queue, {.max_offset = 7}}}},
             R"({"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:)"
             R"({"lastUpdateTimestamp":0,"maxOffset":7,"minOffset":0}},"topicPutTps":0.0})");
  ExpectJson(ConsumeStats{.offset_table = {{queue, {.broker_offset = 9}}}},
             R"({"consumeTps":0.0,"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:)"
             R"({"brokerOffset":9,"consumerOffset":0,"lastTimestamp":0,"pullOffset":0}}})");
  ExpectJson(ResetOffsetBody{.offset_table = {{queue, 5}}},
             R"({"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:5}})");
}

TEST(ClientBodies, AreWrittenAsJavaWritesThem) {
  const Connection connection = {.client_addr = "1:2", .client_id = "x", .version = 3};
  ExpectJson(ProducerConnection{.connection_set = {connection}},
             R"({"connectionSet":[{"clientAddr":"1:2","clientId":"x","language":"JAVA",)"
             R"("version":3}]})");
  ExpectJson(ConsumerConnection{.connection_set = {connection},
                                .subscription_table = {{"t", {.sub_string = "*", .topic = "t"}}}},
             R"({"connectionSet":[{"clientAddr":"1:2","clientId":"x","language":"JAVA",)"
             R"("version":3}],"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET",)"
             R"("consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING",)"
             R"("subscriptionTable":{"t":{"classFilterMode":false,"codeSet":[],)"
             R"("expressionType":"TAG","subString":"*","subVersion":0,"tagsSet":[],)"
             R"("topic":"t"}}})");
  ExpectJson(LockBatchRequestBody{.client_id = "c",
                                  .consumer_group = "g",
                                  .mq_set = {{.topic = "t", .broker_name = "b", .queue_id = 0}}},
             R"({"clientId":"c","consumerGroup":"g","mqSet":[{"brokerName":"b","queueId":0,)"
             R"("topic":"t"}],"onlyThisBroker":false})");
  ExpectJson(LockBatchResponseBody{}, R"({"lockOKMQSet":[]})");
  ExpectJson(GetConsumerListByGroupResponseBody{.consumer_id_list = {"a", "b"}},
             R"({"consumerIdList":["a","b"]})");
  ExpectJson(ConsumerRunningInfo{},
             R"({"mqPopTable":{},"mqTable":{},"properties":{},"statusTable":{},)"
             R"("subscriptionSet":[],"userConsumerInfo":{}})");
}

TEST(Connection, AnUnknownLanguageIsWrittenAsOther) {
  EXPECT_THAT(ToJson(Connection{.language = static_cast<LanguageCode>(77)}),
              HasSubstr(R"("language":"OTHER")"));
}

TEST(SmallBodies, AreWrittenAsJavaWritesThem) {
  ExpectJson(TopicList{.topic_list = {"t"}}, R"({"topicList":["t"]})");
  ExpectJson(GroupList{}, R"({"groupList":[]})");
  ExpectJson(KVTable{}, R"({"table":{}})");
  ExpectJson(BrokerMemberGroup{.broker_name = "b", .cluster = "c"},
             R"({"brokerAddrs":{},"brokerName":"b","cluster":"c"})");
  ExpectJson(BrokerStatsData{.stats_minute = BrokerStatsItem{}},
             R"({"statsMinute":{"avgpt":0.0,"sum":0,"tps":0.0}})");
}

// JSON-12, JSON-17.
TEST(ConsumerOffsetTable, IsWrittenToItsFileAsJavaWritesIt) {
  const ConsumerOffsetSerializeWrapper table = {.offset_table = {{"t@g", {{0, 12}, {1, 3}}}}};
  EXPECT_EQ(ToJson(table), R"({"offsetTable":{"t@g":{0:12,1:3}}})");
  EXPECT_EQ(ToJson(table, kPrettyJson),
            "{\n\t\"offsetTable\":{\n\t\t\"t@g\":{0:12,1:3\n\t\t}\n\t}\n}");
  // Apache 5.4 and later break these lines too.
  EXPECT_EQ(FromJson<ConsumerOffsetSerializeWrapper>(
                "{\n\t\"offsetTable\":{\n\t\t\"t@g\":{\n\t\t\t0:12,\n\t\t\t1:3\n\t\t}\n\t}\n}")
                .value(),
            table);
}

// Gives every member an arbitrary value, containers at most three.
class Arbitrary {
 public:
  template <typename T>
  void Field(std::string_view, T& member) {
    Fill(member);
  }

  template <typename T>
  static void Fill(T& member) {
    if constexpr (std::integral<T>) {
      member = *rc::gen::arbitrary<T>();
    } else if constexpr (std::floating_point<T>) {
      member = *rc::gen::arbitrary<int32_t>() / 16.0;
    } else if constexpr (std::is_same_v<T, std::string>) {
      member = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
    } else if constexpr (std::is_same_v<T, LanguageCode>) {
      member = static_cast<LanguageCode>(*rc::gen::inRange(0, 14));
    } else if constexpr (NamedEnum<T>) {
      member = static_cast<T>(*rc::gen::inRange<size_t>(0, JsonNames(member).size()));
    } else if constexpr (kIsOptional<T>) {
      if (*rc::gen::arbitrary<bool>()) Fill(member.emplace());
    } else if constexpr (kIsMap<T>) {
      FillMap(member);
    } else if constexpr (kIsVector<T> || kIsSet<T>) {
      FillItems(member);
    } else {
      Arbitrary fields;
      VisitFields(fields, member);
    }
  }

 private:
  template <typename Map>
  static void FillMap(Map& map) {
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
      typename Map::key_type key{};
      Fill(key);
      if constexpr (std::is_same_v<typename Map::key_type, std::string>) {
        if (key == "@type") continue;
      }
      Fill(map[key]);
    }
  }
  template <typename Items>
  static void FillItems(Items& items) {
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
      typename Items::value_type item{};
      Fill(item);
      items.insert(items.end(), std::move(item));
    }
  }
};

class FieldNames {
 public:
  template <typename T>
  void Field(std::string_view name, T&) {
    EXPECT_LT(last_, name);
    last_ = name;
  }
  std::string_view last() const { return last_; }

 private:
  std::string_view last_;
};

template <typename Bean>
class EveryBody : public ::testing::Test {};

using AllBodies = ::testing::Types<
    TopicConfig, TopicConfigSerializeWrapper, CreateTopicListRequestBody, LogicQueueMappingItem,
    TopicQueueMappingInfo, TopicQueueMappingDetail, TopicConfigAndQueueMapping,
    TopicConfigAndMappingSerializeWrapper, TopicQueueMappingSerializeWrapper,
    SimpleSubscriptionData, CustomizedRetryPolicy, ExponentialRetryPolicy, GroupRetryPolicy,
    SubscriptionGroupConfig, SubscriptionGroupWrapper, SubscriptionGroupList, GroupForbidden,
    QueueData, BrokerData, TopicRouteData, ClusterInfo, BrokerMemberGroup,
    GetBrokerMemberGroupResponseBody, TopicList, KVTable, KVConfigSerializeWrapper,
    SubscriptionData, ConsumerData, ProducerData, HeartbeatData, RegisterBrokerBody,
    ConsumerOffsetSerializeWrapper, DelayOffsetSerializeWrapper, ResetOffsetBody, MessageQueueForC,
    ResetOffsetBodyForC, GetConsumerStatusBody, QueryCorrectionOffsetBody, TopicOffset,
    TopicStatsTable, OffsetWrapper, ConsumeStats, ConsumeStatsList, QueueTimeSpan,
    QueryConsumeTimeSpanBody, BrokerStatsItem, BrokerStatsData, GroupList, ConsumeByWho, Connection,
    ConsumerConnection, ProducerConnection, ProducerInfo, ProducerTableInfo,
    GetConsumerListByGroupResponseBody, LockBatchRequestBody, LockBatchResponseBody,
    UnlockBatchRequestBody, CheckClientRequestBody, QuerySubscriptionResponseBody, ConsumeQueueData,
    QueryConsumeQueueResponseBody, ProcessQueueInfo, PopProcessQueueInfo, ConsumeStatus,
    ConsumerRunningInfo, ConsumeMessageDirectlyResult, DataVersion>;
TYPED_TEST_SUITE(EveryBody, AllBodies);

TYPED_TEST(EveryBody, SurvivesEachStyle) {
  const bool holds = rc::check([] {
    TypeParam body;
    Arbitrary::Fill(body);
    for (const JsonStyle style : {JsonStyle{}, kPrettyJson, kStandardJson}) {
      const std::string json = ToJson(body, style);
      // Not every body compares; its JSON does.
      RC_ASSERT(ToJson(FromJson<TypeParam>(json).value(), style) == json);
    }
  });
  EXPECT_TRUE(holds);
}

// JSON-14.
TYPED_TEST(EveryBody, HasItsPropertiesInJavasOrder) {
  TypeParam body;
  FieldNames names;
  VisitFields(names, body);
  EXPECT_FALSE(names.last().empty());
}

}  // namespace
}  // namespace rmq::wire
