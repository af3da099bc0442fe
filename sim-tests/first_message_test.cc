// The thinnest path: two daemons and our own client in one simulated world.
#include <gtest/gtest.h>

#include "harness/cluster.h"
#include "harness/inspector.h"
#include "harness/workload.h"
#include "sim/sim_test.h"

namespace rmq::simtest {
namespace {

SIM_TEST_SEEDS(Cluster, DeliversEverythingWhenNothingFails, 5) {
  Oracle oracle;
  Cluster cluster(sim, oracle, {});
  Workload workload(cluster, oracle, {});
  Inspector inspector(cluster, oracle, workload.topics(), workload.groups());
  cluster.StartAll();
  cluster.HealAndWait(ctx, seconds(30));
  workload.StartConsumers();
  workload.StartProducers();
  EXPECT_TRUE(ctx.SleepFor(seconds(20)).has_value());
  workload.StopProducers(ctx, seconds(10));
  workload.DrainAndCheck(ctx, seconds(120));
  inspector.CheckContents(ctx);
  workload.StopConsumers(ctx, seconds(20));
  cluster.StopAll(ctx, seconds(30));
  EXPECT_GT(oracle.acked(), 100U);
  EXPECT_EQ(oracle.lost_within_promise(), 0U);
  for (const Violation& violation : oracle.violations()) {
    ADD_FAILURE() << violation.checker << ": " << violation.text;
  }
  workload.KillClients();
}

}  // namespace
}  // namespace rmq::simtest
