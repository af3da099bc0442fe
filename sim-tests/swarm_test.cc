// SWARM-1. A few seeds of the swarm in every test run; CI hunts with thousands (rmq-sim hunt).
#include <gtest/gtest.h>

#include "harness/swarm.h"

namespace rmq::simtest {
namespace {

TEST(Swarm, TwentySeedsAreClean) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const SwarmReport report = RunSwarmSeed({.seed = seed});
    for (const Violation& violation : report.violations) {
      ADD_FAILURE() << "seed " << seed << ": " << violation.checker << ": " << violation.text
                    << "\nreplay: rmq-sim run --seed " << seed;
    }
    EXPECT_GT(report.acked, 0U) << "seed " << seed;
    EXPECT_GT(report.fault_count, 0) << "seed " << seed;
  }
}

TEST(Swarm, ASeedIsTheSameRunTwiceAndInBothKillModes) {
  for (uint64_t seed = 100; seed < 103; ++seed) {
    const SwarmReport unwound = RunSwarmSeed({.seed = seed, .kill_mode = sim::KillMode::kUnwind});
    const SwarmReport again = RunSwarmSeed({.seed = seed, .kill_mode = sim::KillMode::kUnwind});
    const SwarmReport abandoned =
        RunSwarmSeed({.seed = seed, .kill_mode = sim::KillMode::kAbandon});
    EXPECT_EQ(unwound.run.hash, again.run.hash) << "seed " << seed;
    EXPECT_EQ(unwound.run.hash, abandoned.run.hash) << "seed " << seed;
  }
}

}  // namespace
}  // namespace rmq::simtest
