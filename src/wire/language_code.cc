#include "wire/language_code.h"

#include <array>

namespace rmq::wire {
namespace {

constexpr std::array<std::string_view, 14> kNames = {"JAVA",   "CPP",  "DOTNET", "PYTHON", "DELPHI",
                                                     "ERLANG", "RUBY", "OTHER",  "HTTP",   "GO",
                                                     "PHP",    "OMS",  "RUST",   "NODE_JS"};

}  // namespace

std::string_view LanguageCodeName(LanguageCode language) {
  const auto number = static_cast<size_t>(language);
  return number < kNames.size() ? kNames[number] : "OTHER";
}

LanguageCode LanguageCodeFromName(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<LanguageCode>(i);
  }
  return LanguageCode::kOther;
}

}  // namespace rmq::wire
