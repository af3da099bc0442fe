#include "broker/broker_config.h"

namespace rmq::broker {

using wire::ConfigEffect;
using wire::ConfigSchema;

store::StoreOptions BrokerConfig::ToStoreOptions() const {
  store::StoreOptions options;
  options.root = store_root;
  options.commit_log_path = store_commit_log_path;
  options.commit_log_file_size = mapped_file_size_commit_log;
  options.consume_queue_file_units = mapped_file_size_consume_queue / 20;
  options.index_slot_count = static_cast<uint32_t>(max_hash_slot_num);
  options.index_entry_count = static_cast<uint32_t>(max_index_num);
  options.index_enabled = message_index_enable;
  options.flush_disk_type =
      sync_flush() ? store::FlushMode::kSyncFlush : store::FlushMode::kAsyncFlush;
  options.flush_interval = milliseconds(flush_interval_commit_log_ms);
  options.sync_flush_timeout = milliseconds(sync_flush_timeout_ms);
  options.consume_queue_flush_interval = milliseconds(flush_interval_consume_queue_ms);
  options.max_message_size = max_message_size;
  options.max_transfer_bytes_in_memory = max_transfer_bytes_in_memory;
  options.max_transfer_count_in_memory = max_transfer_count_in_memory;
  options.max_transfer_bytes_in_disk = max_transfer_bytes_in_disk;
  options.max_transfer_count_in_disk = max_transfer_count_in_disk;
  options.hot_tail_size = hot_tail_size_bytes;
  return options;
}

namespace {

// More would overflow in nanoseconds: a hundred years.
constexpr int64_t kLongestMs = int64_t{100} * 365 * 24 * 3600 * 1000;

void AddIdentity(ConfigSchema& schema, BrokerConfig& c) {
  schema.Add("brokerClusterName", c.cluster_name, ConfigEffect::kAtStart, {.important = true});
  schema.Add("brokerName", c.broker_name, ConfigEffect::kAtStart, {.important = true});
  schema.Add("brokerId", c.broker_id, ConfigEffect::kAtStart, {.min = 0, .important = true});
  schema.Add("brokerIP1", c.broker_ip, ConfigEffect::kAtStart, {.important = true});
  schema.Add("bindAddress", c.bind_address, ConfigEffect::kAtStart);
  schema.Add("listenPort", c.listen_port, ConfigEffect::kAtStart,
             {.min = 0, .max = 65'535, .important = true});
  schema.Add("namesrvAddr", c.namesrv_addr, ConfigEffect::kAtStart, {.important = true});
  schema.Add("regionId", c.region_id, ConfigEffect::kLive);
  schema.Add("traceOn", c.trace_on, ConfigEffect::kLive);
  schema.Add("storePathRootDir", c.store_root, ConfigEffect::kAtStart, {.important = true});
}

void AddPermissions(ConfigSchema& schema, BrokerConfig& c) {
  schema.Add("brokerPermission", c.broker_permission, ConfigEffect::kLive, {.min = 0, .max = 7});
  schema.Add("autoCreateTopicEnable", c.auto_create_topic_enable, ConfigEffect::kAtStart,
             {.important = true});
  schema.Add("autoCreateSubscriptionGroup", c.auto_create_subscription_group, ConfigEffect::kLive,
             {.important = true});
  schema.Add("defaultTopicQueueNums", c.default_topic_queue_nums, ConfigEffect::kAtStart,
             {.min = 1, .max = 4096});
  schema.Add("clusterTopicEnable", c.cluster_topic_enable, ConfigEffect::kAtStart);
  schema.Add("brokerTopicEnable", c.broker_topic_enable, ConfigEffect::kAtStart);
}

void AddClientKeys(ConfigSchema& schema, BrokerConfig& c) {
  schema.Add("longPollingEnable", c.long_polling_enable, ConfigEffect::kLive);
  schema.Add("shortPollingTimeMills", c.short_polling_time_ms, ConfigEffect::kLive,
             {.min = 1, .max = kLongestMs});
  schema.Add("channelExpiredTimeout", c.channel_expired_timeout_ms, ConfigEffect::kLive,
             {.min = 1000, .max = kLongestMs});
  schema.Add("notifyConsumerIdsChangedEnable", c.notify_consumer_ids_changed_enable,
             ConfigEffect::kLive);
  schema.Add("sendThreadPoolQueueCapacity", c.send_queue_capacity, ConfigEffect::kLive, {.min = 1});
  schema.Add("pullThreadPoolQueueCapacity", c.max_held_pulls, ConfigEffect::kLive, {.min = 1});
  schema.Add("maxConnections", c.max_connections, ConfigEffect::kAtStart, {.min = 1});
  schema.Add("serverChannelMaxIdleTimeSeconds", c.idle_seconds, ConfigEffect::kAtStart,
             {.min = 1, .max = kLongestMs / 1000});
}

void AddCycles(ConfigSchema& schema, BrokerConfig& c) {
  schema.Add("registerNameServerPeriod", c.register_name_server_period_ms, ConfigEffect::kLive,
             {.min = 1});
  schema.Add("registerBrokerTimeoutMills", c.register_broker_timeout_ms, ConfigEffect::kLive,
             {.min = 1});
  schema.Add("brokerNotActiveTimeoutMillis", c.broker_heartbeat_timeout_ms, ConfigEffect::kLive,
             {.min = 1, .max = kLongestMs});
  schema.Add("flushConsumerOffsetInterval", c.flush_consumer_offset_interval_ms,
             ConfigEffect::kLive, {.min = 1, .max = kLongestMs});
}

void AddStoreKeys(ConfigSchema& schema, BrokerConfig& c) {
  schema.Add("storePathCommitLog", c.store_commit_log_path, ConfigEffect::kAtStart);
  schema.Add("mappedFileSizeCommitLog", c.mapped_file_size_commit_log, ConfigEffect::kAtStart,
             {.min = 4096});
  schema.Add("mappedFileSizeConsumeQueue", c.mapped_file_size_consume_queue, ConfigEffect::kAtStart,
             {.min = 20});
  schema.Add("maxHashSlotNum", c.max_hash_slot_num, ConfigEffect::kAtStart, {.min = 1});
  schema.Add("maxIndexNum", c.max_index_num, ConfigEffect::kAtStart, {.min = 2});
  schema.Add("messageIndexEnable", c.message_index_enable, ConfigEffect::kAtStart);
  schema.Add("flushDiskType", c.flush_disk_type, ConfigEffect::kLive,
             {.one_of = {"ASYNC_FLUSH", "SYNC_FLUSH"}, .important = true});
  schema.Add("flushIntervalCommitLog", c.flush_interval_commit_log_ms, ConfigEffect::kAtStart,
             {.min = 1});
  schema.Add("syncFlushTimeout", c.sync_flush_timeout_ms, ConfigEffect::kAtStart, {.min = 1});
  schema.Add("flushIntervalConsumeQueue", c.flush_interval_consume_queue_ms, ConfigEffect::kAtStart,
             {.min = 1});
  schema.Add("maxMessageSize", c.max_message_size, ConfigEffect::kAtStart, {.min = 1});
  schema.Add("maxTransferBytesOnMessageInMemory", c.max_transfer_bytes_in_memory,
             ConfigEffect::kAtStart, {.min = 1});
  schema.Add("maxTransferCountOnMessageInMemory", c.max_transfer_count_in_memory,
             ConfigEffect::kAtStart, {.min = 1});
  schema.Add("maxTransferBytesOnMessageInDisk", c.max_transfer_bytes_in_disk,
             ConfigEffect::kAtStart, {.min = 1});
  schema.Add("maxTransferCountOnMessageInDisk", c.max_transfer_count_in_disk,
             ConfigEffect::kAtStart, {.min = 1});
  schema.Add("defaultQueryMaxNum", c.default_query_max_num, ConfigEffect::kLive, {.min = 1});
  schema.Add("configBlackList", c.config_black_list, ConfigEffect::kAtStart);
  schema.Add("hotTailSize", c.hot_tail_size_bytes, ConfigEffect::kAtStart, {.min = 0});
}

}  // namespace

void AddBrokerKeys(ConfigSchema& schema, BrokerConfig& config) {
  AddIdentity(schema, config);
  AddPermissions(schema, config);
  AddClientKeys(schema, config);
  AddCycles(schema, config);
  AddStoreKeys(schema, config);
  AddIgnoredBrokerKeys(schema);
}

}  // namespace rmq::broker
