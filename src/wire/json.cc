#include "wire/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace rmq::wire {

void JsonWriter::NewLine() {
  // Neither a key nor a Set indents what is in it.
  const auto indents = [](const Level& level) {
    return level.kind == Level::kObject || level.kind == Level::kList;
  };
  out_ += '\n';
  out_.append(static_cast<size_t>(std::count_if(levels_.begin(), levels_.end(), indents)), '\t');
}

// What goes between the members of an object or an array.
void JsonWriter::Separate(bool own_line) {
  if (!levels_.back().empty) out_ += ',';
  levels_.back().empty = false;
  if (own_line && style_.pretty) NewLine();
}

void JsonWriter::BeforeValue() {
  if (after_key_ || levels_.empty() || levels_.back().kind == Level::kKey) {
    after_key_ = false;
    return;
  }
  RMQ_ASSERT(levels_.back().kind != Level::kObject);
  Separate(levels_.back().kind == Level::kList);
}

void JsonWriter::Begin(char bracket, Level::Kind kind) {
  BeforeValue();
  out_ += bracket;
  levels_.push_back({.kind = kind});
}

void JsonWriter::End(char bracket) {
  RMQ_ASSERT(!levels_.empty());
  const Level level = levels_.back();
  levels_.pop_back();
  if (style_.pretty && !level.empty && level.kind != Level::kSet) NewLine();
  out_ += bracket;
}

void JsonWriter::Key(std::string_view name) {
  RMQ_ASSERT(!levels_.empty());
  Separate(/*own_line=*/true);
  AppendJsonString(out_, name, style_.escape);
  out_ += ':';
  after_key_ = true;
}

// JSON-12. fastjson breaks no line before a key that is not a string.
void JsonWriter::Key(int64_t number) {
  RMQ_ASSERT(!levels_.empty());
  Separate(/*own_line=*/false);
  if (style_.quote_keys) out_ += '"';
  out_ += fmt::format_int(number).c_str();
  if (style_.quote_keys) out_ += '"';
  out_ += ':';
  after_key_ = true;
}

// JSON-13.
void JsonWriter::BeginKey() {
  RMQ_ASSERT(!levels_.empty());
  Separate(/*own_line=*/false);
  levels_.push_back({.kind = Level::kKey});
}

void JsonWriter::EndKey() {
  RMQ_ASSERT(levels_.back().kind == Level::kKey);
  levels_.pop_back();
  out_ += ':';
  after_key_ = true;
}

void JsonWriter::Null() {
  BeforeValue();
  out_ += "null";
}

void JsonWriter::Bool(bool value) {
  BeforeValue();
  out_ += value ? "true" : "false";
}

void JsonWriter::Int(int64_t value) {
  BeforeValue();
  out_ += fmt::format_int(value).c_str();
}

void JsonWriter::Double(double value) {
  BeforeValue();
  AppendJsonDouble(out_, value);
}

void JsonWriter::String(std::string_view value) {
  BeforeValue();
  AppendJsonString(out_, value, style_.escape);
}

}  // namespace rmq::wire
