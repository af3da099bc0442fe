// Gives each message a number, in the order of their first mention. Names are mostly
// "<prefix>#<n>" with few prefixes, so that a lookup is one in a small map and an index, however
// many messages there are; others go into a hash table.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rmq::simtest {

class MessageNames {
 public:
  using Number = size_t;

  std::optional<Number> Find(std::string_view name) const;
  // The number of `name`, a new one if it has none.
  Number FindOrAdd(std::string_view name);
  size_t size() const { return names_.size(); }
  const std::string& operator[](Number number) const { return names_[number]; }

 private:
  static constexpr Number kNone = ~Number{0};
  struct Parts {
    std::string_view prefix;
    size_t n = 0;
  };
  // nullopt: not of that form, or with an `n` out of all proportion.
  std::optional<Parts> Split(std::string_view name) const;

  std::vector<std::string> names_;
  std::map<std::string, std::vector<Number>, std::less<>> by_prefix_;
  std::unordered_map<std::string, Number> others_;
};

}  // namespace rmq::simtest
