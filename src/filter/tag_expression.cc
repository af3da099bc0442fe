#include "filter/tag_expression.h"

#include <fmt/format.h>

#include "wire/java_hash.h"

namespace rmq::filter {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<TagExpression> TagExpression::Parse(std::string_view text) {
  TagExpression expression;
  const std::string_view trimmed = Trim(text);
  if (trimmed.empty() || trimmed == kSubscribeAll) return expression;
  std::string_view rest = trimmed;
  for (;;) {
    const size_t bar = rest.find("||");
    const std::string_view tag = Trim(rest.substr(0, bar));
    if (!tag.empty()) {
      expression.codes_.insert(wire::TagsCode(tag));
      expression.tags_.emplace(tag);
    }
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 2);
  }
  if (expression.tags_.empty()) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("no tag in subscription '{}'", text));
  }
  return expression;
}

}  // namespace rmq::filter
