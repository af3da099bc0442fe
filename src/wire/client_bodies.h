// What brokers know of the clients that are connected, and what they ask of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "wire/heartbeat_data.h"
#include "wire/language_code.h"

namespace rmq::wire {

struct Connection {
  std::string client_addr;
  std::string client_id;
  LanguageCode language = LanguageCode::kJava;
  int32_t version = 0;
  bool operator==(const Connection&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("clientAddr", client_addr);
    v.Field("clientId", client_id);
    v.Field("language", language);
    v.Field("version", version);
  }
};

struct ConsumerConnection {
  std::vector<Connection> connection_set;
  ConsumeFromWhere consume_from_where = ConsumeFromWhere::kLastOffset;
  ConsumeType consume_type = ConsumeType::kPassively;
  MessageModel message_model = MessageModel::kClustering;
  std::map<std::string, SubscriptionData> subscription_table;
  bool operator==(const ConsumerConnection&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("connectionSet", connection_set);
    v.Field("consumeFromWhere", consume_from_where);
    v.Field("consumeType", consume_type);
    v.Field("messageModel", message_model);
    v.Field("subscriptionTable", subscription_table);
  }
};

struct ProducerConnection {
  std::vector<Connection> connection_set;
  bool operator==(const ProducerConnection&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("connectionSet", connection_set);
  }
};

struct ProducerInfo {
  std::string client_id;
  LanguageCode language = LanguageCode::kJava;
  int64_t last_update_timestamp = 0;
  std::string remote_ip;
  int32_t version = 0;
  bool operator==(const ProducerInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("clientId", client_id);
    v.Field("language", language);
    v.Field("lastUpdateTimestamp", last_update_timestamp);
    v.Field("remoteIP", remote_ip);
    v.Field("version", version);
  }
};

struct ProducerTableInfo {
  std::map<std::string, std::vector<ProducerInfo>> data;
  bool operator==(const ProducerTableInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("data", data);
  }
};

struct GetConsumerListByGroupResponseBody {
  std::vector<std::string> consumer_id_list;
  bool operator==(const GetConsumerListByGroupResponseBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumerIdList", consumer_id_list);
  }
};

struct LockBatchRequestBody {
  std::string client_id;
  std::string consumer_group;
  std::set<MessageQueue> mq_set;
  bool only_this_broker = false;
  bool operator==(const LockBatchRequestBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("clientId", client_id);
    v.Field("consumerGroup", consumer_group);
    v.Field("mqSet", mq_set);
    v.Field("onlyThisBroker", only_this_broker);
  }
};

struct LockBatchResponseBody {
  std::set<MessageQueue> lock_ok_mq_set;
  bool operator==(const LockBatchResponseBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("lockOKMQSet", lock_ok_mq_set);
  }
};

struct UnlockBatchRequestBody {
  std::string client_id;
  std::string consumer_group;
  std::set<MessageQueue> mq_set;
  bool only_this_broker = false;
  bool operator==(const UnlockBatchRequestBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("clientId", client_id);
    v.Field("consumerGroup", consumer_group);
    v.Field("mqSet", mq_set);
    v.Field("onlyThisBroker", only_this_broker);
  }
};

struct CheckClientRequestBody {
  std::string client_id;
  std::string group;
  std::optional<std::string> name_space;
  std::optional<SubscriptionData> subscription_data;
  bool operator==(const CheckClientRequestBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("clientId", client_id);
    v.Field("group", group);
    v.Field("namespace", name_space);
    v.Field("subscriptionData", subscription_data);
  }
};

struct QuerySubscriptionResponseBody {
  std::optional<std::string> group;
  std::optional<SubscriptionData> subscription_data;
  std::optional<std::string> topic;
  bool operator==(const QuerySubscriptionResponseBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("group", group);
    v.Field("subscriptionData", subscription_data);
    v.Field("topic", topic);
  }
};

struct ConsumeQueueData {
  std::optional<std::string> bit_map;
  bool eval = false;
  std::optional<std::string> extend_data_json;
  std::optional<std::string> msg;
  int64_t physic_offset = 0;
  int32_t physic_size = 0;
  int64_t tags_code = 0;
  bool operator==(const ConsumeQueueData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("bitMap", bit_map);
    v.Field("eval", eval);
    v.Field("extendDataJson", extend_data_json);
    v.Field("msg", msg);
    v.Field("physicOffset", physic_offset);
    v.Field("physicSize", physic_size);
    v.Field("tagsCode", tags_code);
  }
};

struct QueryConsumeQueueResponseBody {
  std::optional<std::string> filter_data;
  int64_t max_queue_index = 0;
  int64_t min_queue_index = 0;
  std::vector<ConsumeQueueData> queue_data;
  std::optional<SubscriptionData> subscription_data;
  bool operator==(const QueryConsumeQueueResponseBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("filterData", filter_data);
    v.Field("maxQueueIndex", max_queue_index);
    v.Field("minQueueIndex", min_queue_index);
    v.Field("queueData", queue_data);
    v.Field("subscriptionData", subscription_data);
  }
};

struct ProcessQueueInfo {
  int32_t cached_msg_count = 0;
  int64_t cached_msg_max_offset = 0;
  int64_t cached_msg_min_offset = 0;
  int32_t cached_msg_size_in_mib = 0;
  int64_t commit_offset = 0;
  bool droped = false;
  int64_t last_consume_timestamp = 0;
  int64_t last_lock_timestamp = 0;
  int64_t last_pull_timestamp = 0;
  bool locked = false;
  int32_t transaction_msg_count = 0;
  int64_t transaction_msg_max_offset = 0;
  int64_t transaction_msg_min_offset = 0;
  int64_t try_unlock_times = 0;
  bool operator==(const ProcessQueueInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("cachedMsgCount", cached_msg_count);
    v.Field("cachedMsgMaxOffset", cached_msg_max_offset);
    v.Field("cachedMsgMinOffset", cached_msg_min_offset);
    v.Field("cachedMsgSizeInMiB", cached_msg_size_in_mib);
    v.Field("commitOffset", commit_offset);
    v.Field("droped", droped);
    v.Field("lastConsumeTimestamp", last_consume_timestamp);
    v.Field("lastLockTimestamp", last_lock_timestamp);
    v.Field("lastPullTimestamp", last_pull_timestamp);
    v.Field("locked", locked);
    v.Field("transactionMsgCount", transaction_msg_count);
    v.Field("transactionMsgMaxOffset", transaction_msg_max_offset);
    v.Field("transactionMsgMinOffset", transaction_msg_min_offset);
    v.Field("tryUnlockTimes", try_unlock_times);
  }
};

struct PopProcessQueueInfo {
  bool droped = false;
  int64_t last_pop_timestamp = 0;
  int32_t wait_ack_count = 0;
  bool operator==(const PopProcessQueueInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("droped", droped);
    v.Field("lastPopTimestamp", last_pop_timestamp);
    v.Field("waitAckCount", wait_ack_count);
  }
};

struct ConsumeStatus {
  int64_t consume_failed_msgs = 0;
  double consume_failed_tps = 0;
  double consume_ok_tps = 0;
  double consume_rt = 0;
  double pull_rt = 0;
  double pull_tps = 0;
  bool operator==(const ConsumeStatus&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumeFailedMsgs", consume_failed_msgs);
    v.Field("consumeFailedTPS", consume_failed_tps);
    v.Field("consumeOKTPS", consume_ok_tps);
    v.Field("consumeRT", consume_rt);
    v.Field("pullRT", pull_rt);
    v.Field("pullTPS", pull_tps);
  }
};

struct ConsumerRunningInfo {
  std::optional<std::string> jstack;
  std::map<MessageQueue, PopProcessQueueInfo> mq_pop_table;
  std::map<MessageQueue, ProcessQueueInfo> mq_table;
  std::map<std::string, std::string> properties;
  std::map<std::string, ConsumeStatus> status_table;
  std::vector<SubscriptionData> subscription_set;
  std::map<std::string, std::string> user_consumer_info;
  bool operator==(const ConsumerRunningInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("jstack", jstack);
    v.Field("mqPopTable", mq_pop_table);
    v.Field("mqTable", mq_table);
    v.Field("properties", properties);
    v.Field("statusTable", status_table);
    v.Field("subscriptionSet", subscription_set);
    v.Field("userConsumerInfo", user_consumer_info);
  }
};

enum class CMResult : uint8_t {
  kSuccess,
  kLater,
  kRollback,
  kCommit,
  kThrowException,
  kReturnNull
};
constexpr auto JsonNames(CMResult) {
  return std::array<std::string_view, 6>{"CR_SUCCESS", "CR_LATER",           "CR_ROLLBACK",
                                         "CR_COMMIT",  "CR_THROW_EXCEPTION", "CR_RETURN_NULL"};
}

struct ConsumeMessageDirectlyResult {
  bool auto_commit = true;
  std::optional<CMResult> consume_result;
  bool order = false;
  std::optional<std::string> remark;
  int64_t spent_time_mills = 0;
  bool operator==(const ConsumeMessageDirectlyResult&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("autoCommit", auto_commit);
    v.Field("consumeResult", consume_result);
    v.Field("order", order);
    v.Field("remark", remark);
    v.Field("spentTimeMills", spent_time_mills);
  }
};

}  // namespace rmq::wire
