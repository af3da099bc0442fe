#include "runtime/executor.h"

#include "base/assert.h"
#include "runtime/context.h"
#include "runtime/gate.h"

namespace rmq::runtime {

Executor::Executor(Driver& driver, StackPool& stacks, std::string name)
    : driver_(driver), stacks_(stacks), name_(std::move(name)) {}

Executor::~Executor() {
  RMQ_ASSERT(fiber_count_ == 0 || dead_);
}

bool Executor::Spawn(Gate& gate, std::string_view name, StackClass stack_class,
                     UniqueFunction<void(Context&)> body) {
  if (gate.closed() || dead_) return false;
  auto* fiber =
      new Fiber(stacks_, stack_class, name, [body = std::move(body), &gate](Fiber& self) mutable {
        Context ctx(self, gate.cancellation_);
        body(ctx);
        body = nullptr;
      });
  fiber->executor_ = this;
  fiber->gate_ = &gate;
  ++gate.fibers_;
  ++fiber_count_;
  fibers_.PushBack(*fiber);
  MakeReady(*fiber);
  return true;
}

void Executor::Defer(UniqueFunction<void()> function) {
  Enqueue(std::move(function));
}

void Executor::Enqueue(UniqueFunction<void()> function) {
  Push({.fiber = nullptr, .function = std::move(function)});
}

void Executor::MakeReady(Fiber& fiber) {
  Push({.fiber = &fiber, .function = nullptr});
}

void Executor::Push(Entry entry) {
  if (dead_) return;
  ready_.push_back(std::move(entry));
  if (ready_.size() == 1) driver_.WorkArrived();
}

void Executor::Offload(Context& ctx, UniqueFunction<void()> work) {
  Waiter waiter(ctx);
  driver_.Offload(std::move(work), [&waiter] { waiter.Wake(); });
  waiter.WaitForWake();
}

uint64_t Executor::ReadyName(size_t index) const {
  const Entry& entry = ready_[index];
  return entry.fiber == nullptr ? 0 : entry.fiber->name_hash();
}

std::vector<std::string_view> Executor::FiberNames() {
  std::vector<std::string_view> names;
  for (Fiber* f = fibers_.first(); f != nullptr; f = fibers_.Next(*f)) names.push_back(f->name());
  return names;
}

void Executor::RunReady(size_t index) {
  RMQ_ASSERT(index < ready_.size());
  Entry entry = std::move(ready_[index]);
  if (index == 0) {
    ready_.pop_front();
  } else {
    ready_.erase(ready_.begin() + static_cast<ptrdiff_t>(index));
  }
  if (entry.fiber != nullptr) {
    RunFiber(*entry.fiber);
  } else {
    entry.function();
  }
}

void Executor::RunFiber(Fiber& fiber) {
  fiber.Resume();
  if (!fiber.done()) return;
  Gate* gate = fiber.gate_;
  delete &fiber;  // Unlinks itself.
  --fiber_count_;
  gate->Leave();
}

void Executor::RunTimers() {
  const Tick now = Now();
  armed_ = kNever;
  while (timers_.ExpireOne(now)) {
  }
  HeadMayHaveChanged();
}

void Executor::ArmTimer(TimerNode& node, Tick when) {
  if (dead_) return;
  timers_.Arm(node, when);
  HeadMayHaveChanged();
}

// The driver is not told: a wake-up too early costs less than telling it each time.
void Executor::DisarmTimer(TimerNode& node) {
  timers_.Disarm(node);
}

void Executor::HeadMayHaveChanged() {
  const Tick head = timers_.head();
  if (head >= armed_) return;
  armed_ = head;
  driver_.Arm(head);
}

void Executor::Kill(bool unwind) {
  RMQ_ASSERT(!dead_);
  dead_ = true;
  driver_.Arm(kNever);
  if (!unwind) return;
  while (!fibers_.empty()) {
    Fiber& youngest = fibers_.back();
    youngest.gate_->process_dead_ = true;
    youngest.Unwind();
    delete &youngest;
    --fiber_count_;
  }
  ready_.clear();
  timers_.Clear();
}

// Whichever function runs first takes the timer that expired first: there are never fewer of them
// than expired timers, and a timer that was disarmed meanwhile is not in the list.
void Executor::CallLater(Timer& expired) {
  expired_.PushBack(expired);
  Defer([this] {
    if (expired_.empty()) return;
    UniqueFunction<void()> function = std::exchange(expired_.PopFront().function_, nullptr);
    function();
  });
}

void Timer::Arm(Tick when, UniqueFunction<void()> function) {
  Disarm();
  function_ = std::move(function);
  executor_.ArmTimer(*this, when);
}

void Timer::Disarm() {
  executor_.DisarmTimer(*this);
  ListNode::Unlink();
  function_ = nullptr;
}

void Timer::Expired(TimerNode& node) {
  auto& self = static_cast<Timer&>(node);
  self.executor_.CallLater(self);
}

}  // namespace rmq::runtime
