// The JSON header: one object, whose keys may come in any order. WIRE-3, WIRE-4.
#include <array>
#include <charconv>

#include "wire/header_encoding.h"
#include "wire/json_cursor.h"
#include "wire/json_text.h"

namespace rmq::wire {
namespace {

constexpr int kMaxDepth = 16;

enum class Property {
  kCode,
  kFlag,
  kOpaque,
  kVersion,
  kLanguage,
  kRemark,
  kExtFields,
  kSerializeType,  // says what the frame has said already
  kUnknown
};
constexpr std::array<std::string_view, 8> kPropertyNames = {
    "code",     "flag",   "opaque",    "version",
    "language", "remark", "extFields", "serializeTypeCurrentRPC"};

// Nearly everybody spells them exactly so, and that is quick to find out.
Property PropertyNamed(std::string_view key) {
  for (size_t i = 0; i < kPropertyNames.size(); ++i) {
    if (kPropertyNames[i] == key) return static_cast<Property>(i);
  }
  for (size_t i = 0; i < kPropertyNames.size(); ++i) {
    if (SamePropertyName(key, kPropertyNames[i])) return static_cast<Property>(i);
  }
  return Property::kUnknown;
}

class Decoder {
 public:
  Decoder(const Bytes& frame, size_t at, size_t size, RemotingCommand& command)
      : at_(at), cursor_(frame.text().substr(at, size)), command_(command) {
    command.ext_fields = ExtFields(frame);
  }

  Result<void> Decode() {
    RMQ_TRY(cursor_.Expect('{'));
    while (!cursor_.Consume('}')) {
      RMQ_TRY(const std::string_view key, ReadKey());
      RMQ_TRY(cursor_.Expect(':'));
      RMQ_TRY(DecodeProperty(key));
      if (!cursor_.Consume(',') && cursor_.Peek() != '}') return cursor_.Fault("expected ','");
    }
    return cursor_.ExpectEnd();
  }

 private:
  // The view holds until the next read.
  Result<std::string_view> ReadKey() {
    if (cursor_.Peek() != '"' && cursor_.Peek() != '\'') return cursor_.ReadBareWord();
    return ReadText();
  }
  Result<std::string_view> ReadText() {
    scratch_.clear();
    RMQ_TRY(const auto token, cursor_.ReadString(scratch_));
    return cursor_.View(token, scratch_);
  }

  Result<void> DecodeProperty(std::string_view key) {
    switch (PropertyNamed(key)) {
      case Property::kCode:
        return ReadInt(command_.code);
      case Property::kFlag:
        return ReadInt(command_.flag);
      case Property::kOpaque:
        return ReadInt(command_.opaque);
      case Property::kVersion:
        return ReadInt(command_.version);
      case Property::kLanguage:
        return ReadLanguage();
      case Property::kRemark:
        return ReadRemark();
      case Property::kExtFields:
        return ReadFields();
      case Property::kSerializeType:
      case Property::kUnknown:
        break;
    }
    return cursor_.SkipValue(kMaxDepth);
  }

  // A number, bare or quoted; null leaves what was there.
  Result<void> ReadInt(int32_t& into) {
    RMQ_TRY(const std::string_view text, ReadKey());
    if (text == "null") return {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return cursor_.Fault("expected an integer");
    }
    return {};
  }

  // Its name or, from a few clients, its number.
  Result<void> ReadLanguage() {
    RMQ_TRY(const std::string_view text, ReadKey());
    uint8_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool numeric = error == std::errc{} && end == text.data() + text.size();
    command_.language = numeric ? static_cast<LanguageCode>(number) : LanguageCodeFromName(text);
    return {};
  }

  Result<void> ReadRemark() {
    const char first = cursor_.Peek();
    if (first != '"' && first != '\'') return cursor_.SkipValue(kMaxDepth);
    RMQ_TRY(const std::string_view text, ReadText());
    command_.remark = text;
    return {};
  }

  Result<void> ReadFields() {
    if (!cursor_.Consume('{')) return cursor_.SkipValue(kMaxDepth);
    for (size_t count = 0; !cursor_.Consume('}'); ++count) {
      if (count == kMaxExtFields) return cursor_.Fault("too many ext fields");
      RMQ_TRY(const ExtFields::Piece key, ReadPiece());
      RMQ_TRY(cursor_.Expect(':'));
      RMQ_TRY(ReadField(key));
      if (!cursor_.Consume(',') && cursor_.Peek() != '}') return cursor_.Fault("expected ','");
    }
    return {};
  }

  Result<void> ReadField(ExtFields::Piece key) {
    const char first = cursor_.Peek();
    if (first == '{' || first == '[') return cursor_.SkipValue(kMaxDepth);
    RMQ_TRY(const ExtFields::Piece value, ReadPiece());
    const bool bare = first != '"' && first != '\'';
    const std::string_view text = cursor_.text();
    if (bare && text.substr(value.at - at_, value.size) == "null") return {};
    command_.ext_fields.Add(key, value);
    return {};
  }

  // A string or a bare word, as a piece of the frame or of the side string.
  Result<ExtFields::Piece> ReadPiece() {
    const char first = cursor_.Peek();
    if (first != '"' && first != '\'') {
      RMQ_TRY(const std::string_view word, cursor_.ReadBareWord());
      return ExtFields::Piece{.at = static_cast<uint32_t>(at_ + cursor_.position() - word.size()),
                              .size = static_cast<uint32_t>(word.size())};
    }
    RMQ_TRY(const auto token, cursor_.ReadString(command_.ext_fields.side()));
    return ExtFields::Piece{
        .at = static_cast<uint32_t>(token.unescaped ? token.at : at_ + token.at),
        .size = static_cast<uint32_t>(token.size),
        .in_side = token.unescaped};
  }

  size_t at_;
  JsonCursor cursor_;
  RemotingCommand& command_;
  std::string scratch_;
};

void AppendFields(std::string& out, const ExtFields& fields) {
  if (fields.empty()) return;
  out += ",\"extFields\":";
  char separator = '{';
  for (const auto [key, value] : fields) {
    out += separator;
    separator = ',';
    AppendJsonString(out, key);
    out += ':';
    AppendJsonString(out, value);
  }
  out += '}';
}

}  // namespace

Result<void> DecodeJsonHeader(const Bytes& frame, size_t at, size_t size,
                              RemotingCommand& command) {
  return Decoder(frame, at, size, command).Decode();
}

void EncodeJsonHeader(const RemotingCommand& command, std::string& out) {
  const auto append_int = [&out](std::string_view key, int32_t value) {
    out += key;
    out += fmt::format_int(value).c_str();
  };
  append_int("{\"code\":", command.code);
  AppendFields(out, command.ext_fields);
  append_int(",\"flag\":", command.flag);
  out += ",\"language\":\"";
  out += LanguageCodeName(command.language);
  append_int("\",\"opaque\":", command.opaque);
  if (!command.remark.empty()) {
    out += ",\"remark\":";
    AppendJsonString(out, command.remark);
  }
  append_int(",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":", command.version);
  out += '}';
}

}  // namespace rmq::wire
