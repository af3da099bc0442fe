// OutboundQueue: the bytes that wait to be written to a connection, in order. Small pieces are
// gathered in one text, large ones are kept as they are and shared with whoever else holds them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace rmq::remoting {

class OutboundQueue {
 public:
  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }

  // A text to append to; call Appended afterwards with how much.
  std::string& Tail();
  void Appended(size_t count) { bytes_ += count; }
  void Append(Bytes bytes);

  // Fills `into` with what comes first; returns how many slices it took.
  size_t Gather(std::span<Slice> into) const;
  // The first `count` bytes were written. REQUIRES: count <= bytes().
  void Drop(size_t count);
  void Clear();

 private:
  struct Piece {
    std::string text;  // used if `shared` is empty
    Bytes shared;
    Slice view() const { return shared.empty() ? AsBytes(text) : shared.view(); }
  };

  std::vector<Piece> pieces_;
  size_t first_ = 0;    // pieces before it are written
  size_t written_ = 0;  // bytes of pieces_[first_] that are written
  size_t bytes_ = 0;
};

}  // namespace rmq::remoting
