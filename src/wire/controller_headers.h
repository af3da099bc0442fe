// Header fields of the controller, which elects masters and keeps the sets of in-sync replicas. See
// header_codec.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct AlterSyncStateSetRequestHeader {
  static constexpr std::string_view kName = "AlterSyncStateSetRequestHeader";
  std::string broker_name;
  std::optional<int64_t> master_broker_id;
  std::optional<int32_t> master_epoch;
  int64_t invoke_time = 0;
  bool operator==(const AlterSyncStateSetRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("brokerName", broker_name);
    v.Optional("masterBrokerId", master_broker_id);
    v.Optional("masterEpoch", master_epoch);
    v.Optional("invokeTime", invoke_time);
  }
};

struct AlterSyncStateSetResponseHeader {
  static constexpr std::string_view kName = "AlterSyncStateSetResponseHeader";
  int32_t new_sync_state_set_epoch = 0;
  bool operator==(const AlterSyncStateSetResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("newSyncStateSetEpoch", new_sync_state_set_epoch);
  }
};

struct ElectMasterRequestHeader {
  static constexpr std::string_view kName = "ElectMasterRequestHeader";
  std::string cluster_name;
  std::string broker_name;
  int64_t broker_id = -1;
  bool designate_elect = false;
  int64_t invoke_time = 0;
  bool operator==(const ElectMasterRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Optional("brokerName", broker_name);
    v.Required("brokerId", broker_id);
    v.Optional("designateElect", designate_elect);
    v.Optional("invokeTime", invoke_time);
  }
};

struct ElectMasterResponseHeader {
  static constexpr std::string_view kName = "ElectMasterResponseHeader";
  std::optional<int64_t> master_broker_id;
  std::string master_address;
  std::optional<int32_t> master_epoch;
  std::optional<int32_t> sync_state_set_epoch;
  bool operator==(const ElectMasterResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("masterBrokerId", master_broker_id);
    v.Optional("masterAddress", master_address);
    v.Optional("masterEpoch", master_epoch);
    v.Optional("syncStateSetEpoch", sync_state_set_epoch);
  }
};

struct RegisterBrokerToControllerRequestHeader {
  static constexpr std::string_view kName = "RegisterBrokerToControllerRequestHeader";
  std::string cluster_name;
  std::string broker_name;
  std::optional<int64_t> broker_id;
  std::string broker_address;
  int64_t invoke_time = 0;
  bool operator==(const RegisterBrokerToControllerRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Optional("brokerName", broker_name);
    v.Optional("brokerId", broker_id);
    v.Optional("brokerAddress", broker_address);
    v.Optional("invokeTime", invoke_time);
  }
};

struct RegisterBrokerToControllerResponseHeader {
  static constexpr std::string_view kName = "RegisterBrokerToControllerResponseHeader";
  std::string cluster_name;
  std::string broker_name;
  std::optional<int64_t> master_broker_id;
  std::string master_address;
  std::optional<int32_t> master_epoch;
  std::optional<int32_t> sync_state_set_epoch;
  bool operator==(const RegisterBrokerToControllerResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Optional("brokerName", broker_name);
    v.Optional("masterBrokerId", master_broker_id);
    v.Optional("masterAddress", master_address);
    v.Optional("masterEpoch", master_epoch);
    v.Optional("syncStateSetEpoch", sync_state_set_epoch);
  }
};

struct GetReplicaInfoRequestHeader {
  static constexpr std::string_view kName = "GetReplicaInfoRequestHeader";
  std::string broker_name;
  bool operator==(const GetReplicaInfoRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("brokerName", broker_name);
  }
};

struct GetReplicaInfoResponseHeader {
  static constexpr std::string_view kName = "GetReplicaInfoResponseHeader";
  std::optional<int64_t> master_broker_id;
  std::string master_address;
  std::optional<int32_t> master_epoch;
  bool operator==(const GetReplicaInfoResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("masterBrokerId", master_broker_id);
    v.Optional("masterAddress", master_address);
    v.Optional("masterEpoch", master_epoch);
  }
};

struct GetMetaDataResponseHeader {
  static constexpr std::string_view kName = "GetMetaDataResponseHeader";
  std::string group;
  std::string controller_leader_id;
  std::string controller_leader_address;
  bool is_leader = false;
  std::string peers;
  bool operator==(const GetMetaDataResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("group", group);
    v.Optional("controllerLeaderId", controller_leader_id);
    v.Optional("controllerLeaderAddress", controller_leader_address);
    v.Optional("isLeader", is_leader);
    v.Optional("peers", peers);
  }
};

struct GetNextBrokerIdRequestHeader {
  static constexpr std::string_view kName = "GetNextBrokerIdRequestHeader";
  std::string cluster_name;
  std::string broker_name;
  bool operator==(const GetNextBrokerIdRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Optional("brokerName", broker_name);
  }
};

struct GetNextBrokerIdResponseHeader {
  static constexpr std::string_view kName = "GetNextBrokerIdResponseHeader";
  std::string cluster_name;
  std::string broker_name;
  std::optional<int64_t> next_broker_id;
  bool operator==(const GetNextBrokerIdResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Optional("brokerName", broker_name);
    v.Optional("nextBrokerId", next_broker_id);
  }
};

struct ApplyBrokerIdRequestHeader {
  static constexpr std::string_view kName = "ApplyBrokerIdRequestHeader";
  std::string cluster_name;
  std::string broker_name;
  std::optional<int64_t> applied_broker_id;
  std::string register_check_code;
  bool operator==(const ApplyBrokerIdRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Optional("brokerName", broker_name);
    v.Optional("appliedBrokerId", applied_broker_id);
    v.Optional("registerCheckCode", register_check_code);
  }
};

struct ApplyBrokerIdResponseHeader {
  static constexpr std::string_view kName = "ApplyBrokerIdResponseHeader";
  std::string cluster_name;
  std::string broker_name;
  bool operator==(const ApplyBrokerIdResponseHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Optional("brokerName", broker_name);
  }
};

struct NotifyBrokerRoleChangedRequestHeader {
  static constexpr std::string_view kName = "NotifyBrokerRoleChangedRequestHeader";
  std::string master_address;
  std::optional<int32_t> master_epoch;
  std::optional<int32_t> sync_state_set_epoch;
  std::optional<int64_t> master_broker_id;
  bool operator==(const NotifyBrokerRoleChangedRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("masterAddress", master_address);
    v.Optional("masterEpoch", master_epoch);
    v.Optional("syncStateSetEpoch", sync_state_set_epoch);
    v.Optional("masterBrokerId", master_broker_id);
  }
};

struct CleanControllerBrokerDataRequestHeader {
  static constexpr std::string_view kName = "CleanControllerBrokerDataRequestHeader";
  std::string cluster_name;
  std::string broker_name;
  std::string broker_controller_ids_to_clean;
  bool is_clean_living_broker = false;
  int64_t invoke_time = 0;
  bool operator==(const CleanControllerBrokerDataRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("clusterName", cluster_name);
    v.Required("brokerName", broker_name);
    v.Optional("brokerControllerIdsToClean", broker_controller_ids_to_clean);
    v.Optional("isCleanLivingBroker", is_clean_living_broker);
    v.Optional("invokeTime", invoke_time);
  }
};

}  // namespace rmq::wire
