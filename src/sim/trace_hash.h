// TraceHash condenses everything that happened in a simulated run into 128 bits: two runs of one
// seed are the same run exactly if their hashes are. The scheduler adds its steps, Draws its
// values, the network and the disks their operations with a hash of the bytes. Never added:
// addresses, pointers, log lines.
//
// Every 4,096 events the state is kept, so that two runs that differ can be compared chunk by
// chunk; a watcher then sees the single events of the first chunk that differs. Adding costs a few
// nanoseconds. One thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/unique_function.h"

namespace rmq::sim {

enum class TraceKind : uint8_t {
  kStep = 1,   // time, executor, fiber name
  kDraw,       // key, counter, value
  kWallRead,   // process, value
  kProcess,    // process, what happened to it
  kNetwork,    // connection, what, bytes
  kDisk,       // disk, operation, bytes
  kCondition,  // a change of the world by the test: partition, clock step
  kMark,       // anything a test or a harness adds
};

struct TraceEvent {
  uint64_t number = 0;
  TraceKind kind = TraceKind::kStep;
  uint64_t a = 0;
  uint64_t b = 0;
  uint64_t c = 0;
};

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  auto operator<=>(const Hash128&) const = default;
  std::string ToString() const;  // 32 hexadecimal digits
};

// Multiplies to 128 bits and folds them: the mixing step of everything here.
inline uint64_t FoldMultiply(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// A hash of the bytes for TraceHash; equal on every machine of our byte order.
inline uint64_t HashBytes(Slice bytes, uint64_t seed = 0) {
  uint64_t h = seed ^ (0x9e3779b97f4a7c15ULL * (bytes.size() + 1));
  while (bytes.size() >= 16) {
    uint64_t words[2];
    std::memcpy(words, bytes.data(), sizeof words);
    h = FoldMultiply(words[0] ^ h, words[1] ^ 0xe7037ed1a0b428dbULL);
    bytes = bytes.subspan(16);
  }
  uint64_t rest[2] = {0, 0};
  if (!bytes.empty()) std::memcpy(rest, bytes.data(), bytes.size());
  return FoldMultiply(rest[0] ^ h, rest[1] ^ 0x8ebc6af09c88c6e3ULL);
}

class TraceHash {
 public:
  static constexpr uint64_t kEventsPerChunk = 4096;

  void Add(TraceKind kind, uint64_t a, uint64_t b = 0, uint64_t c = 0) {
    if (__builtin_expect(static_cast<bool>(watcher_), 0)) watcher_({events_, kind, a, b, c});
    const uint64_t x = FoldMultiply(a ^ 0xa0761d6478bd642fULL,
                                    b + 0xe7037ed1a0b428dbULL * static_cast<uint8_t>(kind));
    low_ = FoldMultiply(low_ ^ x, c ^ 0x8ebc6af09c88c6e3ULL) + 0x589965cc75374cc3ULL;
    high_ = (high_ << 29 | high_ >> 35) * 0x1d8e4e27c47d124fULL + (x ^ low_);
    if (++events_ % kEventsPerChunk == 0) chunks_.push_back(value());
  }

  Hash128 value() const { return {high_, low_}; }
  uint64_t event_count() const { return events_; }
  // The hash after each full chunk.
  const std::vector<Hash128>& chunks() const { return chunks_; }
  // Shows each event before it is added: for finding the first one that differs.
  void Watch(UniqueFunction<void(const TraceEvent&)> watcher) { watcher_ = std::move(watcher); }

 private:
  uint64_t high_ = 0;
  uint64_t low_ = 0;
  uint64_t events_ = 0;
  std::vector<Hash128> chunks_;
  UniqueFunction<void(const TraceEvent&)> watcher_;
};

}  // namespace rmq::sim
