// Bytes written as hex text, for tests. Blanks and line ends between the digits are skipped.
#pragma once

#include <string>
#include <string_view>

#include "base/assert.h"

namespace rmq::wire {

inline std::string Hex(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    RMQ_ASSERT(c >= 'a' && c <= 'f');
    return c - 'a' + 10;
  };
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    if (high < 0) {
      high = digit(c);
      continue;
    }
    bytes.push_back(static_cast<char>(high << 4 | digit(c)));
    high = -1;
  }
  RMQ_ASSERT(high < 0);
  return bytes;
}

}  // namespace rmq::wire
