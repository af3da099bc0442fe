#include "sim/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "runtime/mutex.h"
#include "sim/sim_test.h"

namespace rmq::sim {
namespace {

using runtime::Condition;
using runtime::Runtime;
using testing::ElementsAre;
using testing::HasSubstr;

SIM_TEST(Simulation, TimeJumpsToTheNextEvent) {
  EXPECT_TRUE(ctx.SleepFor(hours(3)).has_value());
  EXPECT_EQ(sim.Now(), Tick{} + hours(3));
  EXPECT_EQ(ctx.Now(), Tick{} + hours(3));
}

SIM_TEST(Simulation, AProcessExitsWhenItsMainHasReturnedAndItsFibersHaveEnded) {
  runtime::Gate gate;
  Process& process = sim.Start(sim.AddMachine("a"), "daemon", [&gate](Context&, Runtime& runtime) {
    runtime.executor().Spawn(gate, "worker", [](Context& own) { (void)own.SleepFor(seconds(5)); });
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

SIM_TEST_SEEDS(Simulation, AProcessThatKillsItselfDoesNothingMore, 10) {
  Machine& machine = sim.AddMachine("a");
  bool went_on = false;
  uint64_t drawn = 0;
  Process* process = nullptr;
  process = &sim.Start(machine, "daemon", [&](Context& own, Runtime& runtime) {
    sim.Kill(*process);
    constexpr runtime::Site kSite{"test: after death"};
    for (int i = 0; i < 10; ++i) drawn += runtime.random().Draw(kSite, 0, 1000);
    (void)own.Yield();
    went_on = true;
  });
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  EXPECT_FALSE(process->alive());
  EXPECT_EQ(drawn, 0U);
  EXPECT_FALSE(went_on);
}

SIM_TEST(Simulation, ARestartHasItsOwnNumberAndClockButTheMachinesDisk) {
  Machine& machine = sim.AddMachine("a");
  std::vector<int32_t> ids;
  std::vector<Tick> starts;
  const auto daemon = [&](Context& own, Runtime& runtime) {
    ids.push_back(runtime.process_id());
    starts.push_back(own.Now());
    EXPECT_TRUE(runtime.files().OpenDirectory(own, "/store", true).has_value());
    (void)own.SleepFor(hours(1));
  };
  Process& first = sim.Start(machine, "daemon", daemon);
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  sim.Kill(first);
  machine.disk().WriteFile("store/file", "contents");
  sim.Start(machine, "daemon", daemon);
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_EQ(starts[0], starts[1]);
  EXPECT_EQ(machine.disk().ReadFile("store/file").value(), "contents");
}

// Sleeps a second ten times and writes down when it woke, by its own clock.
struct Sleeper {
  std::vector<int64_t> seconds_slept;
  void operator()(Context& ctx, Runtime&) {
    for (int i = 0; i < 10; ++i) {
      const Tick before = ctx.Now();
      (void)ctx.SleepFor(seconds(1));
      seconds_slept.push_back((ctx.Now() - before) / seconds(1));
    }
  }
};

SIM_TEST(Simulation, APauseIsSeenAsAJumpOfTheClockOrNotAtAll) {
  Sleeper jumps;
  Sleeper stands_still;
  Process& first = sim.Start(sim.AddMachine("a"), "sleeper", std::ref(jumps));
  Process& second = sim.Start(sim.AddMachine("b"), "sleeper", std::ref(stands_still));
  ASSERT_TRUE(ctx.SleepFor(milliseconds(2500)).has_value());
  sim.Pause(first, seconds(60), PauseMode::kClockRuns);
  sim.Pause(second, seconds(60), PauseMode::kClockStops);
  ASSERT_TRUE(ctx.SleepFor(seconds(59)).has_value());
  EXPECT_THAT(jumps.seconds_slept, ElementsAre(1, 1));
  EXPECT_THAT(stands_still.seconds_slept, ElementsAre(1, 1));
  ASSERT_TRUE(sim.WaitForEnd(ctx, first).has_value());
  ASSERT_TRUE(sim.WaitForEnd(ctx, second).has_value());
  EXPECT_THAT(jumps.seconds_slept, ElementsAre(1, 1, 60, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_THAT(stands_still.seconds_slept, ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_GE(sim.Now(), Tick{} + seconds(70));
}

SIM_TEST(Simulation, ASlowProcessTakesLongerForTheSameSteps) {
  const auto daemon = [](Context& own, Runtime&) {
    for (int i = 0; i < 1000; ++i) (void)own.Yield();
  };
  Machine& machine = sim.AddMachine("a");
  Process& fast = sim.Start(machine, "fast", daemon);
  ASSERT_TRUE(sim.WaitForEnd(ctx, fast).has_value());
  const nanoseconds usual = sim.Now() - Tick{};
  Process& slow = sim.Start(machine, "slow", daemon);
  sim.SetCpuFactor(slow, 100);
  ASSERT_TRUE(sim.WaitForEnd(ctx, slow).has_value());
  EXPECT_GT(sim.Now() - Tick{} - usual, 90 * usual);
}

SIM_TEST(Simulation, WallClocksStartAtTheEpochAndStepAlone) {
  Machine& machine = sim.AddMachine("a");
  const WallTime epoch{MachineClock::kEpochMs};
  EXPECT_EQ(sim.runtime().clock().WallNow(), epoch);
  sim.StepWallClock(machine, hours(-1));
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  EXPECT_EQ(sim.runtime().clock().WallNow().ms, epoch.ms + 1000);
  EXPECT_EQ(machine.clock().Read(sim.Now()).ms, epoch.ms + 1000 - 3'600'000);
}

TEST(MachineClock, DriftsByItsRateAndNeverStepsWhenTheRateChanges) {
  MachineClock clock;
  clock.SetRate(Tick{}, 200'000);
  EXPECT_EQ(clock.Read(Tick{} + seconds(1000)).ms, MachineClock::kEpochMs + 1'000'200);
  clock.SetRate(Tick{} + seconds(1000), 0);
  EXPECT_EQ(clock.Read(Tick{} + seconds(1000)).ms, MachineClock::kEpochMs + 1'000'200);
  EXPECT_EQ(clock.Read(Tick{} + seconds(2000)).ms, MachineClock::kEpochMs + 2'000'200);
}

TEST(MachineClock, FaultyClocksDifferAndStepButKeepTheRunGoingForNobody) {
  SimulationOptions options{.seed = 5};
  options.faulty_clocks = true;
  Simulation simulation(options);
  const RunReport report = simulation.Run([](Context& ctx, Simulation& sim) {
    const MachineClock& a = sim.AddMachine("a").clock();
    const MachineClock& b = sim.AddMachine("b").clock();
    EXPECT_NE(a.Read(sim.Now()), b.Read(sim.Now()));
    const int64_t before = a.Read(sim.Now()).ms;
    ASSERT_TRUE(ctx.SleepFor(hours(5)).has_value());
    EXPECT_GT(std::abs(a.Read(sim.Now()).ms - before - 5 * 3'600'000), 10);
    Condition never;
    (void)never.Wait(ctx);
  });
  EXPECT_EQ(report.outcome, RunOutcome::kDeadlock);
}

SIM_TEST_SEEDS(Simulation, PostsOfOneSenderArriveInOrder, 20) {
  std::vector<int> arrived;
  bool overtaken = false;
  Process& process = sim.Start(sim.AddMachine("a"), "daemon", [&](Context& own, Runtime& runtime) {
    runtime::Executor& worker = runtime.AddExecutor("worker");
    runtime::Gate gate;
    for (int i = 0; i < 200; ++i) {
      worker.Post([&arrived, i] { arrived.push_back(i); });
      runtime.executor().Spawn(gate, "one", [&arrived, &overtaken, i](Context&) {
        if (static_cast<size_t>(i) >= arrived.size()) overtaken = true;
      });
    }
    (void)own.SleepFor(seconds(1));
    gate.Close(own);
  });
  ASSERT_TRUE(sim.WaitForEnd(ctx, process).has_value());
  std::vector<int> all(200);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(arrived, all);
  EXPECT_TRUE(overtaken);
}

SIM_TEST(Simulation, OffloadedWorkEndsLater) {
  const Tick before = ctx.Now();
  int done = 0;
  ctx.executor().Offload(ctx, [&] { done = 1; });
  EXPECT_EQ(done, 1);
  EXPECT_GT(ctx.Now(), before);
}

// In which order three fibers that are ready at once run.
std::string OrderUnder(PolicyKind policy, uint64_t seed) {
  std::string order;
  Simulation simulation({.seed = seed, .policy = policy});
  simulation.Run([&order](Context& ctx, Simulation&) {
    runtime::TaskGroup group(ctx);
    for (const char* name : {"a", "b", "c"}) {
      group.Spawn("letter", [&order, name](Context&) { order += name; });
    }
    group.Wait();
  });
  return order;
}

TEST(Policy, UniformTakesAnyOrderAndFifoOne) {
  std::set<std::string> orders;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    orders.insert(OrderUnder(PolicyKind::kUniform, seed));
    EXPECT_EQ(OrderUnder(PolicyKind::kFifo, seed), "abc");
  }
  EXPECT_EQ(orders.size(), 6U);
}

// How many yields the slowest of four busy processes has made when the fastest is done.
int FewestYields(PolicyKind policy, uint64_t seed) {
  std::vector<int> yields(4);
  Simulation simulation({.seed = seed, .policy = policy});
  simulation.Run([&yields](Context& ctx, Simulation& sim) {
    std::vector<Process*> processes;
    for (size_t i = 0; i < yields.size(); ++i) {
      Machine& machine = sim.AddMachine(fmt::format("m{}", i));
      processes.push_back(&sim.Start(machine, "busy", [&yields, i](Context& own, Runtime&) {
        while (*std::ranges::max_element(yields) < 2000) {
          ++yields[i];
          (void)own.Yield();
        }
      }));
    }
    for (Process* process : processes) ASSERT_TRUE(sim.WaitForEnd(ctx, *process).has_value());
  });
  return *std::ranges::min_element(yields);
}

TEST(Policy, StarveOneStarvesOne) {
  int starved = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_GT(FewestYields(PolicyKind::kUniform, seed), 1500);
    if (FewestYields(PolicyKind::kStarveOne, seed) < 500) ++starved;
  }
  EXPECT_GT(starved, 5);
}

TEST(SimulationRun, StopsAtItsLimits) {
  SimulationOptions options;
  options.limits.steps = 1000;
  options.limits.time = hours(1);
  Simulation busy(options);
  EXPECT_EQ(busy.Run([](Context& ctx, Simulation&) {
                  while (ctx.Yield().has_value()) {
                  }
                })
                .outcome,
            RunOutcome::kStepLimit);
  Simulation idle(options);
  EXPECT_EQ(idle.Run([](Context& ctx, Simulation&) {
                  while (ctx.SleepFor(minutes(10)).has_value()) {
                  }
                })
                .outcome,
            RunOutcome::kTimeLimit);
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
