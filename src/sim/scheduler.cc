#include "sim/scheduler.h"

#include <algorithm>

#include "base/assert.h"
#include "sim/process.h"
#include "sim/sim_executor.h"

namespace rmq::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__)
#define RMQ_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RMQ_ASAN 1
#endif
#endif

#ifdef RMQ_ASAN
constexpr bool kGuardPages = true;
#else
constexpr bool kGuardPages = false;  // The canary of each stack must do: mappings cost time.
#endif

// How far into a run queue a policy can see; bounds the cost of a step.
constexpr size_t kHorizon = 64;

// Functions of one executor stay in their order, as Post promises; fibers may overtake them.
size_t KeepFunctionsInOrder(const runtime::Executor& executor, size_t chosen) {
  if (chosen == 0 || executor.ReadyName(chosen) != 0) return chosen;
  size_t first = 0;
  while (executor.ReadyName(first) != 0) ++first;
  return first;
}

}  // namespace

Scheduler::Scheduler(uint64_t seed, SchedulerLimits limits)
    : limits_(limits),
      draws_(seed, hash_),
      stacks_(kGuardPages),
      policy_(MakePolicy(PolicyKind::kFifo, draws_)) {}

Scheduler::~Scheduler() = default;

Event& Scheduler::After(nanoseconds delay, UniqueFunction<void()> action,
                        IntrusiveList<Event>* owner) {
  RMQ_ASSERT(delay.count() >= 0);
  return events_.Add(now_ + delay, nullptr, std::move(action), owner);
}

Event& Scheduler::EnqueueAfter(nanoseconds delay, runtime::Executor& executor,
                               UniqueFunction<void()> function, IntrusiveList<Event>* owner) {
  RMQ_ASSERT(delay.count() >= 0);
  return events_.Add(now_ + delay, &executor, std::move(function), owner);
}

void Scheduler::AfterInBackground(nanoseconds delay, UniqueFunction<void()> action) {
  RMQ_ASSERT(delay.count() >= 0);
  events_.AddBackground(now_ + delay, std::move(action));
}

void Scheduler::RemoveRunnable(SimExecutor& executor) {
  const auto found = std::find(runnable_.begin(), runnable_.end(), &executor);
  RMQ_ASSERT(found != runnable_.end());
  runnable_.erase(found);
}

void Scheduler::DisposeNow() {
  while (!doomed_.empty()) {
    Process* process = doomed_.front();
    doomed_.erase(doomed_.begin());
    process->Dispose();
  }
}

RunOutcome Scheduler::Run(const bool& done) {
  while (!done) {
    if (events_.next() <= now_) {
      events_.RunNext();
    } else if (!runnable_.empty()) {
      if (steps_ >= limits_.steps) return RunOutcome::kStepLimit;
      Step();
    } else if (events_.foreground_count() == 0) {
      return RunOutcome::kDeadlock;
    } else {
      now_ = events_.next();
      if (now_ - Tick{} > limits_.time) return RunOutcome::kTimeLimit;
    }
    if (!doomed_.empty()) DisposeNow();
  }
  return RunOutcome::kFinished;
}

void Scheduler::Step() {
  const size_t index = runnable_.size() == 1 ? 0 : policy_->ChooseExecutor(runnable_, now_);
  SimExecutor& chosen = *runnable_[index];
  runnable_.erase(runnable_.begin() + static_cast<ptrdiff_t>(index));

  runtime::Executor& executor = chosen.executor();
  const size_t count = std::min(executor.ready_count(), kHorizon);
  const size_t drawn = count == 1 ? 0 : policy_->ChooseEntry(chosen, count);
  const size_t entry = KeepFunctionsInOrder(executor, drawn);
  hash_.Add(TraceKind::kStep, static_cast<uint64_t>(now_.ns), chosen.object(),
            executor.ReadyName(entry));
  ++steps_;
  current_ = &chosen;
  chosen.BeginStep();
  executor.RunReady(entry);
  current_ = nullptr;
  now_ = now_ + chosen.EndStep(limits_.step_cost);
}

}  // namespace rmq::sim
