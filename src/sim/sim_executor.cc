#include "sim/sim_executor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "sim/process.h"
#include "sim/scheduler.h"

namespace rmq::sim {
namespace {

constexpr runtime::Site kTimerLate{"sim: timer is late"};
constexpr runtime::Site kTimerVeryLate{"sim: timer is very late"};
constexpr runtime::Site kTimerDelay{"sim: timer delay"};
constexpr runtime::Site kPostDelay{"sim: post delay"};
constexpr runtime::Site kOffloadDelay{"sim: offload delay"};

constexpr nanoseconds kLateTimer = microseconds(50);
constexpr nanoseconds kVeryLateTimer = milliseconds(20);
constexpr nanoseconds kMeanPostDelay = microseconds(2);
constexpr nanoseconds kMeanOffload = microseconds(30);

}  // namespace

SimExecutor::SimExecutor(Process& process, Scheduler& scheduler, std::string_view name)
    : process_(process),
      scheduler_(scheduler),
      object_(StableHash(fmt::format("{}/{}", process.full_name(), name))),
      executor_(*this, scheduler.stacks(), std::string(name)) {}

Tick SimExecutor::Now() const {
  return process_.Now();
}

bool SimExecutor::eligible() const {
  return process_.alive() && !process_.paused() && !busy_ && !running_;
}

void SimExecutor::BecomeRunnable() {
  if (listed_ || !eligible() || executor_.ready_count() == 0) return;
  listed_ = true;
  scheduler_.AddRunnable(*this);
}

void SimExecutor::WorkArrived() {
  BecomeRunnable();
}

// A quarter of the timers are late, a few of them very late.
void SimExecutor::Arm(Tick when) {
  armed_ = when;
  if (timer_ != nullptr) scheduler_.Cancel(*std::exchange(timer_, nullptr));
  if (when == kNever || !process_.alive() || process_.paused()) return;
  nanoseconds delay = std::max(process_.FromProcessTime(when) - scheduler_.now(), nanoseconds(0));
  if (process_.faulty() && scheduler_.draws().Chance(kTimerLate, object_, 1, 4)) {
    const bool very = scheduler_.draws().Chance(kTimerVeryLate, object_, 1, 64);
    const nanoseconds mean = very ? kVeryLateTimer : kLateTimer;
    delay += nanoseconds(scheduler_.draws().Exponential(kTimerDelay, object_, mean.count()));
  }
  timer_ = &scheduler_.After(delay, [this] { TimerDue(); }, &process_.events());
}

void SimExecutor::TimerDue() {
  timer_ = nullptr;
  armed_ = kNever;
  executor_.RunTimers();
}

void SimExecutor::Post(UniqueFunction<void()> function) {
  if (!process_.alive()) return;
  const nanoseconds delay(
      scheduler_.draws().Exponential(kPostDelay, object_, kMeanPostDelay.count()));
  const Tick arrival = KeepOrder(scheduler_.now() + delay);
  process_.CompleteAfter(executor_, arrival - scheduler_.now(), std::move(function));
}

// Posts of one sender arrive in the order in which they were sent.
Tick SimExecutor::KeepOrder(Tick arrival) {
  const uint64_t from = scheduler_.current() == nullptr ? 0 : scheduler_.current()->object();
  for (Sender& sender : senders_) {
    if (sender.object == from) return sender.last = std::max(sender.last, arrival);
  }
  senders_.push_back({from, arrival});
  return arrival;
}

void SimExecutor::Offload(UniqueFunction<void()> work, UniqueFunction<void()> done) {
  if (!process_.alive()) return;
  const nanoseconds delay(
      scheduler_.draws().Exponential(kOffloadDelay, object_, kMeanOffload.count()));
  scheduler_.After(
      delay,
      [this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        executor_.Enqueue(std::move(done));
      },
      &process_.events());
}

void SimExecutor::BeginStep() {
  listed_ = false;
  running_ = true;
}

nanoseconds SimExecutor::EndStep(nanoseconds step_cost) {
  running_ = false;
  process_.AfterStep();
  if (!process_.alive()) return nanoseconds(0);
  const int64_t factor = process_.cpu_factor();
  if (factor > 1) {
    busy_ = true;
    scheduler_.After(step_cost * factor, [this] { StepPaid(); }, &process_.events());
  }
  BecomeRunnable();
  return factor == 0 ? nanoseconds(0) : step_cost;
}

void SimExecutor::StepPaid() {
  busy_ = false;
  BecomeRunnable();
}

void SimExecutor::Suspend() {
  if (listed_) {
    listed_ = false;
    scheduler_.RemoveRunnable(*this);
  }
  if (timer_ != nullptr) scheduler_.Cancel(*std::exchange(timer_, nullptr));
}

void SimExecutor::Resume() {
  if (armed_ != kNever) Arm(armed_);
  BecomeRunnable();
}

}  // namespace rmq::sim
