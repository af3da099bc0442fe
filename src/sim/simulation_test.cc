#include "sim/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/channel.h"
#include "runtime/mutex.h"
#include "sim/sim_test.h"

namespace rmq::sim {
namespace {

using runtime::Condition;
using runtime::Runtime;
using testing::HasSubstr;

SIM_TEST(Simulation, TimeJumpsToTheNextEvent) {
  EXPECT_TRUE(ctx.SleepFor(hours(3)).has_value());
  EXPECT_EQ(sim.Now(), Tick{} + hours(3));
  EXPECT_EQ(ctx.Now(), Tick{} + hours(3));
}

SIM_TEST(Simulation, AProcessExitsWhenItsMainHasReturnedAndItsFibersHaveEnded) {
  Machine& machine = sim.AddMachine("a");
  runtime::Gate* gate = nullptr;
  runtime::Gate outlives;
  gate = &outlives;
  Process& process = sim.Start(machine, "daemon", [gate](Context&, Runtime& runtime) {
    runtime.executor().Spawn(*gate, "worker", [](Context& own) { (void)own.SleepFor(seconds(5)); });
  });
  ASSERT_TRUE(sim.WaitForEnd(ctx, process).has_value());
  EXPECT_GE(sim.Now(), Tick{} + seconds(5));
  EXPECT_LT(sim.Now(), Tick{} + seconds(6));
}

SIM_TEST(Simulation, StopCancelsAndKillEndsAtOnce) {
  Machine& machine = sim.AddMachine("a");
  bool stopped = false;
  bool went_on = false;
  const auto daemon = [&](Context& c, Runtime& runtime) {
    Context until_stop = c.WithCancellation(runtime.stop());
    stopped = until_stop.SleepFor(hours(1)).error().code() == ErrorCode::kCancelled;
    if (!stopped) went_on = true;
  };
  Process& polite = sim.Start(machine, "polite", daemon);
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  sim.Stop(polite);
  ASSERT_TRUE(sim.WaitForEnd(ctx, polite).has_value());
  EXPECT_TRUE(stopped);

  stopped = false;
  Process& killed = sim.Start(machine, "killed", daemon);
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  sim.Kill(killed);
  EXPECT_FALSE(killed.alive());
  ASSERT_TRUE(ctx.SleepFor(hours(2)).has_value());
  EXPECT_FALSE(stopped || went_on);
}

TEST(SimulationRun, ReportsADeadlockWithTheFibersThatWait) {
  Simulation sim({});
  const RunReport report = sim.Run([](Context& ctx, Simulation& s) {
    s.Start(s.AddMachine("a"), "daemon", [](Context& own, Runtime&) {
      Condition never;
      (void)never.Wait(own);
    });
    Condition never;
    (void)never.Wait(ctx);
  });
  EXPECT_EQ(report.outcome, RunOutcome::kDeadlock);
  EXPECT_THAT(report.text, HasSubstr("test/test/main: main"));
  EXPECT_THAT(report.text, HasSubstr("a/daemon/main: main"));
}

}  // namespace
}  // namespace rmq::sim
