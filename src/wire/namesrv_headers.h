// Header fields of requests to the NameServer. See header_codec.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct RegisterBrokerRequestHeader {
  static constexpr std::string_view kName = "RegisterBrokerRequestHeader";
  std::string broker_name;
  std::string broker_addr;
  std::string cluster_name;
  std::string ha_server_addr;
  int64_t broker_id = 0;
  std::optional<int64_t> heartbeat_timeout_millis;
  std::optional<bool> enable_acting_master;
  bool compressed = false;
  int32_t body_crc32 = 0;
  bool operator==(const RegisterBrokerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("brokerName", broker_name);
    v.Required("brokerAddr", broker_addr);
    v.Required("clusterName", cluster_name);
    v.Optional("haServerAddr", ha_server_addr);
    v.Required("brokerId", broker_id);
    v.Optional("heartbeatTimeoutMillis", heartbeat_timeout_millis);
    v.Optional("enableActingMaster", enable_acting_master);
    v.Optional("compressed", compressed);
    v.Optional("bodyCrc32", body_crc32);
  }
};

struct RegisterBrokerResponseHeader {
  static constexpr std::string_view kName = "RegisterBrokerResponseHeader";
  std::string ha_server_addr;
  std::string master_addr;
  bool operator==(const RegisterBrokerResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("haServerAddr", ha_server_addr);
    v.Optional("masterAddr", master_addr);
  }
};

struct UnRegisterBrokerRequestHeader {
  static constexpr std::string_view kName = "UnRegisterBrokerRequestHeader";
  std::string broker_name;
  std::string broker_addr;
  std::string cluster_name;
  int64_t broker_id = 0;
  bool operator==(const UnRegisterBrokerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("brokerName", broker_name);
    v.Required("brokerAddr", broker_addr);
    v.Required("clusterName", cluster_name);
    v.Required("brokerId", broker_id);
  }
};

struct BrokerHeartbeatRequestHeader {
  static constexpr std::string_view kName = "BrokerHeartbeatRequestHeader";
  std::string cluster_name;
  std::string broker_addr;
  std::string broker_name;
  std::optional<int64_t> broker_id;
  std::optional<int32_t> epoch;
  std::optional<int64_t> max_offset;
  std::optional<int64_t> confirm_offset;
  std::optional<int64_t> heartbeat_timeout_mills;
  std::optional<int32_t> election_priority;
  bool operator==(const BrokerHeartbeatRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("clusterName", cluster_name);
    v.Required("brokerAddr", broker_addr);
    v.Required("brokerName", broker_name);
    v.Optional("brokerId", broker_id);
    v.Optional("epoch", epoch);
    v.Optional("maxOffset", max_offset);
    v.Optional("confirmOffset", confirm_offset);
    v.Optional("heartbeatTimeoutMills", heartbeat_timeout_mills);
    v.Optional("electionPriority", election_priority);
  }
};

struct QueryDataVersionRequestHeader {
  static constexpr std::string_view kName = "QueryDataVersionRequestHeader";
  std::string broker_name;
  std::string broker_addr;
  std::string cluster_name;
  int64_t broker_id = 0;
  bool operator==(const QueryDataVersionRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("brokerName", broker_name);
    v.Required("brokerAddr", broker_addr);
    v.Required("clusterName", cluster_name);
    v.Required("brokerId", broker_id);
  }
};

struct QueryDataVersionResponseHeader {
  static constexpr std::string_view kName = "QueryDataVersionResponseHeader";
  bool changed = false;
  bool operator==(const QueryDataVersionResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("changed", changed);
  }
};

struct GetRouteInfoRequestHeader {
  static constexpr std::string_view kName = "GetRouteInfoRequestHeader";
  std::string topic;
  std::optional<bool> accept_standard_json_only;
  bool operator==(const GetRouteInfoRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Optional("acceptStandardJsonOnly", accept_standard_json_only);
  }
};

struct RegisterTopicRequestHeader {
  static constexpr std::string_view kName = "RegisterTopicRequestHeader";
  std::string topic;
  bool operator==(const RegisterTopicRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
  }
};

struct DeleteTopicFromNamesrvRequestHeader {
  static constexpr std::string_view kName = "DeleteTopicFromNamesrvRequestHeader";
  std::string topic;
  std::string cluster_name;
  bool operator==(const DeleteTopicFromNamesrvRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Optional("clusterName", cluster_name);
  }
};

struct GetTopicsByClusterRequestHeader {
  static constexpr std::string_view kName = "GetTopicsByClusterRequestHeader";
  std::string cluster;
  bool operator==(const GetTopicsByClusterRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("cluster", cluster);
  }
};

struct PutKVConfigRequestHeader {
  static constexpr std::string_view kName = "PutKVConfigRequestHeader";
  std::string kv_namespace;
  std::string key;
  std::string value;
  bool operator==(const PutKVConfigRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("namespace", kv_namespace);
    v.Required("key", key);
    v.Optional("value", value);
  }
};

struct GetKVConfigRequestHeader {
  static constexpr std::string_view kName = "GetKVConfigRequestHeader";
  std::string kv_namespace;
  std::string key;
  bool operator==(const GetKVConfigRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("namespace", kv_namespace);
    v.Required("key", key);
  }
};

struct GetKVConfigResponseHeader {
  static constexpr std::string_view kName = "GetKVConfigResponseHeader";
  std::string value;
  bool operator==(const GetKVConfigResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("value", value);
  }
};

struct DeleteKVConfigRequestHeader {
  static constexpr std::string_view kName = "DeleteKVConfigRequestHeader";
  std::string kv_namespace;
  std::string key;
  bool operator==(const DeleteKVConfigRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("namespace", kv_namespace);
    v.Required("key", key);
  }
};

struct GetKVListByNamespaceRequestHeader {
  static constexpr std::string_view kName = "GetKVListByNamespaceRequestHeader";
  std::string kv_namespace;
  bool operator==(const GetKVListByNamespaceRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("namespace", kv_namespace);
  }
};

struct WipeWritePermOfBrokerRequestHeader {
  static constexpr std::string_view kName = "WipeWritePermOfBrokerRequestHeader";
  std::string broker_name;
  bool operator==(const WipeWritePermOfBrokerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("brokerName", broker_name);
  }
};

struct WipeWritePermOfBrokerResponseHeader {
  static constexpr std::string_view kName = "WipeWritePermOfBrokerResponseHeader";
  int32_t wipe_topic_count = 0;
  bool operator==(const WipeWritePermOfBrokerResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("wipeTopicCount", wipe_topic_count);
  }
};

struct AddWritePermOfBrokerRequestHeader {
  static constexpr std::string_view kName = "AddWritePermOfBrokerRequestHeader";
  std::string broker_name;
  bool operator==(const AddWritePermOfBrokerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("brokerName", broker_name);
  }
};

struct AddWritePermOfBrokerResponseHeader {
  static constexpr std::string_view kName = "AddWritePermOfBrokerResponseHeader";
  int32_t add_topic_count = 0;
  bool operator==(const AddWritePermOfBrokerResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("addTopicCount", add_topic_count);
  }
};

struct GetBrokerMemberGroupRequestHeader {
  static constexpr std::string_view kName = "GetBrokerMemberGroupRequestHeader";
  std::string cluster_name;
  std::string broker_name;
  bool operator==(const GetBrokerMemberGroupRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("clusterName", cluster_name);
    v.Required("brokerName", broker_name);
  }
};

struct NotifyMinBrokerIdChangeRequestHeader {
  static constexpr std::string_view kName = "NotifyMinBrokerIdChangeRequestHeader";
  std::optional<int64_t> min_broker_id;
  std::string broker_name;
  std::string min_broker_addr;
  std::string offline_broker_addr;
  std::string ha_broker_addr;
  bool operator==(const NotifyMinBrokerIdChangeRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("minBrokerId", min_broker_id);
    v.Optional("brokerName", broker_name);
    v.Optional("minBrokerAddr", min_broker_addr);
    v.Optional("offlineBrokerAddr", offline_broker_addr);
    v.Optional("haBrokerAddr", ha_broker_addr);
  }
};

struct RegisterOrderTopicRequestHeader {
  static constexpr std::string_view kName = "RegisterOrderTopicRequestHeader";
  std::string topic;
  std::string order_topic_string;
  bool operator==(const RegisterOrderTopicRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Required("topic", topic);
    v.Required("orderTopicString", order_topic_string);
  }
};

}  // namespace rmq::wire
