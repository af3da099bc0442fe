#include "runtime/context.h"

#include <algorithm>

#include "base/assert.h"
#include "runtime/executor.h"
#include "runtime/fiber.h"

namespace rmq::runtime {

Context::Context(Fiber& fiber, Cancellation& cancellation)
    : fiber_(fiber), parent_(nullptr), deadline_(kNever), cancellation_(&cancellation) {
  cancellation.contexts_.PushBack(*this);
}

Context::Context(Context& parent, Tick deadline, Cancellation* cancellation)
    : fiber_(parent.fiber_),
      parent_(&parent),
      deadline_(std::min(parent.deadline_, deadline)),
      cancellation_(cancellation) {
  if (cancellation != nullptr) cancellation->contexts_.PushBack(*this);
}

Context Context::WithTimeout(nanoseconds timeout) {
  return Context(*this, Now() + timeout, nullptr);
}
Context Context::WithDeadline(Tick deadline) {
  return Context(*this, deadline, nullptr);
}
Context Context::WithCancellation(Cancellation& cancellation) {
  return Context(*this, kNever, &cancellation);
}

Executor& Context::executor() const {
  return *fiber_.executor_;
}
Tick Context::Now() const {
  return executor().Now();
}

bool Context::cancelled() const {
  for (const Context* c = this; c != nullptr; c = c->parent_) {
    if (c->cancellation_ != nullptr && c->cancellation_->cancelled()) return true;
  }
  return false;
}

bool Context::IsOrDescendsFrom(const Context& other) const {
  for (const Context* c = this; c != nullptr; c = c->parent_) {
    if (c == &other) return true;
  }
  return false;
}

Result<void> Context::Check() const {
  if (cancelled()) return Fail(ErrorCode::kCancelled);
  if (deadline_ != kNever && Now() >= deadline_) return Fail(ErrorCode::kDeadlineExceeded);
  return {};
}

Result<void> Context::Yield() {
  RMQ_TRY(Check());
  Waiter waiter(*this);
  executor().Defer([&waiter] { waiter.Wake(); });
  waiter.WaitForWake();
  return Check();
}

Result<void> Context::SleepFor(nanoseconds duration) {
  return SleepUntil(Now() + duration);
}

Result<void> Context::SleepUntil(Tick when) {
  RMQ_TRY(Check());
  Context narrowed = WithDeadline(when);
  Waiter waiter(narrowed);
  const Result<void> slept = waiter.Wait();
  if (slept.error().code() == ErrorCode::kDeadlineExceeded && when <= deadline_) return {};
  return slept;
}

void Cancellation::Cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  for (Context* c = contexts_.first(); c != nullptr; c = contexts_.Next(*c)) {
    Waiter* waiter = c->fiber_.parked_on_;
    if (waiter != nullptr && waiter->interruptible_ && waiter->ctx_.IsOrDescendsFrom(*c)) {
      waiter->Interrupt();
    }
  }
}

Waiter::~Waiter() {
  if (parked_) ctx_.fiber_.parked_on_ = nullptr;  // Only in a forced unwind.
}

Result<void> Waiter::Wait() {
  if (woken_) return {};
  RMQ_TRY(ctx_.Check());
  if (ctx_.deadline_ != kNever) ctx_.executor().ArmTimer(*this, ctx_.deadline_);
  interruptible_ = true;
  Park();
  interruptible_ = false;
  ctx_.executor().DisarmTimer(*this);
  if (woken_) return {};
  Unlink();
  if (ctx_.cancelled()) return Fail(ErrorCode::kCancelled);
  return Fail(ErrorCode::kDeadlineExceeded);
}

void Waiter::WaitForWake() {
  if (woken_) return;
  Park();
  RMQ_ASSERT(woken_);
}

void Waiter::Park() {
  RMQ_ASSERT(ctx_.fiber_.parked_on_ == nullptr);
  ctx_.fiber_.parked_on_ = this;
  parked_ = true;
  ctx_.fiber_.Suspend();
  RMQ_ASSERT(!parked_);
}

void Waiter::Wake() {
  if (woken_) return;
  woken_ = true;
  Interrupt();
}

// Makes the parked fiber ready, once.
void Waiter::Interrupt() {
  if (!parked_) return;
  parked_ = false;
  ctx_.fiber_.parked_on_ = nullptr;
  ctx_.executor().MakeReady(ctx_.fiber_);
}

void Waiter::Expired(TimerNode& node) {
  static_cast<Waiter&>(node).Interrupt();
}

}  // namespace rmq::runtime
