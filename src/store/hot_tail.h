// HotTail is the newest part of the CommitLog in memory. The writer encodes messages straight into
// it, the gather write takes them from it, and readers get views of it that keep it alive.
//
//   [ segment ][ segment ][ segment     |free]     a segment is one reference-counted block
//   ^begin()                            ^end()
//
// A record lies in one segment and a segment in one CommitLog file, so that a record is one view.
// What is skipped (the rest of a segment, the unwritten rest of a file) is not in memory.
//
// Belongs to MessageStore's executor; the only writer is its append fiber. Views are immutable and
// may be handed to other executors: the writer only touches bytes behind all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace rmq::store {

class HotTail {
 public:
  // Keeps at least the newest `keep_bytes`, in blocks of `segment_size` (more for larger records).
  HotTail(int64_t keep_bytes, size_t segment_size)
      : keep_bytes_(keep_bytes), segment_size_(segment_size) {}

  // Nothing is in memory, and the next record goes to `at`.
  void Reset(CommitLogOffset at);

  // Room for the next `size` bytes of the log, one behind the other in memory. The caller fills it.
  std::span<std::byte> Extend(size_t size);
  // The next record goes to `at`: the rest of a file is skipped. REQUIRES: at >= end().
  void SkipTo(CommitLogOffset at);
  // Takes back everything from `at` on. REQUIRES: nobody has a view of it.
  void CutTo(CommitLogOffset at);
  // Drops the oldest segments, except what lies at or behind `keep_from`.
  void Trim(CommitLogOffset keep_from);

  // begin() == end(): empty.
  CommitLogOffset begin() const;
  CommitLogOffset end() const { return end_; }
  int64_t allocated_bytes() const { return allocated_bytes_; }

  // The bytes [at, at + size), if one segment holds them.
  std::optional<Bytes> Read(CommitLogOffset at, size_t size) const;
  // What one segment holds from `at` on; empty if it is not in memory.
  Slice View(CommitLogOffset at) const;
  Bytes Share(CommitLogOffset at) const;
  // The bytes from `from` to end() for a gather write, in `out`. REQUIRES: they are in memory, and
  // nothing was skipped behind `from`, except at its end.
  void Gather(CommitLogOffset from, std::vector<Slice>& out) const;

 private:
  struct Segment {
    CommitLogOffset begin;
    Bytes block;
    std::byte* memory;
    size_t used;
    CommitLogOffset end() const { return begin + static_cast<int64_t>(used); }
  };
  const Segment* Find(CommitLogOffset at) const;
  void AddSegment(size_t size);

  const int64_t keep_bytes_;
  const size_t segment_size_;
  std::deque<Segment> segments_;
  CommitLogOffset end_;
  int64_t allocated_bytes_ = 0;
};

}  // namespace rmq::store
