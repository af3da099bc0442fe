// Runs many seeds of the swarm in worker processes, so that a seed that ends its process, by an
// assertion or a sanitizer, is a finding like any other and the hunt goes on behind it.
#pragma once

#include <cstdint>

#include "harness/swarm.h"

namespace rmq::simtest {

// A line for each violation, and the command that runs the seed again.
void PrintViolations(const SwarmReport& report);

struct HuntOptions {
  uint64_t first = 1;
  uint64_t seeds = 100;
  int jobs = 2;
  bool stop_at_first = false;  // finding
};

// Prints a line for each violation, with the command that replays it, then the sums. True if every
// seed ran, without a violation, and each had acknowledged messages and faults.
bool Hunt(const HuntOptions& options);

}  // namespace rmq::simtest
