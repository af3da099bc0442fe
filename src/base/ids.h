// Strong types for the two offsets that are easily confused, and the identity of a queue.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace rmq {

// A byte position in the CommitLog.
struct CommitLogOffset {
  int64_t value = 0;
  auto operator<=>(const CommitLogOffset&) const = default;
};
constexpr CommitLogOffset operator+(CommitLogOffset at, int64_t bytes) {
  return CommitLogOffset{at.value + bytes};
}
constexpr int64_t operator-(CommitLogOffset a, CommitLogOffset b) {
  return a.value - b.value;
}

// A message's number within its queue: 0, 1, 2, …
struct QueueOffset {
  int64_t value = 0;
  auto operator<=>(const QueueOffset&) const = default;
};
constexpr QueueOffset operator+(QueueOffset at, int64_t messages) {
  return QueueOffset{at.value + messages};
}
constexpr int64_t operator-(QueueOffset a, QueueOffset b) {
  return a.value - b.value;
}

// A queue as clients name it: (topic, broker, queue id).
struct MessageQueue {
  std::string topic;
  std::string broker_name;
  int32_t queue_id = 0;
  auto operator<=>(const MessageQueue&) const = default;
};

}  // namespace rmq
