// One seed of the swarm: a cluster, a workload and faults that are all drawn from the seed, then
// heal, converge, drain, verify, restart, verify (spec/sim/swarm.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/oracle.h"
#include "sim/simulation.h"

namespace rmq::simtest {

struct SwarmOptions {
  uint64_t seed = 1;
  sim::KillMode kill_mode = sim::KillMode::kDrawn;
  sim::LogSink* log_sink = nullptr;
  runtime::LogLevel log_level = runtime::LogLevel::kInfo;
};

struct SwarmReport {
  uint64_t seed = 0;
  std::vector<Violation> violations;
  std::map<std::string, int> faults;  // by kind, those that were carried out
  int fault_count = 0;
  size_t sent = 0;
  size_t acked = 0;
  size_t delivered = 0;
  size_t lost_within_promise = 0;
  sim::RunReport run;

  bool ok() const { return violations.empty(); }
  // One line: seed, hash, counts, faults.
  std::string Summary() const;
};

SwarmReport RunSwarmSeed(const SwarmOptions& options);

}  // namespace rmq::simtest
