// What the simulated disk needs from the simulation around it. Disk and SimFileSystem know only
// these two interfaces, so that they can be tested without a scheduler.
#pragma once

#include "base/time.h"
#include "base/unique_function.h"
#include "runtime/executor.h"
#include "sim/draws.h"
#include "sim/trace_hash.h"

namespace rmq::sim {

// The world as one machine's disk sees it. Outlives the Disk.
class DiskHost {
 public:
  virtual ~DiskHost() = default;
  virtual Tick Now() const = 0;
  virtual Draws& draws() = 0;
  virtual TraceHash& hash() = 0;
};

// The process that one SimFileSystem belongs to. Outlives it.
class FileSystemHost {
 public:
  virtual ~FileSystemHost() = default;
  // Runs `done` on `executor`, through its run queue, after `delay`; never if the process has died
  // by then.
  virtual void CompleteAfter(runtime::Executor& executor, nanoseconds delay,
                             UniqueFunction<void()> done) = 0;
};

}  // namespace rmq::sim
