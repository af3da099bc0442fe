// Points in time. Durations are std::chrono durations; where a point comes from decides its type:
// Tick is monotonic and only good for durations and deadlines, WallTime is a stamp that may jump.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace rmq {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Monotonic, starts near 0 with the process.
struct Tick {
  int64_t ns = 0;
  auto operator<=>(const Tick&) const = default;
};
inline constexpr Tick kNever{std::numeric_limits<int64_t>::max()};

// Saturates at kNever.
constexpr Tick operator+(Tick at, nanoseconds d) {
  int64_t sum = 0;
  if (__builtin_add_overflow(at.ns, d.count(), &sum)) return kNever;
  return Tick{sum};
}
constexpr nanoseconds operator-(Tick a, Tick b) {
  return nanoseconds(a.ns - b.ns);
}

// Milliseconds since 1970 UTC, as Java's System.currentTimeMillis(). Stamps only: no duration and
// no decision is computed from it (invariant I18).
struct WallTime {
  int64_t ms = 0;
  auto operator<=>(const WallTime&) const = default;
};

}  // namespace rmq
