#include "wire/properties_text.h"

#include <fmt/format.h>

#include "wire/unicode_escape.h"

namespace rmq::wire {
namespace {

constexpr std::string_view kBlank = " \t\f";

bool IsBlank(char c) {
  return kBlank.find(c) != std::string_view::npos;
}
bool IsLineBreak(char c) {
  return c == '\n' || c == '\r';
}

class PropertiesReader {
 public:
  explicit PropertiesReader(std::string_view text) : text_(text) {}

  Result<std::vector<ConfigProperty>> Read() {
    std::vector<ConfigProperty> properties;
    while (at_ < text_.size()) {
      const size_t begin = at_;
      SkipBlanks();
      if (at_ == text_.size()) break;
      if (IsLineBreak(text_[at_])) {
        PassLineBreak();
        continue;
      }
      if (text_[at_] == '#' || text_[at_] == '!') {
        PassComment();
        continue;
      }
      ConfigProperty property{.key = {}, .value = {}, .line = line_, .begin = begin, .end = 0};
      RMQ_TRY(ReadKey(property.key));
      PassSeparator();
      RMQ_TRY(ReadValue(property.value));
      property.end = at_;
      properties.push_back(std::move(property));
    }
    return properties;
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  // "\r\n" is one.
  void PassLineBreak() {
    const bool two = text_.substr(at_).starts_with("\r\n");
    at_ += two ? 2 : 1;
    ++line_;
  }
  // PROP-2. A backslash at its end does not continue a comment.
  void PassComment() {
    while (at_ < text_.size() && !IsLineBreak(text_[at_])) ++at_;
    if (at_ < text_.size()) PassLineBreak();
  }
  // PROP-3. Passes backslash, line break and the blanks of the next line, if that is what is next.
  bool PassContinuation() {
    if (text_[at_] != '\\' || at_ + 1 >= text_.size() || !IsLineBreak(text_[at_ + 1])) return false;
    ++at_;
    PassLineBreak();
    SkipBlanks();
    return true;
  }

  Result<void> ReadKey(std::string& key) {
    while (at_ < text_.size() && !IsLineBreak(text_[at_]) && !IsBlank(text_[at_]) &&
           text_[at_] != '=' && text_[at_] != ':') {
      if (!PassContinuation()) RMQ_TRY(ReadCharacter(key));
    }
    return {};
  }

  // Blanks, at most one of '=' and ':', blanks; lines may go on in between.
  void PassSeparator() {
    PassBlanks();
    if (at_ < text_.size() && (text_[at_] == '=' || text_[at_] == ':')) {
      ++at_;
      PassBlanks();
    }
  }
  void PassBlanks() {
    while (at_ < text_.size() && (IsBlank(text_[at_]) || text_[at_] == '\\')) {
      if (IsBlank(text_[at_])) {
        ++at_;
      } else if (!PassContinuation()) {
        return;
      }
    }
  }

  Result<void> ReadValue(std::string& value) {
    while (at_ < text_.size() && !IsLineBreak(text_[at_])) {
      if (!PassContinuation()) RMQ_TRY(ReadCharacter(value));
    }
    if (at_ < text_.size()) PassLineBreak();
    return {};
  }

  Result<void> ReadCharacter(std::string& out) {
    if (text_[at_] != '\\') {
      out.push_back(text_[at_++]);
      return {};
    }
    ++at_;
    if (at_ == text_.size()) return {};  // Java drops it too.
    const char c = text_[at_++];
    switch (c) {
      case 't':
        out.push_back('\t');
        return {};
      case 'n':
        out.push_back('\n');
        return {};
      case 'r':
        out.push_back('\r');
        return {};
      case 'f':
        out.push_back('\f');
        return {};
      case 'u':
        return ReadUnicode(out);
      default:
        out.push_back(c);
        return {};
    }
  }

  Result<void> ReadUnicode(std::string& out) {
    const auto character = ReadUnicodeEscape(text_, at_);
    if (!character.has_value()) {
      return Fail(ErrorCode::kCorruption, fmt::format("line {}: malformed \\uXXXX", line_));
    }
    AppendUtf8(out, *character);
    return {};
  }

  const std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

// PROP-6. Java's servers write keys and values as they are, so only what would be read differently
// is escaped: a value can't smuggle in a second line.
void AppendEscaped(std::string& out, std::string_view text, bool is_key) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '\t':
        out += "\\t";
        continue;
      case '\n':
        out += "\\n";
        continue;
      case '\r':
        out += "\\r";
        continue;
      case '\f':
        out += "\\f";
        continue;
      default:
        break;
    }
    const bool separates = is_key && (c == '=' || c == ':' || c == ' ');
    const bool first = i == 0 && (c == ' ' || c == '#' || c == '!');
    if (c == '\\' || separates || first) out.push_back('\\');
    out.push_back(c);
  }
}

}  // namespace

Result<std::vector<ConfigProperty>> ParseProperties(std::string_view text) {
  return PropertiesReader(text).Read();
}

std::string PropertyLine(std::string_view key, std::string_view value) {
  std::string line;
  AppendEscaped(line, key, /*is_key=*/true);
  line.push_back('=');
  AppendEscaped(line, value, /*is_key=*/false);
  line.push_back('\n');
  return line;
}

Result<std::string> ChangeProperties(std::string_view text,
                                     const std::map<std::string, std::string>& changes) {
  RMQ_TRY(const std::vector<ConfigProperty> properties, ParseProperties(text));
  std::map<std::string_view, size_t> last;
  for (size_t i = 0; i < properties.size(); ++i) last[properties[i].key] = i;

  std::string out;
  size_t copied = 0;
  for (size_t i = 0; i < properties.size(); ++i) {
    const ConfigProperty& property = properties[i];
    const auto change = changes.find(property.key);
    if (change == changes.end()) continue;
    out.append(text.substr(copied, property.begin - copied));
    if (last[property.key] == i) out += PropertyLine(change->first, change->second);
    copied = property.end;
  }
  out.append(text.substr(copied));
  for (const auto& [key, value] : changes) {
    if (last.contains(key)) continue;
    if (!out.empty() && out.back() != '\n') out.push_back('\n');
    out += PropertyLine(key, value);
  }
  return out;
}

}  // namespace rmq::wire
