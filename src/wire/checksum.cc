#include "wire/checksum.h"

#include <isa-l/crc.h>

namespace rmq::wire {

uint32_t Crc32(uint32_t seed, Slice bytes) {
  return crc32_gzip_refl(seed, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace rmq::wire
