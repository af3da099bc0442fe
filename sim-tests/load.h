// The fixed loads that the simulator's speed is measured with: 2 NameServers, 3 brokers, 8 clients,
// and the faults of the swarm. What is measured is CPU time of this process.
#pragma once

#include <cstdint>
#include <string>

namespace rmq::simtest {

enum class Load {
  kPaced,  // W1: 200 messages of 256 bytes a second
  kFull,   // W2: producers send as fast as they can
  kIdle,   // W3: heartbeats alone
};

struct LoadOptions {
  Load load = Load::kFull;
  uint64_t seed = 1;
  int simulated_seconds = 0;  // 0: as fits the load
};

// Runs it and prints the figures. False if the oracle found a violation.
bool MeasureLoad(const LoadOptions& options);

}  // namespace rmq::simtest
