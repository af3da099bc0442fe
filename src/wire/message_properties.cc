#include "wire/message_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rmq::wire {
namespace {

// What the Java client refuses to set; some names that only the system writes are not in it.
constexpr std::array kReservedNames = {
    kPropertyTraceSwitch,
    kPropertyMsgRegion,
    kPropertyKeys,
    kPropertyTags,
    kPropertyWaitStoreMsgOk,
    kPropertyDelayTimeLevel,
    kPropertyRetryTopic,
    kPropertyRealTopic,
    kPropertyRealQueueId,
    kPropertyTransactionPrepared,
    kPropertyProducerGroup,
    kPropertyMinOffset,
    kPropertyMaxOffset,
    kPropertyBuyerId,
    kPropertyOriginMessageId,
    kPropertyTransferFlag,
    kPropertyCorrectionFlag,
    kPropertyMq2Flag,
    kPropertyReconsumeTime,
    kPropertyUniqKey,
    kPropertyMaxReconsumeTimes,
    kPropertyConsumeStartTime,
    kPropertyPopCk,
    kPropertyPopCkOffset,
    kPropertyFirstPopTime,
    kPropertyTransactionPreparedQueueOffset,
    kPropertyDupInfo,
    kPropertyExtendUniqInfo,
    kPropertyInstanceId,
    kPropertyCorrelationId,
    kPropertyReplyToClient,
    kPropertyTtl,
    kPropertyReplyArriveTime,
    kPropertyPushReplyTime,
    kPropertyCluster,
    kPropertyMessageType,
    kPropertyInnerMultiQueueOffset,
    kPropertyTimerDelayMs,
    kPropertyTimerDelaySec,
    kPropertyTimerDeliverMs,
    kPropertyTimerEnqueueMs,
    kPropertyTimerDequeueMs,
    kPropertyTimerRollTimes,
    kPropertyTimerOutMs,
    kPropertyTimerDelUniqKey,
    kPropertyTimerDelayLevel,
    kPropertyBornHost,
    kPropertyBornTimestamp,
    kPropertyDlqOriginTopic,
    kPropertyDlqOriginMessageId,
    kPropertyCrc32,
};

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

void AppendPair(std::string& text, std::string_view name, std::string_view value) {
  text.append(name);
  text.push_back(kNameValueSeparator);
  text.append(value);
  text.push_back(kPropertySeparator);
}

}  // namespace

void PropertiesView::Iterator::Advance() {
  while (!rest_.empty()) {
    const size_t end = rest_.find(kPropertySeparator);
    const std::string_view pair = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);

    // MSG-21: a pair without a name or without a value does not exist.
    const size_t separator = pair.find(kNameValueSeparator);
    if (separator == std::string_view::npos || separator == 0) continue;
    if (separator + 1 == pair.size()) continue;
    property_ = {.name = pair.substr(0, separator), .value = pair.substr(separator + 1)};
    return;
  }
  property_ = {};
}

std::optional<std::string_view> PropertiesView::Find(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const Property& property : *this) {
    if (property.name == name) found = property.value;
  }
  return found;
}

Properties Properties::Parse(std::string_view text) {
  Properties properties;
  for (const Property& property : PropertiesView(text)) {
    properties.Set(property.name, property.value);
  }
  return properties;
}

void Properties::Set(std::string_view name, std::string_view value) {
  if (name.empty() || value.empty()) {
    Remove(name);
    return;
  }
  const auto at = std::ranges::find(entries_, name, &Entry::name);
  if (at != entries_.end()) {
    at->value = value;
  } else {
    entries_.push_back({std::string(name), std::string(value)});
  }
}

bool Properties::Remove(std::string_view name) {
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.name == name; }) > 0;
}

std::optional<std::string_view> Properties::Find(std::string_view name) const {
  const auto at = std::ranges::find(entries_, name, &Entry::name);
  if (at == entries_.end()) return std::nullopt;
  return at->value;
}

std::string Properties::ToString() const {
  size_t size = 0;
  for (const Entry& entry : entries_) size += entry.name.size() + entry.value.size() + 2;
  std::string text;
  text.reserve(size);
  for (const Entry& entry : entries_) AppendPair(text, entry.name, entry.value);
  return text;
}

void AppendProperty(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty() && text.back() != kPropertySeparator) text.push_back(kPropertySeparator);
  AppendPair(text, name, value);
}

bool IsReservedProperty(std::string_view name) {
  return std::ranges::find(kReservedNames, name) != kReservedNames.end();
}

Result<void> CheckUserProperty(std::string_view name, std::string_view value) {
  if (IsReservedProperty(name)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("The Property<{}> is used by system, input another please", name));
  }
  if (IsBlank(name) || IsBlank(value)) {
    return Fail(ErrorCode::kInvalidArgument,
                "The name or value of property can not be null or blank string!");
  }
  constexpr std::string_view kSeparators = "\x01\x02";
  if (name.find_first_of(kSeparators) != std::string_view::npos ||
      value.find_first_of(kSeparators) != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("The Property<{}> contains a separator, 0x01 or 0x02",
                            name.substr(0, name.find_first_of(kSeparators))));
  }
  return {};
}

}  // namespace rmq::wire
