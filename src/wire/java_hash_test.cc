#include "wire/java_hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "wire/hex_for_test.h"

namespace rmq::wire {
namespace {

// String.hashCode() of UTF-16 units, unit by unit.
int32_t HashOf(std::u16string_view units) {
  uint32_t hash = 0;
  for (const char16_t unit : units) hash = hash * 31 + unit;
  return static_cast<int32_t>(hash);
}

// MSG-40
TEST(JavaHash, MatchesKnownHashCodes) {
  EXPECT_EQ(JavaStringHash(""), 0);
  EXPECT_EQ(JavaStringHash("a"), 97);
  EXPECT_EQ(JavaStringHash("TagA"), 2598919);
  EXPECT_EQ(JavaStringHash("hello"), 99162322);
  // Longer than eight bytes, and it wraps.
  EXPECT_EQ(JavaStringHash("polygenelubricants"), INT32_MIN);
  EXPECT_EQ(JavaStringHash("hello world"), 1794106052);
}

// MSG-40
TEST(JavaHash, CountsUtf16UnitsRatherThanBytes) {
  EXPECT_EQ(JavaStringHash("\u00e9"), 0xe9);
  EXPECT_EQ(JavaStringHash("\u4e2d\u6587"), HashOf(u"\u4e2d\u6587"));
  EXPECT_EQ(JavaStringHash("\U0001f680"), 0xd83d * 31 + 0xde80);
  EXPECT_EQ(JavaStringHash("order-\u4e2d-\U0001f680-12345678-x"),
            HashOf(u"order-\u4e2d-\U0001f680-12345678-x"));
}

// MSG-41
TEST(JavaHash, PutsOneReplacementCharacterForEachMalformedSequence) {
  const auto hash = [](std::string_view hex) { return JavaStringHash(Hex(hex)); };
  EXPECT_EQ(hash("80"), HashOf(u"\ufffd"));
  EXPECT_EQ(hash("41 ff 42"), HashOf(u"A\ufffdB"));
  EXPECT_EQ(hash("c0 80"), HashOf(u"\ufffd\ufffd"));           // overlong
  EXPECT_EQ(hash("e0 80 80"), HashOf(u"\ufffd\ufffd\ufffd"));  // overlong
  EXPECT_EQ(hash("e4 b8 41"), HashOf(u"\ufffdA"));             // cut short
  EXPECT_EQ(hash("e4 41"), HashOf(u"\ufffdA"));
  EXPECT_EQ(hash("41 e4 b8"), HashOf(u"A\ufffd"));  // cut short by the end
  EXPECT_EQ(hash("f0 9f 9a"), HashOf(u"\ufffd"));
  EXPECT_EQ(hash("f4 90 80 80"), HashOf(u"\ufffd\ufffd\ufffd\ufffd"));  // above U+10FFFF
  EXPECT_EQ(hash("f8 88 80 80 80"), HashOf(u"\ufffd\ufffd\ufffd\ufffd\ufffd"));
}

// MSG-41
TEST(JavaHash, TakesAnEncodedSurrogateAsOneMalformedSequence) {
  EXPECT_EQ(JavaStringHash(Hex("ed a0 80")), HashOf(u"\ufffd"));
  EXPECT_EQ(JavaStringHash(Hex("ed a0 80 ed b0 80")), HashOf(u"\ufffd\ufffd"));
}

// MSG-40
TEST(JavaHash, TagsCodeIsSignExtendedAndZeroWithoutTags) {
  EXPECT_EQ(TagsCode(""), 0);
  EXPECT_EQ(TagsCode("TagA"), 2598919);
  EXPECT_EQ(TagsCode("polygenelubricants"), -2147483648LL);
}

// MSG-42
TEST(JavaHash, IndexKeyHashIsAbsoluteAndZeroForIntMin) {
  EXPECT_EQ(IndexKeyHash("hello"), 99162322U);
  EXPECT_EQ(IndexKeyHash("polygenelubricants"), 0U);
  ASSERT_LT(JavaStringHash("TopicTest#order-7"), 0);
  EXPECT_EQ(IndexKeyHash("TopicTest#order-7"),
            static_cast<uint32_t>(-JavaStringHash("TopicTest#order-7")));
}

RC_GTEST_PROP(JavaHash, OfJoinedTopicAndKeyEqualsThatOfTheParts,
              (const std::string& topic, const std::string& key)) {
  RC_ASSERT(IndexKeyHash(topic, key) == IndexKeyHash(topic + "#" + key));
}

RC_GTEST_PROP(JavaHash, OfAsciiIsThePlainPolynomial, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  RC_ASSERT(JavaStringHash(text) == HashOf(std::u16string(text.begin(), text.end())));
}

}  // namespace
}  // namespace rmq::wire
