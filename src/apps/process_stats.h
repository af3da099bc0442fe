// What the system says about running processes, of this machine. 0 for what can't be read.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace rmq::apps {

// The time that the processes have spent on processors, in user and kernel mode, in steps of
// 10 ms.
nanoseconds ProcessorTime(const std::vector<int64_t>& pids);

}  // namespace rmq::apps
