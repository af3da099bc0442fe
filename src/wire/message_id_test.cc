#include "wire/message_id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace rmq::wire {
namespace {

IpAddress Ipv6() {
  return IpAddress::Parse("2001:db8::1").value();
}

// MSG-50
TEST(OffsetMessageId, IsHexOfHostPortAndOffset) {
  const OffsetMessageId id{{IpAddress::V4(10, 0, 0, 255), 10911}, {0x30405}};
  EXPECT_EQ(id.ToString(), "0A0000FF00002A9F0000000000030405");
  EXPECT_EQ(OffsetMessageId::Parse("0A0000FF00002A9F0000000000030405"), id);
  EXPECT_EQ(OffsetMessageId::Parse("0a0000ff00002a9f0000000000030405"), id);
}

// MSG-50
TEST(OffsetMessageId, IsLongerWithAnIpv6Host) {
  const OffsetMessageId id{{Ipv6(), 10911}, {1}};
  EXPECT_EQ(id.ToString(), "20010DB800000000000000000000000100002A9F0000000000000001");
  EXPECT_EQ(OffsetMessageId::Parse(id.ToString()), id);
}

// MSG-50
TEST(OffsetMessageId, RejectsOtherTexts) {
  const auto error = [](std::string_view text) {
    return OffsetMessageId::Parse(text).error().message();
  };
  EXPECT_EQ(error("0A0000FF"), "'0A0000FF' is not a message id: 32 or 56 hex digits");
  EXPECT_THAT(error(""), testing::HasSubstr("32 or 56 hex digits"));
  EXPECT_THAT(error("0A0000FF00002A9F000000000003040G"), testing::HasSubstr("32 or 56 hex"));
  EXPECT_THAT(error("0A0000FF00012A9F0000000000030405"), testing::HasSubstr("beyond 65535"));
}

// MSG-51
TEST(UniqId, IsHexOfItsParts) {
  const UniqId id{.ip = IpAddress::V4(127, 0, 0, 1),
                  .pid = 0x1234,
                  .class_hash = 0x18b4aac2,
                  .span_ms = 0x00a1b2c3,
                  .counter = 0xffff};
  EXPECT_EQ(id.ToString(), "7F000001123418B4AAC200A1B2C3FFFF");
  EXPECT_EQ(UniqId::Parse(id.ToString()), id);
  EXPECT_FALSE(UniqId::Parse("7F000001123418B4AAC200A1B2C3FFF").has_value());

  UniqId longer = id;
  longer.ip = Ipv6();
  EXPECT_EQ(longer.ToString(), "20010DB8000000000000000000000001123418B4AAC200A1B2C3FFFF");
  EXPECT_EQ(UniqId::Parse(longer.ToString()), longer);
}

// 2025-03-01T00:00:00Z, 2025-02-01, 2025-01-01 and 2024-12-01.
constexpr WallTime kMarch{1740787200000};
constexpr WallTime kFebruary{1738368000000};
constexpr WallTime kJanuary{1735689600000};
constexpr WallTime kDecember{1733011200000};

// MSG-52
TEST(UniqId, MonthsStartAtMidnightOfTheirTimeZone) {
  EXPECT_EQ(MonthOf(kMarch, minutes(0)).start, kMarch);
  EXPECT_EQ(MonthOf(kMarch, minutes(0)).previous_start, kFebruary);
  EXPECT_EQ(MonthOf({kMarch.ms - 1}, minutes(0)).start, kFebruary);
  EXPECT_EQ(MonthOf({kJanuary.ms + 5}, minutes(0)).previous_start, kDecember);

  constexpr int64_t kEightHours = 8 * 3600 * 1000;
  const Month in_china = MonthOf({kMarch.ms - kEightHours}, minutes(8 * 60));
  EXPECT_EQ(in_china.start, WallTime{kMarch.ms - kEightHours});
  EXPECT_EQ(in_china.previous_start, WallTime{kFebruary.ms - kEightHours});
}

// MSG-52
TEST(UniqId, CountsMillisecondsOfTheMonth) {
  EXPECT_EQ(UniqIdSpan({kMarch.ms + 77}, kMarch), 77U);
  EXPECT_EQ(UniqIdSpan({kMarch.ms - 999'999}, kMarch), 0U);  // the clock was set back
  // Day 31 is beyond 2^31 ms.
  EXPECT_EQ(UniqIdSpan({kMarch.ms + 30LL * 86'400'000}, kMarch), 2'592'000'000U);
}

// MSG-53
TEST(UniqId, TimeIsInThisMonthOrTheOneBefore) {
  const WallTime now{kMarch.ms + 1000};
  const Month month = MonthOf(now, minutes(0));
  EXPECT_EQ(UniqIdTime(999, now, month), WallTime{kMarch.ms + 999});
  EXPECT_EQ(UniqIdTime(1000, now, month), WallTime{kFebruary.ms + 1000});
  EXPECT_EQ(UniqIdTime(2'000'000'000, now, month), WallTime{kFebruary.ms + 2'000'000'000});
}

IpAddress AnyIp() {
  IpAddress ip;
  ip.v6 = *rc::gen::arbitrary<bool>();
  const auto bytes = *rc::gen::container<std::vector<uint8_t>>(16, rc::gen::arbitrary<uint8_t>());
  std::copy_n(bytes.begin(), ip.size(), ip.bytes.begin());
  return ip;
}

// MSG-50
RC_GTEST_PROP(OffsetMessageId, ParsesItsOwnText, (uint16_t port, int64_t offset)) {
  const OffsetMessageId id{{AnyIp(), port}, {offset}};
  RC_ASSERT(OffsetMessageId::Parse(id.ToString()).value() == id);
}

// MSG-51
RC_GTEST_PROP(UniqId, ParsesItsOwnText,
              (uint16_t pid, uint32_t class_hash, uint32_t span_ms, uint16_t counter)) {
  const UniqId id{AnyIp(), pid, class_hash, span_ms, counter};
  RC_ASSERT(UniqId::Parse(id.ToString()).value() == id);
}

}  // namespace
}  // namespace rmq::wire
