// The first byte chooses the type; the rest is decompressed within a bound, and what came out can
// be compressed and read again.
#include "base/assert.h"
#include "wire/compression.h"

using namespace rmq;
using namespace rmq::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr size_t kBound = 1 << 20;
  const auto type = static_cast<CompressionType>(data[0] % 3 + 1);
  const Slice input(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const auto body = Decompress(type, input, kBound);
  if (!body.has_value()) return 0;
  RMQ_ASSERT(body->size() <= kBound);
  const auto packed = Compress(type, AsBytes(*body), 1);
  RMQ_ASSERT(Decompress(type, AsBytes(*packed), body->size()).value() == *body);
  return 0;
}
