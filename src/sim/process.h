// Process is one run of a daemon on a simulated machine: executors, a Runtime, and a life that
// ends by the daemon's return, a kill or a power cut. A restart is a new Process of the same name.
//
// From the instant of its death a process can't act: its events are withdrawn and every handle it
// holds (streams, files, random, log) is inert. Its fibers are disposed of afterwards, at once or
// at the end of the run (KillMode), and both ways lead to the same trace hash. The object itself
// lives as long as the Simulation, so handles may ask alive() for ever.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "base/time.h"
#include "base/unique_function.h"
#include "runtime/gate.h"
#include "runtime/runtime.h"
#include "sim/disk_host.h"
#include "sim/event_queue.h"
#include "sim/sim_executor.h"

namespace rmq::sim {

class Machine;
class Process;
class Scheduler;
class SimRuntime;

enum class PauseMode {
  kClockRuns,   // the monotonic clock jumps over the pause (SIGSTOP, a long collection)
  kClockStops,  // it stands still meanwhile (a virtual machine is halted)
};

// Hears of the end of a process, between two steps.
class ProcessObserver {
 public:
  virtual ~ProcessObserver() = default;
  virtual void ProcessReturned(Process& process) = 0;
};

class Process final : public FileSystemHost {
 public:
  struct Identity {
    std::string name;
    int32_t id = 0;
    bool faulty = true;  // late timers and costs of time; false for the test process
  };
  using Main = UniqueFunction<void(Context&, runtime::Runtime&)>;

  Process(Scheduler& scheduler, Machine& machine, Identity identity, ProcessObserver& observer);
  ~Process() override;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const std::string& name() const { return identity_.name; }
  // "machine/process": the same after a restart.
  const std::string& full_name() const { return full_name_; }
  // The hash of full_name(), for draws.
  uint64_t object() const { return object_; }
  // Unique in the simulation: a restarted process has another one.
  int32_t id() const { return identity_.id; }
  bool faulty() const { return identity_.faulty; }
  Machine& machine() { return machine_; }
  Scheduler& scheduler() { return scheduler_; }

  bool alive() const { return alive_; }
  bool paused() const { return paused_; }
  // Dead, and all its fibers are gone.
  bool disposed() const { return disposed_; }
  int64_t cpu_factor() const { return faulty() ? cpu_factor_ : 0; }
  void set_cpu_factor(int64_t factor) { cpu_factor_ = factor; }

  // The monotonic clock of the process.
  Tick Now() const;
  Tick FromProcessTime(Tick when) const;  // to Scheduler::now()

  // Runs `done` on `executor` (of this process) through its run queue after `delay`; never if the
  // process has died by then.
  void CompleteAfter(runtime::Executor& executor, nanoseconds delay,
                     UniqueFunction<void()> done) override;

  // --- for Simulation ---
  void SetRuntime(std::unique_ptr<SimRuntime> runtime);
  void Start(Main main);
  void Stop();
  void Pause(nanoseconds duration, PauseMode mode);
  // Nothing of it happens any more. REQUIRES: alive().
  void Die();
  // Runs the destructors of its fibers. REQUIRES: dead; between two steps.
  void Dispose();
  // Waits until the process is dead.
  Result<void> WaitForEnd(Context& ctx);
  // One line for each fiber, for reports.
  void DescribeFibers(std::string& to);

  // --- for the Runtime and the handles of this process ---
  runtime::Executor& main_executor() { return executors_.front()->executor(); }
  runtime::Executor& AddExecutor(std::string_view name);
  runtime::Cancellation& stop() { return stop_; }
  SimRuntime& runtime() { return *runtime_; }
  // Events that die with the process.
  IntrusiveList<Event>& events() { return events_; }

  // --- for SimExecutor ---
  void AfterStep();

 private:
  size_t fiber_count() const;
  void EndPause();

  Scheduler& scheduler_;
  Machine& machine_;
  const Identity identity_;
  const std::string full_name_;
  const uint64_t object_;
  ProcessObserver& observer_;
  const Tick started_;
  nanoseconds stopped_{0};  // how long the monotonic clock has stood still
  int64_t cpu_factor_ = 1;
  bool alive_ = true;
  bool main_returned_ = false;
  bool disposed_ = false;
  bool paused_ = false;
  PauseMode pause_mode_ = PauseMode::kClockRuns;
  Tick pause_began_;
  Event* pause_end_ = nullptr;

  IntrusiveList<Event> events_;
  std::vector<UniqueFunction<void()>> withdrawn_;  // of events, until the fibers are gone
  runtime::Gate gate_;
  runtime::Cancellation stop_;
  std::unique_ptr<SimRuntime> runtime_;
  std::vector<std::unique_ptr<SimExecutor>> executors_;
  IntrusiveList<runtime::Waiter> waiting_for_end_;
};

}  // namespace rmq::sim
