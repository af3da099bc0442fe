// SimExecutor is one thread of a simulated process: a runtime::Executor and the Driver that ties
// it to the Scheduler. It is runnable when its run queue holds work, its process is neither dead
// nor paused, and its last step has been paid for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/executor.h"
#include "sim/event_queue.h"

namespace rmq::sim {

class Process;
class Scheduler;

class SimExecutor final : public runtime::Driver {
 public:
  SimExecutor(Process& process, Scheduler& scheduler, std::string_view name);

  runtime::Executor& executor() { return executor_; }
  const runtime::Executor& executor() const { return executor_; }
  Process& process() { return process_; }
  // The hash of "machine/process/executor".
  uint64_t object() const { return object_; }

  // --- runtime::Driver ---
  Tick Now() const override;
  void Arm(Tick when) override;
  void WorkArrived() override;
  void Post(UniqueFunction<void()> function) override;
  void Offload(UniqueFunction<void()> work, UniqueFunction<void()> done) override;

  // --- for Scheduler ---
  void BeginStep();
  // What the step costs the world. The executor may be gone from the world afterwards.
  nanoseconds EndStep(nanoseconds step_cost);

  // --- for Process ---
  // Out of the run list; timers wait until Resume.
  void Suspend();
  void Resume();

 private:
  struct Sender {
    uint64_t object;
    Tick last;  // when the last Post of this sender arrives
  };
  bool eligible() const;
  void BecomeRunnable();
  void TimerDue();
  void StepPaid();
  Tick KeepOrder(Tick arrival);

  Process& process_;
  Scheduler& scheduler_;
  const uint64_t object_;
  bool listed_ = false;  // in the scheduler's run list
  bool running_ = false;
  bool busy_ = false;  // a slow process: its last step isn't over
  Tick armed_ = kNever;
  Event* timer_ = nullptr;
  std::vector<Sender> senders_;
  runtime::Executor executor_;
};

}  // namespace rmq::sim
