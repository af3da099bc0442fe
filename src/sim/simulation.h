// Simulation is a small world: machines, processes, a network, disks and clocks, driven by one
// seed. It runs on the calling thread; a run is a function of its options alone.
//
//   Simulation sim({.seed = 42});
//   const RunReport report = sim.Run([](Context& ctx, Simulation& sim) {
//     Machine& machine = sim.AddMachine("broker-a");
//     Process& broker = sim.Start(machine, "broker", [](Context& ctx, runtime::Runtime& runtime) {
//       …
//     });
//     ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
//     sim.Kill(broker);
//   });
//
// The function given to Run is the main fiber of the test process, on a machine of its own whose
// clock is perfect and whose timers are punctual; the options for network and disks hold for it,
// too. All functions here are called from fibers of the
// test process, or before Run. What the test function shares with processes by reference must
// outlive them: kill them before it returns, or give them no destructors that reach it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/unique_function.h"
#include "sim/disk.h"
#include "sim/machine.h"
#include "sim/process.h"
#include "sim/scheduler.h"
#include "sim/sim_network.h"
#include "sim/sim_runtime.h"

namespace rmq::sim {

class Simulation;

enum class KillMode {
  kDrawn,    // one of the others
  kUnwind,   // destructors of the dead process's fibers run at once
  kAbandon,  // at the end of the run
};

struct SimulationOptions {
  uint64_t seed = 1;
  KillMode kill_mode = KillMode::kDrawn;
  std::optional<PolicyKind> policy;  // none: drawn
  SchedulerLimits limits;
  NetworkOptions network;
  DiskOptions disk;             // of each machine that has none of its own
  bool faulty_clocks = false;   // of all machines but the test's
  LogSink* log_sink = nullptr;  // outlives the Simulation
  runtime::LogLevel log_level = runtime::LogLevel::kInfo;
  bool record = false;
  const DrawRecord* replay = nullptr;
  ReplayMode replay_mode = ReplayMode::kClosed;
};

struct RunReport {
  RunOutcome outcome = RunOutcome::kFinished;
  std::string text;  // of what is still parked, unless finished
  Hash128 hash;
  std::vector<Hash128> chunks;  // TraceHash::chunks()
  uint64_t steps = 0;
  uint64_t events = 0;  // of the hash
  Tick time;
};

class Simulation final : private ProcessObserver {
 public:
  explicit Simulation(SimulationOptions options);
  ~Simulation() override;
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Runs until `test` returned and its fibers ended. Once.
  RunReport Run(UniqueFunction<void(Context&, Simulation&)> test);

  uint64_t seed() const { return options_.seed; }
  Tick Now() const { return scheduler_.now(); }
  Draws& draws() { return scheduler_.draws(); }
  TraceHash& hash() { return scheduler_.hash(); }
  Scheduler& scheduler() { return scheduler_; }

  // --- machines and processes ---

  // 10.0.0.1 and so on; its name is known to all. REQUIRES: the name is new.
  Machine& AddMachine(std::string name) { return AddMachine(std::move(name), options_.disk); }
  Machine& AddMachine(std::string name, const DiskOptions& disk);
  // Boots the machine if it is down. `main` is the daemon: when it has returned and its fibers have
  // ended, the process exits.
  Process& Start(Machine& machine, std::string name, Process::Main main);
  // As SIGTERM. Nothing happens if the process is dead, here and below.
  void Stop(Process& process);
  // As SIGKILL: the machine closes its sockets, its files are as they are.
  void Kill(Process& process);
  // Kills all processes of the machine; their peers are told nothing, and the disk forgets what a
  // power cut may take.
  void PowerCut(Machine& machine);
  void Pause(Process& process, nanoseconds duration, PauseMode mode = PauseMode::kClockRuns);
  // Each step takes `factor` times as long. REQUIRES: factor >= 1.
  void SetCpuFactor(Process& process, int64_t factor);
  Result<void> WaitForEnd(Context& ctx, Process& process) { return process.WaitForEnd(ctx); }
  void StepWallClock(Machine& machine, nanoseconds by);

  // --- the network ---

  using Machines = std::vector<Machine*>;

  // Nothing gets from any of `from` to any of `to`, and back unless kForthOnly. What was under way
  // waits for Heal().
  void Partition(const Machines& from, const Machines& to, Direction direction = Direction::kBoth);
  // Undoes all partitions and clogs.
  void Heal();
  // One direction carries nothing for a while.
  void Clog(Machine& from, Machine& to, nanoseconds duration);
  void ChangeLink(Machine& from, Machine& to, const LinkChange& change);
  void ResetConnections(Machine& a, Machine& b);
  // Replaces the addresses of a name.
  void RegisterHost(std::string_view name, std::vector<IpAddress> ips);
  SimNetwork& network() { return network_; }

  // --- of the test process ---

  Machine& test_machine() { return *machines_.front(); }
  Process& test_process() { return *processes_.front(); }
  runtime::Runtime& runtime() { return test_process().runtime(); }
  runtime::FileSystem& files() { return runtime().files(); }
  Disk& disk() { return test_machine().disk(); }
  // The disk, made empty.
  Disk& EmptyDisk();

 private:
  enum class Death { kReturned, kKilled, kPowerCut };

  void ProcessReturned(Process& process) override;
  Machine& MakeMachine(std::string name, IpAddress ip, const DiskOptions& disk);
  Process& MakeProcess(Machine& machine, std::string name, bool faulty);
  void End(Process& process, Death death);
  void NoteProcess(const Process& process, uint64_t what);
  RunReport MakeReport(RunOutcome outcome);
  void Boot(Machine& machine);
  void DisposeOfAll();

  const SimulationOptions options_;
  const bool unwind_at_once_;
  Scheduler scheduler_;
  SimNetwork network_;
  std::vector<std::unique_ptr<Machine>> machines_;   // the test machine first
  std::vector<std::unique_ptr<Process>> processes_;  // the test process first
  bool test_returned_ = false;
};

}  // namespace rmq::sim
