// The set of pages for which a file owns space on the disk: sorted, disjoint, non-adjacent ranges.
// Files are written and reserved from front to back, so there are few ranges.
#pragma once

#include <cstdint>
#include <vector>

namespace rmq::sim {

class DiskExtents {
 public:
  uint64_t page_count() const { return page_count_; }
  // How many pages of [first, last) are not in the set.
  uint64_t CountMissing(uint64_t first, uint64_t last) const;
  void Add(uint64_t first, uint64_t last);
  void CutAt(uint64_t page);  // removes it and all behind it

 private:
  struct Range {
    uint64_t first;
    uint64_t last;  // exclusive
  };
  std::vector<Range> ranges_;
  uint64_t page_count_ = 0;
};

}  // namespace rmq::sim
