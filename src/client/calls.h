// Calls counts the fibers that are inside an object's functions, so that the object can be closed
// at any moment: Close lets them finish, then cancels them, and returns when the last has left.
// One executor.
#pragma once

#include <cstddef>
#include <utility>

#include "base/intrusive_list.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/context.h"

namespace rmq::client {

class Calls {
 public:
  class Guard {
   public:
    explicit Guard(Calls& calls) : calls_(&calls) { ++calls.count_; }
    Guard(Guard&& other) noexcept : calls_(std::exchange(other.calls_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (calls_ != nullptr) calls_->Leave();
    }

   private:
    Calls* calls_;
  };

  Calls() = default;
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  // Held while the caller is inside. kClosed once Close was called.
  Result<Guard> Enter() {
    if (closed_) return Fail(ErrorCode::kClosed, "closed");
    return Guard(*this);
  }
  // For the Contexts of those inside: cancelled by Close when its grace is over.
  runtime::Cancellation& ending() { return ending_; }

  // Lets nobody in any more and waits for those inside: for `grace` (and not beyond ctx) while they
  // go on, then whatever `ctx` says while they give up. REQUIRES: the caller is not inside.
  void Close(Context& ctx, nanoseconds grace) {
    closed_ = true;
    if (count_ > 0) {
      Context limited = ctx.WithTimeout(grace);
      runtime::Waiter waiter(limited);
      closers_.PushBack(waiter);
      static_cast<void>(waiter.Wait());  // Out of patience is no failure: what follows is firm.
    }
    ending_.Cancel();
    if (count_ > 0) {
      runtime::Waiter waiter(ctx);
      closers_.PushBack(waiter);
      waiter.WaitForWake();
    }
  }

  bool closed() const { return closed_; }
  size_t count() const { return count_; }

 private:
  void Leave() {
    if (--count_ > 0) return;
    while (!closers_.empty()) closers_.PopFront().Wake();
  }

  size_t count_ = 0;
  bool closed_ = false;
  runtime::Cancellation ending_;
  IntrusiveList<runtime::Waiter> closers_;
};

}  // namespace rmq::client
