// ConsumeQueue is one queue of one topic: the messages' positions in the CommitLog, one unit of 20
// bytes each, addressed by queue offset. This is its state in memory; ConsumeQueueStore owns it and
// keeps the files.
//
//            first        min              written         max     next
//   files:     [ expired… | ……………………………………… ]
//   memory:                        [ window ……………………………………… ]   assigned,
//                                                                  not dispatched
//
// `window` are the newest units: all that are not in a file yet, and those that point into the part
// of the log that is in memory, so that hot pulls need no disk. An idle queue has none.
//
// Belongs to MessageStore's executor. Layout of the files: spec/store/consume-queue.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/intrusive_list.h"

namespace rmq::store {

inline constexpr size_t kUnitSize = 20;

// One message of a queue (STORE-20).
struct ConsumeQueueUnit {
  CommitLogOffset offset;
  int32_t size = 0;
  int64_t tags_code = 0;  // of SCHEDULE_TOPIC_XXXX: the time of delivery in ms

  // Fills queue offsets that have no message (STORE-22).
  static ConsumeQueueUnit Hole() { return {.offset = {}, .size = 0x7fffffff}; }
  bool hole() const { return offset.value == 0 && size == 0x7fffffff; }
  bool operator==(const ConsumeQueueUnit&) const = default;
};
void EncodeUnit(const ConsumeQueueUnit& unit, std::byte* to);
ConsumeQueueUnit DecodeUnit(const std::byte* from);

// The newest units of a queue, encoded, one behind the other.
class UnitWindow {
 public:
  QueueOffset begin() const { return begin_; }
  QueueOffset end() const {
    return begin_ + static_cast<int64_t>((raw_.size() - head_) / kUnitSize);
  }
  bool empty() const { return raw_.size() == head_; }

  void Append(const ConsumeQueueUnit& unit);
  // REQUIRES: begin() <= at < end().
  ConsumeQueueUnit At(QueueOffset at) const { return DecodeUnit(Raw(at)); }
  // The bytes of [from, to), valid until the next change. REQUIRES: within [begin(), end()].
  Slice Range(QueueOffset from, QueueOffset to) const;
  void DropBefore(QueueOffset at);
  // Empties it; the next unit is `at`. Gives its memory back.
  void Restart(QueueOffset at);
  size_t memory_bytes() const { return raw_.capacity(); }

 private:
  const std::byte* Raw(QueueOffset at) const {
    RMQ_ASSERT(at >= begin_ && at < end());
    return raw_.data() + head_ + static_cast<size_t>(at - begin_) * kUnitSize;
  }
  QueueOffset begin_;
  std::vector<std::byte> raw_;
  size_t head_ = 0;  // bytes in front that were dropped
};

// Linked into the store's list of queues that have units in memory.
class ConsumeQueue : public ListNode {
 public:
  // `number` identifies it for the life of the process.
  ConsumeQueue(std::shared_ptr<const std::string> topic, int32_t queue_id, uint64_t number)
      : topic_(std::move(topic)), queue_id_(queue_id), number_(number) {}

  const std::string& topic() const { return *topic_; }
  int32_t queue_id() const { return queue_id_; }
  uint64_t number() const { return number_; }

  QueueOffset first() const { return first_; }
  QueueOffset min() const { return min_; }
  QueueOffset max() const { return max_; }
  QueueOffset written() const { return written_; }
  // The end of the last dispatched message in the log.
  CommitLogOffset last_offset() const { return last_offset_; }
  const UnitWindow& window() const { return window_; }
  bool dirty() const { return written_ < max_; }

  // --- appending: offsets are assigned before the write, units follow when it is readable ---
  QueueOffset AssignOffset() {
    const QueueOffset assigned = next_;
    next_ = next_ + 1;
    return assigned;
  }
  // The write failed: `at` and what was assigned behind it were never used (STORE-8).
  void TakeBackOffset(QueueOffset at) { next_ = at; }
  // The unit of queue offset max().
  void Append(const ConsumeQueueUnit& unit);

  // --- for ConsumeQueueStore ---
  // All units are in files: [first, max).
  void Loaded(QueueOffset first, QueueOffset min, QueueOffset max, CommitLogOffset last_offset);
  // Without units; the first is `at`.
  void Restart(QueueOffset at);
  void set_min(QueueOffset min) { min_ = min; }
  void set_written(QueueOffset written) { written_ = written; }
  // Drops units from memory that are in files and point in front of `hot_begin`.
  void Trim(CommitLogOffset hot_begin);

  bool listed_dirty = false;  // in the store's list of queues to write back
  bool removed = false;       // its topic was deleted; nothing of it goes to disk any more

 private:
  const std::shared_ptr<const std::string> topic_;
  const int32_t queue_id_;
  const uint64_t number_;
  QueueOffset first_;
  QueueOffset min_;
  QueueOffset written_;
  QueueOffset max_;
  QueueOffset next_;
  CommitLogOffset last_offset_;
  UnitWindow window_;
};

}  // namespace rmq::store
