// Header fields of what operators ask of a broker. See header_codec.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct CreateTopicRequestHeader {
  static constexpr std::string_view kName = "CreateTopicRequestHeader";
  std::string topic;
  std::string default_topic;
  int32_t read_queue_nums = 0;
  int32_t write_queue_nums = 0;
  int32_t perm = 0;
  std::string topic_filter_type;
  std::optional<int32_t> topic_sys_flag;
  bool order = false;
  std::string attributes;
  bool force = false;
  bool operator==(const CreateTopicRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Optional("defaultTopic", default_topic);
    v.Required("readQueueNums", read_queue_nums);
    v.Required("writeQueueNums", write_queue_nums);
    v.Required("perm", perm);
    v.Optional("topicFilterType", topic_filter_type);
    v.Optional("topicSysFlag", topic_sys_flag);
    v.Optional("order", order);
    v.Optional("attributes", attributes);
    v.Optional("force", force);
  }
};

struct DeleteTopicRequestHeader {
  static constexpr std::string_view kName = "DeleteTopicRequestHeader";
  std::string topic;
  bool operator==(const DeleteTopicRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
  }
};

struct GetTopicConfigRequestHeader {
  static constexpr std::string_view kName = "GetTopicConfigRequestHeader";
  std::string topic;
  bool operator==(const GetTopicConfigRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
  }
};

struct GetAllTopicConfigRequestHeader {
  static constexpr std::string_view kName = "GetAllTopicConfigRequestHeader";
  int32_t topic_seq = 0;
  std::string data_version;
  std::optional<int32_t> max_topic_num;
  bool operator==(const GetAllTopicConfigRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topicSeq", topic_seq);
    v.Optional("dataVersion", data_version);
    v.Optional("maxTopicNum", max_topic_num);
  }
};

struct GetAllTopicConfigResponseHeader {
  static constexpr std::string_view kName = "GetAllTopicConfigResponseHeader";
  int32_t total_topic_num = 0;
  bool operator==(const GetAllTopicConfigResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("totalTopicNum", total_topic_num);
  }
};

struct GetTopicStatsInfoRequestHeader {
  static constexpr std::string_view kName = "GetTopicStatsInfoRequestHeader";
  std::string topic;
  bool operator==(const GetTopicStatsInfoRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
  }
};

struct DeleteSubscriptionGroupRequestHeader {
  static constexpr std::string_view kName = "DeleteSubscriptionGroupRequestHeader";
  std::string group_name;
  bool clean_offset = false;
  bool operator==(const DeleteSubscriptionGroupRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("groupName", group_name);
    v.Optional("cleanOffset", clean_offset);
  }
};

struct GetSubscriptionGroupConfigRequestHeader {
  static constexpr std::string_view kName = "GetSubscriptionGroupConfigRequestHeader";
  std::string group;
  bool operator==(const GetSubscriptionGroupConfigRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("group", group);
  }
};

struct GetAllSubscriptionGroupRequestHeader {
  static constexpr std::string_view kName = "GetAllSubscriptionGroupRequestHeader";
  int32_t group_seq = 0;
  std::string data_version;
  std::optional<int32_t> max_group_num;
  bool operator==(const GetAllSubscriptionGroupRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("groupSeq", group_seq);
    v.Optional("dataVersion", data_version);
    v.Optional("maxGroupNum", max_group_num);
  }
};

struct GetAllSubscriptionGroupResponseHeader {
  static constexpr std::string_view kName = "GetAllSubscriptionGroupResponseHeader";
  int32_t total_group_num = 0;
  bool operator==(const GetAllSubscriptionGroupResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("totalGroupNum", total_group_num);
  }
};

struct UpdateGroupForbiddenRequestHeader {
  static constexpr std::string_view kName = "UpdateGroupForbiddenRequestHeader";
  std::string group;
  std::string topic;
  std::optional<bool> readable;
  bool operator==(const UpdateGroupForbiddenRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("group", group);
    v.Required("topic", topic);
    v.Optional("readable", readable);
  }
};

struct GetConsumeStatsRequestHeader {
  static constexpr std::string_view kName = "GetConsumeStatsRequestHeader";
  std::string consumer_group;
  std::string topic;
  std::string topic_list;
  bool operator==(const GetConsumeStatsRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Optional("topic", topic);
    v.Optional("topicList", topic_list);
  }
};

struct GetConsumeStatsInBrokerHeader {
  static constexpr std::string_view kName = "GetConsumeStatsInBrokerHeader";
  bool is_order = false;
  bool operator==(const GetConsumeStatsInBrokerHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("isOrder", is_order);
  }
};

struct GetConsumerConnectionListRequestHeader {
  static constexpr std::string_view kName = "GetConsumerConnectionListRequestHeader";
  std::string consumer_group;
  bool operator==(const GetConsumerConnectionListRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
  }
};

struct GetProducerConnectionListRequestHeader {
  static constexpr std::string_view kName = "GetProducerConnectionListRequestHeader";
  std::string producer_group;
  bool operator==(const GetProducerConnectionListRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("producerGroup", producer_group);
  }
};

struct QueryTopicConsumeByWhoRequestHeader {
  static constexpr std::string_view kName = "QueryTopicConsumeByWhoRequestHeader";
  std::string topic;
  bool operator==(const QueryTopicConsumeByWhoRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
  }
};

struct QueryTopicsByConsumerRequestHeader {
  static constexpr std::string_view kName = "QueryTopicsByConsumerRequestHeader";
  std::string group;
  bool operator==(const QueryTopicsByConsumerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("group", group);
  }
};

struct QuerySubscriptionByConsumerRequestHeader {
  static constexpr std::string_view kName = "QuerySubscriptionByConsumerRequestHeader";
  std::string group;
  std::string topic;
  bool operator==(const QuerySubscriptionByConsumerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("group", group);
    v.Optional("topic", topic);
  }
};

struct QueryConsumeTimeSpanRequestHeader {
  static constexpr std::string_view kName = "QueryConsumeTimeSpanRequestHeader";
  std::string topic;
  std::string group;
  bool operator==(const QueryConsumeTimeSpanRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("group", group);
  }
};

struct QueryConsumeQueueRequestHeader {
  static constexpr std::string_view kName = "QueryConsumeQueueRequestHeader";
  std::string topic;
  int32_t queue_id = 0;
  int64_t index = 0;
  int32_t count = 0;
  std::string consumer_group;
  bool operator==(const QueryConsumeQueueRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("topic", topic);
    v.Optional("queueId", queue_id);
    v.Optional("index", index);
    v.Optional("count", count);
    v.Optional("consumerGroup", consumer_group);
  }
};

struct GetBrokerConfigResponseHeader {
  static constexpr std::string_view kName = "GetBrokerConfigResponseHeader";
  std::string version;
  bool operator==(const GetBrokerConfigResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("version", version);
  }
};

struct ViewBrokerStatsDataRequestHeader {
  static constexpr std::string_view kName = "ViewBrokerStatsDataRequestHeader";
  std::string stats_name;
  std::string stats_key;
  bool operator==(const ViewBrokerStatsDataRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("statsName", stats_name);
    v.Required("statsKey", stats_key);
  }
};

struct CheckRocksdbCqWriteProgressRequestHeader {
  static constexpr std::string_view kName = "CheckRocksdbCqWriteProgressRequestHeader";
  std::string topic;
  int64_t check_store_time = 0;
  bool operator==(const CheckRocksdbCqWriteProgressRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Optional("checkStoreTime", check_store_time);
  }
};

struct ExportRocksDBConfigToJsonRequestHeader {
  static constexpr std::string_view kName = "ExportRocksDBConfigToJsonRequestHeader";
  std::string config_type;
  bool operator==(const ExportRocksDBConfigToJsonRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("configType", config_type);
  }
};

struct AddBrokerRequestHeader {
  static constexpr std::string_view kName = "AddBrokerRequestHeader";
  std::string config_path;
  bool operator==(const AddBrokerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("configPath", config_path);
  }
};

struct RemoveBrokerRequestHeader {
  static constexpr std::string_view kName = "RemoveBrokerRequestHeader";
  std::string broker_name;
  std::string broker_cluster_name;
  int64_t broker_id = 0;
  bool operator==(const RemoveBrokerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("brokerName", broker_name);
    v.Required("brokerClusterName", broker_cluster_name);
    v.Required("brokerId", broker_id);
  }
};

struct ExchangeHAInfoRequestHeader {
  static constexpr std::string_view kName = "ExchangeHAInfoRequestHeader";
  std::string master_ha_address;
  std::optional<int64_t> master_flush_offset;
  std::string master_address;
  bool operator==(const ExchangeHAInfoRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("masterHaAddress", master_ha_address);
    v.Optional("masterFlushOffset", master_flush_offset);
    v.Optional("masterAddress", master_address);
  }
};

struct ExchangeHAInfoResponseHeader {
  static constexpr std::string_view kName = "ExchangeHAInfoResponseHeader";
  std::string master_ha_address;
  std::optional<int64_t> master_flush_offset;
  std::string master_address;
  bool operator==(const ExchangeHAInfoResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("masterHaAddress", master_ha_address);
    v.Optional("masterFlushOffset", master_flush_offset);
    v.Optional("masterAddress", master_address);
  }
};

struct ResetMasterFlushOffsetHeader {
  static constexpr std::string_view kName = "ResetMasterFlushOffsetHeader";
  int64_t master_flush_offset = 0;
  bool operator==(const ResetMasterFlushOffsetHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("masterFlushOffset", master_flush_offset);
  }
};

}  // namespace rmq::wire
