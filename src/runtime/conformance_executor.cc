// Post, Defer, Offload, several executors; Random and Log.
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <numeric>

#include "runtime/channel.h"
#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr char kArea[] = "Executor";

// Runs `body` as a fiber of `executor` and waits for its end. Both are of different executors.
void RunOn(Context& ctx, Executor& executor, std::function<void(Context&)> body) {
  Executor& home = ctx.executor();
  Waiter ended(ctx);
  struct Remote {
    Gate gate;
    std::function<void(Context&)> body;
  };
  auto remote = std::make_shared<Remote>();
  remote->body = std::move(body);
  executor.Post([&executor, &home, &ended, remote] {
    executor.Spawn(remote->gate, "remote", [&home, &ended, remote](Context& own) {
      remote->body(own);
      // The gate is left after this fiber; it goes with the last function that holds it.
      own.executor().Post([&home, &ended, remote] { home.Post([&ended] { ended.Wake(); }); });
    });
  });
  ended.WaitForWake();
}

Cases Functions() {
  return {
      {kArea, "DeferredFunctionsDoNotRunInline",
       [](Context& ctx, Env&) {
         bool ran = false;
         ctx.executor().Defer([&] { ran = true; });
         EXPECT_FALSE(ran);
         Until(ctx, [&] { return ran; });
       }},
      {kArea, "PostedFunctionsDoNotRunInline",
       [](Context& ctx, Env&) {
         bool ran = false;
         ctx.executor().Post([&] { ran = true; });
         EXPECT_FALSE(ran);
         Until(ctx, [&] { return ran; });
       }},
      {kArea, "APostWakesAnExecutorWithNothingElseToDo",
       [](Context& ctx, Env& env) {
         Executor& other = env.runtime.AddExecutor("other");
         Must(ctx.SleepFor(milliseconds(2)));
         Waiter answered(ctx);
         Executor& home = ctx.executor();
         other.Post([&] { home.Post([&] { answered.Wake(); }); });
         EXPECT_EQ(Outcome(answered.Wait()), "ok");
       }},
      {kArea, "PostsOfOneSenderToItselfKeepTheirOrder",
       [](Context& ctx, Env&) {
         std::vector<int> got;
         for (int i = 0; i < 1000; ++i) {
           ctx.executor().Post([&got, i] { got.push_back(i); });
         }
         Until(ctx, [&] { return got.size() == 1000; });
         EXPECT_TRUE(std::ranges::is_sorted(got));
       }},
      {kArea, "PostsOfAnotherExecutorKeepTheirOrder",
       [](Context& ctx, Env& env) {
         Executor& other = env.runtime.AddExecutor("other");
         Executor& home = ctx.executor();
         std::vector<int> got;
         other.Post([&home, &got] {
           for (int i = 0; i < 1000; ++i) home.Post([&got, i] { got.push_back(i); });
         });
         Until(ctx, [&] { return got.size() == 1000; });
         EXPECT_TRUE(std::ranges::is_sorted(got));
       }},
      {kArea, "PostsOfSeveralExecutorsKeepTheOrderOfEach",
       [](Context& ctx, Env& env) {
         Executor& home = ctx.executor();
         std::array<std::vector<int>, 3> got;
         size_t total = 0;
         for (const char* name : {"a", "b", "c"}) {
           const size_t sender = static_cast<size_t>(name[0] - 'a');
           env.runtime.AddExecutor(name).Post([&, sender] {
             for (int i = 0; i < 500; ++i) {
               home.Post([&, sender, i] {
                 got[sender].push_back(i);
                 ++total;
               });
             }
           });
         }
         Until(ctx, [&] { return total == 1500; });
         for (const auto& each : got) EXPECT_TRUE(std::ranges::is_sorted(each));
       }},
      {kArea, "AThousandPostsGoBackAndForth",
       [](Context& ctx, Env& env) {
         Executor& home = ctx.executor();
         Executor& other = env.runtime.AddExecutor("other");
         int rounds = 0;
         std::function<void()> there;
         std::function<void()> back = [&] {
           if (++rounds < 1000) other.Post([&there] { there(); });
         };
         there = [&] { home.Post([&back] { back(); }); };
         other.Post([&there] { there(); });
         Until(ctx, [&] { return rounds == 1000; });
       }},
      {kArea, "PostedFunctionsMayOwnWhatCantBeCopied",
       [](Context& ctx, Env&) {
         int got = 0;
         auto owned = std::make_unique<int>(7);
         ctx.executor().Post([&got, owned = std::move(owned)] { got = *owned; });
         Until(ctx, [&] { return got == 7; });
       }},
      {kArea, "AFunctionMaySpawnAFiber",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ran = false;
         Executor& home = ctx.executor();
         home.Post([&] {
           home.Spawn(gate, "test", [&](Context& own) { ran = own.Yield().has_value(); });
         });
         Until(ctx, [&] { return ran; });
         gate.Close(ctx);
       }},
  };
}

Cases SeveralExecutors() {
  return {
      {kArea, "AnAddedExecutorHasItsName",
       [](Context&, Env& env) { EXPECT_EQ(env.runtime.AddExecutor("storage").name(), "storage"); }},
      {kArea, "ExecutorsAreDifferent",
       [](Context& ctx, Env& env) {
         Executor& a = env.runtime.AddExecutor("a");
         Executor& b = env.runtime.AddExecutor("b");
         EXPECT_NE(&a, &b);
         EXPECT_NE(&a, &ctx.executor());
       }},
      {kArea, "FibersOfAnotherExecutorRunThere",
       [](Context& ctx, Env& env) {
         Executor& other = env.runtime.AddExecutor("other");
         const Executor* seen = nullptr;
         RunOn(ctx, other, [&](Context& own) { seen = &own.executor(); });
         EXPECT_EQ(seen, &other);
       }},
      {kArea, "FibersOfAnotherExecutorSleep",
       [](Context& ctx, Env& env) {
         nanoseconds slept{};
         RunOn(ctx, env.runtime.AddExecutor("other"), [&](Context& own) {
           const Tick before = own.Now();
           Must(own.SleepFor(milliseconds(2)));
           slept = own.Now() - before;
         });
         EXPECT_GE(slept, milliseconds(2));
       }},
      {kArea, "FibersOfAnotherExecutorUseChannels",
       [](Context& ctx, Env& env) {
         int sum = 0;
         RunOn(ctx, env.runtime.AddExecutor("other"), [&](Context& own) {
           Channel<int> channel(3);
           TaskGroup group(own);
           group.Spawn("sends", [&](Context& c) {
             for (int i = 1; i <= 100; ++i) Must(channel.Send(c, i));
             channel.Close();
           });
           for (Result<int> got = channel.Receive(own); got.has_value();
                got = channel.Receive(own)) {
             sum += *got;
           }
           group.Wait();
         });
         EXPECT_EQ(sum, 5050);
       }},
      {kArea, "FibersOfAnotherExecutorUseTimers",
       [](Context& ctx, Env& env) {
         bool called = false;
         RunOn(ctx, env.runtime.AddExecutor("other"), [&](Context& own) {
           Timer timer(own.executor());
           timer.Arm(own.Now() + milliseconds(1), [&] { called = true; });
           Until(own, [&] { return called; });
         });
         EXPECT_TRUE(called);
       }},
      {kArea, "FibersOfAnotherExecutorUseFiles",
       [](Context& ctx, Env& env) {
         std::string got;
         RunOn(ctx, env.runtime.AddExecutor("other"), [&](Context& own) {
           const auto directory = Scratch(own, env);
           const auto file = MakeFile(own, *directory, "f", "from elsewhere");
           Must(file->SyncData(own));
           got = Contents(own, *file);
         });
         EXPECT_EQ(got, "from elsewhere");
       }},
      {kArea, "OneFileServesTwoExecutors",
       [](Context& ctx, Env& env) {
         const auto directory = Scratch(ctx, env);
         const auto file = MakeFile(ctx, *directory, "f", "main");
         RunOn(ctx, env.runtime.AddExecutor("other"), [&](Context& own) {
           EXPECT_EQ(Contents(own, *file), "main");
           Must(WriteFully(own, *file, 4, AsBytes("+other")));
           Must(file->SyncData(own));
         });
         EXPECT_EQ(Contents(ctx, *file), "main+other");
       }},
      {kArea, "FibersOfAnotherExecutorUseStreams",
       [](Context& ctx, Env& env) {
         std::string got;
         RunOn(ctx, env.runtime.AddExecutor("other"), [&](Context& own) {
           const StreamPair pair = MakeStreamPair(own, env);
           Must(WriteText(own, *pair.a, "hello"));
           got = ReadText(own, *pair.b, 5);
         });
         EXPECT_EQ(got, "hello");
       }},
      {kArea, "AStreamConnectsTwoExecutors",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         const Endpoint at = listener->local();
         Gate gate;
         std::string got;
         ctx.executor().Spawn(gate, "serves", [&](Context& own) {
           const auto stream = Must(listener->Accept(own));
           got = ReadToEnd(own, *stream);
           Must(WriteText(own, *stream, "bye"));
           stream->CloseWrite();
           EXPECT_EQ(ReadUntilNoMore(own, *stream), "ok");
         });
         std::string answer;
         RunOn(ctx, env.runtime.AddExecutor("other"), [&](Context& own) {
           const auto stream = Must(env.runtime.network().Connect(own, at));
           Must(WriteText(own, *stream, "from the other side"));
           stream->CloseWrite();
           answer = ReadToEnd(own, *stream);
         });
         Until(ctx, [&] { return gate.fiber_count() == 0; });
         EXPECT_EQ(got, "from the other side");
         EXPECT_EQ(answer, "bye");
       }},
  };
}

Cases Offloading() {
  return {
      {kArea, "OffloadReturnsAfterTheWork",
       [](Context& ctx, Env&) {
         std::vector<int> numbers(1000);
         ctx.executor().Offload(ctx, [&] { std::iota(numbers.begin(), numbers.end(), 1); });
         EXPECT_EQ(std::accumulate(numbers.begin(), numbers.end(), 0), 500'500);
       }},
      {kArea, "OffloadLetsOtherFibersRun",
       [](Context& ctx, Env&) {
         Gate gate;
         bool ran = false;
         ctx.executor().Spawn(gate, "other", [&](Context&) { ran = true; });
         for (int i = 0; i < 100 && !ran; ++i) ctx.executor().Offload(ctx, [] {});
         EXPECT_TRUE(ran);
         gate.Close(ctx);
       }},
      {kArea, "ManyOffloadsAtOnceAllEnd",
       [](Context& ctx, Env&) {
         std::vector<int> squares(200);
         TaskGroup group(ctx);
         for (int i = 0; i < 200; ++i) {
           group.Spawn("square", [&squares, i](Context& own) {
             own.executor().Offload(own, [&squares, i] { squares[i] = i * i; });
           });
         }
         group.Wait();
         for (int i = 0; i < 200; ++i) EXPECT_EQ(squares[i], i * i);
       }},
      {kArea, "OffloadWaitsWhateverTheContextSays",
       [](Context& ctx, Env&) {
         Cancellation cancellation;
         cancellation.Cancel();
         Context narrow = ctx.WithCancellation(cancellation);
         bool ran = false;
         ctx.executor().Offload(narrow, [&] { ran = true; });
         EXPECT_TRUE(ran);
       }},
      {kArea, "OffloadedWorkIsDroppedBeforeItsCallerGoesOn",
       [](Context& ctx, Env&) {
         auto owned = std::make_shared<int>(1);
         const std::weak_ptr<int> watch = owned;
         ctx.executor().Offload(ctx, [owned = std::move(owned)] { ++*owned; });
         EXPECT_TRUE(watch.expired());
       }},
      {kArea, "AnotherExecutorOffloadsToo",
       [](Context& ctx, Env& env) {
         int result = 0;
         RunOn(ctx, env.runtime.AddExecutor("other"),
               [&](Context& own) { own.executor().Offload(own, [&] { result = 42; }); });
         EXPECT_EQ(result, 42);
       }},
  };
}

Cases Surroundings() {
  return {
      {kArea, "DrawsStayBelowTheirBound",
       [](Context&, Env& env) {
         for (uint64_t i = 0; i < 1000; ++i) {
           EXPECT_LT(env.runtime.random().Draw("conformance: bounded", i, 7), 7U);
         }
       }},
      {kArea, "ADrawBelowOneIsZero",
       [](Context&, Env& env) {
         for (uint64_t i = 0; i < 10; ++i) {
           EXPECT_EQ(env.runtime.random().Draw("conformance: one", i, 1), 0U);
         }
       }},
      {kArea, "DrawsReachHighBounds",
       [](Context&, Env& env) {
         const uint64_t bound = uint64_t{1} << 63;
         EXPECT_LT(env.runtime.random().Draw("conformance: high", 1, bound), bound);
       }},
      {kArea, "FillWritesNothingBeyondItsBytes",
       [](Context&, Env& env) {
         for (size_t count = 0; count < 20; ++count) {
           std::array<std::byte, 24> bytes{};
           env.runtime.random().Fill("conformance: bytes", std::span(bytes).subspan(2, count));
           EXPECT_THAT(std::vector(bytes.begin() + 2 + static_cast<ptrdiff_t>(count), bytes.end()),
                       Each(std::byte{0}));
           EXPECT_THAT(std::vector(bytes.begin(), bytes.begin() + 2), Each(std::byte{0}));
         }
       }},
      {kArea, "TheProcessNumberStaysTheSame",
       [](Context& ctx, Env& env) {
         const int32_t before = env.runtime.process_id();
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(env.runtime.process_id(), before);
       }},
      {kArea, "AnEnabledLevelEnablesAllAboveIt",
       [](Context&, Env& env) {
         const Log& log = env.runtime.log();
         bool enabled = false;
         for (const LogLevel level :
              {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
           EXPECT_TRUE(log.enabled(level) || !enabled);
           enabled = log.enabled(level);
         }
         EXPECT_TRUE(enabled);
       }},
      {kArea, "LoggingTakesAnyText",
       [](Context&, Env& env) {
         env.runtime.log().Write(LogLevel::kError, "conformance", "");
         env.runtime.log().Write(LogLevel::kError, "conformance", "{} %s \t \xff");
         RMQ_LOG(env.runtime.log(), kError, "conformance", "{} and {}", 1, "two");
       }},
  };
}

}  // namespace

Cases ExecutorCases() {
  Cases cases = Functions();
  std::ranges::move(SeveralExecutors(), std::back_inserter(cases));
  std::ranges::move(Offloading(), std::back_inserter(cases));
  std::ranges::move(Surroundings(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
