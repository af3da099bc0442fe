#include "sim/process.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "sim/machine.h"
#include "sim/scheduler.h"
#include "sim/sim_runtime.h"

namespace rmq::sim {

Process::Process(Scheduler& scheduler, Machine& machine, Identity identity,
                 ProcessObserver& observer)
    : scheduler_(scheduler),
      machine_(machine),
      identity_(std::move(identity)),
      full_name_(fmt::format("{}/{}", machine.name(), identity_.name)),
      object_(StableHash(full_name_)),
      observer_(observer),
      started_(scheduler.now()) {
  AddExecutor("main");
}

Process::~Process() {
  RMQ_ASSERT(disposed_);
}

Tick Process::Now() const {
  const bool stands_still = paused_ && pause_mode_ == PauseMode::kClockStops;
  const Tick now = stands_still ? pause_began_ : scheduler_.now();
  return Tick{} + (now - started_ - stopped_);
}

Tick Process::FromProcessTime(Tick when) const {
  return started_ + stopped_ + (when - Tick{});
}

void Process::CompleteAfter(runtime::Executor& executor, nanoseconds delay,
                            UniqueFunction<void()> done) {
  if (!alive_) return;
  scheduler_.EnqueueAfter(delay, executor, std::move(done), &events_);
}

void Process::SetRuntime(std::unique_ptr<SimRuntime> runtime) {
  runtime_ = std::move(runtime);
}

void Process::Start(Main main) {
  main_executor().Spawn(gate_, "main", runtime::StackClass::kLarge,
                        [this, main = std::move(main)](Context& ctx) mutable {
                          main(ctx, *runtime_);
                          main = nullptr;
                          main_returned_ = true;
                        });
}

void Process::Stop() {
  CompleteAfter(main_executor(), nanoseconds(0), [this] { stop_.Cancel(); });
}

void Process::Pause(nanoseconds duration, PauseMode mode) {
  if (!alive_ || paused_) return;
  for (const auto& executor : executors_) executor->Suspend();
  paused_ = true;
  pause_mode_ = mode;
  pause_began_ = scheduler_.now();
  pause_end_ = &scheduler_.After(duration, [this] { EndPause(); }, &events_);
}

void Process::EndPause() {
  paused_ = false;
  if (pause_mode_ == PauseMode::kClockStops) stopped_ += scheduler_.now() - pause_began_;
  for (const auto& executor : executors_) executor->Resume();
}

void Process::Die() {
  RMQ_ASSERT(alive_);
  alive_ = false;
  for (const auto& executor : executors_) executor->Suspend();
  while (!events_.empty()) withdrawn_.push_back(scheduler_.Cancel(events_.front()));
  while (!waiting_for_end_.empty()) waiting_for_end_.PopFront().Wake();
}

// The youngest executor first, as the older ones' fibers own what its fibers use.
void Process::Dispose() {
  RMQ_ASSERT(!alive_ && !disposed_);
  disposed_ = true;
  for (size_t i = executors_.size(); i-- > 0;) executors_[i]->executor().Kill(/*unwind=*/true);
  withdrawn_.clear();
}

Result<void> Process::WaitForEnd(Context& ctx) {
  while (alive_) {
    runtime::Waiter waiter(ctx);
    waiting_for_end_.PushBack(waiter);
    RMQ_TRY(waiter.Wait());
  }
  return {};
}

void Process::DescribeFibers(std::string& to) {
  for (const auto& executor : executors_) {
    for (const std::string_view fiber : executor->executor().FiberNames()) {
      to += fmt::format("  {}/{}: {}\n", full_name_, executor->executor().name(), fiber);
    }
  }
}

runtime::Executor& Process::AddExecutor(std::string_view name) {
  executors_.push_back(std::make_unique<SimExecutor>(*this, scheduler_, name));
  return executors_.back()->executor();
}

size_t Process::fiber_count() const {
  size_t count = 0;
  for (const auto& executor : executors_) count += executor->executor().fiber_count();
  return count;
}

void Process::AfterStep() {
  if (main_returned_ && alive_ && fiber_count() == 0) observer_.ProcessReturned(*this);
}

}  // namespace rmq::sim
