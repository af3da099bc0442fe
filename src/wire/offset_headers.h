// Header fields of requests about offsets: a group's progress and a queue's bounds. See
// header_codec.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct QueryConsumerOffsetRequestHeader {
  static constexpr std::string_view kName = "QueryConsumerOffsetRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  std::optional<bool> set_zero_if_not_found;
  bool operator==(const QueryConsumerOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Optional("setZeroIfNotFound", set_zero_if_not_found);
  }
};

struct QueryConsumerOffsetResponseHeader {
  static constexpr std::string_view kName = "QueryConsumerOffsetResponseHeader";
  int64_t offset = 0;
  bool operator==(const QueryConsumerOffsetResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("offset", offset);
  }
};

struct UpdateConsumerOffsetRequestHeader {
  static constexpr std::string_view kName = "UpdateConsumerOffsetRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  int64_t commit_offset = 0;
  bool operator==(const UpdateConsumerOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("commitOffset", commit_offset);
  }
};

struct SearchOffsetRequestHeader {
  static constexpr std::string_view kName = "SearchOffsetRequestHeader";
  std::string topic;
  int32_t queue_id = 0;
  int64_t timestamp = 0;
  BoundaryType boundary_type = BoundaryType::kLower;
  std::string lite_topic;
  bool operator==(const SearchOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("timestamp", timestamp);
    v.Optional("boundaryType", boundary_type);
    v.Optional("liteTopic", lite_topic);
  }
};

struct SearchOffsetResponseHeader {
  static constexpr std::string_view kName = "SearchOffsetResponseHeader";
  int64_t offset = 0;
  bool operator==(const SearchOffsetResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("offset", offset);
  }
};

struct GetMaxOffsetRequestHeader {
  static constexpr std::string_view kName = "GetMaxOffsetRequestHeader";
  std::string topic;
  int32_t queue_id = 0;
  bool committed = true;
  bool operator==(const GetMaxOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Optional("committed", committed);
  }
};

struct GetMaxOffsetResponseHeader {
  static constexpr std::string_view kName = "GetMaxOffsetResponseHeader";
  int64_t offset = 0;
  bool operator==(const GetMaxOffsetResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("offset", offset);
  }
};

struct GetMinOffsetRequestHeader {
  static constexpr std::string_view kName = "GetMinOffsetRequestHeader";
  std::string topic;
  int32_t queue_id = 0;
  bool operator==(const GetMinOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
  }
};

struct GetMinOffsetResponseHeader {
  static constexpr std::string_view kName = "GetMinOffsetResponseHeader";
  int64_t offset = 0;
  bool operator==(const GetMinOffsetResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("offset", offset);
  }
};

struct GetEarliestMsgStoretimeRequestHeader {
  static constexpr std::string_view kName = "GetEarliestMsgStoretimeRequestHeader";
  std::string topic;
  int32_t queue_id = 0;
  bool operator==(const GetEarliestMsgStoretimeRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
  }
};

struct GetEarliestMsgStoretimeResponseHeader {
  static constexpr std::string_view kName = "GetEarliestMsgStoretimeResponseHeader";
  int64_t timestamp = 0;
  bool operator==(const GetEarliestMsgStoretimeResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("timestamp", timestamp);
  }
};

struct ResetOffsetRequestHeader {
  static constexpr std::string_view kName = "ResetOffsetRequestHeader";
  std::string group;
  std::string topic;
  int32_t queue_id = -1;
  std::optional<int64_t> offset;
  int64_t timestamp = 0;
  bool is_force = false;
  bool operator==(const ResetOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("group", group);
    v.Required("topic", topic);
    v.Optional("queueId", queue_id);
    v.Optional("offset", offset);
    v.Required("timestamp", timestamp);
    v.Optional("isForce", is_force);
  }
};

struct CloneGroupOffsetRequestHeader {
  static constexpr std::string_view kName = "CloneGroupOffsetRequestHeader";
  std::string src_group;
  std::string dest_group;
  std::string topic;
  bool offline = false;
  bool operator==(const CloneGroupOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("srcGroup", src_group);
    v.Required("destGroup", dest_group);
    v.Optional("topic", topic);
    v.Optional("offline", offline);
  }
};

struct QueryCorrectionOffsetHeader {
  static constexpr std::string_view kName = "QueryCorrectionOffsetHeader";
  std::string filter_groups;
  std::string compare_group;
  std::string topic;
  bool operator==(const QueryCorrectionOffsetHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("filterGroups", filter_groups);
    v.Optional("compareGroup", compare_group);
    v.Required("topic", topic);
  }
};

struct InitConsumerOffsetRequestHeader {
  static constexpr std::string_view kName = "InitConsumerOffsetRequestHeader";
  std::string topic;
  int32_t init_mode = 0;
  bool operator==(const InitConsumerOffsetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("topic", topic);
    v.Optional("initMode", init_mode);
  }
};

}  // namespace rmq::wire
