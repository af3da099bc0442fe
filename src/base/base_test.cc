#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/intrusive_list.h"
#include "base/result.h"
#include "base/time.h"
#include "base/unique_function.h"

namespace rmq {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(ErrorCode::kInvalidArgument, "odd");
  return n / 2;
}
Result<int> Quarter(int n) {
  RMQ_TRY(const int half, Half(n));
  RMQ_TRY(Half(half));
  return half / 2;
}

TEST(Result, TryBindsAValueAndPassesAnErrorOn) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).error().ToString(), "InvalidArgument: odd");
}

TEST(Result, ContextGoesInFront) {
  EXPECT_EQ(WithContext(Error(ErrorCode::kIoError, "EIO"), "read slot 7").ToString(),
            "IoError: read slot 7: EIO");
}

TEST(Bytes, BigEndianRoundTrip) {
  std::byte raw[8];
  StoreBigEndian<int64_t>(raw, -2);
  EXPECT_EQ(raw[0], std::byte{0xff});
  EXPECT_EQ(raw[7], std::byte{0xfe});
  EXPECT_EQ(LoadBigEndian<int64_t>(raw), -2);
}

TEST(Bytes, APartKeepsTheBlockAlive) {
  Bytes part;
  {
    const Bytes whole = Bytes::Copy("hello world");
    part = whole.Sub(6, 5);
  }
  EXPECT_EQ(part.text(), "world");
}

TEST(UniqueFunction, HoldsMoveOnlyStateInlineOrOnTheHeap) {
  auto number = std::make_unique<int>(41);
  UniqueFunction<int(int)> add = [n = std::move(number)](int x) { return *n + x; };
  UniqueFunction<int(int)> moved = std::move(add);
  EXPECT_FALSE(add);
  EXPECT_EQ(moved(1), 42);

  struct Large {
    char padding[200] = {};
    int operator()(int x) const { return x + padding[0]; }
  };
  UniqueFunction<int(int)> large = Large{};
  EXPECT_EQ(large(7), 7);
}

TEST(Endpoint, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(Endpoint::Parse("10.0.0.1:9876")->ToString(), "10.0.0.1:9876");
  EXPECT_EQ(Endpoint::Parse("[fe80::1]:80")->ToString(), "[fe80:0:0:0:0:0:0:1]:80");
  EXPECT_EQ(IpAddress::Parse("::ffff:1.2.3.4")->ToString(), "0:0:0:0:0:ffff:102:304");
  for (const char* bad : {"", ":1", "1.2.3:4", "1.2.3.256:1", "1.2.3.4:70000", "1.2.3.4", "[1:2]:3",
                          "[::1::2]:3", "[12345::]:1"}) {
    EXPECT_FALSE(Endpoint::Parse(bad).has_value()) << bad;
  }
}

struct Item : ListNode {
  explicit Item(int n) : number(n) {}
  int number;
};

TEST(IntrusiveList, EitherSideMayDieFirst) {
  Item outlives(2);
  {
    IntrusiveList<Item> list;
    list.PushBack(outlives);
    {
      Item dies(1);
      list.PushBack(dies);
      EXPECT_EQ(list.back().number, 1);
    }
    EXPECT_EQ(list.back().number, 2);
  }
  EXPECT_FALSE(outlives.linked());
}

TEST(Tick, AdditionSaturatesAtNever) {
  EXPECT_EQ(Tick{1} + nanoseconds::max(), kNever);
}

}  // namespace
}  // namespace rmq
