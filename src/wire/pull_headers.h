// Header fields of pulling, querying and viewing messages. See header_codec.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct PullMessageRequestHeader {
  static constexpr std::string_view kName = "PullMessageRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  int64_t queue_offset = 0;
  int32_t max_msg_nums = 0;
  int32_t sys_flag = 0;
  int64_t commit_offset = 0;
  int64_t suspend_timeout_millis = 0;
  std::string subscription;
  int64_t sub_version = 0;
  std::string expression_type;
  std::optional<int32_t> max_msg_bytes;
  std::optional<int32_t> request_source;
  std::string proxy_froward_client_id;
  std::string lite_topic;
  bool operator==(const PullMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("queueOffset", queue_offset);
    v.Required("maxMsgNums", max_msg_nums);
    v.Required("sysFlag", sys_flag);
    v.Optional("commitOffset", commit_offset);
    v.Optional("suspendTimeoutMillis", suspend_timeout_millis);
    v.Optional("subscription", subscription);
    v.Optional("subVersion", sub_version);
    v.Optional("expressionType", expression_type);
    v.Optional("maxMsgBytes", max_msg_bytes);
    v.Optional("requestSource", request_source);
    v.Optional("proxyFrowardClientId", proxy_froward_client_id);
    v.Optional("liteTopic", lite_topic);
  }
};

struct PullMessageResponseHeader {
  static constexpr std::string_view kName = "PullMessageResponseHeader";
  int64_t suggest_which_broker_id = 0;
  int64_t next_begin_offset = 0;
  int64_t min_offset = 0;
  int64_t max_offset = 0;
  std::optional<int64_t> offset_delta;
  std::optional<int32_t> topic_sys_flag;
  std::optional<int32_t> group_sys_flag;
  std::optional<int32_t> forbidden_type;
  bool operator==(const PullMessageResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("suggestWhichBrokerId", suggest_which_broker_id);
    v.Required("nextBeginOffset", next_begin_offset);
    v.Required("minOffset", min_offset);
    v.Required("maxOffset", max_offset);
    v.Optional("offsetDelta", offset_delta);
    v.Optional("topicSysFlag", topic_sys_flag);
    v.Optional("groupSysFlag", group_sys_flag);
    v.Optional("forbiddenType", forbidden_type);
  }
};

struct QueryMessageRequestHeader {
  static constexpr std::string_view kName = "QueryMessageRequestHeader";
  std::string topic;
  std::string key;
  int32_t max_num = 0;
  int64_t begin_timestamp = 0;
  int64_t end_timestamp = 0;
  std::string index_type;
  std::string last_key;
  bool operator==(const QueryMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("key", key);
    v.Required("maxNum", max_num);
    v.Required("beginTimestamp", begin_timestamp);
    v.Required("endTimestamp", end_timestamp);
    v.Optional("indexType", index_type);
    v.Optional("lastKey", last_key);
  }
};

struct QueryMessageResponseHeader {
  static constexpr std::string_view kName = "QueryMessageResponseHeader";
  int64_t index_last_update_timestamp = 0;
  int64_t index_last_update_phyoffset = 0;
  bool operator==(const QueryMessageResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("indexLastUpdateTimestamp", index_last_update_timestamp);
    v.Required("indexLastUpdatePhyoffset", index_last_update_phyoffset);
  }
};

struct ViewMessageRequestHeader {
  static constexpr std::string_view kName = "ViewMessageRequestHeader";
  std::string topic;
  int64_t offset = 0;
  bool operator==(const ViewMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("topic", topic);
    v.Required("offset", offset);
  }
};

}  // namespace rmq::wire
