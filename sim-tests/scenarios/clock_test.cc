// Clocks that are wrong: M09. Durations are measured by another clock, and no decision is left to
// this one.
#include "scenarios/member.h"
#include "scenarios/scenario.h"

namespace rmq::simtest {
namespace {

using testing::IsEmpty;

hours JumpOf(const sim::Simulation& sim) {
  return sim.seed() % 2 == 0 ? hours(1) : hours(-1);
}

// The time jumps while the broker runs, while it is dead and while it is stopped.
SIM_TEST_SEEDS(ClockScenario, AJumpOfABrokersClockIsNotNoticedByAnybody, 4) {
  Scenario town(ctx, sim,
                {.name_servers = 1, .brokers = 1, .broker_keys = {{"maxIndexNum", "16"}}});
  town.Begin();
  const hours jump = JumpOf(sim);
  Member member(town, {.group = "group", .persist_interval = seconds(1)});
  const auto send_and_wait = [&](std::string_view name) {
    for (const MessageId& id : Numbered(name, 10)) EXPECT_TRUE(town.Send(id));
    EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.HasAll(Numbered(name, 10)); }));
  };
  send_and_wait("before");
  sim.StepWallClock(town.machine(), jump);
  send_and_wait("after");
  town.SleepFor(seconds(70));  // With a checkpoint.
  send_and_wait("later");

  town.cluster().KillBroker(0);
  sim.StepWallClock(town.machine(), 2 * jump);
  ASSERT_TRUE(town.StartBroker());
  send_and_wait("killed");

  ASSERT_TRUE(town.StopBroker());
  sim.StepWallClock(town.machine(), -3 * jump);
  ASSERT_TRUE(town.StartBroker());
  send_and_wait("stopped");

  town.SleepFor(seconds(10));
  EXPECT_THAT(town.CheckContents(), IsEmpty());
  EXPECT_EQ(member.got().size(), 50U);
  ASSERT_TRUE(town.StopBroker());  // Compares queues and index with the log.
  EXPECT_THAT(town.Findings(), IsEmpty());
}

SIM_TEST_SEEDS(ClockScenario, AJumpOfANameServersClockDropsNoBroker, 2) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 2});
  town.Begin();
  sim.StepWallClock(town.cluster().name_server_machine(0), JumpOf(sim));
  sim.StepWallClock(town.machine(1), 3 * JumpOf(sim));
  for (int second = 0; second < 150; ++second) {
    ASSERT_TRUE(town.RouteIsRight(0)) << second;
    town.SleepFor(seconds(1));
  }
}

// Java's broker compares the versions of subscriptions, which are times.
SIM_TEST(ClockScenario, ANewSubscriptionCountsThoughItsMachinesClockWasSetBack) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1});
  town.Begin();
  const auto send = [&](const std::string& tag, const MessageId& id) {
    EXPECT_TRUE(town.Send(ctx, id, Scenario::Queue(), tag));
  };
  Member member(town, {.group = "group"}, Scenario::kTopic, "early");
  send("early", "a");
  EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.Has("a"); }));
  sim.StepWallClock(sim.test_machine(), -hours(1));
  EXPECT_TRUE(member.consumer().Subscribe(Scenario::kTopic, "late").has_value());
  town.SleepFor(seconds(20));
  send("early", "b");
  send("late", "c");
  EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.Has("c"); }));
  EXPECT_THAT(member.got(), testing::ElementsAre("a", "c"));
}

}  // namespace
}  // namespace rmq::simtest
