#include "remoting/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/assert.h"

namespace rmq::remoting {
namespace {

constexpr size_t kLeastBlock = 4096;
// With less missing, a read into a scratch buffer gets the following frames too.
constexpr size_t kLeastRoom = 32 * 1024;

}  // namespace

Result<Bytes> FrameReader::Next(Slice& received) {
  if (frame_size_ == 0) return Begin(received);
  const size_t count = std::min(frame_size_ - have_, received.size());
  Append(received.first(count));
  received = received.subspan(count);
  return TakeIfComplete();
}

Result<Bytes> FrameReader::Begin(Slice& received) {
  if (have_ == 0 && received.size() >= prefix_.size()) {
    RMQ_TRY(const auto size, wire::PeekFrameSize(received, max_frame_size_));
    if (received.size() >= *size) {
      Bytes frame = Bytes::Copy(received.first(*size));
      received = received.subspan(*size);
      return frame;
    }
    frame_size_ = *size;
    return Next(received);
  }

  const size_t count = std::min(prefix_.size() - have_, received.size());
  std::copy_n(received.begin(), count, prefix_.begin() + static_cast<ptrdiff_t>(have_));
  received = received.subspan(count);
  have_ += count;
  RMQ_TRY(const auto size, wire::PeekFrameSize(Slice(prefix_).first(have_), max_frame_size_));
  if (have_ < prefix_.size()) return Bytes();
  frame_size_ = *size;
  have_ = 0;
  Append(prefix_);
  if (Bytes whole = TakeIfComplete(); !whole.empty()) return whole;
  return Next(received);
}

std::span<std::byte> FrameReader::Room() {
  if (frame_size_ - have_ < kLeastRoom || frame_size_ == 0) return {};
  if (have_ == block_.size()) Reserve(have_ + 1);
  return {at_ + have_, block_.size() - have_};
}

Bytes FrameReader::Filled(size_t count) {
  RMQ_ASSERT(count <= block_.size() - have_);
  have_ += count;
  return TakeIfComplete();
}

// The block is written through at_ only while nobody else can see it.
void FrameReader::Reserve(size_t needed) {
  if (needed <= block_.size()) return;
  const size_t size = std::min(frame_size_, std::max(2 * needed, kLeastBlock));
  std::byte* at = nullptr;
  Bytes block = Bytes::Make(size, [&](std::span<std::byte> whole) { at = whole.data(); });
  if (have_ > 0) std::memcpy(at, at_, have_);
  block_ = std::move(block);
  at_ = at;
}

void FrameReader::Append(Slice bytes) {
  if (bytes.empty()) return;
  Reserve(have_ + bytes.size());
  std::memcpy(at_ + have_, bytes.data(), bytes.size());
  have_ += bytes.size();
}

// A complete frame fills its block exactly: Reserve never makes it larger.
Bytes FrameReader::TakeIfComplete() {
  if (have_ < frame_size_) return {};
  RMQ_ASSERT(block_.size() == frame_size_);
  frame_size_ = 0;
  have_ = 0;
  at_ = nullptr;
  return std::move(block_);
}

}  // namespace rmq::remoting
