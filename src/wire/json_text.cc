#include "wire/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace rmq::wire {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

void AppendUnicodeEscape(std::string& out, uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHexDigits[(unit >> shift) & 15];
}

// The letter after the backslash, or 0 if `c` has no short escape.
char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    default:
      return 0;
  }
}

// Decodes the UTF-8 character that begins at text[at] and moves `at` behind it. Bytes that are no
// UTF-8 come out one at a time, with `valid` false.
uint32_t NextCharacter(std::string_view text, size_t& at, bool& valid) {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  uint32_t code = first & (0x7fU >> size);
  valid = first >= 0xc2 && first < 0xf5 && at + size <= text.size();
  for (size_t i = 1; valid && i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    valid = (next & 0xc0) == 0x80;
    code = code << 6 | (next & 0x3f);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  valid = valid && !overlong && code < 0x110000 && (code < 0xd800 || code >= 0xe000);
  at += valid ? size : 1;
  return code;
}

void AppendNonAscii(std::string& out, std::string_view text, size_t& at, JsonEscape escape) {
  const size_t begin = at;
  bool valid = false;
  const uint32_t code = NextCharacter(text, at, valid);
  if (!valid) {
    // Java's decoder would have put the replacement character in its place.
    out += escape == JsonEscape::kNonAscii ? "\\uFFFD" : "\xef\xbf\xbd";
    return;
  }
  const bool always = code < 0xa0 || code == 0x2028 || code == 0x2029;
  if (escape == JsonEscape::kControl && !always) {
    out += text.substr(begin, at - begin);
  } else if (code < 0x10000) {
    AppendUnicodeEscape(out, code);
  } else {
    AppendUnicodeEscape(out, 0xd800 + ((code - 0x10000) >> 10));
    AppendUnicodeEscape(out, 0xdc00 + (code & 0x3ff));
  }
}

bool IsPlain(char c, JsonEscape escape) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '/') return escape == JsonEscape::kControl;
  return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

}  // namespace

// JSON-10.
void AppendJsonString(std::string& out, std::string_view text, JsonEscape escape) {
  out += '"';
  size_t at = 0;
  while (at < text.size()) {
    size_t plain_end = at;
    while (plain_end < text.size() && IsPlain(text[plain_end], escape)) ++plain_end;
    out.append(text.substr(at, plain_end - at));
    at = plain_end;
    if (at == text.size()) break;

    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      AppendNonAscii(out, text, at, escape);
      continue;
    }
    ++at;
    if (const char letter = c == '/' ? c : ShortEscape(c); letter != 0) {
      out += '\\';
      out += letter;
    } else {
      AppendUnicodeEscape(out, static_cast<unsigned char>(c));
    }
  }
  out += '"';
}

// JSON-11. Java prints the shortest digits that read back, as 123.0 from 1e-3 up to 1e7 and as
// 1.23E7 elsewhere.
void AppendJsonDouble(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-3 && size < 1e7);
  std::array<char, 64> raw{};
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const char* end = std::to_chars(raw.data(), raw.data() + raw.size(), value, format).ptr;
  std::string_view text(raw.data(), static_cast<size_t>(end - raw.data()));

  const std::string_view mantissa = text.substr(0, text.find('e'));
  out += mantissa;
  if (mantissa.find('.') == std::string_view::npos) out += ".0";
  if (plain) return;
  text.remove_prefix(mantissa.size() + 1);
  out += 'E';
  if (text.front() == '-') out += '-';
  text.remove_prefix(1);
  while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
  out += text;
}

}  // namespace rmq::wire
