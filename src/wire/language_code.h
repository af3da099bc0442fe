// LanguageCode: in which language a peer is written. It is only shown to people and picks between
// two bodies for old C++ clients; a number without a name is kept as it came (rule WIRE-7).
#pragma once

#include <cstdint>
#include <string_view>

namespace rmq::wire {

enum class LanguageCode : uint8_t {
  kJava = 0,
  kCpp = 1,
  kDotnet = 2,
  kPython = 3,
  kDelphi = 4,
  kErlang = 5,
  kRuby = 6,
  kOther = 7,
  kHttp = 8,
  kGo = 9,
  kPhp = 10,
  kOms = 11,
  kRust = 12,
  kNodeJs = 13,
};

// "JAVA", "CPP", …; "OTHER" for a number without a name, since Java readers know no other text.
std::string_view LanguageCodeName(LanguageCode language);
// The inverse; kOther for an unknown name.
LanguageCode LanguageCodeFromName(std::string_view name);

}  // namespace rmq::wire
