#include "broker/subscription_groups.h"

#include <iterator>

#include "broker/broker_config.h"
#include "runtime/replace_file.h"
#include "wire/json_bean.h"
#include "wire/name_rules.h"

namespace rmq::broker {
namespace {

constexpr std::string_view kFileName = "subscriptionGroup.json";

// The groups of Apache's own tools; broadcasting is allowed to some of them from the start.
constexpr std::string_view kSystemGroups[] = {
    "TOOLS_CONSUMER",  "FILTERSRV_CONSUMER",    "SELF_TEST_C_GROUP", "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_PULL", "CID_ONSAPI_PERMISSION", "CID_ONSAPI_OWNER",  "CID_RMQ_SYS_TRANS"};

}  // namespace

Result<void> SubscriptionGroups::Load(Context& ctx, runtime::Directory& config_directory,
                                      WallTime now) {
  const auto parse = [this](std::string_view text) -> Result<void> {
    RMQ_TRY(auto file, wire::FromJson<wire::SubscriptionGroupWrapper>(text));
    groups_.clear();
    groups_.insert(std::make_move_iterator(file.subscription_group_table.begin()),
                   std::make_move_iterator(file.subscription_group_table.end()));
    forbidden_ = std::move(file.forbidden_table);
    data_version_ = file.data_version;
    return {};
  };
  RMQ_TRY(const std::string taken,
          runtime::LoadReplacedFile(ctx, config_directory, kFileName, parse));
  if (taken.empty()) data_version_ = data_version_.Next(now);
  for (const std::string_view group : kSystemGroups) {
    wire::SubscriptionGroupConfig config;
    config.group_name = group;
    groups_.try_emplace(std::string(group), std::move(config));
  }
  return {};
}

Result<void> SubscriptionGroups::Persist(Context& ctx, runtime::Directory& config_directory) {
  if (changes_ == persisted_changes_) return {};
  const int64_t changes = changes_;
  RMQ_TRY(runtime::ReplaceFile(ctx, config_directory, kFileName,
                               wire::ToJson(Snapshot(), wire::kPrettyJson)));
  persisted_changes_ = changes;
  return {};
}

wire::SubscriptionGroupWrapper SubscriptionGroups::Snapshot() const {
  return {.data_version = data_version_,
          .forbidden_table = forbidden_,
          .subscription_group_table = {groups_.begin(), groups_.end()}};
}

const wire::SubscriptionGroupConfig* SubscriptionGroups::Find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

const wire::SubscriptionGroupConfig* SubscriptionGroups::FindOrCreate(std::string_view group,
                                                                      WallTime now) {
  const wire::SubscriptionGroupConfig* existing = Find(group);
  if (existing != nullptr) return existing;
  if (!config_.auto_create_subscription_group && !wire::IsSystemGroup(group)) return nullptr;
  if (!wire::ValidateGroup(group).has_value()) return nullptr;
  wire::SubscriptionGroupConfig made;
  made.group_name = group;
  Put(std::move(made), now);
  return Find(group);
}

void SubscriptionGroups::Put(wire::SubscriptionGroupConfig group, WallTime now) {
  groups_.insert_or_assign(group.group_name, std::move(group));
  data_version_ = data_version_.Next(now);
  ++changes_;
}

bool SubscriptionGroups::Remove(std::string_view group, WallTime now) {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return false;
  groups_.erase(found);
  data_version_ = data_version_.Next(now);
  ++changes_;
  return true;
}

}  // namespace rmq::broker
