// Texts of the fastjson dialect. Whatever is read is written in each style and read again, as plain
// JSON and as beans.
#include <string>
#include <string_view>

#include "base/assert.h"
#include "wire/client_bodies.h"
#include "wire/heartbeat_data.h"
#include "wire/json.h"
#include "wire/json_bean.h"
#include "wire/json_cursor.h"
#include "wire/offset_bodies.h"
#include "wire/route_data.h"
#include "wire/stats_bodies.h"
#include "wire/subscription_group_config.h"

namespace {

using namespace rmq::wire;  // NOLINT: a fuzz target speaks of nothing else.

void Write(JsonWriter& writer, const JsonValue& value);

void WriteObject(JsonWriter& writer, const JsonValue& value) {
  writer.BeginObject();
  for (const JsonMember& member : value.members()) {
    const bool object = member.key.type() == JsonValue::Type::kObject;
    if (object) {
      writer.BeginKey();
      Write(writer, member.key);
      writer.EndKey();
    } else {
      writer.Key(member.key.text());
    }
    Write(writer, member.value);
  }
  writer.EndObject();
}

void WriteNumber(JsonWriter& writer, const JsonValue& value) {
  const bool fraction = value.text().find_first_of(".eEN") != std::string_view::npos;
  const auto whole = value.AsInt();
  if (whole.has_value() && !fraction) return writer.Int(*whole);
  writer.Double(value.AsDouble().value_or(0));
}

void Write(JsonWriter& writer, const JsonValue& value) {
  switch (value.type()) {
    case JsonValue::Type::kNull:
      return writer.Null();
    case JsonValue::Type::kBool:
      return writer.Bool(value.AsBool().value());
    case JsonValue::Type::kNumber:
      return WriteNumber(writer, value);
    case JsonValue::Type::kString:
      return writer.String(value.text());
    case JsonValue::Type::kObject:
      return WriteObject(writer, value);
    case JsonValue::Type::kArray:
      writer.BeginList();
      for (const JsonValue& item : value.items()) Write(writer, item);
      writer.EndArray();
  }
}

std::string Written(const JsonValue& value, JsonStyle style) {
  std::string out;
  JsonWriter writer(out, style);
  Write(writer, value);
  return out;
}

template <typename Bean>
void CheckBean(std::string_view text) {
  const auto bean = FromJson<Bean>(text);
  if (!bean.has_value()) return;
  const std::string json = ToJson(FromJson<Bean>(ToJson(*bean)).value());
  RMQ_ASSERT(ToJson(FromJson<Bean>(json).value()) == json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto document = ParseJson(text);
  if (!document.has_value()) return 0;
  RMQ_ASSERT(JsonCursor(text).SkipValue(65).has_value());
  for (const JsonStyle style : {JsonStyle{}, kStandardJson, kPrettyJson}) {
    const std::string json = Written(document->root(), style);
    const auto again = ParseJson(json);
    RMQ_ASSERT(again.has_value());
    RMQ_ASSERT(Written(again->root(), style) == json);
  }
  CheckBean<HeartbeatData>(text);
  CheckBean<TopicRouteData>(text);
  CheckBean<TopicStatsTable>(text);
  CheckBean<ConsumerOffsetSerializeWrapper>(text);
  CheckBean<SubscriptionGroupWrapper>(text);
  CheckBean<ConsumerRunningInfo>(text);
  return 0;
}
