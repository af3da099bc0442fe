// Where topics live: what NameServers answer to clients and operators.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wire/topic_config.h"

namespace rmq::wire {

inline constexpr int64_t kMasterId = 0;

struct QueueData {
  std::string broker_name;
  int32_t perm = 0;
  int32_t read_queue_nums = 0;
  int32_t topic_sys_flag = 0;
  int32_t write_queue_nums = 0;
  bool operator==(const QueueData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerName", broker_name);
    v.Field("perm", perm);
    v.Field("readQueueNums", read_queue_nums);
    v.Field("topicSysFlag", topic_sys_flag);
    v.Field("writeQueueNums", write_queue_nums);
  }
};

// A master, under id 0, and its slaves.
struct BrokerData {
  std::map<int64_t, std::string> broker_addrs;
  std::string broker_name;
  std::string cluster;
  bool enable_acting_master = false;
  std::optional<std::string> zone_name;
  bool operator==(const BrokerData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerAddrs", broker_addrs);
    v.Field("brokerName", broker_name);
    v.Field("cluster", cluster);
    v.Field("enableActingMaster", enable_acting_master);
    v.Field("zoneName", zone_name);
  }
};

struct TopicRouteData {
  std::vector<BrokerData> broker_datas;
  // Always written, even empty: old clients read it without a check.
  std::map<std::string, std::vector<std::string>> filter_server_table;
  std::optional<std::string> order_topic_conf;
  std::vector<QueueData> queue_datas;
  std::optional<std::map<std::string, TopicQueueMappingInfo>> topic_queue_mapping_by_broker;
  bool operator==(const TopicRouteData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerDatas", broker_datas);
    v.Field("filterServerTable", filter_server_table);
    v.Field("orderTopicConf", order_topic_conf);
    v.Field("queueDatas", queue_datas);
    v.Field("topicQueueMappingByBroker", topic_queue_mapping_by_broker);
  }
};

// The body for a client of `client_version`: standard JSON if it is new enough or asked for it,
// else with bare integers as keys (JSON-18).
std::string TopicRouteDataToJson(const TopicRouteData& route, int32_t client_version,
                                 bool accept_standard_json_only);

struct ClusterInfo {
  std::map<std::string, BrokerData> broker_addr_table;
  std::map<std::string, std::set<std::string>> cluster_addr_table;  // clusters' broker names
  bool operator==(const ClusterInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerAddrTable", broker_addr_table);
    v.Field("clusterAddrTable", cluster_addr_table);
  }
};

struct BrokerMemberGroup {
  std::map<int64_t, std::string> broker_addrs;
  std::string broker_name;
  std::string cluster;
  bool operator==(const BrokerMemberGroup&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerAddrs", broker_addrs);
    v.Field("brokerName", broker_name);
    v.Field("cluster", cluster);
  }
};

struct GetBrokerMemberGroupResponseBody {
  std::optional<BrokerMemberGroup> broker_member_group;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerMemberGroup", broker_member_group);
  }
};

struct TopicList {
  std::optional<std::string> broker_addr;
  std::set<std::string> topic_list;
  bool operator==(const TopicList&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerAddr", broker_addr);
    v.Field("topicList", topic_list);
  }
};

// Answers that are just names and texts: broker statistics, KV configuration of a namespace.
struct KVTable {
  std::map<std::string, std::string> table;
  bool operator==(const KVTable&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("table", table);
  }
};

// The file kvConfig.json of a NameServer.
struct KVConfigSerializeWrapper {
  std::map<std::string, std::map<std::string, std::string>> config_table;
  bool operator==(const KVConfigSerializeWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("configTable", config_table);
  }
};

}  // namespace rmq::wire
