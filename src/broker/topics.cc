#include "broker/topics.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/broker_config.h"
#include "runtime/replace_file.h"
#include "wire/json_bean.h"
#include "wire/name_rules.h"

namespace rmq::broker {
namespace {

constexpr std::string_view kFileName = "topics.json";
constexpr int32_t kReadWrite = wire::kPermRead | wire::kPermWrite;

}  // namespace

Result<void> Topics::Load(Context& ctx, runtime::Directory& config_directory, WallTime now) {
  const auto parse = [this](std::string_view text) -> Result<void> {
    RMQ_TRY(auto file, wire::FromJson<wire::TopicConfigSerializeWrapper>(text));
    topics_.clear();
    topics_.insert(std::make_move_iterator(file.topic_config_table.begin()),
                   std::make_move_iterator(file.topic_config_table.end()));
    data_version_ = file.data_version;
    return {};
  };
  RMQ_TRY(const std::string taken,
          runtime::LoadReplacedFile(ctx, config_directory, kFileName, parse));
  if (taken.empty()) data_version_ = data_version_.Next(now);
  AddSystemTopics(now);
  return {};
}

Result<void> Topics::Persist(Context& ctx, runtime::Directory& config_directory) {
  if (changes_ == persisted_changes_) return {};
  const int64_t changes = changes_;
  RMQ_TRY(runtime::ReplaceFile(ctx, config_directory, kFileName,
                               wire::ToJson(Snapshot(), wire::kPrettyJson)));
  persisted_changes_ = changes;
  return {};
}

wire::TopicConfigSerializeWrapper Topics::Snapshot() const {
  return {.data_version = data_version_, .topic_config_table = {topics_.begin(), topics_.end()}};
}

// The topics that Apache's broker makes at start, with its numbers of queues and permissions.
void Topics::AddSystemTopics(WallTime now) {
  const size_t before = topics_.size();
  AddSystem(wire::kSelfTestTopic, 1, kReadWrite);
  if (config_.auto_create_topic_enable) {
    AddSystem(wire::kAutoCreateTopicKeyTopic, config_.default_topic_queue_nums,
              wire::kPermInherit | kReadWrite);
  }
  AddSystem(wire::kBenchmarkTopic, 1024, kReadWrite);
  const int32_t inherit_cluster = config_.cluster_topic_enable ? kReadWrite : 0;
  AddSystem(config_.cluster_name, 16, wire::kPermInherit | inherit_cluster);
  const int32_t inherit_broker = config_.broker_topic_enable ? kReadWrite : 0;
  AddSystem(config_.broker_name, 1, wire::kPermInherit | inherit_broker);
  AddSystem(wire::kOffsetMovedEventTopic, 1, kReadWrite);
  AddSystem(wire::kScheduleTopic, 18, kReadWrite);
  AddSystem(wire::kTraceTopic, 1, kReadWrite);
  AddSystem(fmt::format("{}_{}", config_.cluster_name, wire::kReplyTopicPostfix), 1, kReadWrite);
  AddSystem(wire::kTransHalfTopic, 1, kReadWrite);
  AddSystem(wire::kTransOpHalfTopic, 1, kReadWrite);
  AddSystem(wire::kTransCheckMaxTimeTopic, 1, kReadWrite);
  if (topics_.size() != before) {
    Changed(now);
  }
}

void Topics::AddSystem(std::string_view topic, int32_t queues, int32_t perm) {
  topics_.try_emplace(std::string(topic), wire::TopicConfig{.perm = perm,
                                                            .read_queue_nums = queues,
                                                            .topic_name = std::string(topic),
                                                            .write_queue_nums = queues});
}

bool Topics::IsSystem(std::string_view topic) const {
  return wire::IsSystemTopic(topic) || topic == config_.cluster_name ||
         topic == config_.broker_name ||
         topic == fmt::format("{}_{}", config_.cluster_name, wire::kReplyTopicPostfix);
}

const wire::TopicConfig* Topics::Find(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

void Topics::Put(wire::TopicConfig topic, WallTime now) {
  topics_.insert_or_assign(topic.topic_name, std::move(topic));
  Changed(now);
}

void Topics::Changed(WallTime now) {
  data_version_ = data_version_.Next(now);
  ++changes_;
  changed_.NotifyAll();
}

bool Topics::Remove(std::string_view topic, WallTime now) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return false;
  topics_.erase(found);
  Changed(now);
  return true;
}

const wire::TopicConfig* Topics::CreateForSend(std::string_view topic,
                                               std::string_view default_topic, int32_t queue_nums,
                                               WallTime now) {
  if (default_topic == wire::kAutoCreateTopicKeyTopic && !config_.auto_create_topic_enable) {
    return nullptr;
  }
  const wire::TopicConfig* origin = Find(default_topic);
  if (origin == nullptr || (origin->perm & wire::kPermInherit) == 0) return nullptr;
  wire::TopicConfig made;
  made.topic_name = topic;
  made.perm = origin->perm & ~wire::kPermInherit;
  made.read_queue_nums = made.write_queue_nums =
      std::max(0, std::min(queue_nums, origin->write_queue_nums));
  made.topic_filter_type = origin->topic_filter_type;
  if (made.write_queue_nums == 0) return nullptr;
  Put(std::move(made), now);
  return Find(topic);
}

const wire::TopicConfig& Topics::CreateForGroup(std::string_view topic, int32_t queue_nums,
                                                int32_t perm, WallTime now) {
  if (const wire::TopicConfig* existing = Find(topic)) return *existing;
  Put({.perm = perm,
       .read_queue_nums = queue_nums,
       .topic_name = std::string(topic),
       .write_queue_nums = queue_nums},
      now);
  return *Find(topic);
}

void Topics::AddStored(std::string_view topic, int32_t queue_nums, WallTime now) {
  const wire::TopicConfig* known = Find(topic);
  if (known != nullptr && std::max(known->read_queue_nums, known->write_queue_nums) >= queue_nums) {
    return;
  }
  wire::TopicConfig made;
  if (known != nullptr) made = *known;
  made.topic_name = topic;
  made.perm = known != nullptr          ? known->perm
              : wire::IsDlqTopic(topic) ? wire::kPermWrite
                                        : kReadWrite;
  made.read_queue_nums = made.write_queue_nums = queue_nums;
  Put(std::move(made), now);
}

wire::TopicConfigSerializeWrapper Topics::ForRegistration() const {
  wire::TopicConfigSerializeWrapper wrapper = Snapshot();
  if (config_.readable() && config_.writable()) return wrapper;
  for (auto& [name, topic] : wrapper.topic_config_table) topic.perm &= config_.broker_permission;
  return wrapper;
}

}  // namespace rmq::broker
