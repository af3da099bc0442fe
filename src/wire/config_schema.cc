#include "wire/config_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/assert.h"
#include "wire/json_text.h"
#include "wire/properties_text.h"

namespace rmq::wire {
namespace {

std::string_view TypeName(ConfigType type) {
  switch (type) {
    case ConfigType::kBool:
      return "true or false";
    case ConfigType::kInt:
      return "a 32-bit number";
    case ConfigType::kLong:
      return "a 64-bit number";
    case ConfigType::kDouble:
      return "a number with a point";
    case ConfigType::kString:
      return "a text";
  }
  return "";
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);  // As Java's parseInt does.
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Levenshtein's distance, ignoring case.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view ConfigOriginName(ConfigOrigin origin) {
  switch (origin) {
    case ConfigOrigin::kDefault:
      return "default";
    case ConfigOrigin::kFile:
      return "file";
    case ConfigOrigin::kEnvironment:
      return "environment";
    case ConfigOrigin::kFlag:
      return "flag";
    case ConfigOrigin::kUpdate:
      return "update";
  }
  return "";
}

void ConfigSchema::Add(std::string_view name, bool& field, ConfigEffect effect, ConfigRule rule) {
  AddKey(name, ConfigType::kBool, effect, std::move(rule), field, &field);
}
void ConfigSchema::Add(std::string_view name, int32_t& field, ConfigEffect effect,
                       ConfigRule rule) {
  AddKey(name, ConfigType::kInt, effect, std::move(rule), int64_t{field}, &field);
}
void ConfigSchema::Add(std::string_view name, int64_t& field, ConfigEffect effect,
                       ConfigRule rule) {
  AddKey(name, ConfigType::kLong, effect, std::move(rule), field, &field);
}
void ConfigSchema::Add(std::string_view name, double& field, ConfigEffect effect, ConfigRule rule) {
  AddKey(name, ConfigType::kDouble, effect, std::move(rule), field, &field);
}
void ConfigSchema::Add(std::string_view name, std::string& field, ConfigEffect effect,
                       ConfigRule rule) {
  AddKey(name, ConfigType::kString, effect, std::move(rule), field, &field);
}

void ConfigSchema::AddIgnored(std::string_view name, ConfigType type,
                              std::string_view default_text) {
  AddKey(name, type, ConfigEffect::kNone, {}, std::string(default_text), std::monostate());
}

void ConfigSchema::AddKey(std::string_view name, ConfigType type, ConfigEffect effect,
                          ConfigRule rule, const Value& value, Field field) {
  const bool added = by_name_.emplace(name, keys_.size()).second;
  RMQ_ASSERT(added);
  const std::string text = Print(value);
  keys_.push_back({.name = std::string(name),
                   .type = type,
                   .effect = effect,
                   .rule = std::move(rule),
                   .default_text = text,
                   .text = text});
  fields_.push_back(field);
}

std::string ConfigSchema::Print(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&value)) return fmt::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::string out;
  AppendJsonDouble(out, std::get<double>(value));
  return out;
}

Result<ConfigSchema::Value> ConfigSchema::Parse(const ConfigKey& key, std::string_view value) {
  const std::string_view trimmed = Trim(value);
  const auto expected = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: \"{}\" is not {}", key.name, trimmed, what));
  };
  const auto in_range = [&](int64_t number) {
    return number >= key.rule.min && number <= key.rule.max;
  };
  const auto range = [&] {
    return expected(fmt::format("between {} and {}", key.rule.min, key.rule.max));
  };

  switch (key.type) {
    case ConfigType::kBool:
      if (SameIgnoringCase(trimmed, "true")) return true;
      if (SameIgnoringCase(trimmed, "false")) return false;
      break;
    case ConfigType::kInt:
      if (const auto number = ParseNumber<int32_t>(trimmed)) {
        if (!in_range(*number)) return range();
        return int64_t{*number};
      }
      break;
    case ConfigType::kLong:
      if (const auto number = ParseNumber<int64_t>(trimmed)) {
        if (!in_range(*number)) return range();
        return *number;
      }
      break;
    case ConfigType::kDouble:
      if (const auto number = ParseNumber<double>(trimmed)) return *number;
      break;
    case ConfigType::kString: {
      const auto& allowed = key.rule.one_of;
      if (allowed.empty() || std::ranges::find(allowed, trimmed) != allowed.end()) {
        return std::string(trimmed);
      }
      return expected(fmt::format("one of {}", fmt::join(allowed, ", ")));
    }
  }
  return expected(TypeName(key.type));
}

void ConfigSchema::Store(size_t at, const Value& value) {
  const Field& field = fields_[at];
  if (const auto* flag = std::get_if<bool*>(&field)) **flag = std::get<bool>(value);
  if (const auto* number = std::get_if<int32_t*>(&field)) {
    **number = static_cast<int32_t>(std::get<int64_t>(value));  // Parse checked the range.
  }
  if (const auto* number = std::get_if<int64_t*>(&field)) **number = std::get<int64_t>(value);
  if (const auto* number = std::get_if<double*>(&field)) **number = std::get<double>(value);
  if (const auto* text = std::get_if<std::string*>(&field)) **text = std::get<std::string>(value);
}

Result<void> ConfigSchema::Change(std::string_view name, std::string_view value,
                                  ConfigOrigin origin, bool running) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    return Fail(ErrorCode::kNotFound, fmt::format("{}: no such key", name));
  }
  ConfigKey& key = keys_[found->second];
  RMQ_TRY(const Value parsed, Parse(key, value));
  if (!running || key.effect == ConfigEffect::kLive) Store(found->second, parsed);
  key.text = Print(parsed);
  key.origin = origin;
  return {};
}

Result<void> ConfigSchema::Set(std::string_view name, std::string_view value, ConfigOrigin origin) {
  if (!by_name_.contains(name)) unknown_.insert_or_assign(std::string(name), Trim(value));
  return Change(name, value, origin, /*running=*/false);
}

Result<std::vector<std::string>> ConfigSchema::SetFromFile(std::string_view path,
                                                           std::string_view text) {
  const auto properties = ParseProperties(text);
  if (!properties.has_value()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: {}", path, properties.error().message()));
  }
  std::vector<std::string> unknown;
  for (const ConfigProperty& property : *properties) {
    const Result<void> set = Set(property.key, property.value, ConfigOrigin::kFile);
    if (set.has_value()) continue;
    const std::string place = fmt::format("{}:{}", path, property.line);
    if (set.error().code() != ErrorCode::kNotFound) return Fail(WithContext(set.error(), place));
    const std::string_view nearest = Nearest(property.key);
    unknown.push_back(
        fmt::format("{}: unknown key '{}'{}", place, property.key,
                    nearest.empty() ? "" : fmt::format(", did you mean '{}'?", nearest)));
  }
  return unknown;
}

Result<void> ConfigSchema::Update(std::string_view name, std::string_view value) {
  const auto unknown = unknown_.find(name);
  if (unknown != unknown_.end()) {
    unknown->second = Trim(value);
    return {};
  }
  return Change(name, value, ConfigOrigin::kUpdate, /*running=*/true);
}

Result<void> ConfigSchema::Check(std::string_view name, std::string_view value) const {
  if (unknown_.contains(name)) return {};
  const ConfigKey* key = Find(name);
  if (key == nullptr) return Fail(ErrorCode::kNotFound, fmt::format("{}: no such key", name));
  RMQ_TRY(Parse(*key, value));
  return {};
}

const ConfigKey* ConfigSchema::Find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &keys_[found->second];
}

std::string_view ConfigSchema::Nearest(std::string_view name) const {
  // A third of the letters may be wrong. Longer than any key is no misspelling: it would only cost.
  constexpr size_t kLongest = 128;
  if (name.size() > kLongest) return {};
  std::string_view nearest;
  size_t least = name.size() / 3 + 1;
  for (const ConfigKey& key : keys_) {
    const size_t distance = Distance(name, key.name);
    if (distance >= least) continue;
    least = distance;
    nearest = key.name;
  }
  return nearest;
}

std::vector<std::string_view> ConfigSchema::IgnoredButSet() const {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : keys_) {
    if (key.effect == ConfigEffect::kNone && key.text != key.default_text) {
      names.emplace_back(key.name);
    }
  }
  return names;
}

std::string ConfigSchema::Text() const {
  std::map<std::string_view, std::string_view> lines(unknown_.begin(), unknown_.end());
  for (const ConfigKey& key : keys_) lines.insert_or_assign(key.name, key.text);
  std::string out;
  for (const auto& [name, text] : lines)
    fmt::format_to(std::back_inserter(out), "{}={}\n", name, text);
  return out;
}

std::string ConfigSchema::TextWithOrigins(bool important_only) const {
  std::string out;
  for (const ConfigKey& key : keys_) {
    if (important_only && !key.rule.important) continue;
    fmt::format_to(std::back_inserter(out), "{}={}", key.name, key.text);
    if (key.origin != ConfigOrigin::kDefault) {
      fmt::format_to(std::back_inserter(out), "  ({})", ConfigOriginName(key.origin));
    }
    out.push_back('\n');
  }
  return out;
}

}  // namespace rmq::wire
