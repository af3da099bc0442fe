// Topics: the broker's topics with their queues and permissions; topics.json. One executor.
//
// Every change bumps the data version, by which NameServers see that they are behind, and is on
// disk before an operator learns of it. A topic that a send creates by itself is persisted soon
// after; should the broker die before, AddStored brings it back, since its messages are in the
// CommitLog. Rules: spec/store/config-files.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/file_system.h"
#include "runtime/mutex.h"
#include "wire/topic_config.h"

namespace rmq::broker {

struct BrokerConfig;

// More would make every list of a topic's queues a burden; Apache sets no bound.
inline constexpr int32_t kMaxQueuesOfTopic = 100'000;

class Topics {
 public:
  using TopicTable = std::map<std::string, wire::TopicConfig, std::less<>>;

  explicit Topics(const BrokerConfig& config) : config_(config) {}

  // Reads topics.json and adds the system's topics. `now` stamps the data version.
  Result<void> Load(Context& ctx, runtime::Directory& config_directory, WallTime now);
  // Writes topics.json if something changed since the last time.
  Result<void> Persist(Context& ctx, runtime::Directory& config_directory);

  const wire::TopicConfig* Find(std::string_view topic) const;
  const TopicTable& all() const { return topics_; }
  const wire::DataVersion& data_version() const { return data_version_; }
  // True for the system's own topics of this broker: its name and its cluster's too.
  bool IsSystem(std::string_view topic) const;

  // Replaces or adds. Does not persist.
  void Put(wire::TopicConfig topic, WallTime now);
  bool Remove(std::string_view topic, WallTime now);

  // A topic for a message that was sent to an unknown one: it inherits permission and queues from
  // `default_topic` (TBW102, with autoCreateTopicEnable). Null: not allowed.
  const wire::TopicConfig* CreateForSend(std::string_view topic, std::string_view default_topic,
                                         int32_t queue_nums, WallTime now);
  // The retry or dead-letter topic of a group.
  const wire::TopicConfig& CreateForGroup(std::string_view topic, int32_t queue_nums, int32_t perm,
                                          WallTime now);

  // A topic that the store holds messages of and topics.json has lost (BROKER-50).
  void AddStored(std::string_view topic, int32_t queue_nums, WallTime now);

  // What is registered with NameServers: every topic, its permission narrowed by the broker's.
  wire::TopicConfigSerializeWrapper ForRegistration() const;
  wire::TopicConfigSerializeWrapper Snapshot() const;
  // Notified after every change: who registers with NameServers waits here.
  runtime::Condition& changed() { return changed_; }

 private:
  void AddSystemTopics(WallTime now);
  void AddSystem(std::string_view topic, int32_t queues, int32_t perm);
  void Changed(WallTime now);

  const BrokerConfig& config_;
  TopicTable topics_;
  wire::DataVersion data_version_;
  int64_t changes_ = 0;
  int64_t persisted_changes_ = 0;
  runtime::Condition changed_;
};

}  // namespace rmq::broker
