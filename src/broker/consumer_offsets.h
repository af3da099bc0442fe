// ConsumerOffsets: how far each consumer group has come in each queue; consumerOffset.json. The
// offset is that of the next message to consume.
//
// In memory at once, on disk every flushConsumerOffsetInterval and at a graceful stop: after a
// crash a group may go back by what it committed since, never forward. One executor.
// Rules: spec/store/config-files.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/file_system.h"

namespace rmq::broker {

class ConsumerOffsets {
 public:
  using QueueOffsets = std::map<int32_t, int64_t>;  // by queue id

  // Reads consumerOffset.json or its backup; neither: no offsets.
  Result<void> Load(Context& ctx, runtime::Directory& config);
  // Writes it if something changed since the last time.
  Result<void> Persist(Context& ctx, runtime::Directory& config);

  // Takes back what lies beyond the end of its queue: the store may have lost a suffix that was
  // consumed already, and messages to come get the same offsets again (BROKER-51, museum M03).
  void ClampTo(UniqueFunction<QueueOffset(std::string_view topic, int32_t queue_id)> max);

  std::optional<QueueOffset> Find(std::string_view group, std::string_view topic,
                                  int32_t queue_id) const;
  void Commit(std::string_view group, std::string_view topic, int32_t queue_id, QueueOffset offset);
  const QueueOffsets* FindAll(std::string_view group, std::string_view topic) const;

  std::set<std::string> TopicsOf(std::string_view group) const;
  std::set<std::string> GroupsOf(std::string_view topic) const;
  // Copies all offsets of a group, of one topic if that is not empty.
  void Clone(std::string_view from_group, std::string_view to_group, std::string_view topic);
  void RemoveGroup(std::string_view group);
  void RemoveTopic(std::string_view topic);

  // What GET_ALL_CONSUMER_OFFSET answers and consumerOffset.json holds.
  std::string ToJson(bool pretty) const;

 private:
  // "topic@group", as in the file.
  std::map<std::string, QueueOffsets, std::less<>> offsets_;
  int64_t changes_ = 0;
  int64_t persisted_changes_ = 0;
};

}  // namespace rmq::broker
