#include "sim/trace_hash.h"

#include <fmt/format.h>

namespace rmq::sim {

std::string Hash128::ToString() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

}  // namespace rmq::sim
