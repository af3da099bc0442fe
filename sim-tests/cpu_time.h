// The CPU time of this process, for what is measured about the simulator; never seen by a run.
#pragma once

#include <cstdint>
#include <ctime>

namespace rmq::simtest {

inline int64_t CpuMicroseconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000 + t.tv_nsec / 1000;
}

}  // namespace rmq::simtest
