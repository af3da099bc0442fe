// A Context is the permission to suspend, with a deadline and a cancellation. A function that may
// suspend takes `Context& ctx` first; one that doesn't take it never suspends. One fiber, one
// Context: it never leaves its fiber, and narrower ones live on that fiber's stack:
//
//   Context quick = ctx.WithTimeout(3s);
//   RMQ_TRY(auto reply, stub.Call(quick, request));
//
// A cancelled or expired call may still have its effect later: treat its outcome as unknown.
#pragma once

#include "base/intrusive_list.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/timer_heap.h"

namespace rmq::runtime {

class Cancellation;
class Executor;
class Fiber;
class Waiter;

class Context : public ListNode {
 public:
  // The root of a fiber; made by Executor::Spawn. `cancellation` outlives it.
  Context(Fiber& fiber, Cancellation& cancellation);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Narrower ones; `this` outlives them. A later deadline than the parent's has no effect.
  Context WithTimeout(nanoseconds timeout);
  Context WithDeadline(Tick deadline);
  Context WithCancellation(Cancellation& cancellation);

  Tick deadline() const { return deadline_; }
  Executor& executor() const;
  Tick Now() const;

  // kCancelled or kDeadlineExceeded once that is so.
  Result<void> Check() const;
  // Lets everything that is ready run first.
  Result<void> Yield();
  // Fails with kCancelled, or with kDeadlineExceeded at the Context's own deadline.
  Result<void> SleepFor(nanoseconds duration);
  Result<void> SleepUntil(Tick when);

 private:
  friend class Cancellation;
  friend class Waiter;
  Context(Context& parent, Tick deadline, Cancellation* cancellation);
  bool cancelled() const;
  bool IsOrDescendsFrom(const Context& other) const;

  Fiber& fiber_;
  Context* const parent_;
  const Tick deadline_;
  Cancellation* const cancellation_;  // what this level adds; null if nothing
};

// A request to stop that any number of Contexts listen to. Belongs to one executor; Cancel is
// called there. It stays cancelled. May die before its Contexts only after Cancel was called and
// their fibers have ended.
class Cancellation {
 public:
  void Cancel();
  bool cancelled() const { return cancelled_; }

 private:
  friend class Context;
  bool cancelled_ = false;
  IntrusiveList<Context> contexts_;
};

// One suspension of one fiber, from which everything else (locks, channels, I/O) is built: the
// fiber makes a Waiter, shows it to whoever will call Wake, and waits.
class Waiter : public ListNode, private TimerNode {
 public:
  explicit Waiter(Context& ctx) : TimerNode(&Waiter::Expired), ctx_(ctx) {}
  ~Waiter();

  // Suspends until Wake (before or after this call), the deadline or a cancellation. If Wake came,
  // the answer is success, whatever else came too.
  Result<void> Wait();
  // Suspends until Wake alone: for work that was submitted and can't be called back.
  void WaitForWake();
  // On the waiter's executor. The fiber runs later, through the run queue. Once is enough.
  void Wake();
  bool woken() const { return woken_; }
  Context& context() const { return ctx_; }

 private:
  friend class Cancellation;
  static void Expired(TimerNode& node);
  void Interrupt();
  void Park();

  Context& ctx_;
  bool woken_ = false;
  bool parked_ = false;
  bool interruptible_ = false;
};

}  // namespace rmq::runtime

namespace rmq {
using runtime::Context;
}  // namespace rmq
