#include "remoting/outbound_queue.h"

#include "base/assert.h"

namespace rmq::remoting {
namespace {

constexpr size_t kCopiedUpTo = 1024;  // cheaper than a slice of its own
constexpr size_t kLargestText = 64 * 1024;
constexpr size_t kKeptPieces = 16;

}  // namespace

std::string& OutboundQueue::Tail() {
  if (pieces_.size() == first_ || !pieces_.back().shared.empty() ||
      pieces_.back().text.size() >= kLargestText) {
    pieces_.emplace_back();
  }
  return pieces_.back().text;
}

void OutboundQueue::Append(Bytes bytes) {
  if (bytes.empty()) return;
  bytes_ += bytes.size();
  if (bytes.size() <= kCopiedUpTo) {
    Tail().append(bytes.text());
  } else {
    pieces_.push_back({.text = {}, .shared = std::move(bytes)});
  }
}

size_t OutboundQueue::Gather(std::span<Slice> into) const {
  size_t count = 0;
  for (size_t i = first_; i < pieces_.size() && count < into.size(); ++i) {
    Slice view = pieces_[i].view();
    if (i == first_) view = view.subspan(written_);
    if (!view.empty()) into[count++] = view;
  }
  return count;
}

void OutboundQueue::Drop(size_t count) {
  RMQ_ASSERT(count <= bytes_);
  bytes_ -= count;
  if (bytes_ == 0) return Clear();
  written_ += count;
  while (written_ >= pieces_[first_].view().size()) {
    written_ -= pieces_[first_].view().size();
    pieces_[first_] = {};
    ++first_;
  }
  // What is written must not pile up behind a peer that never takes everything.
  if (first_ > kKeptPieces && 2 * first_ > pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<ptrdiff_t>(first_));
    first_ = 0;
  }
}

void OutboundQueue::Clear() {
  pieces_.clear();
  if (pieces_.capacity() > kKeptPieces) pieces_.shrink_to_fit();
  first_ = written_ = bytes_ = 0;
}

}  // namespace rmq::remoting
