#include "store/consume_queue.h"

#include <algorithm>

namespace rmq::store {

void EncodeUnit(const ConsumeQueueUnit& unit, std::byte* to) {
  StoreBigEndian(to, unit.offset.value);
  StoreBigEndian(to + 8, unit.size);
  StoreBigEndian(to + 12, unit.tags_code);
}

ConsumeQueueUnit DecodeUnit(const std::byte* from) {
  return {.offset = CommitLogOffset{LoadBigEndian<int64_t>(from)},
          .size = LoadBigEndian<int32_t>(from + 8),
          .tags_code = LoadBigEndian<int64_t>(from + 12)};
}

void UnitWindow::Append(const ConsumeQueueUnit& unit) {
  const size_t at = raw_.size();
  raw_.resize(at + kUnitSize);
  EncodeUnit(unit, raw_.data() + at);
}

Slice UnitWindow::Range(QueueOffset from, QueueOffset to) const {
  RMQ_ASSERT(begin_ <= from && from <= to && to <= end());
  if (from == to) return {};
  return Slice(Raw(from), static_cast<size_t>(to - from) * kUnitSize);
}

void UnitWindow::DropBefore(QueueOffset at) {
  if (at <= begin_) return;
  RMQ_ASSERT(at <= end());
  head_ += static_cast<size_t>(at - begin_) * kUnitSize;
  begin_ = at;
  if (head_ == raw_.size()) {
    Restart(at);
  } else if (head_ > raw_.size() / 2) {
    raw_.erase(raw_.begin(), raw_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
}

void UnitWindow::Restart(QueueOffset at) {
  begin_ = at;
  head_ = 0;
  std::vector<std::byte>().swap(raw_);
}

void ConsumeQueue::Append(const ConsumeQueueUnit& unit) {
  if (window_.empty()) window_.Restart(max_);
  window_.Append(unit);
  max_ = max_ + 1;
  next_ = std::max(next_, max_);
  if (!unit.hole()) last_offset_ = unit.offset + unit.size;
}

void ConsumeQueue::Loaded(QueueOffset first, QueueOffset min, QueueOffset max,
                          CommitLogOffset last_offset) {
  first_ = first;
  min_ = min;
  written_ = max_ = next_ = max;
  last_offset_ = last_offset;
  window_.Restart(max);
}

void ConsumeQueue::Restart(QueueOffset at) {
  Loaded(at, at, at, CommitLogOffset{});
}

void ConsumeQueue::Trim(CommitLogOffset hot_begin) {
  QueueOffset low = window_.begin();
  QueueOffset high = std::min(written_, window_.end());
  while (low < high) {  // The first unit that must stay.
    const QueueOffset middle = low + (high - low) / 2;
    if (window_.At(middle).offset < hot_begin) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  window_.DropBefore(low);
}

}  // namespace rmq::store
