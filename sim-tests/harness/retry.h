// The network may go on tearing connections in a healed world, and clients keep a route for 30 s:
// whoever checks something tries again.
#pragma once

#include "runtime/context.h"

namespace rmq::simtest {

// Calls `function` until it succeeds, at most 60 times, a second apart.
template <typename Function>
auto WithRetries(Context& ctx, Function function) {
  auto result = function();
  for (int attempt = 0; attempt < 60 && !result.has_value(); ++attempt) {
    if (!ctx.SleepFor(seconds(1)).has_value()) break;
    result = function();
  }
  return result;
}

}  // namespace rmq::simtest
