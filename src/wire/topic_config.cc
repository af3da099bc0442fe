#include "wire/topic_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wire/json_bean.h"

namespace rmq::wire {
namespace {

constexpr size_t kRequiredWords = 5;

// Splits at single spaces; the sixth word is the rest, since attributes may contain spaces.
std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  while (words.size() < kRequiredWords) {
    const size_t space = text.find(' ');
    words.push_back(text.substr(0, space));
    if (space == std::string_view::npos) return words;
    text.remove_prefix(space + 1);
  }
  words.push_back(text);
  return words;
}

bool ParseInt(std::string_view text, int32_t& into) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && stop == text.data() + text.size();
}

}  // namespace

std::string TopicConfigToText(const TopicConfig& config) {
  return fmt::format("{} {} {} {} {} {}", config.topic_name, config.read_queue_nums,
                     config.write_queue_nums, config.perm,
                     JsonNames(TopicFilterType{}).at(static_cast<size_t>(config.topic_filter_type)),
                     ToJson(config.attributes));
}

Result<TopicConfig> TopicConfigFromText(std::string_view text) {
  const auto words = SplitWords(text);
  TopicConfig config;
  if (words.size() < kRequiredWords || !ParseInt(words[1], config.read_queue_nums) ||
      !ParseInt(words[2], config.write_queue_nums) || !ParseInt(words[3], config.perm)) {
    constexpr size_t kShown = 80;
    return Fail(ErrorCode::kCorruption,
                fmt::format("topic config: bad text '{}'", text.substr(0, kShown)));
  }
  config.topic_name = words[0];
  if (words[4] == JsonNames(TopicFilterType{})[1]) {
    config.topic_filter_type = TopicFilterType::kMultiTag;
  }
  if (words.size() > kRequiredWords && !words[5].empty()) {
    RMQ_TRY(config.attributes, FromJson<decltype(config.attributes)>(words[5]));
  }
  return config;
}

}  // namespace rmq::wire
