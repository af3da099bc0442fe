// The scheduler's shared half, under a driver of a few lines: fibers, timers, cancellation, gates,
// locks, channels, and the two ways of killing a process. What both worlds must have in common
// beyond this is in conformance_test.
#include "runtime/executor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "runtime/channel.h"
#include "runtime/context.h"
#include "runtime/gate.h"
#include "runtime/mutex.h"

namespace rmq::runtime {
namespace {

using testing::ElementsAre;

// Jumps to the next timer when nothing is ready.
class TestDriver : public Driver {
 public:
  Tick Now() const override { return now_; }
  void Arm(Tick when) override { armed_ = when; }
  void WorkArrived() override {}
  void Post(UniqueFunction<void()> function) override { executor_->Enqueue(std::move(function)); }
  void Offload(UniqueFunction<void()> work, UniqueFunction<void()> done) override {
    work();
    executor_->Enqueue(std::move(done));
  }

  void Run(Executor& executor) {
    executor_ = &executor;
    for (;;) {
      if (executor.ready_count() > 0) {
        executor.RunReady(0);
      } else if (armed_ != kNever) {
        now_ = armed_;
        armed_ = kNever;
        executor.RunTimers();
      } else {
        return;
      }
    }
  }

 private:
  Executor* executor_ = nullptr;
  Tick now_;
  Tick armed_ = kNever;
};

class ExecutorTest : public testing::Test {
 protected:
  void Spawn(Gate& gate, UniqueFunction<void(Context&)> body) {
    EXPECT_TRUE(executor_.Spawn(gate, "test", std::move(body)));
  }
  void Run() { driver_.Run(executor_); }
  void Say(std::string word) { said_.push_back(std::move(word)); }

  TestDriver driver_;
  StackPool stacks_{/*guard_pages=*/true};
  Executor executor_{driver_, stacks_, "main"};
  std::vector<std::string> said_;
};

TEST_F(ExecutorTest, SleepersWakeInTheOrderOfTheirTimes) {
  Gate gate;
  for (const int n : {3, 1, 2}) {
    Spawn(gate, [this, n](Context& ctx) {
      EXPECT_TRUE(ctx.SleepFor(seconds(n)).has_value());
      Say(fmt::format("{}@{}", n, ctx.Now().ns / 1'000'000'000));
    });
  }
  Run();
  EXPECT_THAT(said_, ElementsAre("1@1", "2@2", "3@3"));
}

TEST_F(ExecutorTest, ADeadlineEndsAWaitAndOnlyItsOwn) {
  Gate gate;
  Spawn(gate, [this](Context& ctx) {
    Condition never;
    Context quick = ctx.WithTimeout(seconds(1));
    Context later = quick.WithTimeout(seconds(5));
    EXPECT_EQ(never.Wait(later).error().code(), ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(ctx.Now(), Tick{} + seconds(1));
    EXPECT_EQ(quick.SleepFor(seconds(1)).error().code(), ErrorCode::kDeadlineExceeded);
    EXPECT_TRUE(ctx.Check().has_value());
    Say("done");
  });
  Run();
  EXPECT_THAT(said_, ElementsAre("done"));
}

TEST_F(ExecutorTest, ClosingAGateCancelsItsFibersAndWaitsForThem) {
  Gate outer;
  Spawn(outer, [this](Context& ctx) {
    Gate inner;
    executor_.Spawn(inner, "inner", [this](Context& own) {
      EXPECT_EQ(own.SleepFor(hours(1)).error().code(), ErrorCode::kCancelled);
      Say("inner ends");
    });
    EXPECT_TRUE(ctx.SleepFor(seconds(1)).has_value());
    inner.Close(ctx);
    Say("closed");
    EXPECT_FALSE(executor_.Spawn(inner, "late", [](Context&) { FAIL(); }));
  });
  Run();
  EXPECT_THAT(said_, ElementsAre("inner ends", "closed"));
}

TEST_F(ExecutorTest, ACancellationReachesOnlyContextsBelowIt) {
  Gate gate;
  Cancellation cancellation;
  Spawn(gate, [this, &cancellation](Context& ctx) {
    {
      Context narrow = ctx.WithCancellation(cancellation);
      EXPECT_EQ(narrow.SleepFor(hours(1)).error().code(), ErrorCode::kCancelled);
    }
    EXPECT_TRUE(ctx.SleepFor(seconds(1)).has_value());
    Say("free again");
  });
  Spawn(gate, [&cancellation](Context& ctx) {
    EXPECT_TRUE(ctx.SleepFor(seconds(1)).has_value());
    cancellation.Cancel();
  });
  Run();
  EXPECT_THAT(said_, ElementsAre("free again"));
}

TEST_F(ExecutorTest, AWakeUpBeforeTheWaitIsNotLost) {
  Gate gate;
  Spawn(gate, [this](Context& ctx) {
    Waiter waiter(ctx);
    waiter.Wake();
    EXPECT_TRUE(waiter.Wait().has_value());
    Say("on");
  });
  Run();
  EXPECT_THAT(said_, ElementsAre("on"));
}

TEST_F(ExecutorTest, AMutexIsHandedOnInOrder) {
  Gate gate;
  Mutex mutex;
  for (const char* name : {"a", "b", "c"}) {
    Spawn(gate, [this, &mutex, name](Context& ctx) {
      const auto guard = mutex.Lock(ctx);
      EXPECT_TRUE(ctx.SleepFor(seconds(1)).has_value());
      Say(name);
    });
  }
  Run();
  EXPECT_THAT(said_, ElementsAre("a", "b", "c"));
  EXPECT_FALSE(mutex.locked());
}

TEST_F(ExecutorTest, AGivenUpLockIsNotHandedToTheOneWhoLeft) {
  Gate gate;
  Mutex mutex;
  Spawn(gate, [&mutex](Context& ctx) {
    const auto guard = mutex.Lock(ctx);
    EXPECT_TRUE(ctx.SleepFor(seconds(2)).has_value());
  });
  Spawn(gate, [&mutex](Context& ctx) {
    Context quick = ctx.WithTimeout(seconds(1));
    EXPECT_EQ(mutex.Lock(quick).error().code(), ErrorCode::kDeadlineExceeded);
  });
  Run();
  EXPECT_FALSE(mutex.locked());
}

TEST_F(ExecutorTest, AChannelBlocksItsSenderWhenFullAndEndsWhenClosed) {
  Gate gate;
  Channel<int> channel(2);
  Spawn(gate, [this, &channel](Context& ctx) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(channel.Send(ctx, i).has_value());
      Say(fmt::format("sent {}", i));
    }
    channel.Close();
  });
  Spawn(gate, [this, &channel](Context& ctx) {
    for (;;) {
      const Result<int> got = channel.Receive(ctx);
      if (!got.has_value()) {
        EXPECT_EQ(got.error().code(), ErrorCode::kClosed);
        return;
      }
      Say(fmt::format("got {}", *got));
    }
  });
  Run();
  EXPECT_THAT(said_, ElementsAre("sent 0", "sent 1", "got 0", "got 1", "sent 2", "sent 3", "got 2",
                                 "got 3", "sent 4", "got 4"));
}

TEST_F(ExecutorTest, ATaskGroupWaitsForAllAndPassesTheDeadlineOn) {
  Gate gate;
  Spawn(gate, [this](Context& ctx) {
    Context quick = ctx.WithTimeout(seconds(2));
    TaskGroup group(quick);
    group.Spawn("short", [this](Context& own) {
      EXPECT_TRUE(own.SleepFor(seconds(1)).has_value());
      Say("short");
    });
    group.Spawn("long", [this](Context& own) {
      EXPECT_FALSE(own.SleepFor(seconds(9)).has_value());
      Say("long");
    });
    group.Wait();
    Say(fmt::format("all at {}", ctx.Now().ns / 1'000'000'000));
  });
  Run();
  EXPECT_THAT(said_, ElementsAre("short", "long", "all at 2"));
}

TEST_F(ExecutorTest, FibersSuspendedInCatchBlocksKeepTheirOwnExceptions) {
  Gate gate;
  for (const char* name : {"A", "B"}) {
    Spawn(gate, [this, name](Context& ctx) {
      try {
        try {
          throw std::runtime_error(name);
        } catch (const std::exception&) {
          EXPECT_TRUE(ctx.SleepFor(seconds(1)).has_value());
          throw;
        }
      } catch (const std::exception& e) {
        Say(fmt::format("{} caught {}", name, e.what()));
      }
    });
  }
  Run();
  EXPECT_THAT(said_, ElementsAre("A caught A", "B caught B"));
}

TEST_F(ExecutorTest, ATimerCallsOnceAndCanBeRearmedFromWithin) {
  Timer timer(executor_);
  int calls = 0;
  UniqueFunction<void()> again = [&] {
    if (++calls < 3) timer.Arm(executor_.Now() + seconds(1), [&] { again(); });
  };
  timer.Arm(Tick{} + seconds(1), [&] { again(); });
  Run();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(executor_.Now(), Tick{} + seconds(3));
}

// The call of an expired timer waits in the run queue: what comes before it there may take it back.
TEST_F(ExecutorTest, ATimerDisarmedOrDestroyedWhenItsCallIsDueDoesNotCall) {
  Timer first(executor_);
  Timer second(executor_);
  auto third = std::make_unique<Timer>(executor_);
  Timer last(executor_);
  first.Arm(Tick{} + seconds(1), [&] {
    Say("first");
    EXPECT_TRUE(second.armed());
    second.Disarm();
    EXPECT_FALSE(second.armed());
    third = nullptr;
  });
  second.Arm(Tick{} + seconds(1), [this] { Say("disarmed"); });
  third->Arm(Tick{} + seconds(1), [this] { Say("destroyed"); });
  last.Arm(Tick{} + seconds(1), [this] { Say("last"); });
  Run();
  EXPECT_THAT(said_, ElementsAre("first", "last"));
}

TEST_F(ExecutorTest, ATimerArmedAgainWhenItsCallIsDueCallsAtTheNewTime) {
  Timer first(executor_);
  Timer second(executor_);
  first.Arm(Tick{} + seconds(1), [&] {
    second.Arm(Tick{} + seconds(3), [this] {
      Say("late");
      EXPECT_EQ(executor_.Now(), Tick{} + seconds(3));
    });
  });
  second.Arm(Tick{} + seconds(1), [this] { Say("early"); });
  Run();
  EXPECT_THAT(said_, ElementsAre("late"));
}

struct SaysGoodbye {
  ~SaysGoodbye() { said->push_back(word); }
  std::vector<std::string>* said;
  std::string word;
};

TEST_F(ExecutorTest, KillingWithUnwindRunsDestructorsYoungestFiberFirst) {
  auto* driver = new TestDriver;
  auto* executor = new Executor(*driver, stacks_, "victim");
  Gate gate;
  for (const char* name : {"older", "younger"}) {
    executor->Spawn(gate, "victim", [this, name](Context& ctx) {
      const SaysGoodbye goodbye{&said_, name};
      (void)ctx.Yield();
      Condition never;
      (void)never.Wait(ctx);
      Say("must not run");
    });
  }
  driver->Run(*executor);
  executor->Kill(/*unwind=*/true);
  EXPECT_THAT(said_, ElementsAre("younger", "older"));
  delete executor;
  delete driver;
}

// ThreadSanitizer knows no more than some thousand fibers at a time.
#if defined(__SANITIZE_THREAD__)
constexpr int kMany = 3'000;
#else
constexpr int kMany = 30'000;
#endif

TEST_F(ExecutorTest, ThirtyThousandFibersSleepAtOnce) {
  Gate gate;
  int woken = 0;
  for (int i = 0; i < kMany; ++i) {
    executor_.Spawn(gate, "sleeper", StackClass::kSmall, [&woken, i](Context& ctx) {
      EXPECT_TRUE(ctx.SleepFor(milliseconds(i % 100)).has_value());
      ++woken;
    });
  }
  Run();
  EXPECT_EQ(woken, kMany);
}

}  // namespace
}  // namespace rmq::runtime
