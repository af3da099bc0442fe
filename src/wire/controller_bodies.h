// Who replicates what: bodies of the controller and of the high-availability service.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wire/route_data.h"

namespace rmq::wire {

struct SyncStateSet {
  std::set<int64_t> sync_state_set;
  int32_t sync_state_set_epoch = 0;
  bool operator==(const SyncStateSet&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("syncStateSet", sync_state_set);
    v.Field("syncStateSetEpoch", sync_state_set_epoch);
  }
};

struct ElectMasterResponseBody {
  std::optional<BrokerMemberGroup> broker_member_group;
  std::set<int64_t> sync_state_set;
  bool operator==(const ElectMasterResponseBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerMemberGroup", broker_member_group);
    v.Field("syncStateSet", sync_state_set);
  }
};

struct EpochEntry {
  int64_t end_offset = 0;
  int32_t epoch = 0;
  int64_t start_offset = 0;
  bool operator==(const EpochEntry&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("endOffset", end_offset);
    v.Field("epoch", epoch);
    v.Field("startOffset", start_offset);
  }
};

struct EpochEntryCache {
  int64_t broker_id = 0;
  std::string broker_name;
  std::optional<std::string> cluster_name;
  std::vector<EpochEntry> epoch_list;
  int64_t max_offset = 0;
  bool operator==(const EpochEntryCache&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerId", broker_id);
    v.Field("brokerName", broker_name);
    v.Field("clusterName", cluster_name);
    v.Field("epochList", epoch_list);
    v.Field("maxOffset", max_offset);
  }
};

struct ReplicaIdentity {
  std::optional<bool> alive;
  std::string broker_address;
  int64_t broker_id = 0;
  std::string broker_name;
  bool operator==(const ReplicaIdentity&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("alive", alive);
    v.Field("brokerAddress", broker_address);
    v.Field("brokerId", broker_id);
    v.Field("brokerName", broker_name);
  }
};

struct ReplicasInfo {
  std::vector<ReplicaIdentity> in_sync_replicas;
  std::optional<std::string> master_address;
  std::optional<int64_t> master_broker_id;
  int32_t master_epoch = 0;
  std::vector<ReplicaIdentity> not_in_sync_replicas;
  int32_t sync_state_set_epoch = 0;
  bool operator==(const ReplicasInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("inSyncReplicas", in_sync_replicas);
    v.Field("masterAddress", master_address);
    v.Field("masterBrokerId", master_broker_id);
    v.Field("masterEpoch", master_epoch);
    v.Field("notInSyncReplicas", not_in_sync_replicas);
    v.Field("syncStateSetEpoch", sync_state_set_epoch);
  }
};

struct BrokerReplicasInfo {
  std::map<std::string, ReplicasInfo> replicas_info_table;
  bool operator==(const BrokerReplicasInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("replicasInfoTable", replicas_info_table);
  }
};

struct HAConnectionRuntimeInfo {
  std::string addr;
  int64_t diff = 0;
  bool in_sync = false;
  int64_t slave_ack_offset = 0;
  int64_t transfer_from_where = 0;
  int64_t transferred_byte_in_second = 0;
  bool operator==(const HAConnectionRuntimeInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("addr", addr);
    v.Field("diff", diff);
    v.Field("inSync", in_sync);
    v.Field("slaveAckOffset", slave_ack_offset);
    v.Field("transferFromWhere", transfer_from_where);
    v.Field("transferredByteInSecond", transferred_byte_in_second);
  }
};

struct HAClientRuntimeInfo {
  int64_t last_read_timestamp = 0;
  int64_t last_write_timestamp = 0;
  std::optional<std::string> master_addr;
  int64_t master_flush_offset = 0;
  int64_t max_offset = 0;
  int64_t transferred_byte_in_second = 0;
  bool operator==(const HAClientRuntimeInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("lastReadTimestamp", last_read_timestamp);
    v.Field("lastWriteTimestamp", last_write_timestamp);
    v.Field("masterAddr", master_addr);
    v.Field("masterFlushOffset", master_flush_offset);
    v.Field("maxOffset", max_offset);
    v.Field("transferredByteInSecond", transferred_byte_in_second);
  }
};

struct HARuntimeInfo {
  std::optional<HAClientRuntimeInfo> ha_client_runtime_info;
  std::vector<HAConnectionRuntimeInfo> ha_connection_info;
  int32_t in_sync_slave_nums = 0;
  bool master = false;
  int64_t master_commit_log_max_offset = 0;
  bool operator==(const HARuntimeInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("haClientRuntimeInfo", ha_client_runtime_info);
    v.Field("haConnectionInfo", ha_connection_info);
    v.Field("inSyncSlaveNums", in_sync_slave_nums);
    v.Field("master", master);
    v.Field("masterCommitLogMaxOffset", master_commit_log_max_offset);
  }
};

}  // namespace rmq::wire
