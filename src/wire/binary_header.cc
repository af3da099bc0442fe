// Apache's binary header, "ROCKETMQ":
//
//   i16 code | u8 language | i16 version | i32 opaque | i32 flag | i32 size, remark
//   | i32 size of all fields | per field: i16 size, key | i32 size, value
#include <fmt/format.h>

#include "wire/header_encoding.h"

namespace rmq::wire {
namespace {

constexpr size_t kFixedSize = 2 + 1 + 2 + 4 + 4;

// Reads integers and counted strings, and remembers that it once ran out of bytes.
class Reader {
 public:
  Reader(const std::byte* base, size_t at, size_t end) : base_(base), at_(at), end_(end) {}

  template <std::integral T>
  T Read() {
    if (end_ - at_ < sizeof(T)) {
      Break();
      return T{};
    }
    const T value = LoadBigEndian<T>(base_ + at_);
    at_ += sizeof(T);
    return value;
  }
  template <std::integral Length>
  ExtFields::Piece ReadCounted() {
    const auto length = Read<Length>();
    if (length < 0 || static_cast<size_t>(length) > end_ - at_) {
      Break();
      return {};
    }
    const ExtFields::Piece piece{.at = static_cast<uint32_t>(at_),
                                 .size = static_cast<uint32_t>(length)};
    at_ += piece.size;
    return piece;
  }
  bool done() const { return at_ == end_; }
  bool broken() const { return broken_; }

 private:
  void Break() {
    broken_ = true;
    at_ = end_;
  }

  const std::byte* base_;
  size_t at_;
  size_t end_;
  bool broken_ = false;
};

// The codes of the POP family do not fit the header's 16 bits and arrive cut off. No other request
// has such a number, so the full code can be restored. WIRE-9.
int32_t RestoreRequestCode(int32_t code) {
  const bool pop = code >= 3442 && code <= 3448;
  const bool lite = code >= 3462 && code <= 3471;
  return pop || lite || code == 3543 ? code + 0x30000 : code;
}

Result<void> DecodeFields(const Bytes& frame, ExtFields::Piece all, ExtFields& fields) {
  Reader reader(frame.data(), all.at, all.at + all.size);
  for (size_t count = 0; !reader.done(); ++count) {
    const auto key = reader.ReadCounted<int16_t>();
    const auto value = reader.ReadCounted<int32_t>();
    if (reader.broken()) return Fail(ErrorCode::kCorruption, "binary header: cut off field");
    if (count == kMaxExtFields) return Fail(ErrorCode::kCorruption, "binary header: many fields");
    // An empty string stands for null here, and a null field is an absent one. WIRE-5.
    if (key.size > 0 && value.size > 0) fields.Add(key, value);
  }
  return {};
}

template <std::integral Length>
void AppendCounted(std::string& out, std::string_view text) {
  AppendBigEndian(out, static_cast<Length>(text.size()));
  out.append(text);
}

}  // namespace

Result<void> DecodeBinaryHeader(const Bytes& frame, size_t at, size_t size,
                                RemotingCommand& command) {
  if (size < kFixedSize) return Fail(ErrorCode::kCorruption, "binary header: too short");
  Reader reader(frame.data(), at, at + size);
  command.code = reader.Read<int16_t>();
  command.language = static_cast<LanguageCode>(reader.Read<uint8_t>());
  command.version = reader.Read<int16_t>();
  command.opaque = reader.Read<int32_t>();
  command.flag = reader.Read<int32_t>();
  const auto remark = reader.ReadCounted<int32_t>();
  const auto fields = reader.ReadCounted<int32_t>();
  if (reader.broken()) return Fail(ErrorCode::kCorruption, "binary header: cut off");
  if (!command.IsResponse()) command.code = RestoreRequestCode(command.code);
  command.remark = frame.text().substr(remark.at, remark.size);
  command.ext_fields = ExtFields(frame);
  return DecodeFields(frame, fields, command.ext_fields);
}

void EncodeBinaryHeader(const RemotingCommand& command, std::string& out) {
  AppendBigEndian(out, static_cast<int16_t>(command.code));
  AppendBigEndian(out, static_cast<uint8_t>(command.language));
  AppendBigEndian(out, static_cast<int16_t>(command.version));
  AppendBigEndian(out, command.opaque);
  AppendBigEndian(out, command.flag);
  AppendCounted<int32_t>(out, command.remark);
  const size_t size_at = out.size();
  AppendBigEndian(out, int32_t{0});
  for (const auto [key, value] : command.ext_fields) {
    if (key.size() > INT16_MAX) continue;  // Can only come from a JSON header; has no form here.
    AppendCounted<int16_t>(out, key);
    AppendCounted<int32_t>(out, value);
  }
  const auto fields_size = static_cast<int32_t>(out.size() - size_at - sizeof(int32_t));
  StoreBigEndian(reinterpret_cast<std::byte*>(out.data() + size_at), fields_size);
}

}  // namespace rmq::wire
