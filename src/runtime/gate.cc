#include "runtime/gate.h"

#include "base/assert.h"
#include "runtime/executor.h"

namespace rmq::runtime {

Gate::~Gate() {
  RMQ_ASSERT(fibers_ == 0 || process_dead_);
}

void Gate::Cancel() {
  cancellation_.Cancel();
}

void Gate::Close(Context& ctx) {
  Cancel();
  if (fibers_ == 0) return;
  Waiter waiter(ctx);
  closers_.PushBack(waiter);
  waiter.WaitForWake();
}

void Gate::Leave() {
  RMQ_ASSERT(fibers_ > 0);
  if (--fibers_ > 0) return;
  while (!closers_.empty()) closers_.PopFront().Wake();
}

TaskGroup::~TaskGroup() {
  RMQ_ASSERT(running_ == 0 || ctx_.executor().dead());
}

void TaskGroup::Spawn(std::string_view name, UniqueFunction<void(Context&)> body) {
  ++running_;
  ctx_.executor().Spawn(gate_, name, [this, body = std::move(body)](Context& own) mutable {
    Context timed = own.WithDeadline(ctx_.deadline());
    body(timed);
    body = nullptr;
    if (--running_ == 0 && waiting_ != nullptr) waiting_->Wake();
  });
}

void TaskGroup::Wait() {
  if (running_ > 0) {
    Waiter waiter(ctx_);
    waiting_ = &waiter;
    (void)waiter.Wait();
    waiting_ = nullptr;
  }
  gate_.Close(ctx_);
}

}  // namespace rmq::runtime
