#include "broker/consumer_offsets.h"

#include <fmt/format.h>

#include "runtime/replace_file.h"
#include "wire/json_bean.h"

namespace rmq::broker {
namespace {

constexpr std::string_view kFileName = "consumerOffset.json";

struct OffsetFile {
  std::map<std::string, ConsumerOffsets::QueueOffsets> offset_table;
  template <typename V>
  void Fields(V& v) {
    v.Field("offsetTable", offset_table);
  }
};

std::string Key(std::string_view topic, std::string_view group) {
  return fmt::format("{}@{}", topic, group);
}
std::string_view TopicOf(std::string_view key) {
  return key.substr(0, key.find('@'));
}
std::string_view GroupOf(std::string_view key) {
  return key.substr(key.find('@') + 1);
}

}  // namespace

Result<void> ConsumerOffsets::Load(Context& ctx, runtime::Directory& config) {
  const auto parse = [this](std::string_view text) -> Result<void> {
    RMQ_TRY(OffsetFile file, wire::FromJson<OffsetFile>(text));
    offsets_.clear();
    for (auto& [key, queues] : file.offset_table) {
      if (key.find('@') != std::string::npos) offsets_.emplace(key, std::move(queues));
    }
    return {};
  };
  RMQ_TRY(runtime::LoadReplacedFile(ctx, config, kFileName, parse));
  return {};
}

void ConsumerOffsets::ClampTo(
    UniqueFunction<QueueOffset(std::string_view topic, int32_t queue_id)> max) {
  for (auto& [key, queues] : offsets_) {
    for (auto& [queue_id, offset] : queues) {
      const int64_t end = max(TopicOf(key), queue_id).value;
      if (offset <= end) continue;
      offset = end;
      ++changes_;
    }
  }
}

Result<void> ConsumerOffsets::Persist(Context& ctx, runtime::Directory& config) {
  if (changes_ == persisted_changes_) return {};
  const int64_t changes = changes_;
  RMQ_TRY(runtime::ReplaceFile(ctx, config, kFileName, ToJson(/*pretty=*/true)));
  persisted_changes_ = changes;
  return {};
}

std::string ConsumerOffsets::ToJson(bool pretty) const {
  OffsetFile file;
  file.offset_table.insert(offsets_.begin(), offsets_.end());
  return wire::ToJson(file, pretty ? wire::kPrettyJson : wire::JsonStyle{});
}

std::optional<QueueOffset> ConsumerOffsets::Find(std::string_view group, std::string_view topic,
                                                 int32_t queue_id) const {
  const QueueOffsets* queues = FindAll(group, topic);
  if (queues == nullptr) return std::nullopt;
  const auto found = queues->find(queue_id);
  if (found == queues->end()) return std::nullopt;
  return QueueOffset{found->second};
}

const ConsumerOffsets::QueueOffsets* ConsumerOffsets::FindAll(std::string_view group,
                                                              std::string_view topic) const {
  const auto found = offsets_.find(Key(topic, group));
  return found == offsets_.end() ? nullptr : &found->second;
}

void ConsumerOffsets::Commit(std::string_view group, std::string_view topic, int32_t queue_id,
                             QueueOffset offset) {
  offsets_[Key(topic, group)][queue_id] = offset.value;
  ++changes_;
}

std::set<std::string> ConsumerOffsets::TopicsOf(std::string_view group) const {
  std::set<std::string> topics;
  for (const auto& [key, queues] : offsets_) {
    if (GroupOf(key) == group) topics.emplace(TopicOf(key));
  }
  return topics;
}

std::set<std::string> ConsumerOffsets::GroupsOf(std::string_view topic) const {
  std::set<std::string> groups;
  for (const auto& [key, queues] : offsets_) {
    if (TopicOf(key) == topic) groups.emplace(GroupOf(key));
  }
  return groups;
}

void ConsumerOffsets::Clone(std::string_view from_group, std::string_view to_group,
                            std::string_view topic) {
  for (const std::string& name : TopicsOf(from_group)) {
    if (!topic.empty() && name != topic) continue;
    offsets_[Key(name, to_group)] = *FindAll(from_group, name);
    ++changes_;
  }
}

void ConsumerOffsets::RemoveGroup(std::string_view group) {
  changes_ += static_cast<int64_t>(
      std::erase_if(offsets_, [&](const auto& entry) { return GroupOf(entry.first) == group; }));
}

void ConsumerOffsets::RemoveTopic(std::string_view topic) {
  changes_ += static_cast<int64_t>(
      std::erase_if(offsets_, [&](const auto& entry) { return TopicOf(entry.first) == topic; }));
}

}  // namespace rmq::broker
