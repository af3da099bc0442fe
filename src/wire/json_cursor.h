// JsonCursor reads a text of the fastjson dialect token by token: what the JSON header decoder and
// the parser of whole documents are made of. Rules JSON-1 to JSON-9.
//
// It never allocates except for a string with escapes, which it appends to a string of the
// caller's. The text must outlive the cursor and whatever it returned.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rmq::wire {

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  // A range of the text or, if it had escapes, of the caller's string.
  struct Text {
    size_t at = 0;
    size_t size = 0;
    bool unescaped = false;
  };

  size_t position() const { return at_; }
  std::string_view text() const { return text_; }
  std::string_view View(const Text& token, const std::string& side) const {
    return token.unescaped ? std::string_view(side).substr(token.at, token.size)
                           : text_.substr(token.at, token.size);
  }

  // The next character that is not space; 0 at the end.
  char Peek() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  // Passes `expected` if it is next.
  bool Consume(char expected) {
    if (Peek() != expected || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  // Fails with kCorruption unless `expected` is next.
  Result<void> Expect(char expected);
  // Fails with kCorruption unless only space is left.
  Result<void> ExpectEnd();

  // "…" or '…'.
  Result<Text> ReadString(std::string& side);
  // A run of the characters of numbers and names: 12, -1.5e3, true, null, NaN, anUnquotedKey.
  // Never empty.
  Result<std::string_view> ReadBareWord();
  // Passes one value of any type, nested at most `depth` deep.
  Result<void> SkipValue(int depth);

  // A kCorruption that tells where.
  std::unexpected<Error> Fault(std::string_view what) const;

 private:
  static bool IsSpace(char c) { return c == ' ' || (c >= '\b' && c <= '\r' && c != '\v'); }
  Result<void> ReadEscape(std::string& side);
  Result<void> SkipMembers(char close, int depth);

  std::string_view text_;
  size_t at_ = 0;
};

// Whether fastjson takes `written` for the property `name`: ASCII case, '_' and '-' don't count.
// Rule JSON-7.
bool SamePropertyName(std::string_view written, std::string_view name);

}  // namespace rmq::wire
