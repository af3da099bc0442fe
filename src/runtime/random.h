// The only source of chance. Every draw has a key (site, object), so that a simulated run can be
// recorded, replayed and shrunk draw by draw, and taking one out does not shift the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/hash.h"

namespace rmq::runtime {

// The name of a place that draws: "client: unit name". Its identity is the text, not the line.
struct Site {
  consteval Site(const char* text) : name(text), id(StableHash(name)) {}  // NOLINT: implicit
  std::string_view name;
  uint64_t id;
};

class Random {
 public:
  virtual ~Random() = default;
  // Uniform in [0, bound). 0 is the mildest outcome: shrinking moves towards it. `object` is a
  // stable number of the thing that draws (a hash of its name, not an address). Never two draws in
  // one argument list: their order would depend on the compiler. REQUIRES: bound > 0.
  virtual uint64_t Draw(Site site, uint64_t object, uint64_t bound) = 0;
  // Bytes for ids and nonces.
  virtual void Fill(Site site, std::span<std::byte> out) = 0;
};

}  // namespace rmq::runtime
