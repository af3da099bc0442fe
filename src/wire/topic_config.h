// What a broker knows of a topic, and the tables of topics that brokers send and keep in
// topics.json. Beans: see json_bean.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/data_version.h"

namespace rmq::wire {

// Bits of TopicConfig::perm and QueueData::perm.
inline constexpr int32_t kPermInherit = 1;
inline constexpr int32_t kPermWrite = 2;
inline constexpr int32_t kPermRead = 4;
inline constexpr int32_t kPermPriority = 8;

// Bits of topic_sys_flag.
inline constexpr int32_t kTopicFlagUnit = 1;
inline constexpr int32_t kTopicFlagUnitSub = 2;

enum class TopicFilterType : uint8_t { kSingleTag, kMultiTag };
constexpr auto JsonNames(TopicFilterType) {
  return std::array<std::string_view, 2>{"SINGLE_TAG", "MULTI_TAG"};
}

struct TopicConfig {
  std::map<std::string, std::string> attributes;
  bool order = false;
  int32_t perm = kPermRead | kPermWrite;
  int32_t read_queue_nums = 16;
  TopicFilterType topic_filter_type = TopicFilterType::kSingleTag;
  std::string topic_name;
  int32_t topic_sys_flag = 0;
  int32_t write_queue_nums = 16;
  bool operator==(const TopicConfig&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("attributes", attributes);
    v.Field("order", order);
    v.Field("perm", perm);
    v.Field("readQueueNums", read_queue_nums);
    v.Field("topicFilterType", topic_filter_type);
    v.Field("topicName", topic_name);
    v.Field("topicSysFlag", topic_sys_flag);
    v.Field("writeQueueNums", write_queue_nums);
  }
};

// "TopicTest 4 4 6 SINGLE_TAG {}": the form inside a compressed RegisterBrokerBody. It has no room
// for `order` and `topic_sys_flag`, and 4.x brokers write no attributes (WIRE-17).
std::string TopicConfigToText(const TopicConfig& config);
// Fails with kCorruption.
Result<TopicConfig> TopicConfigFromText(std::string_view text);

// The file topics.json and the body of older registrations.
struct TopicConfigSerializeWrapper {
  DataVersion data_version;
  std::map<std::string, TopicConfig> topic_config_table;
  bool operator==(const TopicConfigSerializeWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("dataVersion", data_version);
    v.Field("topicConfigTable", topic_config_table);
  }
};

struct CreateTopicListRequestBody {
  std::vector<TopicConfig> topic_config_list;

  template <typename V>
  void Fields(V& v) {
    v.Field("topicConfigList", topic_config_list);
  }
};

// --- Static topics: queues with logical ids that stay the same while they move between brokers.

// A stretch of a logical queue that lies in one physical queue.
struct LogicQueueMappingItem {
  std::string bname;
  int64_t end_offset = -1;
  int32_t gen = 0;
  int64_t logic_offset = 0;
  int32_t queue_id = 0;
  int64_t start_offset = 0;
  int64_t time_of_end = -1;
  int64_t time_of_start = -1;
  bool operator==(const LogicQueueMappingItem&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("bname", bname);
    v.Field("endOffset", end_offset);
    v.Field("gen", gen);
    v.Field("logicOffset", logic_offset);
    v.Field("queueId", queue_id);
    v.Field("startOffset", start_offset);
    v.Field("timeOfEnd", time_of_end);
    v.Field("timeOfStart", time_of_start);
  }
};

// What a NameServer tells clients about one broker's part of a static topic.
struct TopicQueueMappingInfo {
  std::string bname;
  std::map<int32_t, int32_t> curr_id_map;  // logical to physical queue ids
  bool dirty = false;
  int64_t epoch = 0;
  std::string scope = "__global__";
  std::string topic;
  int32_t total_queues = 0;
  bool operator==(const TopicQueueMappingInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("bname", bname);
    v.Field("currIdMap", curr_id_map);
    v.Field("dirty", dirty);
    v.Field("epoch", epoch);
    v.Field("scope", scope);
    v.Field("topic", topic);
    v.Field("totalQueues", total_queues);
  }
};

struct TopicQueueMappingDetail {
  std::string bname;
  std::map<int32_t, int32_t> curr_id_map;
  bool dirty = false;
  int64_t epoch = 0;
  std::map<int32_t, std::vector<LogicQueueMappingItem>> hosted_queues;
  std::string scope = "__global__";
  std::string topic;
  int32_t total_queues = 0;
  bool operator==(const TopicQueueMappingDetail&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("bname", bname);
    v.Field("currIdMap", curr_id_map);
    v.Field("dirty", dirty);
    v.Field("epoch", epoch);
    v.Field("hostedQueues", hosted_queues);
    v.Field("scope", scope);
    v.Field("topic", topic);
    v.Field("totalQueues", total_queues);
  }
};

// The answer to GET_TOPIC_CONFIG.
struct TopicConfigAndQueueMapping : TopicConfig {
  std::optional<TopicQueueMappingDetail> mapping_detail;

  template <typename V>
  void Fields(V& v) {
    v.Field("attributes", attributes);
    v.Field("mappingDetail", mapping_detail);
    v.Field("order", order);
    v.Field("perm", perm);
    v.Field("readQueueNums", read_queue_nums);
    v.Field("topicFilterType", topic_filter_type);
    v.Field("topicName", topic_name);
    v.Field("topicSysFlag", topic_sys_flag);
    v.Field("writeQueueNums", write_queue_nums);
  }
};

// All topics of a broker: the answer to GET_ALL_TOPIC_CONFIG and what a broker registers with.
struct TopicConfigAndMappingSerializeWrapper {
  DataVersion data_version;
  DataVersion mapping_data_version;
  std::map<std::string, TopicConfig> topic_config_table;
  std::map<std::string, TopicQueueMappingDetail> topic_queue_mapping_detail_map;
  std::map<std::string, TopicQueueMappingInfo> topic_queue_mapping_info_map;
  bool operator==(const TopicConfigAndMappingSerializeWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("dataVersion", data_version);
    v.Field("mappingDataVersion", mapping_data_version);
    v.Field("topicConfigTable", topic_config_table);
    v.Field("topicQueueMappingDetailMap", topic_queue_mapping_detail_map);
    v.Field("topicQueueMappingInfoMap", topic_queue_mapping_info_map);
  }
};

// The file topicQueueMapping.json.
struct TopicQueueMappingSerializeWrapper {
  DataVersion data_version;
  std::map<std::string, TopicQueueMappingDetail> topic_queue_mapping_info_map;

  template <typename V>
  void Fields(V& v) {
    v.Field("dataVersion", data_version);
    v.Field("topicQueueMappingInfoMap", topic_queue_mapping_info_map);
  }
};

}  // namespace rmq::wire
