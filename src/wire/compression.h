// Compression of message bodies: zlib, LZ4 frames and ZSTD, as Java clients write and read them
// (MSG-70 to MSG-73). Producers compress, consumers decompress; the broker only does where it must
// look inside. Each call works on a whole body; run large ones off the executor.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/message_sys_flag.h"

namespace rmq::wire {

inline constexpr int kDefaultCompressionLevel = 5;

// `level` is brought into the library's range; LZ4 has none here. Fails only for lack of memory or
// on more than 2 GiB: kResourceExhausted.
Result<std::string> Compress(CompressionType type, Slice body, int level);

// kCorruption: not the format, damaged or cut short. kResourceExhausted: the result would be larger
// than `max_size`. Memory stays within a few times max_size plus a few MiB whatever the input says.
Result<std::string> Decompress(CompressionType type, Slice compressed, size_t max_size);

}  // namespace rmq::wire
