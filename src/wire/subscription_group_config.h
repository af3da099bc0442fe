// What a broker knows of a consumer group, and the table of groups it keeps in
// subscriptionGroup.json.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/data_version.h"

namespace rmq::wire {

struct SimpleSubscriptionData {
  std::string expression;
  std::string expression_type = "TAG";
  std::string topic;
  int64_t version = 0;
  bool operator==(const SimpleSubscriptionData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("expression", expression);
    v.Field("expressionType", expression_type);
    v.Field("topic", topic);
    v.Field("version", version);
  }
};

// Waiting times before redelivery, in ms; the last one repeats.
struct CustomizedRetryPolicy {
  std::vector<int64_t> next;
  bool operator==(const CustomizedRetryPolicy&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("next", next);
  }
};

struct ExponentialRetryPolicy {
  int64_t initial = 5'000;
  int64_t max = 7'200'000;
  int64_t multiplier = 2;
  bool operator==(const ExponentialRetryPolicy&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("initial", initial);
    v.Field("max", max);
    v.Field("multiplier", multiplier);
  }
};

enum class GroupRetryPolicyType : uint8_t { kExponential, kCustomized };
constexpr auto JsonNames(GroupRetryPolicyType) {
  return std::array<std::string_view, 2>{"EXPONENTIAL", "CUSTOMIZED"};
}

// Without the policy that `type` names, Apache's default for that type holds.
struct GroupRetryPolicy {
  std::optional<CustomizedRetryPolicy> customized_retry_policy;
  std::optional<ExponentialRetryPolicy> exponential_retry_policy;
  GroupRetryPolicyType type = GroupRetryPolicyType::kCustomized;
  bool operator==(const GroupRetryPolicy&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("customizedRetryPolicy", customized_retry_policy);
    v.Field("exponentialRetryPolicy", exponential_retry_policy);
    v.Field("type", type);
  }
};

struct SubscriptionGroupConfig {
  std::map<std::string, std::string> attributes;
  int64_t broker_id = 0;
  bool consume_broadcast_enable = true;
  bool consume_enable = true;
  bool consume_from_min_enable = true;
  bool consume_message_orderly = false;
  int32_t consume_timeout_minute = 15;
  std::string group_name;
  GroupRetryPolicy group_retry_policy;
  int32_t group_sys_flag = 0;
  bool notify_consumer_ids_changed_enable = true;
  int32_t retry_max_times = 16;
  int32_t retry_queue_nums = 1;
  std::optional<std::vector<SimpleSubscriptionData>> subscription_data_set;
  int64_t which_broker_when_consume_slowly = 1;
  bool operator==(const SubscriptionGroupConfig&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("attributes", attributes);
    v.Field("brokerId", broker_id);
    v.Field("consumeBroadcastEnable", consume_broadcast_enable);
    v.Field("consumeEnable", consume_enable);
    v.Field("consumeFromMinEnable", consume_from_min_enable);
    v.Field("consumeMessageOrderly", consume_message_orderly);
    v.Field("consumeTimeoutMinute", consume_timeout_minute);
    v.Field("groupName", group_name);
    v.Field("groupRetryPolicy", group_retry_policy);
    v.Field("groupSysFlag", group_sys_flag);
    v.Field("notifyConsumerIdsChangedEnable", notify_consumer_ids_changed_enable);
    v.Field("retryMaxTimes", retry_max_times);
    v.Field("retryQueueNums", retry_queue_nums);
    v.Field("subscriptionDataSet", subscription_data_set);
    v.Field("whichBrokerWhenConsumeSlowly", which_broker_when_consume_slowly);
  }
};

// The file subscriptionGroup.json and the answer to GET_ALL_SUBSCRIPTIONGROUP_CONFIG.
struct SubscriptionGroupWrapper {
  DataVersion data_version;
  std::map<std::string, std::map<std::string, int32_t>> forbidden_table;  // group, topic, bits
  std::map<std::string, SubscriptionGroupConfig> subscription_group_table;
  bool operator==(const SubscriptionGroupWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("dataVersion", data_version);
    v.Field("forbiddenTable", forbidden_table);
    v.Field("subscriptionGroupTable", subscription_group_table);
  }
};

struct SubscriptionGroupList {
  std::vector<SubscriptionGroupConfig> group_config_list;

  template <typename V>
  void Fields(V& v) {
    v.Field("groupConfigList", group_config_list);
  }
};

struct GroupForbidden {
  std::string group;
  std::optional<bool> readable;
  std::string topic;

  template <typename V>
  void Fields(V& v) {
    v.Field("group", group);
    v.Field("readable", readable);
    v.Field("topic", topic);
  }
};

}  // namespace rmq::wire
