#include "real/system_clock.h"

#include <time.h>

#include "real/event_loop.h"

namespace rmq::real {
namespace {

int64_t Read(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

int64_t MonotonicNanoseconds() {
  return Read(CLOCK_MONOTONIC);
}
Tick MonotonicNow(int64_t start_ns) {
  return Tick{Read(CLOCK_MONOTONIC) - start_ns};
}

Tick SystemClock::Now() const {
  const EventLoop* loop = EventLoop::Current();
  return loop != nullptr ? loop->Now() : MonotonicNow(start_ns_);
}

WallTime SystemClock::WallNow() const {
  return WallTime{Read(CLOCK_REALTIME) / 1'000'000};
}

}  // namespace rmq::real
