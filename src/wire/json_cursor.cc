#include "wire/json_cursor.h"

#include <fmt/format.h>

#include "wire/unicode_escape.h"

namespace rmq::wire {
namespace {

bool IsWordCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '+' || c == '.' || c == '_' || c == '$';
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'v':
      return '\v';
    case 'f':
    case 'F':
      return '\f';
    case 'r':
      return '\r';
    default:
      return c;  // " ' / \ stand for themselves.
  }
}

char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

Result<void> JsonCursor::Expect(char expected) {
  if (!Consume(expected)) return Fault(fmt::format("expected '{}'", expected));
  return {};
}

Result<void> JsonCursor::ExpectEnd() {
  Peek();
  if (at_ != text_.size()) return Fault("more text after the value");
  return {};
}

Result<JsonCursor::Text> JsonCursor::ReadString(std::string& side) {
  const char quote = Peek();
  if (quote != '"' && quote != '\'') return Fault("expected a string");
  const size_t begin = ++at_;
  while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\\') ++at_;
  if (at_ < text_.size() && text_[at_] == quote) return Text{begin, at_++ - begin, false};

  const size_t side_begin = side.size();
  side.append(text_.substr(begin, at_ - begin));
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == quote) return Text{side_begin, side.size() - side_begin, true};
    if (c != '\\') {
      side.push_back(c);
      continue;
    }
    RMQ_TRY(ReadEscape(side));
  }
  return Fault("a string without its closing quote");
}

// Reads what follows a backslash.
Result<void> JsonCursor::ReadEscape(std::string& side) {
  if (at_ == text_.size()) return Fault("a string without its closing quote");
  const char c = text_[at_++];
  if (c >= '0' && c <= '7') {
    side.push_back(static_cast<char>(c - '0'));
  } else if (c == 'x' || c == 'u') {
    const auto character = c == 'x' ? ReadHexDigits(text_, at_, 2) : ReadUnicodeEscape(text_, at_);
    if (!character.has_value()) return Fault("a bad hexadecimal escape");
    AppendUtf8(side, *character);
  } else if (std::string_view("btnvfFr\"'/\\").find(c) != std::string_view::npos) {
    side.push_back(SimpleEscape(c));
  } else {
    return Fault("an unknown escape");
  }
  return {};
}

Result<std::string_view> JsonCursor::ReadBareWord() {
  Peek();
  const size_t begin = at_;
  while (at_ < text_.size() && IsWordCharacter(text_[at_])) ++at_;
  if (at_ == begin) return Fault("expected a value");
  return text_.substr(begin, at_ - begin);
}

Result<void> JsonCursor::SkipValue(int depth) {
  if (depth <= 0) return Fault("nested too deeply");
  switch (Peek()) {
    case '{':
      ++at_;
      return SkipMembers('}', depth);
    case '[':
      ++at_;
      return SkipMembers(']', depth);
    case '"':
    case '\'': {
      std::string unused;
      RMQ_TRY(ReadString(unused));
      return {};
    }
    default:
      RMQ_TRY(ReadBareWord());
      return {};
  }
}

Result<void> JsonCursor::SkipMembers(char close, int depth) {
  while (!Consume(close)) {
    RMQ_TRY(SkipValue(depth - 1));
    if (close == '}') {
      RMQ_TRY(Expect(':'));
      RMQ_TRY(SkipValue(depth - 1));
    }
    if (!Consume(',') && Peek() != close) return Fault(fmt::format("expected ',' or '{}'", close));
  }
  return {};
}

std::unexpected<Error> JsonCursor::Fault(std::string_view what) const {
  return Fail(ErrorCode::kCorruption, fmt::format("json: offset {}: {}", at_, what));
}

bool SamePropertyName(std::string_view written, std::string_view name) {
  const auto is_filler = [](char c) { return c == '_' || c == '-'; };
  size_t i = 0;
  size_t j = 0;
  while (true) {
    while (i < written.size() && is_filler(written[i])) ++i;
    while (j < name.size() && is_filler(name[j])) ++j;
    if (i == written.size() || j == name.size()) return i == written.size() && j == name.size();
    if (LowerCase(written[i++]) != LowerCase(name[j++])) return false;
  }
}

}  // namespace rmq::wire
