#include "filter/tag_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/java_hash.h"

namespace rmq::filter {
namespace {

TEST(TagExpression, AStarOrNothingMatchesEverything) {
  for (const char* text : {"*", "", "  "}) {
    const TagExpression all = TagExpression::Parse(text).value();
    EXPECT_TRUE(all.MatchesTag("any"));
    EXPECT_TRUE(all.MatchesTag(""));
    EXPECT_TRUE(all.MatchesCode(0));
  }
}

// CLIENT-10
TEST(TagExpression, BarsSeparateTagsAndBlanksDoNotCount) {
  const TagExpression some = TagExpression::Parse("TagA ||TagB||").value();
  EXPECT_THAT(some.tags(), testing::ElementsAre("TagA", "TagB"));
  EXPECT_TRUE(some.MatchesTag("TagB"));
  EXPECT_FALSE(some.MatchesTag("TagC"));
  EXPECT_FALSE(some.MatchesTag(""));
  EXPECT_TRUE(some.MatchesCode(wire::TagsCode("TagA")));
  EXPECT_FALSE(some.MatchesCode(wire::TagsCode("TagC")));
}

TEST(TagExpression, BarsAloneAreRefused) {
  EXPECT_EQ(TagExpression::Parse(" || ").error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace rmq::filter
