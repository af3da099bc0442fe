// One busy world, run again and again: what must not change the run (the way of killing, the log
// level, a recording) does not, and what must (the seed) does.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "runtime/channel.h"
#include "sim/simulation.h"

namespace rmq::sim {
namespace {

using runtime::Executor;
using runtime::Gate;
using runtime::Runtime;
using runtime::Stream;
using runtime::Timer;

constexpr uint16_t kPort = 9876;
constexpr runtime::Site kThink{"test: think"};
constexpr runtime::Site kVictim{"test: victim"};
constexpr runtime::Site kFate{"test: fate"};

// Tries everything that a destructor can do to the world.
class ActsWhenDestroyed {
 public:
  ActsWhenDestroyed(Runtime& runtime, Executor& other, Gate& gate)
      : runtime_(runtime), other_(other), gate_(gate) {}
  ~ActsWhenDestroyed() {
    RMQ_LOG(runtime_.log(), kInfo, "test", "goodbye");
    (void)runtime_.random().Draw(kThink, 7, 1000);
    (void)runtime_.clock().WallNow();
    other_.Post([] {});
    runtime_.executor().Defer([] {});
    runtime_.executor().Spawn(gate_, "too late", [](Context&) {});
  }

 private:
  Runtime& runtime_;
  Executor& other_;
  Gate& gate_;
};

// A process that has fibers in every kind of wait when it dies: an echo server that writes what it
// echoes to a file under a lock, with a ticking timer and a second executor at work.
class Broker {
 public:
  explicit Broker(Runtime& runtime)
      : runtime_(runtime),
        worker_(runtime.AddExecutor("worker")),
        timer_(runtime.executor()),
        actor_(runtime, worker_, gate_) {}

  void Run(Context& ctx) {
    Tick1();
    worker_.Post([this] { worker_.Spawn(worker_gate_, "work", [this](Context& c) { Work(c); }); });
    Context until_stop = ctx.WithCancellation(runtime_.stop());
    (void)AcceptAll(until_stop);
    timer_.Disarm();
    worker_.Post([this] { worker_gate_.Cancel(); });
    gate_.Close(ctx);
    while (working_) (void)ctx.SleepFor(milliseconds(1));
  }

 private:
  void Tick1() {
    const WallTime now = runtime_.clock().WallNow();
    RMQ_LOG(runtime_.log(), kDebug, "test", "tick at {}", now.ms);
    timer_.Arm(runtime_.executor().Now() + milliseconds(50), [this] { Tick1(); });
  }

  void Work(Context& ctx) {
    working_ = true;
    while (ctx.SleepFor(milliseconds(30)).has_value()) {
      ctx.executor().Offload(ctx, [] {});
      runtime_.executor().Post([this] { ++posted_; });
    }
    working_ = false;
  }

  Result<void> AcceptAll(Context& ctx) {
    RMQ_TRY(directory_, runtime_.files().OpenDirectory(ctx, "/store", true));
    RMQ_TRY(const auto lock, directory_->Lock(ctx, "lock"));
    RMQ_TRY(const auto listener, runtime_.network().Listen(ctx, {.port = kPort}));
    for (;;) {
      RMQ_TRY(ctx.Check());
      Result<std::unique_ptr<Stream>> accepted = listener->Accept(ctx);
      if (!accepted.has_value()) continue;
      runtime_.executor().Spawn(
          gate_, "echo", [this, stream = std::move(*accepted)](Context& own) mutable {
            const Result<void> served = Echo(own, *stream);
            RMQ_LOG(runtime_.log(), kInfo, "test", "echo ended: {}",
                    served.has_value() ? "in order" : served.error().ToString());
            stream.reset();
          });
    }
  }

  Result<void> Echo(Context& ctx, Stream& stream) {
    const auto name = fmt::format("log-{}", runtime_.random().Draw(kThink, 1, 1'000'000));
    RMQ_TRY(const auto file, directory_->Open(ctx, name, runtime::OpenMode::kCreate));
    std::array<std::byte, 512> buffer;
    for (uint64_t at = 0;;) {
      RMQ_TRY(const size_t read, ReadSome(ctx, stream, buffer));
      if (read == 0) return {};
      const Slice got = Slice(buffer).first(read);
      RMQ_TRY(WriteFully(ctx, *file, at, got));
      at += read;
      RMQ_TRY(file->SyncData(ctx));
      RMQ_TRY(WriteFully(ctx, stream, got));
    }
  }

  Runtime& runtime_;
  Executor& worker_;
  Gate gate_;
  Gate worker_gate_;
  bool working_ = false;
  int posted_ = 0;
  std::unique_ptr<runtime::Directory> directory_;
  Timer timer_;
  ActsWhenDestroyed actor_;
};

void RunBroker(Context& ctx, Runtime& runtime) {
  Broker broker(runtime);
  broker.Run(ctx);
}

Result<void> TalkOnce(Context& ctx, Runtime& runtime, std::string_view host) {
  RMQ_TRY(const auto ips, runtime.network().Resolve(ctx, host));
  RMQ_TRY(const auto stream, runtime.network().Connect(ctx, {.ip = ips.front(), .port = kPort}));
  const std::string text(100 + runtime.random().Draw(kThink, 2, 3000), 'x');
  std::vector<std::byte> answer(text.size());
  for (int i = 0; i < 5; ++i) {
    RMQ_TRY(WriteFully(ctx, *stream, AsBytes(text)));
    RMQ_TRY(ReadFully(ctx, *stream, answer));
    RMQ_TRY(ctx.SleepFor(milliseconds(runtime.random().Draw(kThink, 3, 20))));
  }
  stream->CloseWrite();
  return {};
}

// Talks to both brokers for ever.
void RunClient(Context& ctx, Runtime& runtime) {
  for (int i = 0; ctx.Check().has_value(); ++i) {
    Context quick = ctx.WithTimeout(seconds(3));
    const Result<void> talked = TalkOnce(quick, runtime, i % 2 == 0 ? "broker-a" : "broker-b");
    if (talked.has_value()) continue;
    RMQ_LOG(runtime.log(), kInfo, "test", "{}", talked.error().ToString());
    (void)ctx.SleepFor(milliseconds(10));
  }
}

// Two brokers and two clients; every second something happens to one of the brokers.
void BusyWorld(Context& ctx, Simulation& sim, int rounds) {
  std::array<Machine*, 2> machines = {&sim.AddMachine("broker-a"), &sim.AddMachine("broker-b")};
  std::array<Process*, 2> brokers{};
  for (size_t i = 0; i < 2; ++i) brokers[i] = &sim.Start(*machines[i], "broker", RunBroker);
  for (const char* name : {"client-1", "client-2"}) {
    sim.Start(sim.AddMachine(name), "client", RunClient);
  }
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
    const size_t i = sim.draws().Draw(kVictim, 0, 2);
    switch (sim.draws().Draw(kFate, 0, 6)) {
      case 0:
        sim.Stop(*brokers[i]);
        ASSERT_TRUE(sim.WaitForEnd(ctx, *brokers[i]).has_value());
        break;
      case 1:
        sim.Pause(*brokers[i], milliseconds(300), PauseMode::kClockRuns);
        continue;
      case 2:
        sim.Pause(*brokers[i], milliseconds(300), PauseMode::kClockStops);
        continue;
      case 3:
        sim.SetCpuFactor(*brokers[i], 100);
        continue;
      case 4:
        sim.PowerCut(*machines[i]);
        break;
      case 5:
        sim.Kill(*brokers[i]);
        break;
    }
    brokers[i] = &sim.Start(*machines[i], "broker", RunBroker);
  }
}

SimulationOptions Stormy(uint64_t seed) {
  SimulationOptions options{.seed = seed};
  options.network = NetworkOptions::Stormy();
  options.disk.faults.short_count_one_in = 4;
  options.disk.faults.stall_one_in = 1000;
  options.faulty_clocks = true;
  return options;
}

RunReport RunBusyWorld(SimulationOptions options, int rounds = 15) {
  Simulation simulation(std::move(options));
  RunReport report =
      simulation.Run([rounds](Context& ctx, Simulation& sim) { BusyWorld(ctx, sim, rounds); });
  EXPECT_EQ(report.outcome, RunOutcome::kFinished) << report.text;
  return report;
}

TEST(Determinism, ASeedIsOneRunAndAnotherSeedAnother) {
  std::set<Hash128> hashes;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const RunReport first = RunBusyWorld(Stormy(seed));
    const RunReport second = RunBusyWorld(Stormy(seed));
    EXPECT_EQ(first.hash, second.hash) << seed;
    EXPECT_EQ(first.chunks, second.chunks) << seed;
    EXPECT_EQ(first.events, second.events) << seed;
    EXPECT_GT(first.events, 5'000U);
    // For comparing builds: --gtest_output=xml of two compilers must agree in these.
    RecordProperty(fmt::format("hash_of_seed_{}", seed), first.hash.ToString());
    hashes.insert(first.hash);
  }
  EXPECT_EQ(hashes.size(), 10U);
}

TEST(Determinism, NoDestructorOfADeadProcessActsOnTheWorld) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SimulationOptions unwind = Stormy(seed);
    unwind.kill_mode = KillMode::kUnwind;
    SimulationOptions abandon = Stormy(seed);
    abandon.kill_mode = KillMode::kAbandon;
    EXPECT_EQ(RunBusyWorld(unwind).hash, RunBusyWorld(abandon).hash) << seed;
  }
}

class CountingSink final : public LogSink {
 public:
  void Write(Tick, std::string_view, runtime::LogLevel, std::string_view,
             std::string_view) override {
    ++lines;
  }
  int lines = 0;
};

TEST(Determinism, TheLogLevelDoesNotMatter) {
  CountingSink sink;
  SimulationOptions talkative = Stormy(3);
  talkative.log_sink = &sink;
  talkative.log_level = runtime::LogLevel::kDebug;
  EXPECT_EQ(RunBusyWorld(talkative).hash, RunBusyWorld(Stormy(3)).hash);
  EXPECT_GT(sink.lines, 100);
}

TEST(Determinism, ARecordedRunIsReplayedFromItsDeviationsAlone) {
  SimulationOptions recording = Stormy(4);
  recording.record = true;
  Simulation original(recording);
  const RunReport expected =
      original.Run([](Context& ctx, Simulation& sim) { BusyWorld(ctx, sim, 10); });
  const Result<DrawRecord> record = DrawRecord::FromText(original.draws().record().ToText());
  ASSERT_TRUE(record.has_value());
  EXPECT_GT(record->deviations.size(), 1'000U);
  EXPECT_EQ(RunBusyWorld(Stormy(4), 10).hash, expected.hash);

  SimulationOptions replaying = Stormy(4);
  replaying.replay = &*record;
  EXPECT_EQ(RunBusyWorld(replaying, 10).hash, expected.hash);
  replaying.replay_mode = ReplayMode::kOpen;
  EXPECT_EQ(RunBusyWorld(replaying, 10).hash, expected.hash);
}

// Leaks are found by the sanitizer build, and by what a Simulation asserts at its end.
TEST(Determinism, AThousandKillsLeaveNothingBehind) {
  Simulation simulation({.seed = 9, .kill_mode = KillMode::kUnwind});
  const RunReport report = simulation.Run([](Context& ctx, Simulation& sim) {
    Machine& machine = sim.AddMachine("broker-a");
    sim.AddMachine("broker-b");
    sim.Start(sim.AddMachine("client"), "client", RunClient);
    for (int i = 0; i < 1000; ++i) {
      Process& broker = sim.Start(machine, "broker", RunBroker);
      ASSERT_TRUE(ctx.SleepFor(milliseconds(10 + i % 50)).has_value());
      if (i % 3 == 0) {
        sim.PowerCut(machine);
      } else {
        sim.Kill(broker);
      }
    }
  });
  EXPECT_EQ(report.outcome, RunOutcome::kFinished) << report.text;
}

}  // namespace
}  // namespace rmq::sim
