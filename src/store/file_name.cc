#include "store/file_name.h"

#include <fmt/format.h>

#include <charconv>

namespace rmq::store {
namespace {

constexpr size_t kDigits = 20;

}  // namespace

std::string OffsetFileName(int64_t offset) {
  return fmt::format("{:020}", offset);
}

std::optional<int64_t> ParseOffsetFileName(std::string_view name) {
  if (name.size() != kDigits || name.front() == '-') return std::nullopt;
  int64_t offset = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), offset);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return offset;
}

}  // namespace rmq::store
