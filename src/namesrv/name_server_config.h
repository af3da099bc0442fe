// The configuration of a name server: the keys of Apache's NamesrvConfig and NettyServerConfig.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "namesrv/route_table.h"
#include "wire/config_schema.h"

namespace rmq::namesrv {

struct NameServerConfig {
  // `home` is what "~" stands for in the defaults.
  explicit NameServerConfig(std::string_view home);

  std::string bind_address = "0.0.0.0";
  int32_t listen_port = 9876;
  int32_t idle_seconds = 120;
  std::string kv_config_path;
  std::string config_store_path;
  std::string black_list = "configBlackList;configStorePath;kvConfigPath";

  int64_t scan_interval_ms = 5000;
  RouteOptions routes;
  bool notify_min_broker_id_changed = false;
  bool order_message_enable = false;
  bool return_order_topic_config_to_broker = true;
  bool enable_all_topic_list = true;
  bool enable_topic_list = true;
  bool need_wait_for_service = false;
  int32_t wait_seconds_for_service = 45;
};

// The table of all keys, bound to `config`.
void DescribeKeys(NameServerConfig& config, wire::ConfigSchema& schema);

}  // namespace rmq::namesrv
