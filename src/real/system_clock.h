// The clocks of the operating system. Any thread.
#pragma once

#include "runtime/clock.h"

namespace rmq::real {

// CLOCK_MONOTONIC since `start_ns`.
Tick MonotonicNow(int64_t start_ns);
int64_t MonotonicNanoseconds();

class SystemClock final : public runtime::Clock {
 public:
  explicit SystemClock(int64_t start_ns) : start_ns_(start_ns) {}
  // On the thread of an EventLoop: what its Executor says.
  Tick Now() const override;
  WallTime WallNow() const override;

 private:
  const int64_t start_ns_;
};

}  // namespace rmq::real
