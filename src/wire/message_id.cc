#include "wire/message_id.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <span>

namespace rmq::wire {
namespace {

constexpr size_t kShortIdSize = 16;  // bytes, with an IPv4 address
constexpr size_t kLongIdSize = 28;   // with an IPv6 address

struct Raw {
  std::array<std::byte, kLongIdSize> bytes{};
  size_t size = 0;
};

std::string ToHex(const Raw& raw) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text(2 * raw.size, '\0');
  for (size_t i = 0; i < raw.size; ++i) {
    text[2 * i] = kDigits[static_cast<size_t>(raw.bytes[i] >> 4)];
    text[2 * i + 1] = kDigits[static_cast<size_t>(raw.bytes[i] & std::byte{15})];
  }
  return text;
}

// -1: not a digit.
int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Result<Raw> FromHex(std::string_view text) {
  const auto bad = [&] {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is not a message id: 32 or 56 hex digits", text.substr(0, 64)));
  };
  if (text.size() != 2 * kShortIdSize && text.size() != 2 * kLongIdSize) return bad();
  Raw raw{.size = text.size() / 2};
  for (size_t i = 0; i < raw.size; ++i) {
    const int high = DigitOf(text[2 * i]);
    const int low = DigitOf(text[2 * i + 1]);
    if (high < 0 || low < 0) return bad();
    raw.bytes[i] = static_cast<std::byte>(high << 4 | low);
  }
  return raw;
}

}  // namespace

std::string OffsetMessageId::ToString() const {
  Raw raw{.size = store_host.ip.v6 ? kLongIdSize : kShortIdSize};
  StoreHostAddress(raw.bytes.data(), store_host);
  StoreBigEndian(raw.bytes.data() + raw.size - 8, physical_offset.value);
  return ToHex(raw);
}

Result<OffsetMessageId> OffsetMessageId::Parse(std::string_view text) {
  RMQ_TRY(const Raw raw, FromHex(text));
  OffsetMessageId id;
  if (!LoadHostAddress(raw.bytes.data(), raw.size == kLongIdSize, id.store_host)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is not an offset message id: its port is beyond 65535", text));
  }
  id.physical_offset.value = LoadBigEndian<int64_t>(raw.bytes.data() + raw.size - 8);
  return id;
}

std::string UniqId::ToString() const {
  Raw raw{.size = ip.v6 ? kLongIdSize : kShortIdSize};
  std::byte* const after_ip = raw.bytes.data() + raw.size - 12;
  std::memcpy(raw.bytes.data(), ip.bytes.data(), ip.size());
  StoreBigEndian(after_ip, pid);
  StoreBigEndian(after_ip + 2, class_hash);
  StoreBigEndian(after_ip + 6, span_ms);
  StoreBigEndian(after_ip + 10, counter);
  return ToHex(raw);
}

Result<UniqId> UniqId::Parse(std::string_view text) {
  RMQ_TRY(const Raw raw, FromHex(text));
  const std::byte* const after_ip = raw.bytes.data() + raw.size - 12;
  UniqId id;
  id.ip.v6 = raw.size == kLongIdSize;
  std::memcpy(id.ip.bytes.data(), raw.bytes.data(), id.ip.size());
  id.pid = LoadBigEndian<uint16_t>(after_ip);
  id.class_hash = LoadBigEndian<uint32_t>(after_ip + 2);
  id.span_ms = LoadBigEndian<uint32_t>(after_ip + 6);
  id.counter = LoadBigEndian<uint16_t>(after_ip + 10);
  return id;
}

Month MonthOf(WallTime now, minutes utc_offset) {
  using std::chrono::day;
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::months;
  using std::chrono::sys_days;
  using std::chrono::year_month_day;
  const milliseconds offset = utc_offset;
  const year_month_day today =
      floor<days>(std::chrono::sys_time<milliseconds>(milliseconds(now.ms) + offset));
  const auto first = today.year() / today.month() / day(1);
  const auto at = [&](year_month_day date) {
    return WallTime{(milliseconds(sys_days(date).time_since_epoch()) - offset).count()};
  };
  return {.start = at(first), .previous_start = at(first - months(1))};
}

uint32_t UniqIdSpan(WallTime now, WallTime month_start) {
  const int64_t span_ms = now.ms - month_start.ms;
  // A clock that was set back a little across the start of the month.
  if (span_ms < 0 && span_ms > -1'000'000) return 0;
  return static_cast<uint32_t>(span_ms);
}

WallTime UniqIdTime(uint32_t span_ms, WallTime now, const Month& month) {
  const WallTime time{month.start.ms + span_ms};
  return time < now ? time : WallTime{month.previous_start.ms + span_ms};
}

}  // namespace rmq::wire
