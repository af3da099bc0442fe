// One thread's loop: the Driver of one Executor on Boost.Asio. A turn takes what other threads
// posted, expires timers, runs a bounded batch of the run queue, hands disk operations to the
// ring, and looks for readiness of descriptors: without waiting if there is more to run, else
// until something happens. Nothing but the batch ever runs a fiber.
//
// Run by its own thread (or by main's); only Post, Stop and Offload's completions come from others.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/executor.h"

namespace rmq::real {

class DiskRing;
class EventLoop;
class WorkerPool;

// Every Executor of a real process is one of these.
class LoopExecutor final : public runtime::Executor {
 public:
  LoopExecutor(EventLoop& loop, runtime::StackPool& stacks, std::string name);
  EventLoop& loop() const { return loop_; }

 private:
  EventLoop& loop_;
};

class EventLoop final : public runtime::Driver {
 public:
  struct Options {
    std::string name;
    int64_t start_ns = 0;  // where Now() counts from
    bool use_ring = false;
  };
  // kResourceExhausted: no descriptors for the reactor. `pool` outlives it.
  static Result<std::unique_ptr<EventLoop>> Create(Options options, WorkerPool& pool);
  // REQUIRES: Run has returned, and `pool` holds nothing of this loop.
  ~EventLoop() override;

  // The loop a fiber runs on.
  static EventLoop& Of(runtime::Context& ctx);
  // The loop of the calling thread, or null.
  static EventLoop* Current();

  runtime::Executor& executor() { return *executor_; }
  // Runs until Stop, and then what is ready.
  void Run();
  // From any thread.
  void Stop();
  // Calls `caught` on the first SIGINT or SIGTERM, through the run queue; the second one ends the
  // process.
  void CatchSignals(UniqueFunction<void()> caught);
  // Null if disk operations go to the pool.
  DiskRing* ring();

  // Driver. The time is read at most once per entry of the run queue.
  Tick Now() const override;
  // Reads the time in any case: for measuring.
  Tick FreshNow() const {
    now_is_fresh_ = false;
    return Now();
  }
  void Arm(Tick when) override { armed_ = when; }
  void WorkArrived() override {}
  void Post(UniqueFunction<void()> function) override;
  void Offload(UniqueFunction<void()> work, UniqueFunction<void()> done) override;

 private:
  friend class Descriptor;
  struct Reactor;  // Asio's part

  EventLoop(Options options, WorkerPool& pool, std::unique_ptr<Reactor> reactor);
  void Turn();
  void TakePosted();
  void RunBatch(size_t limit);
  void WaitForEvents();
  bool PrepareToSleep();

  const Options options_;
  WorkerPool& pool_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<runtime::StackPool> stacks_;
  std::unique_ptr<LoopExecutor> executor_;
  std::unique_ptr<DiskRing> ring_;
  bool ring_failed_ = false;

  Tick armed_ = kNever;
  mutable Tick now_;
  mutable bool now_is_fresh_ = false;

  std::mutex mutex_;  // of the next four
  std::vector<UniqueFunction<void()>> posted_;
  std::atomic<bool> has_posted_ = false;  // set under the mutex, peeked at without
  bool sleeping_ = false;
  std::atomic<bool> stopping_ = false;
  std::vector<UniqueFunction<void()>> taken_;  // posted_'s other half, kept for its capacity
};

}  // namespace rmq::real
