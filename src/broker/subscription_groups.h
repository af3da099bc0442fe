// SubscriptionGroups: what the broker knows of each consumer group; subscriptionGroup.json. Groups
// come into being when they first show up, if autoCreateSubscriptionGroup is on. One executor.
// Persisted as Topics are. Rules: spec/store/config-files.md.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/file_system.h"
#include "wire/subscription_group_config.h"

namespace rmq::broker {

struct BrokerConfig;

class SubscriptionGroups {
 public:
  using GroupTable = std::map<std::string, wire::SubscriptionGroupConfig, std::less<>>;

  explicit SubscriptionGroups(const BrokerConfig& config) : config_(config) {}

  Result<void> Load(Context& ctx, runtime::Directory& config_directory, WallTime now);
  Result<void> Persist(Context& ctx, runtime::Directory& config_directory);

  const wire::SubscriptionGroupConfig* Find(std::string_view group) const;
  // Finds it or makes it. Null: there is none and none may be made.
  const wire::SubscriptionGroupConfig* FindOrCreate(std::string_view group, WallTime now);
  void Put(wire::SubscriptionGroupConfig group, WallTime now);
  bool Remove(std::string_view group, WallTime now);

  const GroupTable& all() const { return groups_; }
  wire::SubscriptionGroupWrapper Snapshot() const;

 private:
  const BrokerConfig& config_;
  GroupTable groups_;
  std::map<std::string, std::map<std::string, int32_t>> forbidden_;
  wire::DataVersion data_version_;
  int64_t changes_ = 0;
  int64_t persisted_changes_ = 0;
};

}  // namespace rmq::broker
