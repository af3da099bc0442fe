// Draws is where every decision of a simulated run comes from. A draw has a key (site, object) and
// a number, the how-manieth of its key; its value is a pseudo-random function of these three and
// the seed. So one draw more at one place shifts nothing anywhere else, and a run can be written
// down as the draws that were not 0, replayed, and shrunk draw by draw: 0 is always the mildest
// outcome (no fault, the smallest delay, the first choice).
//
// `object` is a stable number of the thing that the draw is about: the hash of its name ("conn
// broker-a -> broker-b #3"), not an address. Never two draws in one argument list: their order
// would depend on the compiler. Integers only. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/random.h"
#include "sim/trace_hash.h"

namespace rmq::sim {

// A draw whose value was not 0.
struct Deviation {
  uint64_t site = 0;  // Site::id
  uint64_t object = 0;
  uint64_t counter = 0;  // of (site, object), from 0
  uint64_t value = 0;
  auto operator<=>(const Deviation&) const = default;
};

// The deviations of a run, in the order in which they were drawn. As text, one item a line:
//
//   rmq-draws 1
//   seed 42
//   site 0 5f1c90… sim: schedule entry     index, id in hexadecimal, name
//   0 1b2e… 17 3                           site index, object in hexadecimal, counter, value
struct DrawRecord {
  uint64_t seed = 0;
  std::vector<Deviation> deviations;
  std::map<uint64_t, std::string> site_names;  // by id

  std::string ToText() const;
  // kCorruption names the line.
  static Result<DrawRecord> FromText(std::string_view text);
};

// What a replayed run does where the record is silent.
enum class ReplayMode {
  kClosed,  // 0: for shrinking
  kOpen,    // what the seed says: for the neighbourhood of a run
};

class Draws {
 public:
  Draws(uint64_t seed, TraceHash& hash);
  Draws(const Draws&) = delete;
  Draws& operator=(const Draws&) = delete;
  ~Draws();

  uint64_t seed() const { return seed_; }

  // Uniform in [0, bound). A bound of 1 decides nothing and is not counted. REQUIRES: bound > 0.
  uint64_t Draw(runtime::Site site, uint64_t object, uint64_t bound);
  // True n times in d. REQUIRES: n <= d.
  bool Chance(runtime::Site site, uint64_t object, uint64_t n, uint64_t d);
  // Uniform in [low, high]; low is the mildest. REQUIRES: low <= high.
  int64_t Between(runtime::Site site, uint64_t object, int64_t low, int64_t high);
  // Exponentially distributed around `mean` (within 4 %), at most 44 times it. REQUIRES: mean >= 0.
  int64_t Exponential(runtime::Site site, uint64_t object, int64_t mean);
  // Bytes for ids. They are not part of a record: a replayed run draws the same ones again.
  void Fill(runtime::Site site, uint64_t object, std::span<std::byte> out);

  // From now on all deviations are kept.
  void StartRecording();
  const DrawRecord& record() const { return record_; }

  // Takes values from `record` instead of the seed. A recorded value beyond its draw's bound
  // becomes the largest possible one. Call it before the first draw.
  void Replay(const DrawRecord& record, ReplayMode mode);

 private:
  class CounterTable;
  struct ReplayTable;

  static uint64_t Key(uint64_t site, uint64_t object);
  uint64_t Prf(uint64_t key, uint64_t counter) const;
  // `reduce` makes the value from 64 uniform bits; no value is larger than `largest`.
  template <typename Reduce>
  uint64_t Take(runtime::Site site, uint64_t object, uint64_t largest, Reduce reduce);

  const uint64_t seed_;
  TraceHash& hash_;
  std::unique_ptr<CounterTable> counters_;
  std::unique_ptr<ReplayTable> replay_;
  bool recording_ = false;
  DrawRecord record_;
};

}  // namespace rmq::sim
