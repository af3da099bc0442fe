// Locks between the fibers of one executor. Needed only where an invariant spans a suspension;
// between suspensions nobody else runs. First come, first served.
#pragma once

#include <cstddef>

#include "base/assert.h"
#include "base/intrusive_list.h"
#include "runtime/context.h"

namespace rmq::runtime {

// Counts permits. Bounds what is in flight.
class Semaphore {
 public:
  explicit Semaphore(size_t permits) : available_(permits) {}

  // Takes one permit; fails with the Context alone.
  Result<void> Acquire(Context& ctx) {
    if (available_ > 0 && waiters_.empty()) {
      --available_;
      return {};
    }
    Waiter waiter(ctx);
    waiters_.PushBack(waiter);
    Result<void> waited = waiter.Wait();  // Release hands its permit over with the wake-up.
    return waited;
  }
  bool TryAcquire() {
    if (available_ == 0 || !waiters_.empty()) return false;
    --available_;
    return true;
  }
  void Release() {
    if (waiters_.empty()) {
      ++available_;
    } else {
      waiters_.PopFront().Wake();
    }
  }
  size_t available() const { return available_; }

 private:
  size_t available_;
  IntrusiveList<Waiter> waiters_;
};

class Mutex {
 public:
  // Unlocks at the end of the scope. Movable so that Lock can return it.
  class Guard {
   public:
    explicit Guard(Semaphore& semaphore) : semaphore_(&semaphore) {}
    Guard(Guard&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (semaphore_ != nullptr) semaphore_->Release();
    }

   private:
    Semaphore* semaphore_;
  };

  [[nodiscard]] Result<Guard> Lock(Context& ctx) {
    RMQ_TRY(semaphore_.Acquire(ctx));
    return Guard(semaphore_);
  }
  bool locked() const { return semaphore_.available() == 0; }

 private:
  Semaphore semaphore_{1};
};

// Wakes fibers that wait for a change. No lock belongs to it: the state it announces belongs to
// the executor. Waiters re-check what they wait for.
class Condition {
 public:
  Result<void> Wait(Context& ctx) {
    Waiter waiter(ctx);
    waiters_.PushBack(waiter);
    return waiter.Wait();
  }
  void NotifyOne() {
    if (!waiters_.empty()) waiters_.PopFront().Wake();
  }
  void NotifyAll() {
    while (!waiters_.empty()) waiters_.PopFront().Wake();
  }

 private:
  IntrusiveList<Waiter> waiters_;
};

}  // namespace rmq::runtime
