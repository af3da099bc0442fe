#include "store/dispatch.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "wire/java_hash.h"
#include "wire/message_properties.h"

namespace rmq::store {
namespace {

constexpr std::string_view kScheduleTopic = "SCHEDULE_TOPIC_XXXX";
constexpr size_t kMaxFileName = 255;

}  // namespace

int64_t UnitTagsCode(std::string_view topic, std::string_view properties, WallTime store_time,
                     const std::vector<milliseconds>& delay_levels) {
  const wire::PropertiesView view(properties);
  if (topic == kScheduleTopic && !delay_levels.empty()) {
    const std::optional<std::string_view> text = view.Find(wire::kPropertyDelayTimeLevel);
    int32_t level = 0;
    if (text.has_value()) std::from_chars(text->data(), text->data() + text->size(), level);
    if (level > 0) {
      const size_t index = std::min(static_cast<size_t>(level), delay_levels.size()) - 1;
      return store_time.ms + delay_levels[index].count();
    }
  }
  const std::optional<std::string_view> tags = view.Find(wire::kPropertyTags);
  return tags.has_value() ? wire::TagsCode(*tags) : 0;
}

bool IsStorableQueue(std::string_view topic, int32_t queue_id) {
  return queue_id >= 0 && !topic.empty() && topic.size() <= kMaxFileName && topic != "." &&
         topic != ".." && topic.find('/') == topic.npos && topic.find('\0') == topic.npos;
}

}  // namespace rmq::store
