// JSON as fastjson 1.2 speaks it, which is more than JSON: integers and whole objects as keys,
// single quotes, trailing commas, numbers in quotes. Reading accepts all of that; writing produces
// what Java would have written. Rules: spec/wire/json.md.
//
// ParseJson makes a JsonDocument, which owns a copy of the text; JsonValues are small views into
// it. JsonWriter appends to a string. Most code needs neither: beans with fixed properties go
// through json_bean.h.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/json_text.h"

namespace rmq::wire {

struct JsonMember;

// Valid as long as its JsonDocument.
class JsonValue {
 public:
  enum class Type : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  JsonValue() = default;

  Type type() const { return type_; }
  bool is_null() const { return type_ == Type::kNull; }
  // Of a string its characters, of a number or a bool what was written, else "".
  std::string_view text() const;
  // The elements of an array; none for other types.
  std::span<const JsonValue> items() const;
  // The members of an object in the order of the text, duplicates included; none for other types.
  std::span<const JsonMember> members() const;

  // Quoted numbers and bools count (JSON-6). nullopt for other types and what does not fit.
  std::optional<int64_t> AsInt() const;
  std::optional<double> AsDouble() const;
  std::optional<bool> AsBool() const;

  // The value of the last property called `name`, else of one that fastjson takes for it (JSON-7);
  // nullptr if there is none or this is no object.
  const JsonValue* Find(std::string_view name) const;

 private:
  friend class JsonParser;

  const void* data_ = nullptr;  // characters, JsonValues or JsonMembers
  uint32_t size_ = 0;
  Type type_ = Type::kNull;
};

struct JsonMember {
  JsonValue key;  // a string, a number, an object or null
  JsonValue value;
};

class JsonDocument {
 public:
  const JsonValue& root() const { return root_; }

 private:
  friend class JsonParser;

  std::unique_ptr<std::pmr::monotonic_buffer_resource> arena_;
  JsonValue root_;
};

struct JsonLimits {
  int max_depth = 64;
  size_t max_value_count = 2'000'000;  // A value costs up to 64 bytes while it is parsed.
};

// Fails with kCorruption on what even fastjson rejects, beyond the limits, and on any "@type".
Result<JsonDocument> ParseJson(std::string_view text, JsonLimits limits = {});

struct JsonStyle {
  bool quote_keys = false;  // every key is a string: JSON for readers of standard JSON
  bool pretty = false;      // one property a line, indented by tabs: the config files
  JsonEscape escape = JsonEscape::kControl;
};
inline constexpr JsonStyle kStandardJson = {.quote_keys = true, .escape = JsonEscape::kNonAscii};
inline constexpr JsonStyle kPrettyJson = {.pretty = true};

// Appends one value to a string, piece by piece. Commas, colons and line breaks come by themselves.
// The caller keeps begins and ends in pairs and a key before each value of an object.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out, JsonStyle style = {}) : out_(out), style_(style) {}

  const JsonStyle& style() const { return style_; }

  void BeginObject() { Begin('{', Level::kObject); }
  void EndObject() { End('}'); }
  // fastjson breaks the lines of a List, but not those of a Set.
  void BeginList() { Begin('[', Level::kList); }
  void BeginSet() { Begin('[', Level::kSet); }
  void EndArray() { End(']'); }

  void Key(std::string_view name);
  void Key(int64_t number);
  // The one value written between these is the key.
  void BeginKey();
  void EndKey();

  void Null();
  void Bool(bool value);
  void Int(int64_t value);
  void Double(double value);
  void String(std::string_view value);

 private:
  struct Level {
    enum Kind : uint8_t { kObject, kList, kSet, kKey } kind;
    bool empty = true;
  };
  void Begin(char bracket, Level::Kind kind);
  void End(char bracket);
  void BeforeValue();
  void Separate(bool own_line);
  void NewLine();

  std::string& out_;
  JsonStyle style_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

}  // namespace rmq::wire
