#include "wire/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "wire/hex_for_test.h"

namespace rmq::wire {
namespace {

constexpr CompressionType kAllTypes[] = {CompressionType::kLz4, CompressionType::kZstd,
                                         CompressionType::kZlib};

std::string Packed(CompressionType type, std::string_view body, int level = 5) {
  return Compress(type, AsBytes(body), level).value();
}
ErrorCode UnpackError(CompressionType type, std::string_view packed, size_t max_size = 1 << 20) {
  const auto unpacked = Decompress(type, AsBytes(packed), max_size);
  return unpacked.has_value() ? ErrorCode::kUnavailable : unpacked.error().code();
}

constexpr std::string_view kText = "hello hello hello hello";

// MSG-70: as the programs of the three libraries write it; like Java's encoders they don't know the
// size in advance, so neither frame tells it.
TEST(Compression, ReadsTheThreeFormats) {
  EXPECT_EQ(
      Decompress(CompressionType::kZlib, AsBytes(Hex("785ecb48cdc9c957c8402701680308b1")), 100),
      kText);
  EXPECT_EQ(Decompress(CompressionType::kLz4,
                       AsBytes(Hex("04224d186440a70f0000006868656c6c6f2006005068656c6c6f00000000"
                                   "f26b940b")),
                       100),
            kText);
  EXPECT_EQ(Decompress(CompressionType::kZstd,
                       AsBytes(Hex("28b52ffd00586500003068656c6c6f200100994b11")), 100),
            kText);
}

// MSG-70
TEST(Compression, EveryTypeUnpacksWhatItPacked) {
  for (const CompressionType type : kAllTypes) {
    EXPECT_EQ(Decompress(type, AsBytes(Packed(type, kText)), 1000), kText);
    EXPECT_EQ(Decompress(type, AsBytes(Packed(type, "")), 1000), "");
    const std::string large(3'000'000, 'x');
    EXPECT_LT(Packed(type, large).size(), 30'000U);
    EXPECT_EQ(Decompress(type, AsBytes(Packed(type, large)), large.size()), large);
  }
}

// MSG-73
TEST(Compression, StopsAtTheBound) {
  const std::string bomb(1'000'000, 'x');
  for (const CompressionType type : kAllTypes) {
    EXPECT_TRUE(Decompress(type, AsBytes(Packed(type, bomb)), 1'000'000).has_value());
    EXPECT_EQ(UnpackError(type, Packed(type, bomb), 999'999), ErrorCode::kResourceExhausted);
    EXPECT_EQ(UnpackError(type, Packed(type, bomb), 0), ErrorCode::kResourceExhausted);
    EXPECT_EQ(Decompress(type, AsBytes(Packed(type, "")), 0), "");
  }
  EXPECT_EQ(Decompress(CompressionType::kZlib, AsBytes(Packed(CompressionType::kZlib, bomb)), 9)
                .error()
                .message(),
            "zlib: expands to more than 9 bytes");
}

// MSG-70
TEST(Compression, RejectsWhatIsNotTheFormat) {
  for (const CompressionType type : kAllTypes) {
    EXPECT_EQ(UnpackError(type, ""), ErrorCode::kCorruption);
    EXPECT_EQ(UnpackError(type, "hello hello hello"), ErrorCode::kCorruption);
  }
  EXPECT_EQ(UnpackError(CompressionType::kZlib, Packed(CompressionType::kZstd, kText)),
            ErrorCode::kCorruption);
}

// MSG-70
TEST(Compression, RejectsWhatIsCutShort) {
  for (const CompressionType type : kAllTypes) {
    const std::string packed = Packed(type, kText);
    for (size_t size = 0; size < packed.size(); ++size) {
      EXPECT_EQ(UnpackError(type, std::string_view(packed).substr(0, size)), ErrorCode::kCorruption)
          << "type " << static_cast<int>(type) << ", " << size << " bytes";
    }
  }
}

// MSG-71
TEST(Compression, IgnoresWhatFollowsAZlibStream) {
  const std::string packed = Packed(CompressionType::kZlib, kText) + "rest";
  EXPECT_EQ(Decompress(CompressionType::kZlib, AsBytes(packed), 100), kText);
}

// MSG-71
TEST(Compression, ReadsSeveralFramesAsOne) {
  for (const CompressionType type : {CompressionType::kLz4, CompressionType::kZstd}) {
    const std::string packed = Packed(type, "hello ") + Packed(type, "") + Packed(type, "world");
    EXPECT_EQ(Decompress(type, AsBytes(packed), 100), "hello world");
    EXPECT_EQ(UnpackError(type, packed, 10), ErrorCode::kResourceExhausted);
  }
}

// MSG-72: bit 5 of the descriptor says that blocks are independent. A body of several blocks, for
// with one the library sets it anyway.
TEST(Compression, WritesLz4FramesThatJavaReads) {
  const std::string packed = Packed(CompressionType::kLz4, std::string(9'000'000, 'x'));
  EXPECT_EQ(packed.substr(0, 4), Hex("04224d18"));
  EXPECT_EQ(packed[4] & 0x20, 0x20);
}

TEST(Compression, BringsTheLevelIntoRange) {
  for (const CompressionType type : kAllTypes) {
    for (const int level : {-1'000'000, -1, 0, 1, 9, 10, 1000}) {
      EXPECT_EQ(Decompress(type, AsBytes(Packed(type, kText, level)), 100), kText);
    }
  }
}

// MSG-70
RC_GTEST_PROP(Compression, UnpacksWhatItPacked, (const std::string& body, int level)) {
  for (const CompressionType type : kAllTypes) {
    const auto unpacked = Decompress(type, AsBytes(Packed(type, body, level)), body.size());
    RC_ASSERT(unpacked.has_value());
    RC_ASSERT(*unpacked == body);
  }
}

// MSG-70, MSG-73
RC_GTEST_PROP(Compression, SurvivesDamage, (const std::string& body, uint16_t at, uint8_t byte)) {
  for (const CompressionType type : kAllTypes) {
    std::string packed = Packed(type, body);
    packed[at % packed.size()] = static_cast<char>(byte);
    const auto unpacked = Decompress(type, AsBytes(packed), 10'000);
    RC_ASSERT(!unpacked.has_value() || unpacked->size() <= 10'000);
  }
}

}  // namespace
}  // namespace rmq::wire
