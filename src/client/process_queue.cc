#include "client/process_queue.h"

#include <algorithm>

namespace rmq::client {

QueueOffset ProcessQueue::committable() const {
  return unfinished_.empty() ? next_ : QueueOffset{unfinished_.begin()->first};
}

std::vector<MessagePtr> ProcessQueue::Put(std::vector<MessagePtr> messages, QueueOffset next) {
  std::vector<MessagePtr> taken;
  const int64_t first = next_.value;
  for (MessagePtr& message : messages) {
    const int64_t offset = message->queue_offset.value;
    // An inner batch begins before the offset that was asked for.
    if (offset < first || !unfinished_.try_emplace(offset, message).second) continue;
    bytes_ += message->body.size();
    next_ = std::max(next_, QueueOffset{offset + 1});
    taken.push_back(std::move(message));
  }
  SkipTo(next);
  return taken;
}

void ProcessQueue::SkipTo(QueueOffset next) {
  next_ = std::max(next_, next);
}

void ProcessQueue::Finish(std::span<const MessagePtr> messages) {
  for (const MessagePtr& message : messages) {
    if (unfinished_.erase(message->queue_offset.value) > 0) bytes_ -= message->body.size();
  }
  changed_.NotifyAll();
}

std::vector<MessagePtr> ProcessQueue::Oldest(size_t count) const {
  std::vector<MessagePtr> oldest;
  for (const auto& [offset, message] : unfinished_) {
    if (oldest.size() == count) break;
    oldest.push_back(message);
  }
  return oldest;
}

bool ProcessQueue::Full(const PushConsumerOptions& options) const {
  if (unfinished_.empty()) return false;
  if (count() >= options.max_cached_count || bytes_ >= options.max_cached_bytes) return true;
  const int64_t span = unfinished_.rbegin()->first - unfinished_.begin()->first;
  return !options.orderly && span > options.max_span;
}

void ProcessQueue::Drop() {
  dropping_.Cancel();
  changed_.NotifyAll();
}

}  // namespace rmq::client
