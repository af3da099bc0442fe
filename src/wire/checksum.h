// CRC-32 as java.util.zip.CRC32 computes it (polynomial 0xEDB88320, the one of gzip).
// Pure functions, hot: every stored body passes through here once when it is sent and once when it
// is recovered. Rules: spec/wire/message.md.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace rmq::wire {

// Continues the CRC `seed` of the bytes before `bytes`; the CRC of nothing is 0.
uint32_t Crc32(uint32_t seed, Slice bytes);
inline uint32_t Crc32(Slice bytes) {
  return Crc32(0, bytes);
}

// What a stored message carries: the sign bit is cleared (MSG-4). `body` is as stored, that is
// compressed if the message is.
inline uint32_t MessageBodyCrc(Slice body) {
  return Crc32(body) & 0x7fffffffU;
}

}  // namespace rmq::wire
