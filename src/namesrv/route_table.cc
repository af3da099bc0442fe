#include "namesrv/route_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace rmq::namesrv {

using wire::BrokerData;
using wire::kMasterId;
using wire::QueueData;
using wire::TopicRouteData;

namespace {

constexpr std::string_view kMemberGroupTopicPrefix = "rmq_sys_SYNC_BROKER_MEMBER_";

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

// REQUIRES: the group has members.
int64_t MinId(const BrokerData& group) {
  return group.broker_addrs.begin()->first;
}

}  // namespace

// --- brokers ---

// Two brokers claim one id: the one that was master more recently is right (NS-5).
bool RouteTable::IsNewerAtSameId(const Registration& registration, const BrokerData* group) const {
  if (group == nullptr) return false;
  const auto holder = group->broker_addrs.find(registration.broker_id);
  if (holder == group->broker_addrs.end() || holder->second == registration.broker.address) {
    return false;
  }
  const auto live = live_.find({registration.broker.cluster, holder->second});
  return live != live_.end() &&
         live->second.data_version.state_version > registration.topics.data_version.state_version;
}

Result<Registered> RouteTable::Register(Registration registration, Tick now) {
  const BrokerAddress& broker = registration.broker;
  const int64_t id = registration.broker_id;
  ForgetOtherName(broker, registration.broker_name);
  const auto known = groups_.find(registration.broker_name);
  if (IsNewerAtSameId(registration, known == groups_.end() ? nullptr : &known->second)) {
    if (const auto live = live_.find(broker); live != live_.end()) {
      Remove({{broker, live->second.generation}});
    }
    return Registered{};
  }
  // NS-13.
  const bool id_is_known = known != groups_.end() && known->second.broker_addrs.contains(id);
  if (!id_is_known && registration.topics.topic_config_table.size() == 1) {
    return Fail(ErrorCode::kRejected,
                fmt::format("one topic of broker {} ({}), which has not registered",
                            registration.broker_name, broker.address));
  }

  clusters_[broker.cluster].insert(registration.broker_name);
  BrokerData& group = groups_[registration.broker_name];
  group.cluster = broker.cluster;
  group.broker_name = registration.broker_name;
  group.enable_acting_master = registration.enable_acting_master.value_or(false);
  group.zone_name = registration.zone_name;

  const bool below_all = !group.broker_addrs.empty() && id < MinId(group);
  // An address is one member: a slave that became the master leaves its old id.
  std::erase_if(group.broker_addrs, [&](const auto& member) {
    return member.first != id && member.second == broker.address;
  });
  const bool first = group.broker_addrs.insert_or_assign(id, broker.address).second;
  // NS-7.
  const bool stands_in =
      registration.enable_acting_master.has_value() && id != kMasterId && id == MinId(group);
  if (id == kMasterId || stands_in) TakeTopics(registration, group, first, stands_in);

  live_.insert_or_assign(broker, Live{.broker_name = registration.broker_name,
                                      .ha_address = registration.ha_address,
                                      .heartbeat_timeout = registration.heartbeat_timeout,
                                      .last_heard = now,
                                      .data_version = registration.topics.data_version,
                                      .connection_id = registration.connection_id,
                                      .generation = ++last_generation_});
  if (registration.filter_servers.has_value()) {
    if (registration.filter_servers->empty()) {
      filter_servers_.erase(broker);
    } else {
      filter_servers_[broker] = *std::move(registration.filter_servers);
    }
  }

  Registered answer = AnswerTo(registration, group);
  if (below_all) {
    MinBrokerIdChange change{.min_broker_id = id,
                             .min_broker_address = broker.address,
                             .offline_address = {},
                             .ha_address = registration.ha_address,
                             .notify = {}};
    for (const auto& [member, address] : group.broker_addrs) {
      if (member != id || group.broker_addrs.size() == 1) change.notify.push_back(address);
    }
    answer.min_id_change = std::move(change);
  }
  return answer;
}

// The broker at this address was called something else: that one is gone (NS-4).
void RouteTable::ForgetOtherName(const BrokerAddress& broker, std::string_view broker_name) {
  const auto live = live_.find(broker);
  if (live == live_.end() || live->second.broker_name == broker_name) return;
  Remove({{broker, live->second.generation}});
}

Registered RouteTable::AnswerTo(const Registration& registration, const BrokerData& group) const {
  Registered answer;
  if (registration.broker_id == kMasterId) return answer;
  const auto master = group.broker_addrs.find(kMasterId);
  if (master == group.broker_addrs.end()) return answer;
  const auto live = live_.find({registration.broker.cluster, master->second});
  if (live == live_.end()) return answer;
  answer.master_address = master->second;
  answer.ha_address = live->second.ha_address;
  return answer;
}

// With the data version of before only topics that lack this broker are taken: so permissions that
// an operator changed here stay until the broker changes something itself (NS-6).
void RouteTable::TakeTopics(const Registration& registration, const BrokerData& group, bool first,
                            bool stands_in) {
  const wire::TopicConfigAndMappingSerializeWrapper& topics = registration.topics;
  if (options_.delete_topic_with_registration && topics.topic_queue_mapping_info_map.empty()) {
    DeleteMissingTopics(registration.broker_name, topics.topic_config_table);
  }
  const wire::DataVersion* before = FindDataVersion(registration.broker);
  const bool changed = first || before == nullptr || *before != topics.data_version;
  for (const auto& [topic, config] : topics.topic_config_table) {
    const auto known = topics_.find(topic);
    const bool lacks_broker =
        known == topics_.end() || !known->second.contains(registration.broker_name);
    if (!changed && !lacks_broker) continue;
    const bool read_only = stands_in && group.enable_acting_master;
    PutQueue(config.topic_name, {.broker_name = registration.broker_name,
                                 .perm = read_only ? config.perm & ~wire::kPermWrite : config.perm,
                                 .read_queue_nums = config.read_queue_nums,
                                 .topic_sys_flag = config.topic_sys_flag,
                                 .write_queue_nums = config.write_queue_nums});
  }
  if (!changed) return;
  for (const auto& [topic, mapping] : topics.topic_queue_mapping_info_map) {
    if (topics_.contains(topic)) mappings_[topic].insert_or_assign(mapping.bname, mapping);
  }
}

void RouteTable::DeleteMissingTopics(std::string_view broker_name,
                                     const std::map<std::string, wire::TopicConfig>& present) {
  std::vector<std::string> missing;
  for (const auto& [topic, queues] : topics_) {
    if (queues.contains(broker_name) && !present.contains(topic)) missing.push_back(topic);
  }
  for (const std::string& topic : missing) EraseQueue(topic, broker_name);
}

bool RouteTable::Heartbeat(const BrokerAddress& broker, uint64_t connection_id, Tick now) {
  const auto live = live_.find(broker);
  if (live == live_.end()) return false;
  live->second.last_heard = now;
  // The broker has connected anew: the end of its old connection means nothing any more (NS-8).
  live->second.connection_id = std::max(live->second.connection_id, connection_id);
  return true;
}

const wire::DataVersion* RouteTable::FindDataVersion(const BrokerAddress& broker) const {
  const auto live = live_.find(broker);
  return live == live_.end() ? nullptr : &live->second.data_version;
}

// NS-10: a farewell that was sent on an older connection than the registration's is from the
// broker's previous life.
std::optional<Removal> RouteTable::DecideUnregister(const BrokerAddress& broker,
                                                    uint64_t connection_id) const {
  const auto live = live_.find(broker);
  if (live == live_.end() || live->second.connection_id > connection_id) return std::nullopt;
  return Removal{broker, live->second.generation};
}

std::vector<Removal> RouteTable::DecideExpired(Tick now) const {
  std::vector<Removal> expired;
  for (const auto& [broker, live] : live_) {
    if (live.last_heard + live.heartbeat_timeout < now) {
      expired.push_back({broker, live.generation});
    }
  }
  return expired;
}

std::vector<Removal> RouteTable::DecideClosed(uint64_t connection_id) const {
  std::vector<Removal> closed;
  for (const auto& [broker, live] : live_) {
    if (live.connection_id == connection_id) closed.push_back({broker, live.generation});
  }
  return closed;
}

std::vector<MinBrokerIdChange> RouteTable::Remove(const std::vector<Removal>& removals) {
  std::vector<MinBrokerIdChange> changes;
  for (const Removal& removal : removals) {
    const auto live = live_.find(removal.broker);
    if (live == live_.end() || live->second.generation != removal.generation) continue;
    const std::string broker_name = live->second.broker_name;
    live_.erase(live);
    filter_servers_.erase(removal.broker);
    LeaveCluster(removal.broker.cluster, broker_name);
    if (auto change = RemoveMember(removal.broker, broker_name)) {
      changes.push_back(*std::move(change));
    }
  }
  return changes;
}

void RouteTable::LeaveCluster(const std::string& cluster, const std::string& broker_name) {
  const bool others = std::ranges::any_of(live_, [&](const auto& entry) {
    return entry.first.cluster == cluster && entry.second.broker_name == broker_name;
  });
  if (others) return;
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) return;
  found->second.erase(broker_name);
  if (found->second.empty()) clusters_.erase(found);
}

std::optional<MinBrokerIdChange> RouteTable::RemoveMember(const BrokerAddress& broker,
                                                          const std::string& broker_name) {
  const auto found = groups_.find(broker_name);
  if (found == groups_.end()) return std::nullopt;
  // The same broker may have come back under another cluster's name.
  const bool lives = std::ranges::any_of(live_, [&](const auto& entry) {
    return entry.first.address == broker.address && entry.second.broker_name == broker_name;
  });
  if (lives) return std::nullopt;
  BrokerData& group = found->second;
  const std::string least = group.broker_addrs.empty() ? "" : group.broker_addrs.begin()->second;
  std::erase_if(group.broker_addrs,
                [&](const auto& member) { return member.second == broker.address; });
  if (group.broker_addrs.empty()) {
    RemoveName(broker_name);
    return std::nullopt;
  }
  if (!group.enable_acting_master) return std::nullopt;
  if (MinId(group) != kMasterId) WipeWriteOf(broker_name);
  if (least != broker.address) return std::nullopt;

  MinBrokerIdChange change{.min_broker_id = MinId(group),
                           .min_broker_address = group.broker_addrs.begin()->second,
                           .offline_address = broker.address,
                           .ha_address = {},
                           .notify = {}};
  for (const auto& [id, address] : group.broker_addrs) change.notify.push_back(address);
  return change;
}

// NS-12.
void RouteTable::RemoveName(const std::string& broker_name) {
  groups_.erase(broker_name);
  for (auto cluster = clusters_.begin(); cluster != clusters_.end();) {
    cluster->second.erase(broker_name);
    cluster = cluster->second.empty() ? clusters_.erase(cluster) : std::next(cluster);
  }
  for (auto topic = topics_.begin(); topic != topics_.end();) {
    topic->second.erase(broker_name);
    if (topic->second.empty()) {
      mappings_.erase(topic->first);
      topic = topics_.erase(topic);
    } else {
      ++topic;
    }
  }
}

void RouteTable::WipeWriteOf(std::string_view broker_name) {
  ChangePermission(broker_name, wire::kPermWrite, 0);
}

// --- topics ---

void RouteTable::PutQueue(std::string_view topic, QueueData queue) {
  QueuesByBroker& queues = topics_[std::string(topic)];
  std::string broker_name = queue.broker_name;
  queues.insert_or_assign(std::move(broker_name), std::move(queue));
}

void RouteTable::EraseQueue(std::string_view topic, std::string_view broker_name) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  const auto queue = found->second.find(broker_name);
  if (queue != found->second.end()) found->second.erase(queue);
  if (!found->second.empty()) return;
  if (const auto mapping = mappings_.find(topic); mapping != mappings_.end()) {
    mappings_.erase(mapping);
  }
  topics_.erase(found);
}

// NS-23.
bool RouteTable::RegisterTopic(std::string_view topic, const std::vector<QueueData>& queues) {
  const bool all_known = std::ranges::all_of(
      queues, [&](const QueueData& queue) { return groups_.contains(queue.broker_name); });
  if (!all_known) return false;
  for (const QueueData& queue : queues) PutQueue(topic, queue);
  return true;
}

// NS-24.
void RouteTable::DeleteTopic(std::string_view topic) {
  if (const auto found = topics_.find(topic); found != topics_.end()) topics_.erase(found);
  if (const auto found = mappings_.find(topic); found != mappings_.end()) mappings_.erase(found);
}

void RouteTable::DeleteTopic(std::string_view topic, std::string_view cluster) {
  const auto names = clusters_.find(cluster);
  if (names == clusters_.end()) return;
  for (const std::string& broker_name : names->second) EraseQueue(topic, broker_name);
}

int32_t RouteTable::ChangePermission(std::string_view broker_name, int32_t clear, int32_t set) {
  int32_t count = 0;
  for (auto& [topic, queues] : topics_) {
    const auto queue = queues.find(broker_name);
    if (queue == queues.end()) continue;
    queue->second.perm = (queue->second.perm & ~clear) | set;
    ++count;
  }
  return count;
}

int32_t RouteTable::WipeWritePermission(std::string_view broker_name) {
  return ChangePermission(broker_name, wire::kPermWrite, 0);
}

// NS-22: Apache gives exactly read and write, whatever was there before.
int32_t RouteTable::AddWritePermission(std::string_view broker_name) {
  return ChangePermission(broker_name, ~0, wire::kPermRead | wire::kPermWrite);
}

// --- answers ---

std::optional<TopicRouteData> RouteTable::FindRoute(std::string_view topic) const {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return std::nullopt;
  TopicRouteData route;
  for (const auto& [broker_name, queue] : found->second) {
    route.queue_datas.push_back(queue);
    const auto group = groups_.find(broker_name);
    if (group == groups_.end()) continue;
    route.broker_datas.push_back(group->second);
    for (const auto& [id, address] : group->second.broker_addrs) {
      const auto filters = filter_servers_.find({group->second.cluster, address});
      if (filters != filter_servers_.end()) {
        route.filter_server_table[address] = filters->second;
      }
    }
  }
  if (route.broker_datas.empty()) return std::nullopt;
  const auto mapping = mappings_.find(topic);
  if (mapping != mappings_.end()) route.topic_queue_mapping_by_broker = mapping->second;
  if (options_.support_acting_master && !topic.starts_with(kMemberGroupTopicPrefix)) {
    ShowActingMasters(route);
  }
  return route;
}

// NS-14: where the master is gone, the least slave is shown in its place, once its queues are
// read-only.
void RouteTable::ShowActingMasters(TopicRouteData& route) const {
  for (BrokerData& group : route.broker_datas) {
    if (group.broker_addrs.empty() || group.broker_addrs.contains(kMasterId) ||
        !group.enable_acting_master) {
      continue;
    }
    const auto queue =
        std::ranges::find(route.queue_datas, group.broker_name, &QueueData::broker_name);
    if (queue == route.queue_datas.end() || (queue->perm & wire::kPermWrite) != 0) continue;
    auto least = group.broker_addrs.extract(group.broker_addrs.begin());
    least.key() = kMasterId;
    group.broker_addrs.insert(std::move(least));
  }
}

wire::ClusterInfo RouteTable::Clusters() const {
  wire::ClusterInfo info;
  info.broker_addr_table.insert(groups_.begin(), groups_.end());
  info.cluster_addr_table.insert(clusters_.begin(), clusters_.end());
  return info;
}

wire::BrokerMemberGroup RouteTable::Members(std::string_view cluster,
                                            std::string_view broker_name) const {
  wire::BrokerMemberGroup members;
  members.cluster = cluster;
  members.broker_name = broker_name;
  const auto group = groups_.find(broker_name);
  if (group != groups_.end()) members.broker_addrs = group->second.broker_addrs;
  return members;
}

template <typename Predicate>
wire::TopicList RouteTable::TopicsWhere(Predicate&& predicate) const {
  wire::TopicList list;
  for (const auto& [topic, queues] : topics_) {
    if (predicate(queues)) list.topic_list.insert(list.topic_list.end(), topic);
  }
  return list;
}

wire::TopicList RouteTable::AllTopics() const {
  return TopicsWhere([](const QueuesByBroker&) { return true; });
}

wire::TopicList RouteTable::TopicsOfCluster(std::string_view cluster) const {
  const auto names = clusters_.find(cluster);
  if (names == clusters_.end()) return {};
  return TopicsWhere([&](const QueuesByBroker& queues) {
    return std::ranges::any_of(names->second,
                               [&](const std::string& name) { return queues.contains(name); });
  });
}

wire::TopicList RouteTable::SystemTopics() const {
  wire::TopicList list;
  for (const auto& [cluster, broker_names] : clusters_) {
    list.topic_list.insert(cluster);
    list.topic_list.insert(broker_names.begin(), broker_names.end());
  }
  for (const auto& [name, group] : groups_) {
    if (group.broker_addrs.empty()) continue;
    list.broker_addr = group.broker_addrs.begin()->second;
    break;
  }
  return list;
}

// A topic's flags are the same at all brokers, so the first tells.
wire::TopicList RouteTable::UnitTopics() const {
  return TopicsWhere([](const QueuesByBroker& queues) {
    return (queues.begin()->second.topic_sys_flag & wire::kTopicFlagUnit) != 0;
  });
}
wire::TopicList RouteTable::UnitSubTopics() const {
  return TopicsWhere([](const QueuesByBroker& queues) {
    return (queues.begin()->second.topic_sys_flag & wire::kTopicFlagUnitSub) != 0;
  });
}
wire::TopicList RouteTable::UnitSubButNotUnitTopics() const {
  return TopicsWhere([](const QueuesByBroker& queues) {
    const int32_t flags = queues.begin()->second.topic_sys_flag;
    return (flags & (wire::kTopicFlagUnit | wire::kTopicFlagUnitSub)) == wire::kTopicFlagUnitSub;
  });
}

void KeepZone(TopicRouteData& route, std::string_view zone) {
  std::set<std::string> removed;
  std::erase_if(route.broker_datas, [&](const BrokerData& group) {
    if (!group.broker_addrs.contains(kMasterId)) return false;
    if (SameIgnoringCase(group.zone_name.value_or(""), zone)) return false;
    removed.insert(group.broker_name);
    for (const auto& [id, address] : group.broker_addrs) route.filter_server_table.erase(address);
    return true;
  });
  std::erase_if(route.queue_datas,
                [&](const QueueData& queue) { return removed.contains(queue.broker_name); });
}

}  // namespace rmq::namesrv
