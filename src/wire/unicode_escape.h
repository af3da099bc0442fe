// The \uXXXX escapes that JSON and Java's properties share, and UTF-8 to put their characters into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rmq::wire {

// Appends a character. REQUIRES: character < 0x110000 and no surrogate.
void AppendUtf8(std::string& to, uint32_t character);

// Reads `digits` hexadecimal digits at text[at] and moves `at` behind them. nullopt if there are
// fewer.
std::optional<uint32_t> ReadHexDigits(std::string_view text, size_t& at, int digits);

// Reads what follows "\u" at text[at], with the second half of a surrogate pair if that is next.
// A lone half is no character and becomes U+FFFD.
std::optional<uint32_t> ReadUnicodeEscape(std::string_view text, size_t& at);

}  // namespace rmq::wire
