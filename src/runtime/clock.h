// The two clocks of a process. Fibers sleep through their Context.
#pragma once

#include "base/time.h"

namespace rmq::runtime {

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic; the clock of every duration and deadline. The same as Executor::Now().
  virtual Tick Now() const = 0;
  // May step and differs between machines: stamps only (invariant I18).
  virtual WallTime WallNow() const = 0;
};

}  // namespace rmq::runtime
