// Mutex, Semaphore and Condition.
#include <gmock/gmock.h>

#include <optional>

#include "runtime/conformance_tools.h"
#include "runtime/mutex.h"

namespace rmq::runtime::conformance {
namespace {

using testing::ElementsAre;

constexpr char kArea[] = "Locks";

Cases Mutexes() {
  return {
      {kArea, "AMutexKeepsOthersOutAcrossSuspensions",
       [](Context& ctx, Env&) {
         Mutex mutex;
         int inside = 0;
         TaskGroup group(ctx);
         for (int i = 0; i < 10; ++i) {
           group.Spawn("locks", [&](Context& own) {
             const auto guard = Must(mutex.Lock(own));
             EXPECT_EQ(++inside, 1);
             Must(own.Yield());
             EXPECT_EQ(inside--, 1);
           });
         }
         group.Wait();
         EXPECT_FALSE(mutex.locked());
       }},
      {kArea, "AMutexIsHandedOnInTheOrderOfItsWaiters",
       [](Context& ctx, Env&) {
         Mutex mutex;
         std::vector<int> order;
         Gate gate;
         {
           const auto guard = Must(mutex.Lock(ctx));
           for (int i = 0; i < 5; ++i) {
             ctx.executor().Spawn(gate, "locks", [&, i](Context& own) {
               const auto mine = Must(mutex.Lock(own));
               order.push_back(i);
             });
             Must(ctx.SleepFor(microseconds(200)));  // It waits before the next one comes.
           }
         }
         Until(ctx, [&] { return order.size() == 5; });
         EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
         gate.Close(ctx);
       }},
      {kArea, "AGuardUnlocksAtTheEndOfItsScope",
       [](Context& ctx, Env&) {
         Mutex mutex;
         {
           const auto guard = Must(mutex.Lock(ctx));
           EXPECT_TRUE(mutex.locked());
         }
         EXPECT_FALSE(mutex.locked());
       }},
      {kArea, "AMovedGuardUnlocksOnce",
       [](Context& ctx, Env&) {
         Mutex mutex;
         std::optional<Mutex::Guard> kept;
         {
           auto guard = Must(mutex.Lock(ctx));
           kept.emplace(std::move(guard));
         }
         EXPECT_TRUE(mutex.locked());
         kept.reset();
         EXPECT_FALSE(mutex.locked());
       }},
      {kArea, "AGivenUpLockGoesToTheNextInLine",
       [](Context& ctx, Env&) {
         Mutex mutex;
         bool next = false;
         Gate gate;
         {
           const auto guard = Must(mutex.Lock(ctx));
           ctx.executor().Spawn(gate, "gives up", [&](Context& own) {
             Context quick = own.WithTimeout(milliseconds(1));
             EXPECT_EQ(Outcome(mutex.Lock(quick)), "DeadlineExceeded");
           });
           Must(ctx.SleepFor(microseconds(200)));
           ctx.executor().Spawn(gate, "next",
                                [&](Context& own) { next = mutex.Lock(own).has_value(); });
           Until(ctx, [&] { return gate.fiber_count() == 1; });
         }
         Until(ctx, [&] { return next; });
         EXPECT_FALSE(mutex.locked());
         gate.Close(ctx);
       }},
      {kArea, "ALockGrantedInTheSameTurnAsACancellationIsNotLost",
       [](Context& ctx, Env&) {
         Mutex mutex;
         Cancellation cancellation;
         Gate gate;
         bool ended = false;
         {
           const auto guard = Must(mutex.Lock(ctx));
           ctx.executor().Spawn(gate, "locks", [&](Context& own) {
             Context narrow = own.WithCancellation(cancellation);
             (void)mutex.Lock(narrow);  // Granted or not: nothing must stay locked.
             ended = true;
           });
           Must(ctx.SleepFor(milliseconds(1)));
         }
         cancellation.Cancel();
         Until(ctx, [&] { return ended; });
         EXPECT_FALSE(mutex.locked());
         gate.Close(ctx);
       }},
  };
}

Cases Semaphores() {
  return {
      {kArea, "ASemaphoreLetsSoManyIn",
       [](Context& ctx, Env&) {
         Semaphore semaphore(3);
         int inside = 0;
         int most = 0;
         TaskGroup group(ctx);
         for (int i = 0; i < 12; ++i) {
           group.Spawn("enters", [&](Context& own) {
             Must(semaphore.Acquire(own));
             most = std::max(most, ++inside);
             Must(own.SleepFor(microseconds(300)));
             --inside;
             semaphore.Release();
           });
         }
         group.Wait();
         EXPECT_EQ(most, 3);
         EXPECT_EQ(semaphore.available(), 3U);
       }},
      {kArea, "TryAcquireNeverWaits",
       [](Context&, Env&) {
         Semaphore semaphore(1);
         EXPECT_TRUE(semaphore.TryAcquire());
         EXPECT_FALSE(semaphore.TryAcquire());
         semaphore.Release();
         EXPECT_TRUE(semaphore.TryAcquire());
       }},
      {kArea, "ASemaphoreMayStartWithNothing",
       [](Context& ctx, Env&) {
         Semaphore semaphore(0);
         Gate gate;
         Later(ctx, gate, [&] { semaphore.Release(); });
         EXPECT_EQ(Outcome(semaphore.Acquire(ctx)), "ok");
         EXPECT_EQ(semaphore.available(), 0U);
         gate.Close(ctx);
       }},
      {kArea, "ReleaseMayAddPermits",
       [](Context&, Env&) {
         Semaphore semaphore(0);
         semaphore.Release();
         semaphore.Release();
         EXPECT_EQ(semaphore.available(), 2U);
       }},
      {kArea, "NobodyOvertakesAWaiter",
       [](Context& ctx, Env&) {
         Semaphore semaphore(0);
         Gate gate;
         bool got = false;
         ctx.executor().Spawn(gate, "waits",
                              [&](Context& own) { got = semaphore.Acquire(own).has_value(); });
         Must(ctx.SleepFor(milliseconds(1)));
         semaphore.Release();
         EXPECT_FALSE(semaphore.TryAcquire());  // The permit is on its way to the waiter.
         Until(ctx, [&] { return got; });
         gate.Close(ctx);
       }},
      {kArea, "AGivenUpPermitStaysAvailable",
       [](Context& ctx, Env&) {
         Semaphore semaphore(0);
         Context quick = ctx.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(semaphore.Acquire(quick)), "DeadlineExceeded");
         semaphore.Release();
         EXPECT_EQ(semaphore.available(), 1U);
       }},
  };
}

struct WaitingCrowd {
  WaitingCrowd(Context& ctx, int count) {
    for (int i = 0; i < count; ++i) {
      ctx.executor().Spawn(gate, "waits", [this](Context& own) {
        ++waiting;
        woken += condition.Wait(own).has_value();
      });
    }
    Until(ctx, [&] { return waiting == count; });
  }
  Condition condition;
  Gate gate;
  int waiting = 0;
  int woken = 0;
};

Cases Conditions() {
  return {
      {kArea, "NotifyOneWakesOne",
       [](Context& ctx, Env&) {
         WaitingCrowd crowd(ctx, 3);
         crowd.condition.NotifyOne();
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(crowd.woken, 1);
         crowd.gate.Close(ctx);
         EXPECT_EQ(crowd.woken, 1);
       }},
      {kArea, "NotifyAllWakesAll",
       [](Context& ctx, Env&) {
         WaitingCrowd crowd(ctx, 3);
         crowd.condition.NotifyAll();
         Until(ctx, [&] { return crowd.woken == 3; });
         crowd.gate.Close(ctx);
       }},
      {kArea, "ANotificationWithoutWaitersIsForgotten",
       [](Context& ctx, Env&) {
         Condition condition;
         condition.NotifyOne();
         condition.NotifyAll();
         Context quick = ctx.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(condition.Wait(quick)), "DeadlineExceeded");
       }},
      {kArea, "ANotificationDoesNotGoToOneWhoLeft",
       [](Context& ctx, Env&) {
         Condition condition;
         Context quick = ctx.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(condition.Wait(quick)), "DeadlineExceeded");
         Gate gate;
         bool woken = false;
         ctx.executor().Spawn(gate, "waits",
                              [&](Context& own) { woken = condition.Wait(own).has_value(); });
         Must(ctx.SleepFor(milliseconds(1)));
         condition.NotifyOne();
         Until(ctx, [&] { return woken; });
         gate.Close(ctx);
       }},
      {kArea, "AConditionMayDieBeforeItsLateWaiters",
       [](Context& ctx, Env&) {
         auto condition = std::make_unique<Condition>();
         Gate gate;
         std::string outcome;
         ctx.executor().Spawn(gate, "waits",
                              [&](Context& own) { outcome = Outcome(condition->Wait(own)); });
         Must(ctx.SleepFor(milliseconds(1)));
         condition = nullptr;
         gate.Close(ctx);
         EXPECT_EQ(outcome, "Cancelled");
       }},
  };
}

}  // namespace

Cases LockCases() {
  Cases cases = Mutexes();
  std::ranges::move(Semaphores(), std::back_inserter(cases));
  std::ranges::move(Conditions(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
