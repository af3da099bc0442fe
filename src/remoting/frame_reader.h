// FrameReader cuts the bytes of a connection into frames. Bytes in, frames out: a Connection feeds
// it with what it read.
//
// A frame that is there as a whole is copied into a block of its own size, so that keeping one
// keeps nothing else alive. One that comes in pieces is collected in a block that never exceeds
// twice the bytes received so far (or 4 KiB): announcing a large frame costs us nothing. Once it
// is large, the connection reads straight into the block (Room), and the frame's body shares it.
// After an error the stream can't be resynchronised: close it. Rules CONN-1 and CONN-2 of
// spec/wire/connection.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/remoting_command.h"

namespace rmq::remoting {

class FrameReader {
 public:
  explicit FrameReader(uint32_t max_frame_size = wire::kMaxFrameSize)
      : max_frame_size_(max_frame_size) {}

  // Takes bytes from the front of `received` until a frame is complete or nothing is left. Returns
  // the frame, or nothing (an empty Bytes) if more is needed. kCorruption.
  Result<Bytes> Next(Slice& received);

  // Where the next bytes may be read to, while a large frame is under way; empty otherwise.
  std::span<std::byte> Room();
  // The first `count` bytes of Room() were read. Returns the frame if it is complete now.
  // REQUIRES: 0 < count <= size of the last Room().
  Bytes Filled(size_t count);

  // Bytes of a frame begun and not complete.
  size_t pending_bytes() const { return have_; }
  size_t block_size() const { return block_.size(); }

 private:
  Result<Bytes> Begin(Slice& received);
  void Reserve(size_t needed);
  void Append(Slice bytes);
  Bytes TakeIfComplete();

  const uint32_t max_frame_size_;
  std::array<std::byte, 8> prefix_{};  // what came of a frame whose size is not known yet
  size_t frame_size_ = 0;              // 0: not known yet
  size_t have_ = 0;
  Bytes block_;              // of the frame under way; ours alone until it is complete
  std::byte* at_ = nullptr;  // of block_
};

}  // namespace rmq::remoting
