#include "wire/checksum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

namespace rmq::wire {
namespace {

// MSG-4
TEST(Checksum, IsTheCrc32OfJavaUtilZip) {
  EXPECT_EQ(Crc32(AsBytes("")), 0U);
  EXPECT_EQ(Crc32(AsBytes("123456789")), 0xcbf43926U);
  EXPECT_EQ(Crc32(AsBytes("Hello")), 0xf7d18982U);
}

// MSG-4
TEST(Checksum, OfABodyHasNoSignBit) {
  EXPECT_EQ(MessageBodyCrc(AsBytes("Hello")), 0x77d18982U);
}

// MSG-4
TEST(Checksum, CanBeContinued) {
  EXPECT_EQ(Crc32(Crc32(AsBytes("1234")), AsBytes("56789")), 0xcbf43926U);
}

RC_GTEST_PROP(Checksum, AgreesWithZlib, (const std::string& left, const std::string& right)) {
  const auto of_left =
      crc32(0, reinterpret_cast<const Bytef*>(left.data()), static_cast<uInt>(left.size()));
  RC_ASSERT(Crc32(AsBytes(left)) == of_left);
  RC_ASSERT(Crc32(Crc32(AsBytes(left)), AsBytes(right)) == Crc32(AsBytes(left + right)));
}

TEST(Checksum, AgreesWithZlibOnLargeBodies) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body.push_back(static_cast<char>(i * 7 + i / 256));
  for (const size_t size : {63U, 64U, 65U, 1023U, 4096U, 100'000U}) {
    const auto expected =
        crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(size));
    EXPECT_EQ(Crc32(AsBytes(std::string_view(body).substr(0, size))), expected) << size;
  }
}

}  // namespace
}  // namespace rmq::wire
