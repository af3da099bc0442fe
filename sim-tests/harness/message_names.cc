#include "harness/message_names.h"

#include <charconv>

namespace rmq::simtest {
namespace {

// How far a name may be ahead of the number of messages: producers that go unheard of.
constexpr size_t kMaxAhead = 1 << 20;

}  // namespace

std::optional<MessageNames::Parts> MessageNames::Split(std::string_view name) const {
  const size_t hash = name.rfind('#');
  if (hash == name.npos || hash + 1 == name.size() || name[hash + 1] == '0') {
    if (!name.ends_with("#0")) return std::nullopt;  // One text for each number.
  }
  Parts parts{.prefix = name.substr(0, hash)};
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + hash + 1, end, parts.n);
  if (parsed.ec != std::errc{} || parsed.ptr != end || parts.n > size() + kMaxAhead) {
    return std::nullopt;
  }
  return parts;
}

std::optional<MessageNames::Number> MessageNames::Find(std::string_view name) const {
  if (const auto parts = Split(name)) {
    const auto numbers = by_prefix_.find(parts->prefix);
    if (numbers != by_prefix_.end() && parts->n < numbers->second.size() &&
        numbers->second[parts->n] != kNone) {
      return numbers->second[parts->n];
    }
  }
  if (others_.empty()) return std::nullopt;
  const auto other = others_.find(std::string(name));
  if (other == others_.end()) return std::nullopt;
  return other->second;
}

MessageNames::Number MessageNames::FindOrAdd(std::string_view name) {
  if (const auto known = Find(name)) return *known;
  const Number number = size();
  if (const auto parts = Split(name)) {
    auto numbers = by_prefix_.find(parts->prefix);
    if (numbers == by_prefix_.end())
      numbers = by_prefix_.try_emplace(std::string(parts->prefix)).first;
    if (numbers->second.size() <= parts->n) numbers->second.resize(parts->n + 1, kNone);
    numbers->second[parts->n] = number;
  } else {
    others_.emplace(name, number);
  }
  names_.emplace_back(name);
  return number;
}

}  // namespace rmq::simtest
