#include "sim/disk_extents.h"

#include <algorithm>

namespace rmq::sim {

uint64_t DiskExtents::CountMissing(uint64_t first, uint64_t last) const {
  uint64_t missing = last - first;
  for (const Range& range : ranges_) {
    const uint64_t from = std::max(first, range.first);
    const uint64_t to = std::min(last, range.last);
    if (from < to) missing -= to - from;
  }
  return missing;
}

void DiskExtents::Add(uint64_t first, uint64_t last) {
  if (first == last) return;
  if (!ranges_.empty() && ranges_.back().first <= first) {  // The common case: append, rewrite.
    Range& back = ranges_.back();
    if (first <= back.last) {
      if (last > back.last) page_count_ += last - back.last;
      back.last = std::max(back.last, last);
      return;
    }
  }
  page_count_ += CountMissing(first, last);
  Range merged{first, last};
  const auto touches = [&](const Range& r) {
    return r.first <= merged.last && merged.first <= r.last;
  };
  for (const Range& r : ranges_) {
    if (!touches(r)) continue;
    merged.first = std::min(merged.first, r.first);
    merged.last = std::max(merged.last, r.last);
  }
  std::erase_if(ranges_, touches);
  const auto behind =
      std::ranges::find_if(ranges_, [&](const Range& r) { return r.first > merged.first; });
  ranges_.insert(behind, merged);
}

void DiskExtents::CutAt(uint64_t page) {
  while (!ranges_.empty() && ranges_.back().last > page) {
    Range& back = ranges_.back();
    const uint64_t kept = std::max(back.first, page);
    page_count_ -= back.last - kept;
    back.last = kept;
    if (back.first < back.last) return;
    ranges_.pop_back();
  }
}

}  // namespace rmq::sim
