// Hashes whose values are part of a decision or of a format. std::hash is neither stable between
// libraries nor allowed in decisions.
#pragma once

#include <cstdint>
#include <string_view>

namespace rmq {

// 64-bit FNV-1a, finished with a strong mixer. Stable for ever: the simulator's records use it.
constexpr uint64_t MixBits(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}
constexpr uint64_t StableHash(std::string_view text) {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    h ^= static_cast<unsigned char>(c);
    h *= 0x100000001b3ULL;
  }
  return MixBits(h);
}

}  // namespace rmq
