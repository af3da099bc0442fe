#include "namesrv/name_server_config.h"

#include <fmt/format.h>

namespace rmq::namesrv {

using wire::ConfigEffect;
using wire::ConfigSchema;
using wire::ConfigType;

namespace {

void AddRouteKeys(NameServerConfig& c, ConfigSchema& schema) {
  schema.Add("scanNotActiveBrokerInterval", c.scan_interval_ms, ConfigEffect::kLive, {.min = 1});
  schema.Add("supportActingMaster", c.routes.support_acting_master, ConfigEffect::kLive);
  schema.Add("deleteTopicWithBrokerRegistration", c.routes.delete_topic_with_registration,
             ConfigEffect::kLive);
  schema.Add("notifyMinBrokerIdChanged", c.notify_min_broker_id_changed, ConfigEffect::kLive);
  schema.Add("orderMessageEnable", c.order_message_enable, ConfigEffect::kLive);
  schema.Add("returnOrderTopicConfigToBroker", c.return_order_topic_config_to_broker,
             ConfigEffect::kLive);
  schema.Add("enableAllTopicList", c.enable_all_topic_list, ConfigEffect::kLive);
  schema.Add("enableTopicList", c.enable_topic_list, ConfigEffect::kLive);
  schema.Add("needWaitForService", c.need_wait_for_service, ConfigEffect::kLive);
  schema.Add("waitSecondsForService", c.wait_seconds_for_service, ConfigEffect::kLive, {.min = 0});
}

// What sizes Apache's threads and queues, and roles that this daemon does not play.
void AddIgnoredNamesrvKeys(ConfigSchema& schema) {
  schema.AddIgnored("rocketmqHome", ConfigType::kString, "");
  schema.AddIgnored("productEnvName", ConfigType::kString, "center");
  schema.AddIgnored("clusterTest", ConfigType::kBool, "false");
  schema.AddIgnored("clientRequestThreadPoolNums", ConfigType::kInt, "8");
  schema.AddIgnored("defaultThreadPoolNums", ConfigType::kInt, "16");
  schema.AddIgnored("clientRequestThreadPoolQueueCapacity", ConfigType::kInt, "50000");
  schema.AddIgnored("defaultThreadPoolQueueCapacity", ConfigType::kInt, "10000");
  schema.AddIgnored("unRegisterBrokerQueueCapacity", ConfigType::kInt, "3000");
  schema.AddIgnored("enableControllerInNamesrv", ConfigType::kBool, "false");
}

void AddIgnoredServerKeys(ConfigSchema& schema) {
  schema.AddIgnored("serverWorkerThreads", ConfigType::kInt, "8");
  schema.AddIgnored("serverCallbackExecutorThreads", ConfigType::kInt, "0");
  schema.AddIgnored("serverSelectorThreads", ConfigType::kInt, "3");
  schema.AddIgnored("serverOnewaySemaphoreValue", ConfigType::kInt, "256");
  schema.AddIgnored("serverAsyncSemaphoreValue", ConfigType::kInt, "64");
  schema.AddIgnored("serverSocketSndBufSize", ConfigType::kInt, "0");
  schema.AddIgnored("serverSocketRcvBufSize", ConfigType::kInt, "0");
  schema.AddIgnored("writeBufferHighWaterMark", ConfigType::kInt, "0");
  schema.AddIgnored("writeBufferLowWaterMark", ConfigType::kInt, "0");
  schema.AddIgnored("serverSocketBacklog", ConfigType::kInt, "1024");
  schema.AddIgnored("serverNettyWorkerGroupEnable", ConfigType::kBool, "true");
  schema.AddIgnored("serverPooledByteBufAllocatorEnable", ConfigType::kBool, "true");
  schema.AddIgnored("enableShutdownGracefully", ConfigType::kBool, "false");
  schema.AddIgnored("shutdownWaitTimeSeconds", ConfigType::kInt, "30");
  schema.AddIgnored("useEpollNativeSelector", ConfigType::kBool, "false");
}

// Apache reads NettyClientConfig from the same file.
void AddIgnoredClientKeys(ConfigSchema& schema) {
  schema.AddIgnored("clientWorkerThreads", ConfigType::kInt, "4");
  schema.AddIgnored("clientCallbackExecutorThreads", ConfigType::kInt, "0");
  schema.AddIgnored("clientOnewaySemaphoreValue", ConfigType::kInt, "65535");
  schema.AddIgnored("clientAsyncSemaphoreValue", ConfigType::kInt, "65535");
  schema.AddIgnored("connectTimeoutMillis", ConfigType::kInt, "3000");
  schema.AddIgnored("channelNotActiveInterval", ConfigType::kLong, "60000");
  schema.AddIgnored("scanAvailableNameSrv", ConfigType::kBool, "true");
  schema.AddIgnored("clientChannelMaxIdleTimeSeconds", ConfigType::kInt, "120");
  schema.AddIgnored("clientSocketSndBufSize", ConfigType::kInt, "0");
  schema.AddIgnored("clientSocketRcvBufSize", ConfigType::kInt, "0");
  schema.AddIgnored("clientPooledByteBufAllocatorEnable", ConfigType::kBool, "false");
  schema.AddIgnored("clientCloseSocketIfTimeout", ConfigType::kBool, "true");
  schema.AddIgnored("useTLS", ConfigType::kBool, "false");
  schema.AddIgnored("socksProxyConfig", ConfigType::kString, "{}");
  schema.AddIgnored("disableCallbackExecutor", ConfigType::kBool, "false");
  schema.AddIgnored("disableNettyWorkerGroup", ConfigType::kBool, "false");
  schema.AddIgnored("maxReconnectIntervalTimeSeconds", ConfigType::kLong, "60");
  schema.AddIgnored("enableReconnectForGoAway", ConfigType::kBool, "true");
}

}  // namespace

NameServerConfig::NameServerConfig(std::string_view home) {
  if (home.ends_with('/')) home.remove_suffix(1);
  kv_config_path = fmt::format("{}/namesrv/kvConfig.json", home);
  config_store_path = fmt::format("{}/namesrv/namesrv.properties", home);
}

void DescribeKeys(NameServerConfig& c, ConfigSchema& schema) {
  schema.Add("listenPort", c.listen_port, ConfigEffect::kAtStart,
             {.min = 0, .max = 65'535, .important = true});
  schema.Add("bindAddress", c.bind_address, ConfigEffect::kAtStart, {.important = true});
  schema.Add("serverChannelMaxIdleTimeSeconds", c.idle_seconds, ConfigEffect::kAtStart, {.min = 0});
  schema.Add("kvConfigPath", c.kv_config_path, ConfigEffect::kAtStart, {.important = true});
  schema.Add("configStorePath", c.config_store_path, ConfigEffect::kAtStart, {.important = true});
  schema.Add("configBlackList", c.black_list, ConfigEffect::kAtStart);
  AddRouteKeys(c, schema);
  AddIgnoredNamesrvKeys(schema);
  AddIgnoredServerKeys(schema);
  AddIgnoredClientKeys(schema);
}

}  // namespace rmq::namesrv
