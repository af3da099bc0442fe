#include "wire/unicode_escape.h"

namespace rmq::wire {
namespace {

bool IsHighSurrogate(uint32_t unit) {
  return unit >= 0xd800 && unit < 0xdc00;
}
bool IsLowSurrogate(uint32_t unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

std::optional<uint32_t> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

void AppendUtf8(std::string& to, uint32_t character) {
  const auto put = [&to](uint32_t byte) { to.push_back(static_cast<char>(byte)); };
  const auto put_continuation = [&](int shift) { put(0x80 | ((character >> shift) & 0x3f)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xc0 | (character >> 6));
    put_continuation(0);
  } else if (character < 0x10000) {
    put(0xe0 | (character >> 12));
    put_continuation(6);
    put_continuation(0);
  } else {
    put(0xf0 | (character >> 18));
    put_continuation(12);
    put_continuation(6);
    put_continuation(0);
  }
}

std::optional<uint32_t> ReadHexDigits(std::string_view text, size_t& at, int digits) {
  uint32_t value = 0;
  for (int i = 0; i < digits; ++i) {
    if (at == text.size()) return std::nullopt;
    const auto digit = HexDigit(text[at]);
    if (!digit.has_value()) return std::nullopt;
    value = value << 4 | *digit;
    ++at;
  }
  return value;
}

std::optional<uint32_t> ReadUnicodeEscape(std::string_view text, size_t& at) {
  const auto unit = ReadHexDigits(text, at, 4);
  if (!unit.has_value()) return std::nullopt;
  if (IsHighSurrogate(*unit) && text.substr(at, 2) == "\\u") {
    size_t behind = at + 2;
    const auto low = ReadHexDigits(text, behind, 4);
    if (low.has_value() && IsLowSurrogate(*low)) {
      at = behind;
      return 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00);
    }
  }
  return IsHighSurrogate(*unit) || IsLowSurrogate(*unit) ? 0xfffd : *unit;
}

}  // namespace rmq::wire
