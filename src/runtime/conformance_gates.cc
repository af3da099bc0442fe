// Gates and task groups.
#include <gmock/gmock.h>

#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

using testing::UnorderedElementsAre;

constexpr char kArea[] = "Gate";

Cases Gates() {
  return {
      {kArea, "ClosingAnEmptyGateReturnsAtOnce",
       [](Context& ctx, Env&) {
         Gate gate;
         EXPECT_FALSE(gate.closed());
         gate.Close(ctx);
         EXPECT_TRUE(gate.closed());
       }},
      {kArea, "ClosingCancelsTheFibersAndWaitsForThem",
       [](Context& ctx, Env&) {
         Gate gate;
         std::string outcome;
         ctx.executor().Spawn(gate, "test",
                              [&](Context& own) { outcome = Outcome(own.SleepFor(hours(1))); });
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(outcome, "");
         gate.Close(ctx);
         EXPECT_EQ(outcome, "Cancelled");
         EXPECT_EQ(gate.fiber_count(), 0U);
       }},
      {kArea, "ClosingWaitsForAFiberThatIgnoresItsContext",
       [](Context& ctx, Env&) {
         Gate gate;
         bool released = false;
         bool ended = false;
         Gate helpers;
         Waiter* waiting = nullptr;
         ctx.executor().Spawn(gate, "stubborn", [&](Context& own) {
           Waiter waiter(own);
           waiting = &waiter;
           waiter.WaitForWake();
           ended = true;
         });
         Until(ctx, [&] { return waiting != nullptr; });
         Later(ctx, helpers, [&] {
           released = true;
           waiting->Wake();
         });
         gate.Close(ctx);
         EXPECT_TRUE(released);
         EXPECT_TRUE(ended);
         helpers.Close(ctx);
       }},
      {kArea, "ClosingWaitsWhateverTheContextSays",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ended = false;
         ctx.executor().Spawn(gate, "slow to end", [&](Context& own) {
           (void)own.SleepFor(hours(1));
           for (int i = 0; i < 5; ++i) (void)own.executor().Offload(own, [] {});
           ended = true;
         });
         Must(ctx.SleepFor(milliseconds(1)));
         Cancellation cancellation;
         cancellation.Cancel();
         Context narrow = ctx.WithCancellation(cancellation);
         gate.Close(narrow);
         EXPECT_TRUE(ended);
       }},
      {kArea, "ClosingTwiceIsLikeOnce",
       [](Context& ctx, Env&) {
         Gate gate;
         ctx.executor().Spawn(gate, "test", [](Context& own) { (void)own.SleepFor(hours(1)); });
         gate.Close(ctx);
         gate.Close(ctx);
         EXPECT_EQ(gate.fiber_count(), 0U);
       }},
      {kArea, "SeveralFibersMayCloseTheSameGate",
       [](Context& ctx, Env&) {
         Gate gate;
         Gate closers;
         int closed = 0;
         ctx.executor().Spawn(gate, "test", [](Context& own) { (void)own.SleepFor(hours(1)); });
         for (int i = 0; i < 3; ++i) {
           ctx.executor().Spawn(closers, "closer", [&](Context& own) {
             gate.Close(own);
             EXPECT_EQ(gate.fiber_count(), 0U);
             ++closed;
           });
         }
         Until(ctx, [&] { return closed == 3; });
         closers.Close(ctx);
       }},
      {kArea, "CancelDoesNotWait",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ended = false;
         ctx.executor().Spawn(gate, "test", [&](Context& own) {
           (void)own.SleepFor(hours(1));
           ended = true;
         });
         Must(ctx.SleepFor(milliseconds(1)));
         gate.Cancel();
         EXPECT_TRUE(gate.closed());
         EXPECT_FALSE(ended);
         gate.Close(ctx);
         EXPECT_TRUE(ended);
       }},
      {kArea, "AClosedGateRefusesFibers",
       [](Context& ctx, Env&) {
         Gate gate;
         gate.Close(ctx);
         EXPECT_FALSE(ctx.executor().Spawn(gate, "late", [](Context&) { ADD_FAILURE(); }));
         Must(ctx.SleepFor(milliseconds(1)));
       }},
      {kArea, "ARefusedFibersBodyIsDropped",
       [](Context& ctx, Env&) {
         Gate gate;
         gate.Close(ctx);
         auto owned = std::make_shared<int>(1);
         const std::weak_ptr<int> watch = owned;
         ctx.executor().Spawn(gate, "late", [owned = std::move(owned)](Context&) {});
         EXPECT_TRUE(watch.expired());
       }},
      {kArea, "AFiberThatHasNotStartedStillRunsCancelled",
       [](Context& ctx, Env&) {
         Gate gate;
         std::string outcome;
         ctx.executor().Spawn(gate, "test", [&](Context& own) { outcome = Outcome(own.Check()); });
         gate.Close(ctx);
         EXPECT_EQ(outcome, "Cancelled");
       }},
      {kArea, "AFiberMaySpawnIntoItsOwnGate",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ran = false;
         ctx.executor().Spawn(gate, "parent", [&](Context& own) {
           own.executor().Spawn(gate, "child", [&](Context&) { ran = true; });
         });
         Until(ctx, [&] { return ran; });
         gate.Close(ctx);
       }},
      {kArea, "AFiberOfAClosedGateSpawnsNoOthers",
       [](Context& ctx, Env&) {
         Gate gate;
         bool spawned = true;
         ctx.executor().Spawn(gate, "parent", [&](Context& own) {
           (void)own.SleepFor(hours(1));
           spawned = own.executor().Spawn(gate, "child", [](Context&) { ADD_FAILURE(); });
         });
         Must(ctx.SleepFor(milliseconds(1)));
         gate.Close(ctx);
         EXPECT_FALSE(spawned);
       }},
      {kArea, "TheCountFollowsTheFibers",
       [](Context& ctx, Env&) {
         Gate gate;
         for (int i = 0; i < 3; ++i) {
           ctx.executor().Spawn(gate, "test", [](Context& own) { (void)own.SleepFor(hours(1)); });
         }
         EXPECT_EQ(gate.fiber_count(), 3U);
         ctx.executor().Spawn(gate, "short", [](Context&) {});
         EXPECT_EQ(gate.fiber_count(), 4U);
         Until(ctx, [&] { return gate.fiber_count() == 3; });
         gate.Close(ctx);
         EXPECT_EQ(gate.fiber_count(), 0U);
       }},
      {kArea, "ClosingOneGateLeavesTheOtherAlone",
       [](Context& ctx, Env&) {
         Gate one;
         Gate other;
         bool ended = false;
         ctx.executor().Spawn(one, "test", [](Context& own) { (void)own.SleepFor(hours(1)); });
         ctx.executor().Spawn(other, "test", [&](Context& own) {
           (void)own.SleepFor(hours(1));
           ended = true;
         });
         Must(ctx.SleepFor(milliseconds(1)));
         one.Close(ctx);
         EXPECT_FALSE(ended);
         EXPECT_FALSE(other.closed());
         other.Close(ctx);
       }},
      {kArea, "AFibersOwnDeadlineDoesNotCloseItsGate",
       [](Context& ctx, Env&) {
         Gate gate;
         std::string outcome;
         ctx.executor().Spawn(gate, "test", [&](Context& own) {
           Context quick = own.WithTimeout(microseconds(100));
           outcome = Outcome(quick.SleepFor(hours(1)));
         });
         Until(ctx, [&] { return outcome == "DeadlineExceeded"; });
         EXPECT_FALSE(gate.closed());
       }},
  };
}

Cases Groups() {
  return {
      {kArea, "AGroupWaitsForAll",
       [](Context& ctx, Env&) {
         std::vector<int> ended;
         TaskGroup group(ctx);
         for (const int ms : {3, 1, 2}) {
           group.Spawn("task", [&ended, ms](Context& own) {
             Must(own.SleepFor(milliseconds(ms)));
             ended.push_back(ms);
           });
         }
         group.Wait();
         EXPECT_THAT(ended, UnorderedElementsAre(1, 2, 3));
       }},
      {kArea, "AnEmptyGroupEndsAtOnce",
       [](Context& ctx, Env&) {
         TaskGroup group(ctx);
         group.Wait();
         EXPECT_EQ(Outcome(ctx.Check()), "ok");
       }},
      {kArea, "AGroupsTasksRunSideBySide",
       [](Context& ctx, Env&) {
         int running = 0;
         int most = 0;
         TaskGroup group(ctx);
         for (int i = 0; i < 10; ++i) {
           group.Spawn("task", [&](Context& own) {
             most = std::max(most, ++running);
             Must(own.SleepFor(milliseconds(1)));
             --running;
           });
         }
         group.Wait();
         EXPECT_EQ(running, 0);
         EXPECT_GT(most, 1);
       }},
      {kArea, "AGroupPassesItsDeadlineOn",
       [](Context& ctx, Env&) {
         Context quick = ctx.WithTimeout(milliseconds(2));
         std::string outcome;
         TaskGroup group(quick);
         group.Spawn("long", [&](Context& own) {
           EXPECT_EQ(own.deadline(), quick.deadline());
           outcome = Outcome(own.SleepFor(hours(1)));
         });
         group.Wait();
         EXPECT_THAT(outcome, testing::AnyOf("DeadlineExceeded", "Cancelled"));
         EXPECT_GE(ctx.Now(), quick.deadline());
       }},
      {kArea, "ACancelledGroupCancelsItsTasks",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         Gate gate;
         Later(ctx, gate, [&] { cancellation.Cancel(); });
         Context narrow = ctx.WithCancellation(cancellation);
         std::string outcome;
         TaskGroup group(narrow);
         group.Spawn("long", [&](Context& own) { outcome = Outcome(own.SleepFor(hours(1))); });
         group.Wait();
         EXPECT_EQ(outcome, "Cancelled");
         gate.Close(ctx);
       }},
      {kArea, "ATaskMayAddTasks",
       [](Context& ctx, Env&) {
         int ended = 0;
         TaskGroup group(ctx);
         group.Spawn("first", [&](Context&) {
           group.Spawn("second", [&](Context& own) {
             Must(own.SleepFor(milliseconds(1)));
             ++ended;
           });
           ++ended;
         });
         group.Wait();
         EXPECT_EQ(ended, 2);
       }},
      {kArea, "GroupsNest",
       [](Context& ctx, Env&) {
         int ended = 0;
         TaskGroup outer(ctx);
         for (int i = 0; i < 3; ++i) {
           outer.Spawn("outer", [&](Context& own) {
             TaskGroup inner(own);
             for (int j = 0; j < 3; ++j) {
               inner.Spawn("inner", [&](Context& c) {
                 Must(c.Yield());
                 ++ended;
               });
             }
             inner.Wait();
           });
         }
         outer.Wait();
         EXPECT_EQ(ended, 9);
       }},
  };
}

}  // namespace

Cases GateCases() {
  Cases cases = Gates();
  std::ranges::move(Groups(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
