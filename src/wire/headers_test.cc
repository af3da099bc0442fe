#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <type_traits>

#include "wire/admin_headers.h"
#include "wire/client_headers.h"
#include "wire/namesrv_headers.h"
#include "wire/offset_headers.h"
#include "wire/pull_headers.h"
#include "wire/send_headers.h"

namespace rmq::wire {
namespace {

ExtFields FieldsOf(std::initializer_list<ExtFields::Field> list) {
  ExtFields fields;
  for (const auto [key, value] : list) fields.Set(key, value);
  return fields;
}

// WIRE-11.
TEST(HeaderCodec, ReadsThePullHeaderOfAJavaClient) {
  const auto header =
      DecodeHeader<PullMessageRequestHeader>(FieldsOf({{"queueId", "3"},
                                                       {"maxMsgNums", "32"},
                                                       {"sysFlag", "6"},
                                                       {"suspendTimeoutMillis", "15000"},
                                                       {"commitOffset", "0"},
                                                       {"topic", "TopicTest"},
                                                       {"queueOffset", "250"},
                                                       {"expressionType", "TAG"},
                                                       {"subVersion", "1700000000000"},
                                                       {"consumerGroup", "group"},
                                                       {"bname", "broker-a"}}))
          .value();
  EXPECT_EQ(header.consumer_group, "group");
  EXPECT_EQ(header.topic, "TopicTest");
  EXPECT_EQ(header.queue_id, 3);
  EXPECT_EQ(header.queue_offset, 250);
  EXPECT_EQ(header.max_msg_nums, 32);
  EXPECT_EQ(header.sys_flag, 6);
  EXPECT_EQ(header.suspend_timeout_millis, 15000);
  EXPECT_EQ(header.sub_version, 1700000000000);
  EXPECT_EQ(header.expression_type, "TAG");
  EXPECT_EQ(header.max_msg_bytes, std::nullopt);
}

// WIRE-12.
TEST(HeaderCodec, NamesTheMissingField) {
  const auto decoded = DecodeHeader<GetMinOffsetRequestHeader>(FieldsOf({{"topic", "T"}}));
  EXPECT_EQ(decoded.error().ToString(),
            "InvalidArgument: GetMinOffsetRequestHeader: queueId: missing");
}

// WIRE-12.
TEST(HeaderCodec, ShowsTheTextThatIsNoNumber) {
  for (const std::string_view text : {"", "x", "1x", " 1", "2147483648", "+-1", "+"}) {
    const auto decoded =
        DecodeHeader<GetMinOffsetRequestHeader>(FieldsOf({{"queueId", text}, {"topic", "T"}}));
    ASSERT_FALSE(decoded.has_value()) << text;
    EXPECT_EQ(decoded.error().message(),
              fmt::format("GetMinOffsetRequestHeader: queueId: not a number: '{}'", text));
  }
}

// WIRE-13.
TEST(HeaderCodec, ReadsNumbersAndBooleansAsJavaDoes) {
  const auto header = DecodeHeader<GetMaxOffsetRequestHeader>(
      FieldsOf({{"topic", "T"}, {"queueId", "+7"}, {"committed", "yes"}}));
  EXPECT_EQ(header->queue_id, 7);
  EXPECT_FALSE(header->committed);
  EXPECT_TRUE(DecodeHeader<GetMaxOffsetRequestHeader>(
                  FieldsOf({{"topic", "T"}, {"queueId", "-1"}, {"committed", "TRUE"}}))
                  ->committed);
  EXPECT_TRUE(DecodeHeader<GetMaxOffsetRequestHeader>(FieldsOf({{"topic", "T"}, {"queueId", "0"}}))
                  ->committed);
}

TEST(HeaderCodec, ReadsTheBoundaryInEitherCase) {
  const auto boundary = [](std::string_view text) {
    return DecodeHeader<SearchOffsetRequestHeader>(
               FieldsOf(
                   {{"topic", "T"}, {"queueId", "0"}, {"timestamp", "1"}, {"boundaryType", text}}))
        ->boundary_type;
  };
  EXPECT_EQ(boundary("UPPER"), BoundaryType::kUpper);
  EXPECT_EQ(boundary("upper"), BoundaryType::kUpper);
  EXPECT_EQ(boundary("LOWER"), BoundaryType::kLower);
}

TEST(HeaderCodec, WritesEmptyOptionalsNotAtAll) {
  ExtFields fields;
  EncodeHeader(SendMessageResponseHeader{.msg_id = "id", .queue_id = 1, .queue_offset = 2}, fields);
  EXPECT_EQ(fields, FieldsOf({{"msgId", "id"}, {"queueId", "1"}, {"queueOffset", "2"}}));
}

// WIRE-14: code 10 as old clients send it.
TEST(SendMessageHeader, ReadsTheLongNames) {
  RemotingCommand command = MakeRequest(RequestCode::kSendMessage);
  command.ext_fields = FieldsOf({{"producerGroup", "pg"},
                                 {"topic", "T"},
                                 {"defaultTopic", "TBW102"},
                                 {"defaultTopicQueueNums", "4"},
                                 {"queueId", "2"},
                                 {"sysFlag", "0"},
                                 {"bornTimestamp", "1700000000000"},
                                 {"flag", "0"},
                                 {"properties", "KEYS\1k\2"},
                                 {"reconsumeTimes", "1"},
                                 {"unitMode", "false"},
                                 {"maxReconsumeTimes", "16"},
                                 {"batch", "false"}});
  const SendMessageRequestHeader header = DecodeSendMessageHeader(command).value();
  EXPECT_EQ(header.producer_group, "pg");
  EXPECT_EQ(header.topic, "T");
  EXPECT_EQ(header.default_topic, "TBW102");
  EXPECT_EQ(header.default_topic_queue_nums, 4);
  EXPECT_EQ(header.queue_id, 2);
  EXPECT_EQ(header.born_timestamp, 1700000000000);
  EXPECT_EQ(header.properties, "KEYS\1k\2");
  EXPECT_EQ(header.reconsume_times, 1);
  EXPECT_EQ(header.max_reconsume_times, 16);
}

// WIRE-14.
TEST(SendMessageHeader, WritesAndReadsTheLetters) {
  const SendMessageRequestHeader header = {.producer_group = "pg",
                                           .topic = "T",
                                           .default_topic = "TBW102",
                                           .default_topic_queue_nums = 4,
                                           .queue_id = 2,
                                           .sys_flag = 1,
                                           .born_timestamp = 1700000000000,
                                           .flag = 5,
                                           .properties = "p",
                                           .reconsume_times = 0,
                                           .unit_mode = true,
                                           .max_reconsume_times = 16,
                                           .batch = true,
                                           .broker_name = "broker-a"};
  RemotingCommand command = MakeRequest(RequestCode::kSendBatchMessage);
  EncodeSendMessageHeader(header, command.ext_fields);
  EXPECT_EQ(command.ext_fields, FieldsOf({{"a", "pg"},
                                          {"b", "T"},
                                          {"c", "TBW102"},
                                          {"d", "4"},
                                          {"e", "2"},
                                          {"f", "1"},
                                          {"g", "1700000000000"},
                                          {"h", "5"},
                                          {"i", "p"},
                                          {"j", "0"},
                                          {"k", "true"},
                                          {"l", "16"},
                                          {"m", "true"},
                                          {"n", "broker-a"}}));
  EXPECT_EQ(DecodeSendMessageHeader(command).value(), header);
}

TEST(SendMessageHeader, NamesTheLetterThatIsMissing) {
  RemotingCommand command = MakeRequest(RequestCode::kSendMessageV2);
  command.ext_fields = FieldsOf({{"a", "pg"}, {"b", "T"}, {"d", "4"}});
  EXPECT_EQ(DecodeSendMessageHeader(command).error().message(),
            "SendMessageRequestHeaderV2: e: missing");
}

// Gives every member an arbitrary value.
class Arbitrary {
 public:
  template <typename T>
  void Required(std::string_view, T& member) {
    Fill(member);
  }
  template <typename T>
  void Optional(std::string_view name, T& member) {
    Required(name, member);
  }

 private:
  template <typename T>
  static void Fill(T& member) {
    if constexpr (std::is_same_v<T, BoundaryType>) {
      member = *rc::gen::arbitrary<bool>() ? BoundaryType::kUpper : BoundaryType::kLower;
    } else if constexpr (std::is_same_v<T, std::string>) {
      // An empty required string does not survive the binary header.
      member = *rc::gen::nonEmpty<std::string>();
    } else {
      member = *rc::gen::arbitrary<T>();
    }
  }
  template <typename T>
  static void Fill(std::optional<T>& member) {
    if (*rc::gen::arbitrary<bool>()) Fill(member.emplace());
  }
};

template <typename Header>
class EveryHeader : public ::testing::Test {};

using AllHeaders = ::testing::Types<
    PullMessageRequestHeader, PullMessageResponseHeader, QueryMessageRequestHeader,
    QueryMessageResponseHeader, ViewMessageRequestHeader, QueryConsumerOffsetRequestHeader,
    QueryConsumerOffsetResponseHeader, UpdateConsumerOffsetRequestHeader, SearchOffsetRequestHeader,
    SearchOffsetResponseHeader, GetMaxOffsetRequestHeader, GetMaxOffsetResponseHeader,
    GetMinOffsetRequestHeader, GetMinOffsetResponseHeader, GetEarliestMsgStoretimeRequestHeader,
    GetEarliestMsgStoretimeResponseHeader, ResetOffsetRequestHeader, CloneGroupOffsetRequestHeader,
    QueryCorrectionOffsetHeader, InitConsumerOffsetRequestHeader, UnregisterClientRequestHeader,
    GetConsumerListByGroupRequestHeader, NotifyConsumerIdsChangedRequestHeader,
    EndTransactionRequestHeader, CheckTransactionStateRequestHeader,
    ResumeCheckHalfMessageRequestHeader, GetConsumerStatusRequestHeader,
    GetConsumerRunningInfoRequestHeader, ConsumeMessageDirectlyResultRequestHeader,
    RegisterBrokerRequestHeader, RegisterBrokerResponseHeader, UnRegisterBrokerRequestHeader,
    BrokerHeartbeatRequestHeader, QueryDataVersionRequestHeader, QueryDataVersionResponseHeader,
    GetRouteInfoRequestHeader, RegisterTopicRequestHeader, DeleteTopicFromNamesrvRequestHeader,
    GetTopicsByClusterRequestHeader, PutKVConfigRequestHeader, GetKVConfigRequestHeader,
    GetKVConfigResponseHeader, DeleteKVConfigRequestHeader, GetKVListByNamespaceRequestHeader,
    WipeWritePermOfBrokerRequestHeader, WipeWritePermOfBrokerResponseHeader,
    AddWritePermOfBrokerRequestHeader, AddWritePermOfBrokerResponseHeader,
    GetBrokerMemberGroupRequestHeader, NotifyMinBrokerIdChangeRequestHeader,
    RegisterOrderTopicRequestHeader, CreateTopicRequestHeader, DeleteTopicRequestHeader,
    GetTopicConfigRequestHeader, GetAllTopicConfigRequestHeader, GetAllTopicConfigResponseHeader,
    GetTopicStatsInfoRequestHeader, DeleteSubscriptionGroupRequestHeader,
    GetSubscriptionGroupConfigRequestHeader, GetAllSubscriptionGroupRequestHeader,
    GetAllSubscriptionGroupResponseHeader, UpdateGroupForbiddenRequestHeader,
    GetConsumeStatsRequestHeader, GetConsumeStatsInBrokerHeader,
    GetConsumerConnectionListRequestHeader, GetProducerConnectionListRequestHeader,
    QueryTopicConsumeByWhoRequestHeader, QueryTopicsByConsumerRequestHeader,
    QuerySubscriptionByConsumerRequestHeader, QueryConsumeTimeSpanRequestHeader,
    QueryConsumeQueueRequestHeader, GetBrokerConfigResponseHeader, ViewBrokerStatsDataRequestHeader,
    CheckRocksdbCqWriteProgressRequestHeader, ExportRocksDBConfigToJsonRequestHeader,
    AddBrokerRequestHeader, RemoveBrokerRequestHeader, ExchangeHAInfoRequestHeader,
    ExchangeHAInfoResponseHeader, ResetMasterFlushOffsetHeader, SendMessageResponseHeader,
    ConsumerSendMsgBackRequestHeader, ReplyMessageRequestHeader, RpcRequestHeader>;
TYPED_TEST_SUITE(EveryHeader, AllHeaders);

TYPED_TEST(EveryHeader, SurvivesABinaryFrame) {
  const bool holds = rc::check([] {
    TypeParam header;
    Arbitrary arbitrary;
    header.Fields(arbitrary);
    RemotingCommand command;
    command.header_type = HeaderType::kRocketmq;
    EncodeHeader(header, command.ext_fields);
    const auto received = DecodeFrame(Bytes::Copy(EncodeFrame(command)));
    RC_ASSERT(DecodeHeader<TypeParam>(*received).value() == header);
  });
  EXPECT_TRUE(holds);
}

class FieldNames {
 public:
  template <typename T>
  void Required(std::string_view name, T&) {
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names_.insert(name).second) << name;
  }
  template <typename T>
  void Optional(std::string_view name, T& member) {
    Required(name, member);
  }
  size_t count() const { return names_.size(); }

 private:
  std::set<std::string_view> names_;
};

TYPED_TEST(EveryHeader, NamesEachFieldOnce) {
  TypeParam header;
  FieldNames names;
  header.Fields(names);
  EXPECT_GT(names.count(), 0U);
}

}  // namespace
}  // namespace rmq::wire
