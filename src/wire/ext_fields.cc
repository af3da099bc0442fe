#include "wire/ext_fields.h"

#include "base/assert.h"

namespace rmq::wire {
namespace {

constexpr size_t kUsualFieldCount = 20;

uint64_t KeyBit(std::string_view key) {
  if (key.empty()) return 1;
  const auto first = static_cast<unsigned char>(key.front());
  const auto last = static_cast<unsigned char>(key.back());
  return uint64_t{1} << ((key.size() * 7 + first + last * 3U) & 63);
}

}  // namespace

size_t ExtFields::IndexOf(std::string_view key, size_t first) const {
  const size_t count = entries_.size();
  if (first >= count) first = 0;
  for (size_t step = 0, i = first; step < count; ++step) {
    const Entry& entry = entries_[i];
    if (entry.key_size == key.size() && View(entry.key, entry.key_size) == key) return i;
    if (++i == count) i = 0;
  }
  return kNone;
}

std::optional<std::string_view> ExtFields::Find(std::string_view key) const {
  size_t hint = 0;
  return FindNear(key, hint);
}

std::optional<std::string_view> ExtFields::FindNear(std::string_view key, size_t& hint) const {
  if ((seen_ & KeyBit(key)) == 0) return std::nullopt;
  const size_t i = IndexOf(key, hint);
  if (i == kNone) return std::nullopt;
  hint = i + 1;
  return View(entries_[i].value, entries_[i].value_size);
}

uint32_t ExtFields::Store(std::string_view text) {
  const size_t at = side_.size();
  RMQ_ASSERT(at + text.size() < kInSide);
  side_.append(text);
  return static_cast<uint32_t>(at) | kInSide;
}

void ExtFields::Put(std::string_view key, const Entry& entry) {
  const bool maybe_known = (seen_ & KeyBit(key)) != 0;
  const size_t old = maybe_known ? IndexOf(key, 0) : kNone;
  if (old != kNone) {
    entries_[old] = entry;
    return;
  }
  seen_ |= KeyBit(key);
  if (entries_.empty()) entries_.reserve(kUsualFieldCount);
  entries_.push_back(entry);
}

void ExtFields::Set(std::string_view key, std::string_view value) {
  Entry entry{};
  entry.key_size = static_cast<uint32_t>(key.size());
  entry.value_size = static_cast<uint32_t>(value.size());
  entry.key = Store(key);
  entry.value = Store(value);
  Put(View(entry.key, entry.key_size), entry);
}

void ExtFields::Remove(std::string_view key) {
  const size_t i = IndexOf(key, 0);
  if (i != kNone) entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
}

void ExtFields::Add(Piece key, Piece value) {
  const Entry entry{.key = key.at | (key.in_side ? kInSide : 0),
                    .key_size = key.size,
                    .value = value.at | (value.in_side ? kInSide : 0),
                    .value_size = value.size};
  Put(View(entry.key, entry.key_size), entry);
}

bool ExtFields::operator==(const ExtFields& other) const {
  if (size() != other.size()) return false;
  for (size_t i = 0; i < size(); ++i) {
    if ((*this)[i] != other[i]) return false;
  }
  return true;
}

}  // namespace rmq::wire
