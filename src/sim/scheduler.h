// Scheduler is the run loop of a simulation: one thread that runs the executors of all processes
// against one event queue. Time stands still while code runs, except that each step costs a fixed
// amount, and jumps to the next event when nothing is ready.
//
// Everything in sim/ holds a Scheduler& and through it reads the time, draws, adds to the hash and
// schedules what happens later. Simulation owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/time.h"
#include "base/unique_function.h"
#include "runtime/fiber.h"
#include "sim/disk_host.h"
#include "sim/draws.h"
#include "sim/event_queue.h"
#include "sim/policy.h"
#include "sim/trace_hash.h"

namespace rmq::sim {

class Process;
class SimExecutor;

enum class RunOutcome {
  kFinished,
  kDeadlock,   // nothing is ready and nothing will happen any more
  kStepLimit,  // more steps than allowed: a busy loop, or a limit too low
  kTimeLimit,  // more simulated time than allowed: something waits for ever beside periodic work
};

struct SchedulerLimits {
  nanoseconds step_cost = nanoseconds(100);  // of simulated time, for a CPU factor of 1
  uint64_t steps = 200'000'000;
  nanoseconds time = hours(24 * 30);
};

class Scheduler final : public DiskHost {
 public:
  Scheduler(uint64_t seed, SchedulerLimits limits);
  ~Scheduler() override;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Since the start of the simulation; the time that no process can see.
  Tick now() const { return now_; }
  Tick Now() const override { return now_; }
  Draws& draws() override { return draws_; }
  TraceHash& hash() override { return hash_; }
  runtime::StackPool& stacks() { return stacks_; }
  uint64_t steps() const { return steps_; }
  // Whose step is being taken; null in the action of an event.
  SimExecutor* current() const { return current_; }

  void SetPolicy(std::unique_ptr<Policy> policy) { policy_ = std::move(policy); }

  // `action` runs between two steps, `delay` from now. It is dropped when the event is cancelled,
  // through `owner` for instance (may be null).
  Event& After(nanoseconds delay, UniqueFunction<void()> action, IntrusiveList<Event>* owner);
  Event& After(nanoseconds delay, UniqueFunction<void()> action) {
    return After(delay, std::move(action), nullptr);
  }
  // The same on the run queue of `executor`, `delay` from now.
  Event& EnqueueAfter(nanoseconds delay, runtime::Executor& executor,
                      UniqueFunction<void()> function, IntrusiveList<Event>* owner);
  // As After, for what shall not keep the run from being called a deadlock.
  void AfterInBackground(nanoseconds delay, UniqueFunction<void()> action);
  UniqueFunction<void()> Cancel(Event& event) { return events_.Cancel(event); }

  // The executor has work and may do it. REQUIRES: it is not in the list.
  void AddRunnable(SimExecutor& executor) { runnable_.push_back(&executor); }
  void RemoveRunnable(SimExecutor& executor);
  // `process` died: its fibers are unwound before the next step.
  void DisposeLater(Process& process) { doomed_.push_back(&process); }
  void DisposeNow();

  // Until `done` is true between two steps.
  RunOutcome Run(const bool& done);

 private:
  void Step();

  const SchedulerLimits limits_;
  TraceHash hash_;
  Draws draws_;
  runtime::StackPool stacks_;
  std::unique_ptr<Policy> policy_;
  EventQueue events_;
  Tick now_;
  uint64_t steps_ = 0;
  std::vector<SimExecutor*> runnable_;
  std::vector<Process*> doomed_;
  SimExecutor* current_ = nullptr;
};

}  // namespace rmq::sim
