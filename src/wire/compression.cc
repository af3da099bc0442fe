#include "wire/compression.h"

#include <fmt/format.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/assert.h"

namespace rmq::wire {
namespace {

// A first guess for what an unknown body expands to.
constexpr size_t kMinOutput = 4096;
constexpr size_t kUsualRatio = 4;

std::unexpected<Error> TooLarge(std::string_view format, size_t max_size) {
  return Fail(ErrorCode::kResourceExhausted,
              fmt::format("{}: expands to more than {} bytes", format, max_size));
}
std::unexpected<Error> Corrupt(std::string_view format, std::string_view reason) {
  return Fail(ErrorCode::kCorruption, fmt::format("{}: {}", format, reason));
}
std::unexpected<Error> OutOfMemory(std::string_view format) {
  return Fail(ErrorCode::kResourceExhausted, fmt::format("{}: out of memory", format));
}

void ResizeUninitialized(std::string& text, size_t size) {
  text.resize_and_overwrite(size, [&](char*, size_t) { return size; });
}

// Where a streaming decoder writes: grows up to one byte more than allowed, so that a result of
// exactly max_size is told from a larger one.
class GrowingOutput {
 public:
  GrowingOutput(size_t compressed_size, size_t max_size) : max_size_(max_size) {
    Resize(std::max(kMinOutput, compressed_size * kUsualRatio));
  }

  std::span<char> Free() {
    if (used_ == text_.size()) Resize(text_.size() * 2);
    return std::span(text_).subspan(used_);
  }
  void Used(size_t bytes) { used_ += bytes; }
  bool TooLarge() const { return used_ > max_size_; }

  std::string Take() {
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  void Resize(size_t size) { ResizeUninitialized(text_, std::min(size, max_size_ + 1)); }

  size_t max_size_;
  size_t used_ = 0;
  std::string text_;
};

// ---- zlib

Bytef* ZlibInput(Slice bytes) {
  // zlib promises not to write there.
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

Result<std::string> CompressZlib(Slice body, int level) {
  std::string out;
  ResizeUninitialized(out, compressBound(body.size()));
  uLongf size = out.size();
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, ZlibInput(body), body.size(),
                std::clamp(level, 0, 9)) != Z_OK) {
    return OutOfMemory("zlib");
  }
  out.resize(size);
  return out;
}

struct InflateEnd {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

Result<std::string> DecompressZlib(Slice compressed, size_t max_size) {
  z_stream stream{};
  stream.next_in = ZlibInput(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  if (inflateInit(&stream) != Z_OK) return OutOfMemory("zlib");
  const std::unique_ptr<z_stream, InflateEnd> end(&stream);

  GrowingOutput out(compressed.size(), max_size);
  while (true) {
    const std::span<char> free = out.Free();
    const auto room =
        static_cast<uInt>(std::min<size_t>(free.size(), std::numeric_limits<int32_t>::max()));
    stream.next_out = reinterpret_cast<Bytef*>(free.data());
    stream.avail_out = room;
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.Used(room - stream.avail_out);
    if (out.TooLarge()) return TooLarge("zlib", max_size);
    // MSG-71: what follows the end of the stream is ignored, as Java does.
    if (result == Z_STREAM_END) return out.Take();
    if (result == Z_MEM_ERROR) return OutOfMemory("zlib");
    if (result == Z_BUF_ERROR || (result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
      return Corrupt("zlib", fmt::format("{} bytes end too early", compressed.size()));
    }
    if (result != Z_OK) return Corrupt("zlib", stream.msg != nullptr ? stream.msg : "damaged");
  }
}

// ---- LZ4

Result<std::string> CompressLz4(Slice body) {
  // MSG-72: Java's decoder refuses blocks that depend on one another, the library's default.
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  std::string out;
  ResizeUninitialized(out, LZ4F_compressFrameBound(body.size(), &preferences));
  const size_t size =
      LZ4F_compressFrame(out.data(), out.size(), body.data(), body.size(), &preferences);
  if (LZ4F_isError(size)) return OutOfMemory("lz4");
  out.resize(size);
  return out;
}

struct FreeLz4 {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

Result<std::string> DecompressLz4(Slice compressed, size_t max_size) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION))) return OutOfMemory("lz4");
  const std::unique_ptr<LZ4F_dctx, FreeLz4> context(raw);

  GrowingOutput out(compressed.size(), max_size);
  size_t wanted = 1;  // 0: a frame is complete
  while (!compressed.empty() || wanted != 0) {
    const std::span<char> free = out.Free();
    size_t written = free.size();
    size_t read = compressed.size();
    wanted =
        LZ4F_decompress(context.get(), free.data(), &written, compressed.data(), &read, nullptr);
    if (LZ4F_isError(wanted)) return Corrupt("lz4", LZ4F_getErrorName(wanted));
    out.Used(written);
    if (out.TooLarge()) return TooLarge("lz4", max_size);
    compressed = compressed.subspan(read);
    if (read == 0 && written == 0 && wanted != 0) return Corrupt("lz4", "ends too early");
  }
  return out.Take();
}

// ---- ZSTD

Result<std::string> CompressZstd(Slice body, int level) {
  std::string out;
  ResizeUninitialized(out, ZSTD_compressBound(body.size()));
  const size_t size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(),
                                    std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel()));
  if (ZSTD_isError(size)) return OutOfMemory("zstd");
  out.resize(size);
  return out;
}

struct FreeZstd {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// In one step, straight into the result: the streaming interface allocates whatever window the
// header asks for. Java's frames don't say how large their content is; a guess that was too small
// is repeated with more room.
Result<std::string> DecompressZstd(Slice compressed, size_t max_size) {
  const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  if (context == nullptr) return OutOfMemory("zstd");

  const unsigned long long content = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (content == ZSTD_CONTENTSIZE_ERROR) return Corrupt("zstd", "no frame");
  const bool known = content != ZSTD_CONTENTSIZE_UNKNOWN;
  if (known && content > max_size) return TooLarge("zstd", max_size);
  size_t room = known ? content : std::max(kMinOutput, compressed.size() * kUsualRatio);
  room = std::min(room, max_size);

  std::string out;
  while (true) {
    ResizeUninitialized(out, room);
    const size_t size = ZSTD_decompressDCtx(context.get(), out.data(), out.size(),
                                            compressed.data(), compressed.size());
    if (!ZSTD_isError(size)) {
      out.resize(size);
      return out;
    }
    if (ZSTD_getErrorCode(size) != ZSTD_error_dstSize_tooSmall) {
      return Corrupt("zstd", ZSTD_getErrorName(size));
    }
    if (room == max_size) return TooLarge("zstd", max_size);
    room = std::min(max_size, std::max(kMinOutput, room * 4));
  }
}

}  // namespace

Result<std::string> Compress(CompressionType type, Slice body, int level) {
  if (body.size() > std::numeric_limits<int32_t>::max()) {
    return Fail(ErrorCode::kResourceExhausted, fmt::format("compress {} bytes", body.size()));
  }
  switch (type) {
    case CompressionType::kLz4:
      return CompressLz4(body);
    case CompressionType::kZstd:
      return CompressZstd(body, level);
    case CompressionType::kZlib:
      return CompressZlib(body, level);
  }
  RMQ_ASSERT(false);
  return Fail(ErrorCode::kInvalidArgument);
}

Result<std::string> Decompress(CompressionType type, Slice compressed, size_t max_size) {
  if (compressed.size() > std::numeric_limits<int32_t>::max()) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("decompress {} bytes", compressed.size()));
  }
  max_size = std::min<size_t>(max_size, std::numeric_limits<int32_t>::max());
  switch (type) {
    case CompressionType::kLz4:
      return DecompressLz4(compressed, max_size);
    case CompressionType::kZstd:
      return DecompressZstd(compressed, max_size);
    case CompressionType::kZlib:
      return DecompressZlib(compressed, max_size);
  }
  RMQ_ASSERT(false);
  return Fail(ErrorCode::kInvalidArgument);
}

}  // namespace rmq::wire
