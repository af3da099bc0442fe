// Clocks, sleeps, deadlines and timers.
#include <gmock/gmock.h>

#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

using testing::ElementsAre;

constexpr char kArea[] = "Time";

Cases Sleeps() {
  return {
      {kArea, "ASleepLastsAtLeastAsLongAsAsked",
       [](Context& ctx, Env&) {
         const Tick before = ctx.Now();
         EXPECT_EQ(Outcome(ctx.SleepFor(milliseconds(3))), "ok");
         EXPECT_GE(ctx.Now() - before, milliseconds(3));
       }},
      {kArea, "ASleepUntilATickEndsNoEarlier",
       [](Context& ctx, Env&) {
         const Tick when = ctx.Now() + microseconds(1500);
         EXPECT_EQ(Outcome(ctx.SleepUntil(when)), "ok");
         EXPECT_GE(ctx.Now(), when);
       }},
      {kArea, "ASleepUntilThePastEndsWell",
       [](Context& ctx, Env&) {
         EXPECT_EQ(Outcome(ctx.SleepUntil(ctx.Now())), "ok");
         EXPECT_EQ(Outcome(ctx.SleepUntil(Tick{ctx.Now().ns - 1'000'000})), "ok");
         EXPECT_EQ(Outcome(ctx.SleepFor(nanoseconds(0))), "ok");
         EXPECT_EQ(Outcome(ctx.SleepFor(milliseconds(-5))), "ok");
       }},
      {kArea, "TheClockSaysWhatTheExecutorSays",
       [](Context& ctx, Env& env) {
         EXPECT_EQ(env.runtime.clock().Now(), ctx.Now());
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(env.runtime.clock().Now(), ctx.executor().Now());
       }},
      {kArea, "TimeNeverGoesBack",
       [](Context& ctx, Env& env) {
         Tick last = ctx.Now();
         for (int i = 0; i < 500; ++i) {
           Must(ctx.Yield());
           const Tick now = env.runtime.clock().Now();
           EXPECT_GE(now, last);
           last = now;
         }
       }},
      {kArea, "TheWallClockCanBeRead",
       [](Context&, Env& env) { EXPECT_GT(env.runtime.clock().WallNow().ms, 0); }},
      {kArea, "SleepersWakeInTheOrderOfTheirTimes",
       [](Context& ctx, Env&) {
         Gate gate;
         std::vector<int> woken;
         for (const int ms : {7, 1, 4}) {
           ctx.executor().Spawn(gate, "sleeper", [&woken, ms](Context& own) {
             Must(own.SleepFor(milliseconds(ms)));
             woken.push_back(ms);
           });
         }
         Until(ctx, [&] { return woken.size() == 3; });
         EXPECT_THAT(woken, ElementsAre(1, 4, 7));
         gate.Close(ctx);
       }},
      {kArea, "SleepersUntilTheSameTickAllWake",
       [](Context& ctx, Env&) {
         Gate gate;
         int woken = 0;
         const Tick when = ctx.Now() + milliseconds(2);
         for (int i = 0; i < 100; ++i) {
           ctx.executor().Spawn(gate, "sleeper", [&woken, when](Context& own) {
             Must(own.SleepUntil(when));
             EXPECT_GE(own.Now(), when);
             ++woken;
           });
         }
         Until(ctx, [&] { return woken == 100; });
         gate.Close(ctx);
       }},
      {kArea, "AShortSleepEndsBeforeALongOneThatBeganEarlier",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ended = false;
         ctx.executor().Spawn(gate, "long", [&ended](Context& own) {
           EXPECT_EQ(Outcome(own.SleepFor(hours(1))), "Cancelled");
           ended = true;
         });
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_FALSE(ended);
         gate.Close(ctx);
         EXPECT_TRUE(ended);
       }},
  };
}

Cases Deadlines() {
  return {
      {kArea, "AFreshContextHasNoDeadline",
       [](Context& ctx, Env&) {
         EXPECT_EQ(ctx.deadline(), kNever);
         EXPECT_EQ(Outcome(ctx.Check()), "ok");
       }},
      {kArea, "ATimeoutSetsTheDeadline",
       [](Context& ctx, Env&) {
         const Tick now = ctx.Now();
         EXPECT_EQ(ctx.WithTimeout(seconds(3)).deadline(), now + seconds(3));
         EXPECT_EQ(ctx.WithDeadline(now + seconds(2)).deadline(), now + seconds(2));
       }},
      {kArea, "ALaterDeadlineThanTheParentsHasNoEffect",
       [](Context& ctx, Env&) {
         Context near = ctx.WithTimeout(seconds(1));
         EXPECT_EQ(near.WithTimeout(hours(1)).deadline(), near.deadline());
       }},
      {kArea, "AnInfiniteTimeoutIsNoDeadline",
       [](Context& ctx, Env&) {
         EXPECT_EQ(ctx.WithTimeout(nanoseconds::max()).deadline(), kNever);
       }},
      {kArea, "CheckSaysWhenTheDeadlineHasPassed",
       [](Context& ctx, Env&) {
         Context quick = ctx.WithTimeout(milliseconds(2));
         EXPECT_EQ(Outcome(quick.Check()), "ok");
         Must(ctx.SleepFor(milliseconds(2)));
         EXPECT_EQ(Outcome(quick.Check()), "DeadlineExceeded");
         EXPECT_EQ(Outcome(ctx.Check()), "ok");
       }},
      {kArea, "ADeadlineInThePastFailsAtOnce",
       [](Context& ctx, Env&) {
         Context late = ctx.WithDeadline(Tick{ctx.Now().ns - 1});
         EXPECT_EQ(Outcome(late.Check()), "DeadlineExceeded");
         EXPECT_EQ(Outcome(late.SleepFor(milliseconds(1))), "DeadlineExceeded");
       }},
      {kArea, "ASleepBeyondTheDeadlineEndsAtTheDeadline",
       [](Context& ctx, Env&) {
         Context quick = ctx.WithTimeout(milliseconds(2));
         EXPECT_EQ(Outcome(quick.SleepFor(hours(1))), "DeadlineExceeded");
         EXPECT_GE(ctx.Now(), quick.deadline());
       }},
      {kArea, "ASleepUntilTheDeadlineItselfEndsWell",
       [](Context& ctx, Env&) {
         Context quick = ctx.WithTimeout(milliseconds(2));
         EXPECT_EQ(Outcome(quick.SleepUntil(quick.deadline())), "ok");
         EXPECT_EQ(Outcome(quick.Check()), "DeadlineExceeded");
       }},
      {kArea, "TheNearestOfNestedDeadlinesCounts",
       [](Context& ctx, Env&) {
         Context outer = ctx.WithTimeout(milliseconds(2));
         Context inner = outer.WithTimeout(hours(1));
         EXPECT_EQ(Outcome(inner.SleepFor(hours(2))), "DeadlineExceeded");
         Context wide = ctx.WithTimeout(hours(1));
         Context tight = wide.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(tight.SleepFor(hours(2))), "DeadlineExceeded");
       }},
      {kArea, "ACancellationWinsOverADeadline",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         cancellation.Cancel();
         Context late = ctx.WithDeadline(Tick{0});
         Context both = late.WithCancellation(cancellation);
         EXPECT_EQ(Outcome(both.Check()), "Cancelled");
       }},
  };
}

Cases Timers() {
  return {
      {kArea, "ATimerCallsOnceAndNotBeforeItsTime",
       [](Context& ctx, Env&) {
         Timer timer(ctx.executor());
         const Tick when = ctx.Now() + milliseconds(2);
         int calls = 0;
         timer.Arm(when, [&] {
           ++calls;
           EXPECT_GE(ctx.Now(), when);
         });
         EXPECT_TRUE(timer.armed());
         Until(ctx, [&] { return calls > 0; });
         EXPECT_FALSE(timer.armed());
         Must(ctx.SleepFor(milliseconds(2)));
         EXPECT_EQ(calls, 1);
       }},
      {kArea, "ATimerForThePastCallsThroughTheRunQueue",
       [](Context& ctx, Env&) {
         Timer timer(ctx.executor());
         bool called = false;
         timer.Arm(Tick{0}, [&] { called = true; });
         EXPECT_FALSE(called);
         Until(ctx, [&] { return called; });
       }},
      {kArea, "ADisarmedTimerDoesNotCall",
       [](Context& ctx, Env&) {
         Timer timer(ctx.executor());
         timer.Arm(ctx.Now() + milliseconds(1), [] { ADD_FAILURE(); });
         timer.Disarm();
         EXPECT_FALSE(timer.armed());
         Must(ctx.SleepFor(milliseconds(3)));
       }},
      {kArea, "ADestroyedTimerDoesNotCall",
       [](Context& ctx, Env&) {
         auto timer = std::make_unique<Timer>(ctx.executor());
         timer->Arm(ctx.Now() + milliseconds(1), [] { ADD_FAILURE(); });
         timer = nullptr;
         Must(ctx.SleepFor(milliseconds(3)));
       }},
      {kArea, "OneOfTwoTimersDueAtOnceMayDisarmTheOther",
       [](Context& ctx, Env&) {
         Timer a(ctx.executor());
         Timer b(ctx.executor());
         int calls = 0;
         const auto disarm_both = [&] {
           ++calls;
           a.Disarm();
           b.Disarm();
         };
         const Tick when = ctx.Now() + milliseconds(1);
         a.Arm(when, disarm_both);
         b.Arm(when, disarm_both);
         Must(ctx.SleepFor(milliseconds(3)));
         EXPECT_EQ(calls, 1);
       }},
      {kArea, "TimesNearTheEndOfTimeAreFarAway",
       [](Context& ctx, Env&) {
         Timer timer(ctx.executor());
         timer.Arm(Tick{kNever.ns - 1}, [] { ADD_FAILURE(); });
         Context quick = ctx.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(quick.SleepUntil(Tick{kNever.ns - 1})), "DeadlineExceeded");
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_TRUE(timer.armed());
       }},
      {kArea, "ANewTimeReplacesTheOldOne",
       [](Context& ctx, Env&) {
         Timer timer(ctx.executor());
         const Tick when = ctx.Now() + milliseconds(4);
         bool called = false;
         timer.Arm(ctx.Now() + milliseconds(1), [] { ADD_FAILURE(); });
         timer.Arm(when, [&] { called = true; });
         Until(ctx, [&] { return called; });
         EXPECT_GE(ctx.Now(), when);
       }},
      {kArea, "AnEarlierTimeReplacesALaterOne",
       [](Context& ctx, Env&) {
         Timer timer(ctx.executor());
         bool called = false;
         timer.Arm(ctx.Now() + hours(1), [] { ADD_FAILURE(); });
         timer.Arm(ctx.Now() + milliseconds(1), [&] { called = true; });
         Until(ctx, [&] { return called; });
       }},
      {kArea, "ATimerCanBeArmedFromWithin",
       [](Context& ctx, Env&) {
         Timer timer(ctx.executor());
         int calls = 0;
         std::function<void()> again = [&] {
           if (++calls < 5) timer.Arm(ctx.Now() + microseconds(200), [&] { again(); });
         };
         timer.Arm(ctx.Now(), [&] { again(); });
         Until(ctx, [&] { return calls == 5; });
       }},
      {kArea, "ATimersFunctionMayDestroyTheTimer",
       [](Context& ctx, Env&) {
         auto timer = std::make_unique<Timer>(ctx.executor());
         timer->Arm(ctx.Now() + milliseconds(1), [&] { timer = nullptr; });
         Until(ctx, [&] { return timer == nullptr; });
       }},
      {kArea, "AThousandTimersCallOnceEach",
       [](Context& ctx, Env&) {
         std::vector<std::unique_ptr<Timer>> timers;
         std::vector<int> called;
         const Tick start = ctx.Now() + milliseconds(2);
         for (int i = 0; i < 1000; ++i) {
           const int step = i * 37 % 1000;
           timers.push_back(std::make_unique<Timer>(ctx.executor()));
           timers.back()->Arm(start + microseconds(step), [&, step] { called.push_back(step); });
         }
         Until(ctx, [&] { return called.size() == 1000; });
         std::ranges::sort(called);
         EXPECT_EQ(called.front(), 0);
         EXPECT_EQ(std::ranges::adjacent_find(called), called.end());
       }},
      {kArea, "DisarmingHalfOfManyTimersLeavesTheOtherHalf",
       [](Context& ctx, Env&) {
         std::vector<std::unique_ptr<Timer>> timers;
         int calls = 0;
         for (int i = 0; i < 200; ++i) {
           timers.push_back(std::make_unique<Timer>(ctx.executor()));
           timers.back()->Arm(ctx.Now() + milliseconds(2), [&] { ++calls; });
         }
         for (size_t i = 0; i < timers.size(); i += 2) timers[i]->Disarm();
         Until(ctx, [&] { return calls >= 100; });
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(calls, 100);
       }},
  };
}

}  // namespace

Cases TimeCases() {
  Cases cases = Sleeps();
  std::ranges::move(Deadlines(), std::back_inserter(cases));
  std::ranges::move(Timers(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
