#include "real/system_random.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace rmq::real {
namespace {

// Spreads a seed over the generator's state, as its authors recommend.
uint64_t SplitMix64(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void FillFromSystem(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    RMQ_ASSERT(got > 0);
    out = out.subspan(static_cast<size_t>(got));
  }
}

}  // namespace

SystemRandom::SystemRandom(std::optional<uint64_t> seed) : seeded_(seed.has_value()) {
  uint64_t mix = seed.value_or(0);
  if (!seeded_) FillFromSystem(std::as_writable_bytes(std::span(&mix, 1)));
  for (uint64_t& word : state_) word = SplitMix64(mix);
}

uint64_t SystemRandom::Next() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

// Multiply and shift, without rejection: the bias is below 2^-32 for every bound in use.
uint64_t SystemRandom::Draw(runtime::Site, uint64_t, uint64_t bound) {
  RMQ_ASSERT(bound > 0);
  const std::lock_guard lock(mutex_);
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((static_cast<Wide>(Next()) * bound) >> 64);
}

void SystemRandom::Fill(runtime::Site, std::span<std::byte> out) {
  if (!seeded_) return FillFromSystem(out);
  const std::lock_guard lock(mutex_);
  while (!out.empty()) {
    const uint64_t word = Next();
    const size_t count = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, count);
    out = out.subspan(count);
  }
}

}  // namespace rmq::real
