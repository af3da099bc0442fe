#include "runtime/file_system.h"

#include <fmt/format.h>

namespace rmq::runtime {

Result<void> ReadFully(Context& ctx, File& file, uint64_t at, std::span<std::byte> into) {
  while (!into.empty()) {
    RMQ_TRY(const size_t read, file.ReadAt(ctx, at, into));
    if (read == 0) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("the file ends at {}, {} bytes short", at, into.size()));
    }
    at += read;
    into = into.subspan(read);
  }
  return {};
}

Result<void> WriteFully(Context& ctx, File& file, uint64_t at, Slice from) {
  while (!from.empty()) {
    RMQ_TRY(const size_t written, file.WriteAt(ctx, at, std::span(&from, 1)));
    at += written;
    from = from.subspan(written);
  }
  return {};
}

Result<void> WriteFully(Context& ctx, File& file, uint64_t at, std::span<const Slice> from) {
  size_t total = 0;
  for (const Slice slice : from) total += slice.size();
  if (total == 0) return {};
  RMQ_TRY(size_t written, file.WriteAt(ctx, at, from));
  // A short write is rare: what is left goes out slice by slice.
  for (const Slice slice : from) {
    if (written >= slice.size()) {
      written -= slice.size();
    } else {
      RMQ_TRY(WriteFully(ctx, file, at + written, slice.subspan(written)));
      written = 0;
    }
    at += slice.size();
  }
  return {};
}

}  // namespace rmq::runtime
