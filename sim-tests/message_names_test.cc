#include "harness/message_names.h"

#include <gtest/gtest.h>

namespace rmq::simtest {
namespace {

TEST(MessageNames, NumbersInTheOrderOfTheirFirstMention) {
  MessageNames names;
  EXPECT_EQ(names.FindOrAdd("p0/1#0"), 0U);
  EXPECT_EQ(names.FindOrAdd("p1/1#7"), 1U);
  EXPECT_EQ(names.FindOrAdd("strange"), 2U);
  EXPECT_EQ(names.FindOrAdd("p0/1#0"), 0U);
  EXPECT_EQ(names[1], "p1/1#7");
  EXPECT_EQ(names.Find("strange"), 2U);
  EXPECT_EQ(names.Find("p1/1#6"), std::nullopt);
  EXPECT_EQ(names.Find("p2/1#7"), std::nullopt);
}

TEST(MessageNames, KeepsApartTextsOfTheSameNumber) {
  MessageNames names;
  const char* texts[] = {"p#1", "p#01", "p#+1", "p#1 ", "p#", "#1", "p##1", "p#0", "p#00"};
  for (size_t i = 0; i < std::size(texts); ++i) EXPECT_EQ(names.FindOrAdd(texts[i]), i) << texts[i];
}

TEST(MessageNames, TakesNoMemoryForNumbersOutOfAllProportion) {
  MessageNames names;
  EXPECT_EQ(names.FindOrAdd("p#18446744073709551615"), 0U);
  EXPECT_EQ(names.FindOrAdd("p#99999999999999999999999"), 1U);
  EXPECT_EQ(names.FindOrAdd("p#4000000000"), 2U);
  EXPECT_EQ(names.Find("p#4000000000"), 2U);
}

}  // namespace
}  // namespace rmq::simtest
