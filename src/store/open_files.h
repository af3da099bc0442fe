// OpenFiles keeps the most recently used files of many open, so that a store with a hundred
// thousand ConsumeQueues needs a few hundred descriptors. One executor.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "base/result.h"
#include "runtime/file_system.h"

namespace rmq::store {

class OpenFiles {
 public:
  struct Key {
    uint64_t owner = 0;
    int64_t number = 0;  // of the file among its owner's
    auto operator<=>(const Key&) const = default;
  };

  // At most `limit` files stay open beyond the calls that use them. REQUIRES: limit > 0.
  explicit OpenFiles(size_t limit) : limit_(limit) {}

  // The file under `key`; null if it is not open.
  std::shared_ptr<runtime::File> Find(Key key);
  // Of two fibers that open the same file at once, the first one's stays.
  std::shared_ptr<runtime::File> Add(Key key, std::unique_ptr<runtime::File> file);
  void Forget(Key key);
  // All files of an owner.
  void ForgetOwner(uint64_t owner);

  size_t size() const { return files_.size(); }

 private:
  struct Entry {
    std::shared_ptr<runtime::File> file;
    std::list<Key>::iterator used;
  };
  const size_t limit_;
  std::list<Key> used_;  // the most recently used at the front
  std::map<Key, Entry> files_;
};

}  // namespace rmq::store
