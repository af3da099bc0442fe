#include "base/bytes.h"

#include <new>

#include "base/assert.h"

namespace rmq {

Bytes Bytes::Allocate(size_t size) {
  Bytes made;
  if (size == 0) return made;
  void* memory = ::operator new(sizeof(Block) + size);
  made.block_ = new (memory) Block{.count = 1};
  made.view_ = Slice(reinterpret_cast<const std::byte*>(made.block_ + 1), size);
  return made;
}

Bytes Bytes::Copy(Slice from) {
  return Make(from.size(), [&](std::span<std::byte> into) {
    if (!from.empty()) std::memcpy(into.data(), from.data(), from.size());
  });
}

Bytes Bytes::Sub(size_t at, size_t size) const {
  RMQ_ASSERT(at <= view_.size());
  RMQ_ASSERT(size <= view_.size() - at);
  Bytes part = *this;
  part.view_ = view_.subspan(at, size);
  return part;
}

void Bytes::Release() {
  if (block_ == nullptr) return;
  if (block_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block_->~Block();
    ::operator delete(block_);
  }
}

}  // namespace rmq
