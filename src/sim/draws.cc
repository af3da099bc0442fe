#include "sim/draws.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include "base/assert.h"
#include "base/hash.h"

namespace rmq::sim {
namespace {

// SipHash-1-3 of two words under the seed.
struct SipState {
  uint64_t v0, v1, v2, v3;

  explicit SipState(uint64_t k0, uint64_t k1)
      : v0(k0 ^ 0x736f6d6570736575ULL),
        v1(k1 ^ 0x646f72616e646f6dULL),
        v2(k0 ^ 0x6c7967656e657261ULL),
        v3(k1 ^ 0x7465646279746573ULL) {}

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    v0 ^= word;
  }
  uint64_t Finish() {
    v2 ^= 0xff;
    Round();
    Round();
    Round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

uint64_t MultiplyShift(uint64_t bits, uint64_t bound) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * bound) >> 64);
}

// -log2 of a uniform number in (0, 1], in 32.32 fixed point: the leading zeros count whole
// halvings, the bits behind them interpolate linearly.
uint64_t NegativeLog2(uint64_t bits) {
  const int zeros = std::min(std::countl_zero(bits), 63);
  const uint64_t fraction = zeros == 63 ? 0 : bits << (zeros + 1) >> 32;
  return (static_cast<uint64_t>(zeros + 1) << 32) - fraction;
}

}  // namespace

// Open addressing: looked up at every draw, never iterated.
class Draws::CounterTable {
 public:
  CounterTable() : slots_(1024) {}

  // Returns the counter of `key` and increments it.
  uint64_t Next(uint64_t key) {
    if (2 * used_ >= slots_.size()) Grow();
    Slot& slot = Find(slots_, key);
    if (slot.next == 0) {
      slot.key = key;
      ++used_;
    }
    return slot.next++;
  }

 private:
  struct Slot {
    uint64_t key = 0;
    uint64_t next = 0;  // 0: empty
  };

  static Slot& Find(std::vector<Slot>& slots, uint64_t key) {
    const size_t mask = slots.size() - 1;
    size_t at = key & mask;
    while (slots[at].next != 0 && slots[at].key != key) at = (at + 1) & mask;
    return slots[at];
  }
  void Grow() {
    std::vector<Slot> larger(2 * slots_.size());
    for (const Slot& slot : slots_) {
      if (slot.next != 0) Find(larger, slot.key) = slot;
    }
    slots_ = std::move(larger);
  }

  std::vector<Slot> slots_;
  size_t used_ = 0;
};

// Looked up only, so the order of its table does not matter.
struct Draws::ReplayTable {
  struct KeyHash {
    size_t operator()(const std::pair<uint64_t, uint64_t>& key) const {
      return MixBits(key.first + key.second);
    }
  };
  ReplayMode mode;
  std::unordered_map<std::pair<uint64_t, uint64_t>, uint64_t, KeyHash> values;
};

Draws::Draws(uint64_t seed, TraceHash& hash)
    : seed_(seed), hash_(hash), counters_(std::make_unique<CounterTable>()) {
  record_.seed = seed;
}

Draws::~Draws() = default;

// Two keys that collide would share a counter, alike in every run: harmless.
uint64_t Draws::Key(uint64_t site, uint64_t object) {
  return FoldMultiply(site, object ^ 0x9e3779b97f4a7c15ULL) + object;
}

uint64_t Draws::Prf(uint64_t key, uint64_t counter) const {
  SipState state(seed_, ~seed_);
  state.Absorb(key);
  state.Absorb(counter);
  return state.Finish();
}

template <typename Reduce>
uint64_t Draws::Take(runtime::Site site, uint64_t object, uint64_t largest, Reduce reduce) {
  const uint64_t key = Key(site.id, object);
  const uint64_t counter = counters_->Next(key);
  uint64_t value = 0;
  bool known = false;
  if (replay_ != nullptr) {
    const auto found = replay_->values.find({key, counter});
    known = found != replay_->values.end() || replay_->mode == ReplayMode::kClosed;
    if (found != replay_->values.end()) value = std::min(found->second, largest);
  }
  if (!known) value = reduce(Prf(key, counter));
  hash_.Add(TraceKind::kDraw, key, counter, value);
  if (recording_ && value != 0) {
    record_.site_names.try_emplace(site.id, site.name);
    record_.deviations.push_back({site.id, object, counter, value});
  }
  return value;
}

uint64_t Draws::Draw(runtime::Site site, uint64_t object, uint64_t bound) {
  RMQ_ASSERT(bound > 0);
  if (bound == 1) return 0;
  return Take(site, object, bound - 1,
              [bound](uint64_t bits) { return MultiplyShift(bits, bound); });
}

bool Draws::Chance(runtime::Site site, uint64_t object, uint64_t n, uint64_t d) {
  RMQ_ASSERT(n <= d);
  if (n == 0) return false;
  if (n == d) return true;
  // Recorded as 0 or 1, so that a record shows the events and not the odds.
  return Take(site, object, 1,
              [n, d](uint64_t bits) { return MultiplyShift(bits, d) >= d - n ? 1U : 0U; }) != 0;
}

int64_t Draws::Between(runtime::Site site, uint64_t object, int64_t low, int64_t high) {
  RMQ_ASSERT(low <= high);
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  RMQ_ASSERT(span < UINT64_MAX);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + Draw(site, object, span + 1));
}

int64_t Draws::Exponential(runtime::Site site, uint64_t object, int64_t mean) {
  RMQ_ASSERT(mean >= 0);
  if (mean == 0) return 0;
  const uint64_t value = Take(site, object, INT64_MAX, [mean](uint64_t bits) {
    constexpr uint64_t kLn2 = 2977044472ULL;  // ln 2 in 0.32 fixed point
    const auto scaled = static_cast<unsigned __int128>(mean) * kLn2 >> 16;
    const auto sample = scaled * NegativeLog2(bits) >> 48;
    return sample > INT64_MAX ? uint64_t{INT64_MAX} : static_cast<uint64_t>(sample);
  });
  return static_cast<int64_t>(value);
}

void Draws::Fill(runtime::Site site, uint64_t object, std::span<std::byte> out) {
  const uint64_t key = Key(site.id, object);
  while (!out.empty()) {
    const uint64_t counter = counters_->Next(key);
    const uint64_t bits = Prf(key, counter);
    hash_.Add(TraceKind::kDraw, key, counter, bits);
    const size_t n = std::min(out.size(), sizeof bits);
    std::memcpy(out.data(), &bits, n);
    out = out.subspan(n);
  }
}

void Draws::StartRecording() {
  recording_ = true;
}

void Draws::Replay(const DrawRecord& record, ReplayMode mode) {
  replay_ = std::make_unique<ReplayTable>();
  replay_->mode = mode;
  for (const Deviation& d : record.deviations) {
    replay_->values[{Key(d.site, d.object), d.counter}] = d.value;
  }
}

std::string DrawRecord::ToText() const {
  std::string text = fmt::format("rmq-draws 1\nseed {}\n", seed);
  std::map<uint64_t, size_t> index;
  for (const auto& [id, name] : site_names) {
    const size_t number = index.size();
    index[id] = number;
    text += fmt::format("site {} {:x} {}\n", number, id, name);
  }
  for (const Deviation& d : deviations) {
    text += fmt::format("{} {:x} {} {}\n", index.at(d.site), d.object, d.counter, d.value);
  }
  return text;
}

namespace {

// Takes the next word of `line` as a number.
bool TakeNumber(std::string_view& line, int base, uint64_t& number) {
  const char* end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data(), end, number, base);
  if (error != std::errc() || (stop != end && *stop != ' ')) return false;
  line.remove_prefix(static_cast<size_t>(stop - line.data()) + (stop == end ? 0 : 1));
  return true;
}

bool TakeWord(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  return true;
}

class RecordReader {
 public:
  bool Read(std::string_view line) {
    if (number_of_lines_++ == 0) return line == "rmq-draws 1";
    if (TakeWord(line, "seed ")) return TakeNumber(line, 10, record_.seed) && line.empty();
    if (TakeWord(line, "site ")) return ReadSite(line);
    return ReadDeviation(line);
  }
  DrawRecord& record() { return record_; }
  size_t number_of_lines() const { return number_of_lines_; }

 private:
  bool ReadSite(std::string_view line) {
    uint64_t number = 0;
    uint64_t id = 0;
    if (!TakeNumber(line, 10, number) || !TakeNumber(line, 16, id)) return false;
    if (number != sites_.size()) return false;
    sites_.push_back(id);
    record_.site_names[id] = line;
    return true;
  }
  bool ReadDeviation(std::string_view line) {
    uint64_t site = 0;
    Deviation d;
    if (!TakeNumber(line, 10, site) || site >= sites_.size()) return false;
    if (!TakeNumber(line, 16, d.object) || !TakeNumber(line, 10, d.counter)) return false;
    if (!TakeNumber(line, 10, d.value) || !line.empty()) return false;
    d.site = sites_[site];
    record_.deviations.push_back(d);
    return true;
  }

  DrawRecord record_;
  std::vector<uint64_t> sites_;
  size_t number_of_lines_ = 0;
};

}  // namespace

Result<DrawRecord> DrawRecord::FromText(std::string_view text) {
  RecordReader reader;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (!reader.Read(text.substr(0, end))) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("draw record: line {}", reader.number_of_lines()));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (reader.number_of_lines() == 0) return Fail(ErrorCode::kCorruption, "draw record: empty");
  return std::move(reader.record());
}

}  // namespace rmq::sim
