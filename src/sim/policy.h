// A Policy chooses what runs next among all that could: first an executor, then an entry of its
// run queue. It sees stable names only, so that a choice means the same thing in another build.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/time.h"
#include "sim/draws.h"

namespace rmq::sim {

class SimExecutor;

enum class PolicyKind {
  kFifo,       // the oldest work first: for sanity, and what shrinking aims at
  kUniform,    // anything with equal odds
  kStarveOne,  // for a while, one executor runs only when nothing else can
};

class Policy {
 public:
  virtual ~Policy() = default;
  // An index into `runnable`, which is in order of arrival. REQUIRES: not empty.
  virtual size_t ChooseExecutor(std::span<SimExecutor* const> runnable, Tick now) = 0;
  // An index below `count`; 0 is the oldest entry. REQUIRES: count > 0.
  virtual size_t ChooseEntry(const SimExecutor& executor, size_t count) = 0;
};

std::unique_ptr<Policy> MakePolicy(PolicyKind kind, Draws& draws);

}  // namespace rmq::sim
