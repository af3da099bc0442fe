#include "wire/java_hash.h"

#include <cstddef>
#include <cstring>

namespace rmq::wire {
namespace {

constexpr uint32_t kReplacement = 0xfffd;

uint32_t Step(uint32_t hash, uint32_t unit) {
  return hash * 31 + unit;
}

uint32_t StepCodePoint(uint32_t hash, uint32_t point) {
  if (point < 0x10000) return Step(hash, point);
  const uint32_t high = 0xd800 + ((point - 0x10000) >> 10);
  const uint32_t low = 0xdc00 + ((point - 0x10000) & 0x3ff);
  return Step(Step(hash, high), low);
}

bool IsContinuation(unsigned char byte) {
  return (byte & 0xc0) == 0x80;
}

struct Decoded {
  uint32_t point;
  size_t size;  // bytes consumed, at least 1
};

// Whether `second` may follow `lead`: excludes overlong forms and points above U+10FFFF. Unlike
// most decoders, Java's takes the three bytes of an encoded surrogate as one malformed sequence.
bool IsSecondByte(unsigned char lead, unsigned char second) {
  if (!IsContinuation(second)) return false;
  if (lead == 0xe0) return second >= 0xa0;
  if (lead == 0xf0) return second >= 0x90;
  if (lead == 0xf4) return second < 0x90;
  return true;
}

size_t SequenceSize(unsigned char lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;  // a stray continuation byte or a byte that UTF-8 never uses
}

// MSG-41. REQUIRES: the first byte of `text` is not ASCII.
Decoded DecodeMultiByte(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t size = SequenceSize(lead);
  if (size == 1 || text.size() < 2 || !IsSecondByte(lead, byte(1))) return {kReplacement, 1};

  uint32_t point = lead & (0x7fU >> size);
  for (size_t i = 1; i < size; ++i) {
    if (i == text.size() || !IsContinuation(byte(i))) return {kReplacement, i};
    point = point << 6 | (byte(i) & 0x3f);
  }
  if (point >= 0xd800 && point <= 0xdfff) point = kReplacement;
  return {point, size};
}

// Four multiplications that do not wait for one another instead of a chain of eight.
uint32_t StepAscii8(uint32_t hash, const char* at) {
  constexpr uint32_t k2 = 31U * 31U;
  constexpr uint32_t k4 = k2 * k2;
  const auto pair = [&](size_t i) {
    return static_cast<uint32_t>(at[i]) * 31U + static_cast<uint32_t>(at[i + 1]);
  };
  const uint32_t left = pair(0) * k2 + pair(2);
  const uint32_t right = pair(4) * k2 + pair(6);
  return hash * (k4 * k4) + left * k4 + right;
}

uint32_t Hash(uint32_t hash, std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8) {
      uint64_t eight;
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080ULL) == 0) {
        hash = StepAscii8(hash, text.data() + at);
        at += 8;
        continue;
      }
    }
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      hash = Step(hash, byte);
      ++at;
      continue;
    }
    const Decoded decoded = DecodeMultiByte(text.substr(at));
    hash = StepCodePoint(hash, decoded.point);
    at += decoded.size;
  }
  return hash;
}

// MSG-42: Math.abs(Integer.MIN_VALUE) is negative in Java, and such a key hashes to 0.
uint32_t AbsoluteHash(uint32_t hash) {
  if (hash == 0x80000000U) return 0;
  return static_cast<int32_t>(hash) < 0 ? 0U - hash : hash;
}

}  // namespace

int32_t JavaStringHash(std::string_view utf8) {
  return static_cast<int32_t>(Hash(0, utf8));
}

int64_t TagsCode(std::string_view tag) {
  return JavaStringHash(tag);
}

uint32_t IndexKeyHash(std::string_view key) {
  return AbsoluteHash(Hash(0, key));
}

uint32_t IndexKeyHash(std::string_view topic, std::string_view key) {
  return AbsoluteHash(Hash(Hash(Hash(0, topic), "#"), key));
}

}  // namespace rmq::wire
