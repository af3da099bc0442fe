// Bytes in memory: views, big-endian loads and stores, and a reference-counted immutable buffer.
#pragma once

#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rmq {

// A view of bytes that somebody else owns. Gather writes take spans of Slices.
using Slice = std::span<const std::byte>;

inline Slice AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view AsText(Slice bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Everything of RocketMQ on the wire and on disk is big-endian.
template <std::integral T>
T LoadBigEndian(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) {
    value = std::byteswap(value);
  }
  return value;
}

template <std::integral T>
void StoreBigEndian(std::byte* to, T value) {
  if constexpr (std::endian::native == std::endian::little && sizeof(T) > 1) {
    value = std::byteswap(value);
  }
  std::memcpy(to, &value, sizeof value);
}

template <std::integral T>
void AppendBigEndian(std::string& to, T value) {
  char raw[sizeof(T)];
  StoreBigEndian(reinterpret_cast<std::byte*>(raw), value);
  to.append(raw, sizeof raw);
}

// Immutable bytes with shared ownership, possibly a part of a larger block. Copies are cheap (an
// atomic count) and may be handed to other executors. An empty Bytes owns nothing.
class Bytes {
 public:
  Bytes() = default;
  static Bytes Copy(Slice from);
  static Bytes Copy(std::string_view from) { return Copy(AsBytes(from)); }
  // `size` bytes that `fill(std::span<std::byte>)` must write completely.
  template <typename Fill>
  static Bytes Make(size_t size, Fill&& fill) {
    Bytes made = Allocate(size);
    fill(std::span<std::byte>(const_cast<std::byte*>(made.view_.data()), size));
    return made;
  }

  Bytes(const Bytes& other) : block_(other.block_), view_(other.view_) { Retain(); }
  Bytes(Bytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), view_(std::exchange(other.view_, {})) {}
  Bytes& operator=(Bytes other) noexcept {
    std::swap(block_, other.block_);
    std::swap(view_, other.view_);
    return *this;
  }
  ~Bytes() { Release(); }

  Slice view() const { return view_; }
  std::string_view text() const { return AsText(view_); }
  const std::byte* data() const { return view_.data(); }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  // Shares the block. REQUIRES: at + size <= this->size().
  Bytes Sub(size_t at, size_t size) const;

 private:
  struct Block {
    std::atomic<uint32_t> count;
  };
  static Bytes Allocate(size_t size);
  void Retain() {
    if (block_ != nullptr) block_->count.fetch_add(1, std::memory_order_relaxed);
  }
  void Release();

  Block* block_ = nullptr;
  Slice view_;
};

}  // namespace rmq
