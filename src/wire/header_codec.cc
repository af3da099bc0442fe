#include "wire/header_codec.h"

#include <charconv>

namespace rmq::wire {
namespace {

// Accepts what Java's Integer.parseInt does: one sign, then digits.
template <typename T>
bool ParseInteger(std::string_view text, T& into) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, into);
  return error == std::errc{} && stop == end;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

}  // namespace

bool HeaderReader::Parse(std::string_view text, std::string& into) {
  into = text;
  return true;
}

bool HeaderReader::Parse(std::string_view text, int32_t& into) {
  return ParseInteger(text, into);
}

bool HeaderReader::Parse(std::string_view text, int64_t& into) {
  return ParseInteger(text, into);
}

// As Boolean.parseBoolean: whatever is not "true" is false.
bool HeaderReader::Parse(std::string_view text, bool& into) {
  into = EqualsIgnoringCase(text, "true");
  return true;
}

bool HeaderReader::Parse(std::string_view text, BoundaryType& into) {
  into = EqualsIgnoringCase(text, "upper") ? BoundaryType::kUpper : BoundaryType::kLower;
  return true;
}

void HeaderReader::Complain(std::string_view name, std::optional<std::string_view> text) {
  if (!ok()) return;
  bad_name_ = name;
  bad_text_ = text;
}

Error HeaderReader::TakeError(std::string_view header_name) const {
  constexpr size_t kShown = 40;
  std::string what = bad_text_.has_value()
                         ? fmt::format("not a number: '{}'", bad_text_->substr(0, kShown))
                         : "missing";
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("{}: {}: {}", header_name, bad_name_, what));
}

}  // namespace rmq::wire
