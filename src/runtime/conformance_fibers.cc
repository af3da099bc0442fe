// Fibers, their stacks, and cancellation.
#include <gmock/gmock.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "runtime/channel.h"
#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

constexpr char kArea[] = "Fibers";

// ThreadSanitizer knows no more than some thousand fibers at a time.
#if defined(__SANITIZE_THREAD__)
constexpr int kMany = 3'000;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr int kMany = 3'000;
#else
constexpr int kMany = 30'000;
#endif
#else
constexpr int kMany = 30'000;
#endif

// Writes to `depth` frames of 1 KiB and looks at them again on the way back, with a suspension at
// the bottom.
size_t UseStack(Context& ctx, int depth) {
  std::array<volatile unsigned char, 1024> frame;
  for (auto& byte : frame) byte = static_cast<unsigned char>(depth);
  size_t intact = 0;
  if (depth > 0) {
    intact = UseStack(ctx, depth - 1);
  } else {
    Must(ctx.SleepFor(microseconds(100)));
  }
  for (const auto& byte : frame) intact += byte == static_cast<unsigned char>(depth);
  return intact;
}

void RunsDeep(Context& ctx, StackClass stack_class, int frames) {
  Gate gate;
  size_t intact = 0;
  ctx.executor().Spawn(gate, "deep", stack_class,
                       [&intact, frames](Context& own) { intact = UseStack(own, frames - 1); });
  Until(ctx, [&] { return intact > 0; });
  EXPECT_EQ(intact, static_cast<size_t>(frames) * 1024);
  gate.Close(ctx);
}

Cases Running() {
  return {
      {kArea, "ASpawnedFiberDoesNotRunInline",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ran = false;
         EXPECT_TRUE(ctx.executor().Spawn(gate, "test", [&](Context&) { ran = true; }));
         EXPECT_FALSE(ran);
         Until(ctx, [&] { return ran; });
       }},
      {kArea, "YieldLetsAReadyFiberRun",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ran = false;
         ctx.executor().Spawn(gate, "test", [&](Context&) { ran = true; });
         for (int i = 0; i < 1000 && !ran; ++i) Must(ctx.Yield());
         EXPECT_TRUE(ran);
       }},
      {kArea, "FibersTakeTurnsAtYields",
       [](Context& ctx, Env&) {
         Gate gate;
         int done = 0;
         int switches = 0;
         int last = -1;
         for (int n = 0; n < 2; ++n) {
           ctx.executor().Spawn(gate, "test", [&, n](Context& own) {
             for (int i = 0; i < 100; ++i) {
               switches += last != n;
               last = n;
               Must(own.Yield());
             }
             ++done;
           });
         }
         Until(ctx, [&] { return done == 2; });
         EXPECT_GT(switches, 2);
       }},
      {kArea, "AFiberKnowsItsExecutor",
       [](Context& ctx, Env& env) {
         EXPECT_EQ(&ctx.executor(), &env.runtime.executor());
         Gate gate;
         const Executor* seen = nullptr;
         ctx.executor().Spawn(gate, "test", [&](Context& own) { seen = &own.executor(); });
         Until(ctx, [&] { return seen != nullptr; });
         EXPECT_EQ(seen, &ctx.executor());
       }},
      {kArea, "WhatAFiberOwnsDiesBeforeItsGateCloses",
       [](Context& ctx, Env&) {
         Gate gate;
         auto owned = std::make_shared<int>(1);
         const std::weak_ptr<int> watch = owned;
         ctx.executor().Spawn(gate, "test", [owned = std::move(owned)](Context& own) {
           (void)own.SleepFor(hours(1));
         });
         EXPECT_FALSE(watch.expired());
         gate.Close(ctx);
         EXPECT_TRUE(watch.expired());
       }},
      {kArea, "AFibersLocalsSurviveItsSuspensions",
       [](Context& ctx, Env&) {
         Gate gate;
         int intact = 0;
         for (int n = 0; n < 50; ++n) {
           ctx.executor().Spawn(gate, "test", [&intact, n](Context& own) {
             std::array<int, 64> local;
             local.fill(n);
             for (int i = 0; i < 5; ++i) Must(own.Yield());
             intact += std::ranges::count(local, n) == 64;
           });
         }
         Until(ctx, [&] { return intact == 50; });
       }},
      {kArea, "FibersSuspendedInCatchBlocksKeepTheirExceptions",
       [](Context& ctx, Env&) {
         Gate gate;
         std::vector<std::string> caught;
         for (const char* name : {"A", "B", "C"}) {
           ctx.executor().Spawn(gate, "test", [&caught, name](Context& own) {
             try {
               try {
                 throw std::runtime_error(name);
               } catch (const std::exception&) {
                 Must(own.SleepFor(milliseconds(1)));
                 throw;
               }
             } catch (const std::exception& e) {
               caught.push_back(std::string(name) + e.what());
             }
           });
         }
         Until(ctx, [&] { return caught.size() == 3; });
         EXPECT_THAT(caught, testing::UnorderedElementsAre("AA", "BB", "CC"));
       }},
      {kArea, "UncaughtExceptionsAreCountedPerFiber",
       [](Context& ctx, Env&) {
         Gate gate;
         int seen = -1;
         try {
           throw std::runtime_error("here");
         } catch (const std::exception&) {
           ctx.executor().Spawn(
               gate, "test", [&](Context&) { seen = std::current_exception() == nullptr ? 0 : 1; });
           Until(ctx, [&] { return seen >= 0; });
           EXPECT_NE(std::current_exception(), nullptr);
         }
         EXPECT_EQ(seen, 0);
       }},
      {kArea, "ASmallStackHolds8KiB",
       [](Context& ctx, Env&) { RunsDeep(ctx, StackClass::kSmall, 7); }},
      {kArea, "ANormalStackHolds40KiB",
       [](Context& ctx, Env&) { RunsDeep(ctx, StackClass::kNormal, 38); }},
      {kArea, "ALargeStackHolds200KiB",
       [](Context& ctx, Env&) { RunsDeep(ctx, StackClass::kLarge, 190); }},
  };
}

Cases Crowds() {
  return {
      {kArea, "ThirtyThousandFibersSleepAtOnce",
       [](Context& ctx, Env&) {
         Gate gate;
         int woken = 0;
         for (int i = 0; i < kMany; ++i) {
           ctx.executor().Spawn(gate, "sleeper", StackClass::kSmall, [&woken, i](Context& own) {
             Must(own.SleepFor(milliseconds(1 + i % 5)));
             ++woken;
           });
         }
         EXPECT_EQ(gate.fiber_count(), static_cast<size_t>(kMany));
         Until(ctx, [&] { return woken == kMany; });
         gate.Close(ctx);
       }},
      {kArea, "ThirtyThousandFibersAreCancelledAtOnce",
       [](Context& ctx, Env&) {
         Gate gate;
         int cancelled = 0;
         int started = 0;
         for (int i = 0; i < kMany; ++i) {
           ctx.executor().Spawn(gate, "sleeper", StackClass::kSmall, [&](Context& own) {
             ++started;
             cancelled += Outcome(own.SleepFor(hours(1))) == "Cancelled";
           });
         }
         Until(ctx, [&] { return started == kMany; });
         gate.Close(ctx);
         EXPECT_EQ(cancelled, kMany);
       }},
      {kArea, "ThirtyThousandFibersOneAfterTheOther",
       [](Context& ctx, Env&) {
         Gate gate;
         int ran = 0;
         for (int i = 0; i < kMany; ++i) {
           ctx.executor().Spawn(gate, "short", [&](Context&) { ++ran; });
           if (gate.fiber_count() > 100) Until(ctx, [&] { return gate.fiber_count() == 0; });
         }
         gate.Close(ctx);
         EXPECT_EQ(ran, kMany);
       }},
      {kArea, "AThousandFibersPassATokenAround",
       [](Context& ctx, Env&) {
         constexpr int kRing = 1000;
         std::vector<std::unique_ptr<Channel<int>>> hops;
         for (int i = 0; i <= kRing; ++i) hops.push_back(std::make_unique<Channel<int>>(1));
         Gate gate;
         for (int i = 0; i < kRing; ++i) {
           ctx.executor().Spawn(gate, "hop", StackClass::kSmall, [&hops, i](Context& own) {
             const Result<int> token = hops[i]->Receive(own);
             if (token.has_value()) Must(hops[i + 1]->Send(own, *token + 1));
           });
         }
         Must(hops.front()->Send(ctx, 0));
         EXPECT_EQ(Must(hops.back()->Receive(ctx)), kRing);
         gate.Close(ctx);
       }},
      {kArea, "FibersSpawnFibers",
       [](Context& ctx, Env&) {
         Gate gate;
         int leaves = 0;
         std::function<void(Context&, int)> grow = [&](Context& own, int depth) {
           if (depth == 0) {
             ++leaves;
             return;
           }
           for (int i = 0; i < 2; ++i) {
             own.executor().Spawn(gate, "branch",
                                  [&grow, depth](Context& c) { grow(c, depth - 1); });
           }
         };
         ctx.executor().Spawn(gate, "root", [&](Context& own) { grow(own, 8); });
         Until(ctx, [&] { return leaves == 256; });
         gate.Close(ctx);
       }},
  };
}

Cases Cancelling() {
  return {
      {kArea, "ACancellationReachesOnlyContextsBelowIt",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         Gate gate;
         Later(ctx, gate, [&] { cancellation.Cancel(); });
         {
           Context narrow = ctx.WithCancellation(cancellation);
           EXPECT_EQ(Outcome(narrow.SleepFor(hours(1))), "Cancelled");
           EXPECT_EQ(Outcome(narrow.Check()), "Cancelled");
         }
         EXPECT_EQ(Outcome(ctx.SleepFor(microseconds(10))), "ok");
         gate.Close(ctx);
       }},
      {kArea, "ACancellationReachesThroughNarrowerContexts",
       [](Context& ctx, Env&) {
         Cancellation outer;
         Cancellation inner;
         Gate gate;
         Later(ctx, gate, [&] { outer.Cancel(); });
         Context a = ctx.WithCancellation(outer);
         Context b = a.WithTimeout(hours(1));
         Context c = b.WithCancellation(inner);
         EXPECT_EQ(Outcome(c.SleepFor(hours(2))), "Cancelled");
         EXPECT_FALSE(inner.cancelled());
         gate.Close(ctx);
       }},
      {kArea, "CancellingTheInnerOneLeavesTheOuterContextUsable",
       [](Context& ctx, Env&) {
         Cancellation outer;
         Cancellation inner;
         Context a = ctx.WithCancellation(outer);
         Context b = a.WithCancellation(inner);
         inner.Cancel();
         EXPECT_EQ(Outcome(b.Check()), "Cancelled");
         EXPECT_EQ(Outcome(a.SleepFor(microseconds(10))), "ok");
       }},
      {kArea, "ACancellationThatHappenedBeforeIsSeen",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         cancellation.Cancel();
         EXPECT_TRUE(cancellation.cancelled());
         Context narrow = ctx.WithCancellation(cancellation);
         EXPECT_EQ(Outcome(narrow.Check()), "Cancelled");
         EXPECT_EQ(Outcome(narrow.Yield()), "Cancelled");
       }},
      {kArea, "CancellingTwiceIsLikeOnce",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         Context narrow = ctx.WithCancellation(cancellation);
         cancellation.Cancel();
         cancellation.Cancel();
         EXPECT_EQ(Outcome(narrow.Check()), "Cancelled");
       }},
      {kArea, "OneCancellationEndsTheWaitsOfManyFibers",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         Gate gate;
         int waiting = 0;
         int ended = 0;
         for (int i = 0; i < 100; ++i) {
           ctx.executor().Spawn(gate, "waits", [&](Context& own) {
             Context narrow = own.WithCancellation(cancellation);
             ++waiting;
             ended += Outcome(narrow.SleepFor(hours(1))) == "Cancelled";
           });
         }
         Until(ctx, [&] { return waiting == 100; });
         EXPECT_EQ(ended, 0);
         cancellation.Cancel();
         Until(ctx, [&] { return ended == 100; });
         gate.Close(ctx);
       }},
      {kArea, "ACancellationWakesNobodyElse",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         Gate gate;
         bool woken = false;
         ctx.executor().Spawn(gate, "other", [&](Context& own) {
           (void)own.SleepFor(hours(1));
           woken = true;
         });
         Must(ctx.SleepFor(milliseconds(1)));
         cancellation.Cancel();
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_FALSE(woken);
         gate.Close(ctx);
       }},
      {kArea, "AWakeUpBeforeTheWaitIsNotLost",
       [](Context& ctx, Env&) {
         Waiter waiter(ctx);
         waiter.Wake();
         EXPECT_TRUE(waiter.woken());
         EXPECT_EQ(Outcome(waiter.Wait()), "ok");
       }},
      {kArea, "AWakeUpBeatsACancellationThatCameFirst",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         Context narrow = ctx.WithCancellation(cancellation);
         Waiter waiter(narrow);
         Gate gate;
         Later(ctx, gate, [&] {
           cancellation.Cancel();
           waiter.Wake();
         });
         EXPECT_EQ(Outcome(waiter.Wait()), "ok");
         gate.Close(ctx);
       }},
      {kArea, "WaitingForAWakeUpAloneIgnoresCancellationAndDeadline",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         Context narrow = ctx.WithCancellation(cancellation);
         Context quick = narrow.WithTimeout(microseconds(100));
         Waiter waiter(quick);
         Gate gate;
         bool woken = false;
         cancellation.Cancel();
         Later(ctx, gate, [&] {
           woken = true;
           waiter.Wake();
         });
         waiter.WaitForWake();
         EXPECT_TRUE(woken);
         gate.Close(ctx);
       }},
      {kArea, "TheStopSignalHasNotComeYet",
       [](Context& ctx, Env& env) {
         EXPECT_FALSE(env.runtime.stop().cancelled());
         Context stoppable = ctx.WithCancellation(env.runtime.stop());
         EXPECT_EQ(Outcome(stoppable.SleepFor(microseconds(10))), "ok");
       }},
      {kArea, "TheStopSignalEndsAWait",
       [](Context& ctx, Env& env) {
         Gate gate;
         Later(ctx, gate, [&env] { env.runtime.stop().Cancel(); });
         {
           Context stoppable = ctx.WithCancellation(env.runtime.stop());
           EXPECT_EQ(Outcome(stoppable.SleepFor(hours(1))), "Cancelled");
         }
         EXPECT_EQ(Outcome(ctx.Check()), "ok");
         gate.Close(ctx);
       }},
  };
}

}  // namespace

Cases FiberCases() {
  Cases cases = Running();
  std::ranges::move(Crowds(), std::back_inserter(cases));
  std::ranges::move(Cancelling(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
