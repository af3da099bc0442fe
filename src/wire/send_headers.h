// Header fields of sending messages, sending them back and replying to them. See header_codec.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

// Sending one message, or a batch of them. The same fields travel under long names (SEND_MESSAGE,
// SEND_REPLY_MESSAGE) or as single letters (SEND_MESSAGE_V2, SEND_REPLY_MESSAGE_V2,
// SEND_BATCH_MESSAGE); we write the letters. Rule WIRE-14.
struct SendMessageRequestHeader {
  std::string producer_group;
  std::string topic;
  std::string default_topic;  // whose settings a new topic inherits
  int32_t default_topic_queue_nums = 0;
  int32_t queue_id = 0;  // below 0: the broker chooses
  int32_t sys_flag = 0;
  int64_t born_timestamp = 0;
  int32_t flag = 0;
  std::string properties;
  int32_t reconsume_times = 0;
  bool unit_mode = false;
  std::optional<int32_t> max_reconsume_times;
  bool batch = false;
  std::string broker_name;
  bool operator==(const SendMessageRequestHeader&) const = default;
};

// Reads the names that belong to the command's code. Fails as DecodeHeader does.
Result<SendMessageRequestHeader> DecodeSendMessageHeader(const RemotingCommand& command);
// Writes the single letters.
void EncodeSendMessageHeader(const SendMessageRequestHeader& header, ExtFields& out);

struct SendMessageResponseHeader {
  static constexpr std::string_view kName = "SendMessageResponseHeader";
  std::string msg_id;
  int32_t queue_id = 0;
  int64_t queue_offset = 0;
  std::string transaction_id;
  std::string batch_uniq_id;
  std::string recall_handle;
  bool operator==(const SendMessageResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("msgId", msg_id);
    v.Required("queueId", queue_id);
    v.Required("queueOffset", queue_offset);
    v.Optional("transactionId", transaction_id);
    v.Optional("batchUniqId", batch_uniq_id);
    v.Optional("recallHandle", recall_handle);
  }
};

struct ConsumerSendMsgBackRequestHeader {
  static constexpr std::string_view kName = "ConsumerSendMsgBackRequestHeader";
  int64_t offset = 0;
  std::string group;
  int32_t delay_level = 0;
  std::string origin_msg_id;
  std::string origin_topic;
  bool unit_mode = false;
  std::optional<int32_t> max_reconsume_times;
  bool operator==(const ConsumerSendMsgBackRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("offset", offset);
    v.Required("group", group);
    v.Required("delayLevel", delay_level);
    v.Optional("originMsgId", origin_msg_id);
    v.Optional("originTopic", origin_topic);
    v.Optional("unitMode", unit_mode);
    v.Optional("maxReconsumeTimes", max_reconsume_times);
  }
};

struct ReplyMessageRequestHeader {
  static constexpr std::string_view kName = "ReplyMessageRequestHeader";
  std::string producer_group;
  std::string topic;
  std::string default_topic;
  int32_t default_topic_queue_nums = 0;
  int32_t queue_id = 0;
  int32_t sys_flag = 0;
  int64_t born_timestamp = 0;
  int32_t flag = 0;
  std::string properties;
  std::optional<int32_t> reconsume_times;
  bool unit_mode = false;
  std::string born_host;
  std::string store_host;
  int64_t store_timestamp = 0;
  bool operator==(const ReplyMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("producerGroup", producer_group);
    v.Required("topic", topic);
    v.Optional("defaultTopic", default_topic);
    v.Required("defaultTopicQueueNums", default_topic_queue_nums);
    v.Required("queueId", queue_id);
    v.Required("sysFlag", sys_flag);
    v.Required("bornTimestamp", born_timestamp);
    v.Required("flag", flag);
    v.Optional("properties", properties);
    v.Optional("reconsumeTimes", reconsume_times);
    v.Optional("unitMode", unit_mode);
    v.Optional("bornHost", born_host);
    v.Optional("storeHost", store_host);
    v.Required("storeTimestamp", store_timestamp);
  }
};

}  // namespace rmq::wire
