// RouteTable: which brokers are alive, which topics each has, and what clients are told of it.
// Values in, values out: no I/O, no clock; NameServer feeds it.
//
// A broker is known by (cluster, address) while it is alive: that is what expires, what a closed
// connection takes away and what carries a data version. Members that share a broker name are one
// group: the master has id 0, slaves have others. Topics hang on names, not on members.
//
// Every registration gets a number, its generation, and every removal names the generation it was
// decided on: a removal that comes after the broker has registered again does nothing (NS-9).
// One executor. Rules: spec/wire/name-server.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "wire/route_data.h"
#include "wire/topic_config.h"

namespace rmq::namesrv {

struct BrokerAddress {
  std::string cluster;
  std::string address;
  auto operator<=>(const BrokerAddress&) const = default;
};

// What a broker says of itself in REGISTER_BROKER.
struct Registration {
  BrokerAddress broker;
  std::string broker_name;
  int64_t broker_id = 0;
  std::string ha_address;
  std::optional<std::string> zone_name;
  // Absent in registrations of 4.x: such a slave never stands in for its master.
  std::optional<bool> enable_acting_master;
  milliseconds heartbeat_timeout{120'000};
  wire::TopicConfigAndMappingSerializeWrapper topics;
  std::optional<std::vector<std::string>> filter_servers;  // absent: those of before stay
  uint64_t connection_id = 0;
};

// A group's least id is a different one than before: its members want to know.
struct MinBrokerIdChange {
  int64_t min_broker_id = 0;
  std::string min_broker_address;
  std::string offline_address;  // who went; empty if somebody came
  std::string ha_address;       // of the one who came
  std::vector<std::string> notify;
};

struct Registered {
  // Of the group's master, for a slave that asks; else empty.
  std::string master_address;
  std::string ha_address;
  std::optional<MinBrokerIdChange> min_id_change;
};

// The decision to remove a registration. Void once the broker has registered again.
struct Removal {
  BrokerAddress broker;
  uint64_t generation = 0;
};

struct RouteOptions {
  bool support_acting_master = false;
  // A topic that is missing in a registration is taken from the broker's topics.
  bool delete_topic_with_registration = false;
};

class RouteTable {
 public:
  // `options` may change while the table lives, and outlives it.
  explicit RouteTable(const RouteOptions& options) : options_(options) {}
  RouteTable(const RouteTable&) = delete;
  RouteTable& operator=(const RouteTable&) = delete;

  // --- brokers ---

  // kRejected: the registration of one topic of a broker that has not registered as a whole. A
  // registration under an id that another address holds with a newer state version is ignored.
  Result<Registered> Register(Registration registration, Tick now);
  // The broker lives, says connection `connection_id`. False: it is not registered.
  bool Heartbeat(const BrokerAddress& broker, uint64_t connection_id, Tick now);
  const wire::DataVersion* FindDataVersion(const BrokerAddress& broker) const;

  // What the broker's own wish, its silence, or the end of its connection decide.
  std::optional<Removal> DecideUnregister(const BrokerAddress& broker,
                                          uint64_t connection_id) const;
  std::vector<Removal> DecideExpired(Tick now) const;
  std::vector<Removal> DecideClosed(uint64_t connection_id) const;
  // Carries decisions out, those that are void excepted.
  std::vector<MinBrokerIdChange> Remove(const std::vector<Removal>& removals);

  // --- topics ---

  // False, and nothing changed, if one of the queues is at an unknown broker.
  bool RegisterTopic(std::string_view topic, const std::vector<wire::QueueData>& queues);
  void DeleteTopic(std::string_view topic);
  void DeleteTopic(std::string_view topic, std::string_view cluster);
  // Return in how many topics the broker is.
  int32_t WipeWritePermission(std::string_view broker_name);
  int32_t AddWritePermission(std::string_view broker_name);

  // --- answers ---

  std::optional<wire::TopicRouteData> FindRoute(std::string_view topic) const;
  wire::ClusterInfo Clusters() const;
  wire::BrokerMemberGroup Members(std::string_view cluster, std::string_view broker_name) const;
  wire::TopicList AllTopics() const;
  wire::TopicList TopicsOfCluster(std::string_view cluster) const;
  // The names that brokers make topics of: clusters and brokers.
  wire::TopicList SystemTopics() const;
  wire::TopicList UnitTopics() const;
  wire::TopicList UnitSubTopics() const;
  wire::TopicList UnitSubButNotUnitTopics() const;

  size_t broker_count() const { return live_.size(); }
  size_t topic_count() const { return topics_.size(); }

 private:
  struct Live {
    std::string broker_name;
    std::string ha_address;
    milliseconds heartbeat_timeout;
    Tick last_heard;
    wire::DataVersion data_version;
    uint64_t connection_id;
    uint64_t generation;
  };
  using QueuesByBroker = std::map<std::string, wire::QueueData, std::less<>>;

  bool IsNewerAtSameId(const Registration& registration, const wire::BrokerData* group) const;
  void ForgetOtherName(const BrokerAddress& broker, std::string_view broker_name);
  void TakeTopics(const Registration& registration, const wire::BrokerData& group, bool first,
                  bool stands_in);
  void PutQueue(std::string_view topic, wire::QueueData queue);
  void DeleteMissingTopics(std::string_view broker_name,
                           const std::map<std::string, wire::TopicConfig>& present);
  void EraseQueue(std::string_view topic, std::string_view broker_name);
  Registered AnswerTo(const Registration& registration, const wire::BrokerData& group) const;
  std::optional<MinBrokerIdChange> RemoveMember(const BrokerAddress& broker,
                                                const std::string& broker_name);
  void LeaveCluster(const std::string& cluster, const std::string& broker_name);
  void RemoveName(const std::string& broker_name);
  void WipeWriteOf(std::string_view broker_name);
  void ShowActingMasters(wire::TopicRouteData& route) const;
  int32_t ChangePermission(std::string_view broker_name, int32_t clear, int32_t set);
  template <typename Predicate>
  wire::TopicList TopicsWhere(Predicate&& predicate) const;

  const RouteOptions& options_;
  uint64_t last_generation_ = 0;
  std::map<BrokerAddress, Live> live_;
  std::map<BrokerAddress, std::vector<std::string>> filter_servers_;
  std::map<std::string, wire::BrokerData, std::less<>> groups_;  // by broker name
  std::map<std::string, std::set<std::string>, std::less<>> clusters_;
  std::map<std::string, QueuesByBroker, std::less<>> topics_;
  std::map<std::string, std::map<std::string, wire::TopicQueueMappingInfo>, std::less<>> mappings_;
};

// Leaves out the brokers of other zones, and their queues. A group without a master stays, so that
// its slaves can be read.
void KeepZone(wire::TopicRouteData& route, std::string_view zone);

}  // namespace rmq::namesrv
