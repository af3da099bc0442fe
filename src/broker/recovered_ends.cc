#include "broker/recovered_ends.h"

#include <algorithm>

namespace rmq::broker {

RecoveredEnds::RecoveredEnds(const store::MessageStore& store, bool may_have_lost, Tick now)
    : until_(may_have_lost ? now + kWindow : Tick{}) {
  if (!may_have_lost) return;
  for (const std::string& topic : store.Topics()) {
    for (const store::QueueInfo& queue : store.Queues(topic)) {
      queues_[topic][queue.queue_id].end = queue.max;
    }
  }
}

// A queue that does not exist yet ends at 0: its whole contents may have been lost.
std::optional<QueueOffset> RecoveredEnds::TakeBack(std::string_view reader, uint64_t connection,
                                                   std::string_view topic, int32_t queue_id,
                                                   QueueOffset from,
                                                   std::optional<QueueOffset> committed, Tick now) {
  if (now >= until_) {
    queues_.clear();
    return std::nullopt;
  }
  auto found = queues_.find(topic);
  if (found == queues_.end()) found = queues_.try_emplace(std::string(topic)).first;
  Queue& queue = found->second[queue_id];
  if (!queue.connections.contains(connection)) {
    const bool seen = queue.seen.contains(reader);
    const QueueOffset limit = seen ? std::max(queue.end, committed.value_or(queue.end)) : queue.end;
    if (from > limit) return limit;
  }
  queue.seen.emplace(reader);
  queue.connections.insert(connection);
  return std::nullopt;
}

const RecoveredEnds::Queue* RecoveredEnds::Find(std::string_view topic, int32_t queue_id) const {
  const auto found = queues_.find(topic);
  if (found == queues_.end()) return nullptr;
  const auto queue = found->second.find(queue_id);
  return queue == found->second.end() ? nullptr : &queue->second;
}

QueueOffset RecoveredEnds::Trusted(uint64_t connection, std::string_view topic, int32_t queue_id,
                                   QueueOffset offset, Tick now) const {
  if (now >= until_) return offset;
  const Queue* queue = Find(topic, queue_id);
  const bool known = queue != nullptr && queue->connections.contains(connection);
  return known ? offset : std::min(offset, queue == nullptr ? QueueOffset{} : queue->end);
}

}  // namespace rmq::broker
