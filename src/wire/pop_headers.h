// Header fields of the POP family, where the broker keeps a group's progress, and of recalling a
// delayed message. See header_codec.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct PopMessageRequestHeader {
  static constexpr std::string_view kName = "PopMessageRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  int32_t max_msg_nums = 0;
  int64_t invisible_time = 0;
  int64_t poll_time = 0;
  int64_t born_time = 0;
  int32_t init_mode = 0;
  std::string exp_type;
  std::string exp;
  bool order = false;
  std::string attempt_id;
  bool operator==(const PopMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("maxMsgNums", max_msg_nums);
    v.Required("invisibleTime", invisible_time);
    v.Required("pollTime", poll_time);
    v.Required("bornTime", born_time);
    v.Required("initMode", init_mode);
    v.Optional("expType", exp_type);
    v.Optional("exp", exp);
    v.Optional("order", order);
    v.Optional("attemptId", attempt_id);
  }
};

struct PopMessageResponseHeader {
  static constexpr std::string_view kName = "PopMessageResponseHeader";
  int64_t pop_time = 0;
  int64_t invisible_time = 0;
  int32_t revive_qid = 0;
  int64_t rest_num = 0;
  std::string start_offset_info;
  std::string msg_offset_info;
  std::string order_count_info;
  bool operator==(const PopMessageResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("popTime", pop_time);
    v.Required("invisibleTime", invisible_time);
    v.Required("reviveQid", revive_qid);
    v.Required("restNum", rest_num);
    v.Optional("startOffsetInfo", start_offset_info);
    v.Optional("msgOffsetInfo", msg_offset_info);
    v.Optional("orderCountInfo", order_count_info);
  }
};

struct PeekMessageRequestHeader {
  static constexpr std::string_view kName = "PeekMessageRequestHeader";
  std::string topic;
  int32_t queue_id = 0;
  int32_t max_msg_nums = 0;
  std::string consumer_group;
  bool operator==(const PeekMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("maxMsgNums", max_msg_nums);
    v.Required("consumerGroup", consumer_group);
  }
};

struct AckMessageRequestHeader {
  static constexpr std::string_view kName = "AckMessageRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  std::string extra_info;
  int64_t offset = 0;
  std::string lite_topic;
  bool operator==(const AckMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("extraInfo", extra_info);
    v.Required("offset", offset);
    v.Optional("liteTopic", lite_topic);
  }
};

struct ChangeInvisibleTimeRequestHeader {
  static constexpr std::string_view kName = "ChangeInvisibleTimeRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  std::string extra_info;
  int64_t offset = 0;
  int64_t invisible_time = 0;
  std::string lite_topic;
  bool suspend = false;
  bool operator==(const ChangeInvisibleTimeRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("extraInfo", extra_info);
    v.Required("offset", offset);
    v.Required("invisibleTime", invisible_time);
    v.Optional("liteTopic", lite_topic);
    v.Optional("suspend", suspend);
  }
};

struct ChangeInvisibleTimeResponseHeader {
  static constexpr std::string_view kName = "ChangeInvisibleTimeResponseHeader";
  int64_t pop_time = 0;
  int64_t invisible_time = 0;
  int32_t revive_qid = 0;
  bool operator==(const ChangeInvisibleTimeResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("popTime", pop_time);
    v.Required("invisibleTime", invisible_time);
    v.Required("reviveQid", revive_qid);
  }
};

struct NotificationRequestHeader {
  static constexpr std::string_view kName = "NotificationRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  int64_t poll_time = 0;
  int64_t born_time = 0;
  bool order = false;
  std::string attempt_id;
  std::string client_id;
  std::string exp;
  std::string exp_type;
  bool is_lite_consumer = false;
  bool operator==(const NotificationRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
    v.Required("pollTime", poll_time);
    v.Required("bornTime", born_time);
    v.Optional("order", order);
    v.Optional("attemptId", attempt_id);
    v.Optional("clientId", client_id);
    v.Optional("exp", exp);
    v.Optional("expType", exp_type);
    v.Optional("isLiteConsumer", is_lite_consumer);
  }
};

struct NotificationResponseHeader {
  static constexpr std::string_view kName = "NotificationResponseHeader";
  bool has_msg = false;
  bool polling_full = false;
  bool operator==(const NotificationResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("hasMsg", has_msg);
    v.Optional("pollingFull", polling_full);
  }
};

struct PollingInfoRequestHeader {
  static constexpr std::string_view kName = "PollingInfoRequestHeader";
  std::string consumer_group;
  std::string topic;
  int32_t queue_id = 0;
  bool operator==(const PollingInfoRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("queueId", queue_id);
  }
};

struct PollingInfoResponseHeader {
  static constexpr std::string_view kName = "PollingInfoResponseHeader";
  int32_t polling_num = 0;
  bool operator==(const PollingInfoResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("pollingNum", polling_num);
  }
};

struct PopLiteMessageRequestHeader {
  static constexpr std::string_view kName = "PopLiteMessageRequestHeader";
  std::string client_id;
  std::string consumer_group;
  std::string topic;
  int32_t max_msg_num = 0;
  int64_t invisible_time = 0;
  int64_t poll_time = 0;
  int64_t born_time = 0;
  std::string attempt_id;
  bool operator==(const PopLiteMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clientId", client_id);
    v.Required("consumerGroup", consumer_group);
    v.Required("topic", topic);
    v.Required("maxMsgNum", max_msg_num);
    v.Required("invisibleTime", invisible_time);
    v.Required("pollTime", poll_time);
    v.Required("bornTime", born_time);
    v.Optional("attemptId", attempt_id);
  }
};

struct PopLiteMessageResponseHeader {
  static constexpr std::string_view kName = "PopLiteMessageResponseHeader";
  int64_t pop_time = 0;
  int64_t invisible_time = 0;
  int32_t revive_qid = 0;
  std::string start_offset_info;
  std::string msg_offset_info;
  std::string order_count_info;
  bool operator==(const PopLiteMessageResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("popTime", pop_time);
    v.Required("invisibleTime", invisible_time);
    v.Required("reviveQid", revive_qid);
    v.Optional("startOffsetInfo", start_offset_info);
    v.Optional("msgOffsetInfo", msg_offset_info);
    v.Optional("orderCountInfo", order_count_info);
  }
};

struct NotifyUnsubscribeLiteRequestHeader {
  static constexpr std::string_view kName = "NotifyUnsubscribeLiteRequestHeader";
  std::string client_id;
  std::string consumer_group;
  std::string lite_topic;
  bool operator==(const NotifyUnsubscribeLiteRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clientId", client_id);
    v.Optional("consumerGroup", consumer_group);
    v.Optional("liteTopic", lite_topic);
  }
};

struct RecallMessageRequestHeader {
  static constexpr std::string_view kName = "RecallMessageRequestHeader";
  std::string producer_group;
  std::string topic;
  std::string recall_handle;
  bool operator==(const RecallMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("producerGroup", producer_group);
    v.Required("topic", topic);
    v.Required("recallHandle", recall_handle);
  }
};

struct RecallMessageResponseHeader {
  static constexpr std::string_view kName = "RecallMessageResponseHeader";
  std::string msg_id;
  bool operator==(const RecallMessageResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("msgId", msg_id);
  }
};

}  // namespace rmq::wire
