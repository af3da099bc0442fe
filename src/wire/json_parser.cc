#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "wire/json.h"
#include "wire/json_cursor.h"

namespace rmq::wire {

static_assert(sizeof(JsonValue) == 16);

std::string_view JsonValue::text() const {
  if (type_ == Type::kArray || type_ == Type::kObject) return {};
  return {static_cast<const char*>(data_), size_};
}

std::span<const JsonValue> JsonValue::items() const {
  if (type_ != Type::kArray) return {};
  return {static_cast<const JsonValue*>(data_), size_};
}

std::span<const JsonMember> JsonValue::members() const {
  if (type_ != Type::kObject) return {};
  return {static_cast<const JsonMember*>(data_), size_};
}

namespace {

template <typename T>
std::optional<T> ParseWhole(std::string_view text) {
  T value{};
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> JsonValue::AsInt() const {
  if (type_ != Type::kNumber && type_ != Type::kString) return std::nullopt;
  if (const auto whole = ParseWhole<int64_t>(text())) return whole;
  // 12.0 and 1.2e1 are fine too; a fraction is cut off, as Java's casts do.
  const auto number = ParseWhole<double>(text());
  constexpr double kLimit = 9223372036854775808.0;
  if (!number.has_value() || !(*number >= -kLimit && *number < kLimit)) return std::nullopt;
  return static_cast<int64_t>(*number);
}

std::optional<double> JsonValue::AsDouble() const {
  if (type_ != Type::kNumber && type_ != Type::kString) return std::nullopt;
  return ParseWhole<double>(text());
}

std::optional<bool> JsonValue::AsBool() const {
  if (is_null() || type_ == Type::kArray || type_ == Type::kObject) return std::nullopt;
  const std::string_view word = text();
  if (word == "1" || SamePropertyName(word, "true")) return true;
  if (word == "0" || SamePropertyName(word, "false")) return false;
  return std::nullopt;
}

const JsonValue* JsonValue::Find(std::string_view name) const {
  const auto all = members();
  const auto named = [name](const JsonMember& member) { return member.key.text() == name; };
  const auto similar = [name](const JsonMember& member) {
    return SamePropertyName(member.key.text(), name);
  };
  auto found = std::find_if(all.rbegin(), all.rend(), named);
  if (found == all.rend()) found = std::find_if(all.rbegin(), all.rend(), similar);
  return found == all.rend() ? nullptr : &found->value;
}

// Recursive descent, bounded by max_depth. Finished values wait on `stack_` until their array or
// object ends and moves them into the arena.
class JsonParser {
 public:
  JsonParser(std::string_view text, JsonLimits limits, JsonDocument& document)
      : limits_(limits), document_(document), cursor_(Keep(text)) {}

  Result<void> Parse() {
    RMQ_TRY(document_.root_, Value(limits_.max_depth));
    return cursor_.ExpectEnd();
  }

 private:
  // Copies to the arena.
  std::string_view Keep(std::string_view text) {
    if (document_.arena_ == nullptr) {
      document_.arena_ =
          std::make_unique<std::pmr::monotonic_buffer_resource>(std::max<size_t>(text.size(), 256));
    }
    if (text.empty()) return {};
    auto* copy = static_cast<char*>(document_.arena_->allocate(text.size(), 1));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
  }

  static JsonValue Scalar(JsonValue::Type type, std::string_view text) {
    JsonValue value;
    value.type_ = type;
    value.data_ = text.data();
    value.size_ = static_cast<uint32_t>(text.size());
    return value;
  }

  Result<JsonValue> Value(int depth) {
    if (depth <= 0) return cursor_.Fault("nested too deeply");
    if (++count_ > limits_.max_value_count) return cursor_.Fault("too many values");
    switch (cursor_.Peek()) {
      case '{':
        return Object(depth);
      case '[':
        return Array(depth);
      case '"':
      case '\'':
        return String();
      default:
        return Word();
    }
  }

  Result<JsonValue> String() {
    scratch_.clear();
    RMQ_TRY(const auto token, cursor_.ReadString(scratch_));
    std::string_view text = cursor_.View(token, scratch_);
    if (token.unescaped) text = Keep(text);
    return Scalar(JsonValue::Type::kString, text);
  }

  Result<JsonValue> Word() {
    RMQ_TRY(const std::string_view word, cursor_.ReadBareWord());
    if (word == "null" || word == "undefined") return JsonValue();
    if (word == "true" || word == "false") return Scalar(JsonValue::Type::kBool, word);
    if (!IsNumber(word)) return cursor_.Fault("an unknown word");
    return Scalar(JsonValue::Type::kNumber, word);
  }

  static bool IsNumber(std::string_view word) {
    if (word == "NaN") return true;
    double unused = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, unused);
    // A number out of the range of double is still a number.
    return error != std::errc::invalid_argument && stop == end && word.find('n') == word.npos;
  }

  Result<JsonValue> Array(int depth) {
    const size_t begin = stack_.size();
    RMQ_TRY(cursor_.Expect('['));
    while (!cursor_.Consume(']')) {
      RMQ_TRY(const JsonValue item, Value(depth - 1));
      stack_.push_back(item);
      if (!cursor_.Consume(',') && cursor_.Peek() != ']')
        return cursor_.Fault("expected ',' or ']'");
    }
    return Collect<JsonValue>(JsonValue::Type::kArray, begin);
  }

  Result<JsonValue> Object(int depth) {
    const size_t begin = stack_.size();
    RMQ_TRY(cursor_.Expect('{'));
    while (!cursor_.Consume('}')) {
      RMQ_TRY(const JsonValue key, Key(depth - 1));
      RMQ_TRY(cursor_.Expect(':'));
      RMQ_TRY(const JsonValue value, Value(depth - 1));
      stack_.push_back(key);
      stack_.push_back(value);
      if (!cursor_.Consume(',') && cursor_.Peek() != '}')
        return cursor_.Fault("expected ',' or '}'");
    }
    return Collect<JsonMember>(JsonValue::Type::kObject, begin);
  }

  // JSON-2, JSON-3, JSON-8.
  Result<JsonValue> Key(int depth) {
    const char first = cursor_.Peek();
    const bool bare = first != '"' && first != '\'' && first != '{';
    if (first == '[') return cursor_.Fault("an array as a key");
    JsonValue key;
    if (bare) {
      RMQ_TRY(const std::string_view word, cursor_.ReadBareWord());
      key = Scalar(IsNumber(word) ? JsonValue::Type::kNumber : JsonValue::Type::kString, word);
    } else {
      RMQ_TRY(key, Value(depth));
    }
    if (key.text() == "@type") return cursor_.Fault("@type is not allowed");
    return key;
  }

  // Moves what was stacked since `begin` into the arena.
  template <typename T>
  JsonValue Collect(JsonValue::Type type, size_t begin) {
    static_assert(sizeof(T) % sizeof(JsonValue) == 0);
    const size_t bytes = (stack_.size() - begin) * sizeof(JsonValue);
    JsonValue value;
    value.type_ = type;
    value.size_ = static_cast<uint32_t>(bytes / sizeof(T));
    if (bytes > 0) {
      void* block = document_.arena_->allocate(bytes, alignof(T));
      std::memcpy(block, stack_.data() + begin, bytes);
      value.data_ = block;
      stack_.resize(begin);
    }
    return value;
  }

  JsonLimits limits_;
  JsonDocument& document_;
  JsonCursor cursor_;
  std::vector<JsonValue> stack_;
  std::string scratch_;
  size_t count_ = 0;
};

Result<JsonDocument> ParseJson(std::string_view text, JsonLimits limits) {
  JsonDocument document;
  if (text.size() > UINT32_MAX) return Fail(ErrorCode::kCorruption, "json: too large");
  RMQ_TRY(JsonParser(text, limits, document).Parse());
  return document;
}

}  // namespace rmq::wire
