// An Executor is one thread's run queue of fibers and functions, with its timers. It is the same
// code in both worlds: a Driver tells it the time and when to run. In the real world a driver runs
// one executor per thread; in the simulator one scheduler runs the executors of all processes.
//
// An object belongs to one executor and needs no lock there. Everything here is called on the
// executor's own thread except Post. Completions never run inline: they go through the run queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "base/result.h"
#include "base/time.h"
#include "base/unique_function.h"
#include "runtime/fiber.h"
#include "runtime/timer_heap.h"

namespace rmq::runtime {

class Timer;

// What differs between the worlds. One per executor; outlives it.
class Driver {
 public:
  virtual ~Driver() = default;
  // Monotonic; constant within one turn of the loop at the driver's choice.
  virtual Tick Now() const = 0;
  // RunTimers is wanted at `when`, and not before; kNever: no more. Replaces what was said before.
  virtual void Arm(Tick when) = 0;
  // The run queue is no longer empty.
  virtual void WorkArrived() = 0;
  // Enqueues `function` from any thread, after a delay of the driver's choice; in order per sender.
  virtual void Post(UniqueFunction<void()> function) = 0;
  // Runs `work` elsewhere, then `done` through the run queue.
  virtual void Offload(UniqueFunction<void()> work, UniqueFunction<void()> done) = 0;
};

class Executor {
 public:
  // `name` is unique within the process.
  Executor(Driver& driver, StackPool& stacks, std::string name);
  ~Executor();  // REQUIRES: no fiber is left, or Kill() was called
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const std::string& name() const { return name_; }
  Tick Now() const { return driver_.Now(); }
  // 1, 2, 3, …: numbers for the things made on this executor, for tables and logs.
  uint64_t NextNumber() { return ++last_number_; }

  // Starts `body` as a fiber of `gate`, through the run queue. Its Context is cancelled when the
  // gate closes. Returns false, and drops `body`, if the gate is closed. `name` has static storage.
  bool Spawn(Gate& gate, std::string_view name, StackClass stack_class,
             UniqueFunction<void(Context&)> body);
  bool Spawn(Gate& gate, std::string_view name, UniqueFunction<void(Context&)> body) {
    return Spawn(gate, name, StackClass::kNormal, std::move(body));
  }

  // Runs `function` later on this executor; it must not suspend. From any executor.
  void Post(UniqueFunction<void()> function) { driver_.Post(std::move(function)); }
  // The same from this executor, without the driver's delay.
  void Defer(UniqueFunction<void()> function);

  // Runs `work` (pure: bytes in, bytes out) off this executor and waits for its end, whatever the
  // Context says, since `work` usually refers to the caller's stack.
  void Offload(Context& ctx, UniqueFunction<void()> work);

  // --- for drivers ---
  size_t ready_count() const { return ready_.size(); }
  // Runs one entry of the run queue; 0 is the oldest. REQUIRES: index < ready_count().
  void RunReady(size_t index);
  // What RunReady(index) would run: the hash of the fiber's name, or 0 for a function.
  uint64_t ReadyName(size_t index) const;
  // Expires the timers due now; they put their work on the run queue.
  void RunTimers();
  void Enqueue(UniqueFunction<void()> function);
  size_t fiber_count() const { return fiber_count_; }
  // Of all that have not ended, in order of creation: for reports.
  std::vector<std::string_view> FiberNames();

  // The process died: nothing of it runs any more. With `unwind` the fibers' destructors run, the
  // youngest fiber first, in a world where all handles are inert; else stacks and heap are left
  // as they are for ever.
  void Kill(bool unwind);
  bool dead() const { return dead_; }

  // --- for Context, Waiter and Timer ---
  void MakeReady(Fiber& fiber);
  void ArmTimer(TimerNode& node, Tick when);
  void DisarmTimer(TimerNode& node);
  void CallLater(Timer& expired);

 private:
  struct Entry {
    Fiber* fiber;
    UniqueFunction<void()> function;
  };
  void Push(Entry entry);
  void RunFiber(Fiber& fiber);
  void HeadMayHaveChanged();

  Driver& driver_;
  StackPool& stacks_;
  const std::string name_;
  std::deque<Entry> ready_;
  TimerHeap timers_;
  IntrusiveList<Timer> expired_;  // to be called; a disarmed one leaves it
  Tick armed_ = kNever;
  IntrusiveList<Fiber> fibers_;  // in order of creation
  size_t fiber_count_ = 0;
  uint64_t last_number_ = 0;
  bool dead_ = false;
};

// A function called once at a point in time, without a fiber: for things that exist in thousands.
class Timer : private TimerNode, public ListNode {
 public:
  explicit Timer(Executor& executor) : TimerNode(&Timer::Expired), executor_(executor) {}

  // Replaces what was armed before. `function` runs through the run queue and must not suspend.
  // It may arm the timer again, or destroy it.
  void Arm(Tick when, UniqueFunction<void()> function);
  // The function is not called any more, even if its time has come. The destructor does the same.
  void Disarm();
  bool armed() const { return TimerNode::armed() || ListNode::linked(); }

 private:
  friend class Executor;
  static void Expired(TimerNode& node);
  Executor& executor_;
  UniqueFunction<void()> function_;
};

}  // namespace rmq::runtime
