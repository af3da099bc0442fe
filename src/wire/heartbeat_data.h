// What clients tell brokers about themselves every 30 s.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rmq::wire {

enum class ConsumeType : uint8_t { kActively, kPassively, kPop };
constexpr auto JsonNames(ConsumeType) {
  return std::array<std::string_view, 3>{"CONSUME_ACTIVELY", "CONSUME_PASSIVELY", "CONSUME_POP"};
}

enum class MessageModel : uint8_t { kBroadcasting, kClustering };
constexpr auto JsonNames(MessageModel) {
  return std::array<std::string_view, 2>{"BROADCASTING", "CLUSTERING"};
}

enum class ConsumeFromWhere : uint8_t {
  kLastOffset,
  kLastOffsetAndFromMinWhenBootFirst,  // this and the next two mean kLastOffset to clients
  kMinOffset,
  kMaxOffset,
  kFirstOffset,
  kTimestamp,
};
constexpr auto JsonNames(ConsumeFromWhere) {
  return std::array<std::string_view, 6>{
      "CONSUME_FROM_LAST_OFFSET",  "CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST",
      "CONSUME_FROM_MIN_OFFSET",   "CONSUME_FROM_MAX_OFFSET",
      "CONSUME_FROM_FIRST_OFFSET", "CONSUME_FROM_TIMESTAMP"};
}

// What a group wants of one topic.
struct SubscriptionData {
  bool class_filter_mode = false;
  std::set<int32_t> code_set;           // Java hashes of the tags
  std::string expression_type = "TAG";  // or SQL92
  std::string sub_string;               // "a || b", "*", or the SQL condition
  int64_t sub_version = 0;              // ms; the newest subscription of a group wins
  std::set<std::string> tags_set;
  std::string topic;
  bool operator==(const SubscriptionData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("classFilterMode", class_filter_mode);
    v.Field("codeSet", code_set);
    v.Field("expressionType", expression_type);
    v.Field("subString", sub_string);
    v.Field("subVersion", sub_version);
    v.Field("tagsSet", tags_set);
    v.Field("topic", topic);
  }
};

struct ConsumerData {
  ConsumeFromWhere consume_from_where = ConsumeFromWhere::kLastOffset;
  ConsumeType consume_type = ConsumeType::kPassively;
  std::string group_name;
  MessageModel message_model = MessageModel::kClustering;
  std::vector<SubscriptionData> subscription_data_set;
  bool unit_mode = false;
  bool operator==(const ConsumerData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumeFromWhere", consume_from_where);
    v.Field("consumeType", consume_type);
    v.Field("groupName", group_name);
    v.Field("messageModel", message_model);
    v.Field("subscriptionDataSet", subscription_data_set);
    v.Field("unitMode", unit_mode);
  }
};

struct ProducerData {
  std::string group_name;
  bool operator==(const ProducerData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("groupName", group_name);
  }
};

struct HeartbeatData {
  std::string client_id;
  std::vector<ConsumerData> consumer_data_set;
  // Not 0: the client speaks heartbeat V2 and leaves subscriptions out while they are unchanged.
  int32_t heartbeat_fingerprint = 0;
  std::vector<ProducerData> producer_data_set;
  bool without_sub = false;
  bool operator==(const HeartbeatData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("clientID", client_id);
    v.Field("consumerDataSet", consumer_data_set);
    v.Field("heartbeatFingerprint", heartbeat_fingerprint);
    v.Field("producerDataSet", producer_data_set);
    v.Field("withoutSub", without_sub);
  }
};

}  // namespace rmq::wire
