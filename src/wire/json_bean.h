// Beans: structs whose members are the properties of a JSON object, as Java's are by their getters.
//
// A bean lists its properties once, in Java's alphabetical order, for both directions:
//
//   struct TopicList {
//     std::optional<std::string> broker_addr;
//     std::set<std::string> topics;
//     template <typename V>
//     void Fields(V& v) {
//       v.Field("brokerAddr", broker_addr);
//       v.Field("topicList", topics);
//     }
//   };
//   RMQ_TRY(const auto list, FromJson<TopicList>(text));
//   std::string text = ToJson(list);
//
// Members are strings, numbers, bools, enums with JsonNames, beans, std::vector (a List), std::set,
// std::map from strings, integers or beans, and std::optional of these. An empty optional is
// absent. Reading leaves a member as it was when its property is absent or null, and ignores
// properties that the bean does not have. Rules JSON-14 to JSON-16.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "wire/json.h"
#include "wire/language_code.h"

namespace rmq::wire {

template <typename T, typename V>
void VisitFields(V& v, T& bean) {
  bean.Fields(v);
}
template <typename V>
void VisitFields(V& v, MessageQueue& queue) {
  v.Field("brokerName", queue.broker_name);
  v.Field("queueId", queue.queue_id);
  v.Field("topic", queue.topic);
}

// An enum is a bean's member if `constexpr auto JsonNames(E)` gives the array of its names in the
// order of its values.
template <typename E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) { JsonNames(e).size(); };

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsSet = false;
template <typename T>
inline constexpr bool kIsSet<std::set<T>> = true;
template <typename T>
inline constexpr bool kIsMap = false;
template <typename K, typename T>
inline constexpr bool kIsMap<std::map<K, T>> = true;

// --- Writing

template <typename T>
void WriteJson(JsonWriter& writer, const T& value);

// A language's name; OTHER for a number without one.
void WriteJson(JsonWriter& writer, const LanguageCode& value);

template <typename T>
std::string ToJson(const T& value, JsonStyle style = {}) {
  std::string text;
  JsonWriter writer(text, style);
  WriteJson(writer, value);
  return text;
}

class BeanWriter {
 public:
  explicit BeanWriter(JsonWriter& writer) : writer_(writer) {}
  template <typename T>
  void Field(std::string_view name, const T& member) {
    if constexpr (kIsOptional<T>) {
      if (!member.has_value()) return;
    }
    writer_.Key(name);
    WriteJson(writer_, member);
  }

 private:
  JsonWriter& writer_;
};

template <typename K>
void WriteJsonKey(JsonWriter& writer, const K& key) {
  if constexpr (std::integral<K>) {
    writer.Key(static_cast<int64_t>(key));
  } else if constexpr (std::is_convertible_v<K, std::string_view>) {
    writer.Key(std::string_view(key));
  } else if (writer.style().quote_keys) {
    writer.Key(std::string_view(ToJson(key)));
  } else {
    writer.BeginKey();
    WriteJson(writer, key);
    writer.EndKey();
  }
}

template <typename T>
void WriteJson(JsonWriter& writer, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    writer.Bool(value);
  } else if constexpr (std::integral<T>) {
    writer.Int(static_cast<int64_t>(value));
  } else if constexpr (std::floating_point<T>) {
    writer.Double(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    writer.String(value);
  } else if constexpr (NamedEnum<T>) {
    writer.String(JsonNames(value).at(static_cast<size_t>(value)));
  } else if constexpr (kIsOptional<T>) {
    value.has_value() ? WriteJson(writer, *value) : writer.Null();
  } else if constexpr (kIsVector<T> || kIsSet<T>) {
    kIsVector<T> ? writer.BeginList() : writer.BeginSet();
    for (const auto& item : value) WriteJson(writer, item);
    writer.EndArray();
  } else if constexpr (kIsMap<T>) {
    writer.BeginObject();
    for (const auto& [key, item] : value) {
      WriteJsonKey(writer, key);
      WriteJson(writer, item);
    }
    writer.EndObject();
  } else {
    writer.BeginObject();
    BeanWriter fields(writer);
    // The list of fields serves both directions and so can't be const; this one only reads.
    VisitFields(fields, const_cast<T&>(value));
    writer.EndObject();
  }
}

// --- Reading

// Remembers the first thing that did not fit and where: "topicConfigTable: a: perm: …".
class JsonFault {
 public:
  explicit operator bool() const { return !what_.empty(); }
  const std::string& what() const { return what_; }
  void Set(std::string_view expected, const JsonValue& found);
  // Puts the place in front.
  void In(std::string_view place);

 private:
  std::string what_;
};

// Returns false, with `fault` set, when `json` does not fit.
template <typename T>
bool ReadJson(const JsonValue& json, T& value, JsonFault& fault);
bool ReadJson(const JsonValue& json, LanguageCode& value, JsonFault& fault);

class BeanReader {
 public:
  BeanReader(const JsonValue& object, JsonFault& fault) : object_(object), fault_(fault) {}
  template <typename T>
  void Field(std::string_view name, T& member) {
    if (fault_) return;
    const JsonValue* json = object_.Find(name);
    if (json == nullptr || json->is_null()) return;
    if (!ReadJson(*json, member, fault_)) fault_.In(name);
  }

 private:
  const JsonValue& object_;
  JsonFault& fault_;
};

// Any of them fails on an integer that does not fit the type.
bool ReadJsonInt(const JsonValue& json, int64_t min, int64_t max, int64_t& value, JsonFault& fault);
bool ReadJsonDouble(const JsonValue& json, double& value, JsonFault& fault);
bool ReadJsonBool(const JsonValue& json, bool& value, JsonFault& fault);
bool ReadJsonString(const JsonValue& json, std::string& value, JsonFault& fault);
bool ExpectJson(const JsonValue& json, JsonValue::Type type, JsonFault& fault);

// A name, or the ordinal. A name we do not know leaves the value as it was: it is from a later
// version.
template <NamedEnum E>
bool ReadJsonEnum(const JsonValue& json, E& value) {
  constexpr auto kNames = JsonNames(E{});
  const auto number = json.AsInt();
  for (size_t i = 0; i < kNames.size(); ++i) {
    const bool same =
        number.has_value() ? *number == static_cast<int64_t>(i) : json.text() == kNames[i];
    if (same) value = static_cast<E>(i);
  }
  return true;
}

template <typename Container>
bool ReadJsonItems(const JsonValue& json, Container& items, JsonFault& fault) {
  if (!ExpectJson(json, JsonValue::Type::kArray, fault)) return false;
  items.clear();
  for (const JsonValue& item_json : json.items()) {
    typename Container::value_type item{};
    if (!item_json.is_null() && !ReadJson(item_json, item, fault)) return false;
    items.insert(items.end(), std::move(item));
  }
  return true;
}

// A bean that is a key is an object, or the text of one.
template <typename K>
bool ReadJsonKey(const JsonValue& json, K& key, JsonFault& fault) {
  constexpr bool kScalar = std::integral<K> || std::is_same_v<K, std::string>;
  if (kScalar || json.type() != JsonValue::Type::kString) return ReadJson(json, key, fault);
  const Result<JsonDocument> nested = ParseJson(json.text());
  if (nested.has_value()) return ReadJson(nested->root(), key, fault);
  fault.Set("an object as key", json);
  return false;
}

template <typename Map>
bool ReadJsonMap(const JsonValue& json, Map& map, JsonFault& fault) {
  if (!ExpectJson(json, JsonValue::Type::kObject, fault)) return false;
  map.clear();
  for (const JsonMember& member : json.members()) {
    typename Map::key_type key{};
    typename Map::mapped_type value{};
    if (!ReadJsonKey(member.key, key, fault)) return false;
    if (!member.value.is_null() && !ReadJson(member.value, value, fault)) {
      fault.In(member.key.text());
      return false;
    }
    map.insert_or_assign(std::move(key), std::move(value));
  }
  return true;
}

template <typename T>
bool ReadJson(const JsonValue& json, T& value, JsonFault& fault) {
  if constexpr (std::is_same_v<T, bool>) {
    return ReadJsonBool(json, value, fault);
  } else if constexpr (std::integral<T>) {
    int64_t wide = 0;
    const bool fits = ReadJsonInt(json, std::numeric_limits<T>::min(),
                                  static_cast<int64_t>(std::numeric_limits<T>::max()), wide, fault);
    if (fits) value = static_cast<T>(wide);
    return fits;
  } else if constexpr (std::is_same_v<T, double>) {
    return ReadJsonDouble(json, value, fault);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return ReadJsonString(json, value, fault);
  } else if constexpr (NamedEnum<T>) {
    return ReadJsonEnum(json, value);
  } else if constexpr (kIsOptional<T>) {
    return ReadJson(json, value.emplace(), fault);
  } else if constexpr (kIsVector<T> || kIsSet<T>) {
    return ReadJsonItems(json, value, fault);
  } else if constexpr (kIsMap<T>) {
    return ReadJsonMap(json, value, fault);
  } else {
    if (!ExpectJson(json, JsonValue::Type::kObject, fault)) return false;
    BeanReader fields(json, fault);
    VisitFields(fields, value);
    return !fault;
  }
}

// Fails with kCorruption and the place: "json: offsetTable: not an object: 3".
Error JsonFaultError(const JsonFault& fault);

template <typename T>
Result<T> FromJson(std::string_view text, JsonLimits limits = {}) {
  RMQ_TRY(const JsonDocument document, ParseJson(text, limits));
  T value{};
  JsonFault fault;
  if (!ReadJson(document.root(), value, fault)) return Fail(JsonFaultError(fault));
  return value;
}
template <typename T>
Result<T> FromJson(const Bytes& body, JsonLimits limits = {}) {
  return FromJson<T>(body.text(), limits);
}

}  // namespace rmq::wire
