#include "wire/name_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace rmq::wire {
namespace {

constexpr std::array kSendForbiddenTopics = {kScheduleTopic,    kTransHalfTopic,
                                             kTransOpHalfTopic, kTransCheckMaxTimeTopic,
                                             kSelfTestTopic,    kOffsetMovedEventTopic};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '%' ||
         c == '|' || c == '_' || c == '-';
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

// What topics and groups have in common: MSG-60.
Result<void> ValidateName(std::string_view kind, std::string_view name) {
  if (IsBlank(name)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("The specified {} is blank.", kind));
  }
  if (!std::ranges::all_of(name, IsNameCharacter)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("The specified {}: {}, contains illegal characters, allowing only "
                            "^[%|a-zA-Z0-9_-]+$",
                            kind, name));
  }
  return {};
}

Result<milliseconds> ParseDelayLevel(std::string_view level) {
  const auto unit = [](char c) -> int64_t {
    if (c == 's') return 1000;
    if (c == 'm') return 60'000;
    if (c == 'h') return 3'600'000;
    if (c == 'd') return 86'400'000;
    return 0;
  }(level.back());
  int64_t number = 0;
  const char* const end = level.data() + level.size() - 1;
  const auto parsed = std::from_chars(level.data(), end, number);
  if (unit == 0 || parsed.ec != std::errc() || parsed.ptr != end || number < 0 ||
      number > std::numeric_limits<int64_t>::max() / unit) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("delay level '{}'", level));
  }
  return milliseconds(number * unit);
}

}  // namespace

Result<void> ValidateTopic(std::string_view topic) {
  RMQ_TRY(ValidateName("topic", topic));
  if (IsRetryTopic(topic) || IsDlqTopic(topic)) {
    if (topic.size() <= kMaxRetryOrDlqTopicLength) return {};
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("The specified topic is DLQ or Retry topic: {}, and it's longer than "
                            "topic max length: {}",
                            topic, kMaxRetryOrDlqTopicLength));
  }
  if (topic.size() <= kMaxTopicLength) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("The specified topic: {}, is longer than topic max length: {}", topic,
                          kMaxTopicLength));
}

Result<void> ValidateGroup(std::string_view group) {
  RMQ_TRY(ValidateName("group", group));
  if (group.size() <= kMaxGroupLength) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("The specified group: {}, is longer than group max length: {}", group,
                          kMaxGroupLength));
}

bool IsSystemTopic(std::string_view topic) {
  return topic.starts_with(kSystemTopicPrefix) ||
         std::ranges::find(kSystemTopics, topic) != kSystemTopics.end();
}

bool IsSendForbidden(std::string_view topic) {
  return std::ranges::find(kSendForbiddenTopics, topic) != kSendForbiddenTopics.end();
}

std::string RetryTopic(std::string_view group) {
  return fmt::format("{}{}", kRetryTopicPrefix, group);
}

std::string DlqTopic(std::string_view group) {
  return fmt::format("{}{}", kDlqTopicPrefix, group);
}

std::string PopRetryTopic(std::string_view topic, std::string_view group, bool version2) {
  return fmt::format("{}{}{}{}", kRetryTopicPrefix, group, version2 ? '+' : '_', topic);
}

std::string_view NormalTopic(std::string_view topic, std::string_view group) {
  if (!IsRetryTopic(topic)) return topic;
  const std::string_view rest = topic.substr(kRetryTopicPrefix.size());
  if (!rest.starts_with(group) || rest.size() <= group.size() + 1) return topic;
  const char separator = rest[group.size()];
  if (separator != '_' && separator != '+') return topic;
  return rest.substr(group.size() + 1);
}

Result<std::vector<milliseconds>> ParseDelayLevels(std::string_view text) {
  std::vector<milliseconds> levels;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return levels;
    const std::string_view level = text.substr(0, text.find(' '));
    RMQ_TRY(const milliseconds delay, ParseDelayLevel(level));
    levels.push_back(delay);
    text.remove_prefix(level.size());
  }
}

}  // namespace rmq::wire
