#include "wire/json_bean.h"

#include <fmt/format.h>

namespace rmq::wire {
namespace {

constexpr std::array<std::string_view, 6> kTypeNames = {"null",     "a bool",   "a number",
                                                        "a string", "an array", "an object"};

}  // namespace

void WriteJson(JsonWriter& writer, const LanguageCode& value) {
  writer.String(LanguageCodeName(value));
}

bool ReadJson(const JsonValue& json, LanguageCode& value, JsonFault&) {
  const auto number = json.AsInt();
  const bool numeric = number.has_value() && *number >= 0 && *number <= UINT8_MAX;
  value = numeric ? static_cast<LanguageCode>(*number) : LanguageCodeFromName(json.text());
  return true;
}

void JsonFault::Set(std::string_view expected, const JsonValue& found) {
  constexpr size_t kShown = 40;
  const std::string_view text = found.text();
  what_ = text.empty() ? fmt::format("expected {}, found {}", expected,
                                     kTypeNames.at(static_cast<size_t>(found.type())))
                       : fmt::format("expected {}, found '{}'", expected, text.substr(0, kShown));
}

void JsonFault::In(std::string_view place) {
  constexpr size_t kShown = 255;
  what_ = fmt::format("{}: {}", place.substr(0, kShown), what_);
}

bool ReadJsonInt(const JsonValue& json, int64_t min, int64_t max, int64_t& value,
                 JsonFault& fault) {
  const auto number = json.AsInt();
  if (!number.has_value() || *number < min || *number > max) {
    fault.Set("an integer", json);
    return false;
  }
  value = *number;
  return true;
}

bool ReadJsonDouble(const JsonValue& json, double& value, JsonFault& fault) {
  const auto number = json.AsDouble();
  if (!number.has_value()) {
    fault.Set("a number", json);
    return false;
  }
  value = *number;
  return true;
}

bool ReadJsonBool(const JsonValue& json, bool& value, JsonFault& fault) {
  const auto truth = json.AsBool();
  if (!truth.has_value()) {
    fault.Set("a bool", json);
    return false;
  }
  value = *truth;
  return true;
}

bool ReadJsonString(const JsonValue& json, std::string& value, JsonFault& fault) {
  if (json.type() == JsonValue::Type::kArray || json.type() == JsonValue::Type::kObject) {
    fault.Set("a string", json);
    return false;
  }
  value = json.text();
  return true;
}

bool ExpectJson(const JsonValue& json, JsonValue::Type type, JsonFault& fault) {
  if (json.type() == type) return true;
  fault.Set(kTypeNames.at(static_cast<size_t>(type)), json);
  return false;
}

Error JsonFaultError(const JsonFault& fault) {
  return Error(ErrorCode::kCorruption, fmt::format("json: {}", fault.what()));
}

}  // namespace rmq::wire
