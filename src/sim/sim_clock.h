// MachineClock is the wall clock of a simulated machine: wall = epoch + offset + mono + rate·mono,
// in integers. It is perfect until somebody sets it off, and may step at any time. Monotonic
// clocks belong to processes (Process::Now).
#pragma once

#include <cstdint>

#include "base/time.h"

namespace rmq::sim {

class Scheduler;

class MachineClock {
 public:
  // 2026-01-01 00:00:00 UTC, the start of every simulation.
  static constexpr int64_t kEpochMs = 1'767'225'600'000;

  // `now` is Scheduler::now().
  WallTime Read(Tick now) const {
    const auto drift = static_cast<__int128>(now.ns) * rate_ppb_ / 1'000'000'000;
    const int64_t ns = now.ns + static_cast<int64_t>(drift) + offset_.count();
    // Rounds down also before the epoch, so that the clock never runs backwards by itself.
    const int64_t ms = ns >= 0 ? ns / 1'000'000 : -((-ns + 999'999) / 1'000'000);
    return WallTime{kEpochMs + ms};
  }

  void Step(nanoseconds by) { offset_ += by; }
  // 1 ppm is 1,000. Changing it does not step the clock.
  void SetRate(Tick now, int64_t rate_ppb) {
    const auto before = static_cast<__int128>(now.ns) * rate_ppb_ / 1'000'000'000;
    const auto after = static_cast<__int128>(now.ns) * rate_ppb / 1'000'000'000;
    offset_ += nanoseconds(static_cast<int64_t>(before - after));
    rate_ppb_ = rate_ppb;
  }

 private:
  nanoseconds offset_{0};
  int64_t rate_ppb_ = 0;
};

// Sets the clock off by a drawn offset and rate, and steps it at drawn instants from now on. The
// clock outlives the run.
void DrawClockFaults(Scheduler& scheduler, uint64_t object, MachineClock& clock);

}  // namespace rmq::sim
