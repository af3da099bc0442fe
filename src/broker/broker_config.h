// The broker's configuration under Apache's keys: broker.conf. One table of keys drives reading,
// `mqbroker -p`, GET_BROKER_CONFIG and UPDATE_BROKER_CONFIG (wire/config_schema.h).
//
// Only keys that do something have a field; the others of Apache's BrokerConfig,
// MessageStoreConfig and NettyServerConfig are accepted and named in one warning at start.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/store_options.h"
#include "wire/config_schema.h"

namespace rmq::broker {

// Defaults: Apache RocketMQ 5.x BrokerConfig, MessageStoreConfig, NettyServerConfig.
struct BrokerConfig {
  // Who and where
  std::string cluster_name = "DefaultCluster";
  std::string broker_name = "broker-a";
  int64_t broker_id = 0;
  std::string broker_ip;  // brokerIP1; empty: the machine's address
  std::string bind_address = "0.0.0.0";
  int32_t listen_port = 10911;
  std::string namesrv_addr;
  std::string region_id = "DefaultRegion";
  bool trace_on = true;
  std::string store_root;  // storePathRootDir

  // What is allowed
  int32_t broker_permission = 6;  // readable 4, writable 2
  bool auto_create_topic_enable = true;
  bool auto_create_subscription_group = true;
  int32_t default_topic_queue_nums = 8;
  bool cluster_topic_enable = true;
  bool broker_topic_enable = true;

  // Clients
  bool long_polling_enable = true;
  int64_t short_polling_time_ms = 1000;
  int64_t channel_expired_timeout_ms = 120'000;
  bool notify_consumer_ids_changed_enable = true;
  int32_t send_queue_capacity = 10'000;  // sendThreadPoolQueueCapacity
  int32_t max_held_pulls = 100'000;      // pullThreadPoolQueueCapacity
  int32_t max_connections = 100'000;
  int64_t idle_seconds = 120;  // serverChannelMaxIdleTimeSeconds

  // Cycles
  int32_t register_name_server_period_ms = 30'000;
  int32_t register_broker_timeout_ms = 24'000;
  int64_t broker_heartbeat_timeout_ms = 120'000;  // brokerNotActiveTimeoutMillis, as registered
  int64_t flush_consumer_offset_interval_ms = 5'000;

  // Store
  std::string store_commit_log_path;
  int32_t mapped_file_size_commit_log = 1 << 30;
  int32_t mapped_file_size_consume_queue = 300'000 * 20;
  int32_t max_hash_slot_num = 5'000'000;
  int32_t max_index_num = 20'000'000;
  bool message_index_enable = true;
  std::string flush_disk_type = "ASYNC_FLUSH";
  int32_t flush_interval_commit_log_ms = 500;
  int32_t sync_flush_timeout_ms = 5'000;
  int32_t flush_interval_consume_queue_ms = 1'000;
  int32_t max_message_size = 4 * 1024 * 1024;
  int32_t max_transfer_bytes_in_memory = 256 * 1024;
  int32_t max_transfer_count_in_memory = 32;
  int32_t max_transfer_bytes_in_disk = 64 * 1024;
  int32_t max_transfer_count_in_disk = 8;
  int32_t default_query_max_num = 32;
  std::string config_black_list = "configBlackList;brokerConfigPath";

  // Our own key, not Apache's.
  int32_t hot_tail_size_bytes = 64 << 20;  // hotTailSize

  bool readable() const { return (broker_permission & 4) != 0; }
  bool writable() const { return (broker_permission & 2) != 0; }
  bool sync_flush() const { return flush_disk_type == "SYNC_FLUSH"; }
  store::StoreOptions ToStoreOptions() const;
};

// Binds every key to its field of `config` and adds the keys without effect.
void AddBrokerKeys(wire::ConfigSchema& schema, BrokerConfig& config);

// Adds the keys that Apache knows and we accept without effect (broker_config_ignored.cc).
void AddIgnoredBrokerKeys(wire::ConfigSchema& schema);

}  // namespace rmq::broker
