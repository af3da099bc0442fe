// Header fields of what brokers and clients tell each other apart from messages and offsets:
// membership, transactions, and questions relayed to a client. See header_codec.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct UnregisterClientRequestHeader {
  static constexpr std::string_view kName = "UnregisterClientRequestHeader";
  std::string client_id;
  std::string producer_group;
  std::string consumer_group;
  bool operator==(const UnregisterClientRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("clientID", client_id);
    v.Optional("producerGroup", producer_group);
    v.Optional("consumerGroup", consumer_group);
  }
};

struct GetConsumerListByGroupRequestHeader {
  static constexpr std::string_view kName = "GetConsumerListByGroupRequestHeader";
  std::string consumer_group;
  bool operator==(const GetConsumerListByGroupRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
  }
};

struct NotifyConsumerIdsChangedRequestHeader {
  static constexpr std::string_view kName = "NotifyConsumerIdsChangedRequestHeader";
  std::string consumer_group;
  bool operator==(const NotifyConsumerIdsChangedRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
  }
};

struct EndTransactionRequestHeader {
  static constexpr std::string_view kName = "EndTransactionRequestHeader";
  std::string topic;
  std::string producer_group;
  int64_t tran_state_table_offset = 0;
  int64_t commit_log_offset = 0;
  int32_t commit_or_rollback = 0;
  bool from_transaction_check = false;
  std::string msg_id;
  std::string transaction_id;
  bool operator==(const EndTransactionRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("topic", topic);
    v.Required("producerGroup", producer_group);
    v.Required("tranStateTableOffset", tran_state_table_offset);
    v.Required("commitLogOffset", commit_log_offset);
    v.Required("commitOrRollback", commit_or_rollback);
    v.Optional("fromTransactionCheck", from_transaction_check);
    v.Optional("msgId", msg_id);
    v.Optional("transactionId", transaction_id);
  }
};

struct CheckTransactionStateRequestHeader {
  static constexpr std::string_view kName = "CheckTransactionStateRequestHeader";
  std::string topic;
  int64_t tran_state_table_offset = 0;
  int64_t commit_log_offset = 0;
  std::string msg_id;
  std::string transaction_id;
  std::string offset_msg_id;
  bool operator==(const CheckTransactionStateRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("topic", topic);
    v.Required("tranStateTableOffset", tran_state_table_offset);
    v.Required("commitLogOffset", commit_log_offset);
    v.Optional("msgId", msg_id);
    v.Optional("transactionId", transaction_id);
    v.Optional("offsetMsgId", offset_msg_id);
  }
};

struct ResumeCheckHalfMessageRequestHeader {
  static constexpr std::string_view kName = "ResumeCheckHalfMessageRequestHeader";
  std::string topic;
  std::string msg_id;
  bool operator==(const ResumeCheckHalfMessageRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("topic", topic);
    v.Optional("msgId", msg_id);
  }
};

struct GetConsumerStatusRequestHeader {
  static constexpr std::string_view kName = "GetConsumerStatusRequestHeader";
  std::string topic;
  std::string group;
  std::string client_addr;
  bool operator==(const GetConsumerStatusRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("group", group);
    v.Optional("clientAddr", client_addr);
  }
};

struct GetConsumerRunningInfoRequestHeader {
  static constexpr std::string_view kName = "GetConsumerRunningInfoRequestHeader";
  std::string consumer_group;
  std::string client_id;
  bool jstack_enable = false;
  bool operator==(const GetConsumerRunningInfoRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Required("clientId", client_id);
    v.Optional("jstackEnable", jstack_enable);
  }
};

struct ConsumeMessageDirectlyResultRequestHeader {
  static constexpr std::string_view kName = "ConsumeMessageDirectlyResultRequestHeader";
  std::string consumer_group;
  std::string client_id;
  std::string msg_id;
  std::string broker_name;
  std::string topic;
  std::optional<int32_t> topic_sys_flag;
  std::optional<int32_t> group_sys_flag;
  bool operator==(const ConsumeMessageDirectlyResultRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("consumerGroup", consumer_group);
    v.Optional("clientId", client_id);
    v.Optional("msgId", msg_id);
    v.Optional("brokerName", broker_name);
    v.Optional("topic", topic);
    v.Optional("topicSysFlag", topic_sys_flag);
    v.Optional("groupSysFlag", group_sys_flag);
  }
};

}  // namespace rmq::wire
