#include "store/hot_tail.h"

#include <algorithm>

#include "base/assert.h"

namespace rmq::store {

void HotTail::Reset(CommitLogOffset at) {
  segments_.clear();
  allocated_bytes_ = 0;
  end_ = at;
}

CommitLogOffset HotTail::begin() const {
  return segments_.empty() ? end_ : segments_.front().begin;
}

void HotTail::AddSegment(size_t size) {
  Segment segment{.begin = end_, .block = {}, .memory = nullptr, .used = 0};
  // The pages stay untouched until records fill them.
  segment.block =
      Bytes::Make(size, [&](std::span<std::byte> memory) { segment.memory = memory.data(); });
  allocated_bytes_ += static_cast<int64_t>(size);
  segments_.push_back(std::move(segment));
}

std::span<std::byte> HotTail::Extend(size_t size) {
  const bool fits = !segments_.empty() && segments_.back().end() == end_ &&
                    segments_.back().block.size() - segments_.back().used >= size;
  if (!fits) AddSegment(std::max(size, segment_size_));
  Segment& last = segments_.back();
  const std::span<std::byte> room(last.memory + last.used, size);
  last.used += size;
  end_ = end_ + static_cast<int64_t>(size);
  return room;
}

void HotTail::SkipTo(CommitLogOffset at) {
  RMQ_ASSERT(at >= end_);
  end_ = at;
}

void HotTail::CutTo(CommitLogOffset at) {
  RMQ_ASSERT(at <= end_);
  while (!segments_.empty() && segments_.back().begin >= at) {
    allocated_bytes_ -= static_cast<int64_t>(segments_.back().block.size());
    segments_.pop_back();
  }
  if (!segments_.empty() && segments_.back().end() > at) {
    segments_.back().used = static_cast<size_t>(at - segments_.back().begin);
  }
  end_ = at;
}

void HotTail::Trim(CommitLogOffset keep_from) {
  while (segments_.size() > 1) {
    const Segment& oldest = segments_.front();
    const auto size = static_cast<int64_t>(oldest.block.size());
    if (allocated_bytes_ - size < keep_bytes_ || oldest.end() > keep_from) return;
    allocated_bytes_ -= size;
    segments_.pop_front();
  }
}

const HotTail::Segment* HotTail::Find(CommitLogOffset at) const {
  const auto after = std::upper_bound(
      segments_.begin(), segments_.end(), at,
      [](CommitLogOffset offset, const Segment& segment) { return offset < segment.begin; });
  if (after == segments_.begin()) return nullptr;
  const Segment& segment = *std::prev(after);
  return at < segment.end() ? &segment : nullptr;
}

std::optional<Bytes> HotTail::Read(CommitLogOffset at, size_t size) const {
  const Segment* segment = Find(at);
  if (segment == nullptr) return std::nullopt;
  const auto position = static_cast<size_t>(at - segment->begin);
  if (segment->used - position < size) return std::nullopt;
  return segment->block.Sub(position, size);
}

Slice HotTail::View(CommitLogOffset at) const {
  const Segment* segment = Find(at);
  if (segment == nullptr) return {};
  const auto position = static_cast<size_t>(at - segment->begin);
  return Slice(segment->memory + position, segment->used - position);
}

Bytes HotTail::Share(CommitLogOffset at) const {
  const Segment* segment = Find(at);
  if (segment == nullptr) return {};
  const auto position = static_cast<size_t>(at - segment->begin);
  return segment->block.Sub(position, segment->used - position);
}

void HotTail::Gather(CommitLogOffset from, std::vector<Slice>& out) const {
  while (from < end_) {
    const Slice view = View(from);
    if (view.empty()) return;
    out.push_back(view);
    from = from + static_cast<int64_t>(view.size());
  }
}

}  // namespace rmq::store
