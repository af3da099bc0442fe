// Does the same to many things, several at a time: opening or syncing ten thousand files one after
// the other would wait ten thousand times for the disk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/result.h"
#include "runtime/gate.h"

namespace rmq::store {

// Calls `work(ctx, item)` for the items, in order, at most `limit` at a time, until one fails; then
// waits for those under way and returns the first failure. `work` may be called from other fibers
// than the caller's.
template <typename Item, typename Work>
Result<void> Concurrently(Context& ctx, size_t limit, std::vector<Item>& items, Work&& work) {
  size_t next = 0;
  Result<void> result;
  runtime::TaskGroup group(ctx);
  for (size_t i = std::min(limit, items.size()); i > 0; --i) {
    group.Spawn("store files", [&](Context& own) {
      while (result.has_value() && next < items.size()) {
        Item& item = items[next++];
        Result<void> done = work(own, item);
        if (!done.has_value() && result.has_value()) result = std::move(done);
      }
    });
  }
  group.Wait();
  return result;
}

}  // namespace rmq::store
