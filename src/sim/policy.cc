#include "sim/policy.h"

#include "sim/sim_executor.h"

namespace rmq::sim {
namespace {

constexpr runtime::Site kScheduleExecutor{"sim: schedule executor"};
constexpr runtime::Site kScheduleEntry{"sim: schedule entry"};
constexpr runtime::Site kStarveVictim{"sim: starve whom"};
constexpr runtime::Site kStarveWindow{"sim: starve how long"};

class Fifo : public Policy {
 public:
  size_t ChooseExecutor(std::span<SimExecutor* const> /*runnable*/, Tick /*now*/) override {
    return 0;
  }
  size_t ChooseEntry(const SimExecutor& /*executor*/, size_t /*count*/) override { return 0; }
};

class Uniform : public Policy {
 public:
  explicit Uniform(Draws& draws) : draws_(draws) {}
  size_t ChooseExecutor(std::span<SimExecutor* const> runnable, Tick /*now*/) override {
    return draws_.Draw(kScheduleExecutor, 0, runnable.size());
  }
  size_t ChooseEntry(const SimExecutor& executor, size_t count) override {
    return draws_.Draw(kScheduleEntry, executor.object(), count);
  }

 private:
  Draws& draws_;
};

class StarveOne : public Policy {
 public:
  explicit StarveOne(Draws& draws) : draws_(draws), uniform_(draws) {}

  size_t ChooseExecutor(std::span<SimExecutor* const> runnable, Tick now) override {
    if (now >= window_end_) OpenWindow(runnable, now);
    const size_t chosen = uniform_.ChooseExecutor(runnable, now);
    if (runnable.size() == 1 || runnable[chosen]->object() != victim_) return chosen;
    return (chosen + 1) % runnable.size();
  }
  size_t ChooseEntry(const SimExecutor& executor, size_t count) override {
    return uniform_.ChooseEntry(executor, count);
  }

 private:
  void OpenWindow(std::span<SimExecutor* const> runnable, Tick now) {
    constexpr nanoseconds kMeanWindow = milliseconds(20);
    victim_ = runnable[draws_.Draw(kStarveVictim, 0, runnable.size())]->object();
    window_end_ = now + nanoseconds(draws_.Exponential(kStarveWindow, 0, kMeanWindow.count()));
  }

  Draws& draws_;
  Uniform uniform_;
  uint64_t victim_ = 0;
  Tick window_end_;
};

}  // namespace

std::unique_ptr<Policy> MakePolicy(PolicyKind kind, Draws& draws) {
  switch (kind) {
    case PolicyKind::kFifo:
      return std::make_unique<Fifo>();
    case PolicyKind::kUniform:
      return std::make_unique<Uniform>(draws);
    case PolicyKind::kStarveOne:
      return std::make_unique<StarveOne>(draws);
  }
  return nullptr;
}

}  // namespace rmq::sim
