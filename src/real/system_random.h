// Chance from xoshiro256++, seeded by the operating system. Any thread. The key of a draw is
// ignored: nothing is replayed in a real process.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "runtime/random.h"

namespace rmq::real {

class SystemRandom final : public runtime::Random {
 public:
  // With a seed, all draws and bytes follow from it; else bytes come from the operating system.
  explicit SystemRandom(std::optional<uint64_t> seed);

  uint64_t Draw(runtime::Site site, uint64_t object, uint64_t bound) override;
  void Fill(runtime::Site site, std::span<std::byte> out) override;

 private:
  uint64_t Next();

  const bool seeded_;
  std::mutex mutex_;
  std::array<uint64_t, 4> state_;
};

}  // namespace rmq::real
