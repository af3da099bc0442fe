// ExtFields: the string-to-string header fields of a RemotingCommand, in the order they came.
//
// Decoding does not allocate per field: a field is a pair of ranges, either in the received frame
// (which is kept alive) or in one side string that holds what was unescaped or set by us. Keys are
// unique: a later field with the same key replaces the earlier one (rule WIRE-6). Lookups are
// linear, for there are about ten fields.
//
// Views handed out stay valid until the next Set, and not longer than the ExtFields or, for a
// decoded field, its copies.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace rmq::wire {

class ExtFields {
 public:
  struct Field {
    std::string_view key;
    std::string_view value;
    bool operator==(const Field&) const = default;
  };
  // A range of the frame or of the side string.
  struct Piece {
    uint32_t at = 0;
    uint32_t size = 0;
    bool in_side = false;
  };
  class Iterator;

  ExtFields() = default;
  // No fields yet; the pieces added later point into `frame`.
  explicit ExtFields(Bytes frame) : frame_(std::move(frame)) {}

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // REQUIRES: i < size().
  Field operator[](size_t i) const {
    return {View(entries_[i].key, entries_[i].key_size),
            View(entries_[i].value, entries_[i].value_size)};
  }
  Iterator begin() const;
  Iterator end() const;

  std::optional<std::string_view> Find(std::string_view key) const;
  // The same, but looks first at field `hint` and goes round; leaves `hint` behind the field it
  // found. Whoever asks in about the order of the fields pays for each only once.
  std::optional<std::string_view> FindNear(std::string_view key, size_t& hint) const;

  // REQUIRES: neither is a view of this object.
  void Set(std::string_view key, std::string_view value);
  template <std::integral T>
  void Set(std::string_view key, T value) {
    Set(key, std::string_view(fmt::to_string(value)));  // "true" for a bool, as Java writes it.
  }
  // Does nothing when there is no such field.
  void Remove(std::string_view key);

  // For decoders: the side string to unescape into, and a field made of pieces.
  std::string& side() { return side_; }
  void Add(Piece key, Piece value);

  // Same fields in the same order.
  bool operator==(const ExtFields& other) const;

 private:
  // Positions with this bit lie in side_, others in frame_.
  static constexpr uint32_t kInSide = 1U << 31;
  static constexpr size_t kNone = ~size_t{0};
  struct Entry {
    uint32_t key;
    uint32_t key_size;
    uint32_t value;
    uint32_t value_size;
  };

  std::string_view View(uint32_t at, uint32_t size) const {
    const char* base = (at & kInSide) != 0 ? side_.data() : frame_.text().data();
    return {base + (at & ~kInSide), size};
  }
  size_t IndexOf(std::string_view key, size_t first) const;
  uint32_t Store(std::string_view text);
  void Put(std::string_view key, const Entry& entry);

  std::vector<Entry> entries_;
  uint64_t seen_ = 0;  // One bit for each hash of a key: tells most new keys without a search.
  Bytes frame_;
  std::string side_;
};

class ExtFields::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Field;
  using difference_type = std::ptrdiff_t;
  using reference = Field;
  using pointer = void;

  Iterator(const ExtFields* fields, size_t at) : fields_(fields), at_(at) {}
  Field operator*() const { return (*fields_)[at_]; }
  Iterator& operator++() {
    ++at_;
    return *this;
  }
  Iterator operator++(int) {
    const Iterator before = *this;
    ++at_;
    return before;
  }
  bool operator==(const Iterator& other) const { return at_ == other.at_; }

 private:
  const ExtFields* fields_;
  size_t at_;
};

inline ExtFields::Iterator ExtFields::begin() const {
  return {this, 0};
}
inline ExtFields::Iterator ExtFields::end() const {
  return {this, size()};
}

}  // namespace rmq::wire
