#include "wire/name_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rmq::wire {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

std::string TopicError(std::string_view topic) {
  const auto valid = ValidateTopic(topic);
  return valid.has_value() ? "" : valid.error().message();
}
std::string GroupError(std::string_view group) {
  const auto valid = ValidateGroup(group);
  return valid.has_value() ? "" : valid.error().message();
}

// MSG-60
TEST(NameRules, TopicsAreMadeOfAFewCharacters) {
  EXPECT_EQ(TopicError("TopicTest"), "");
  EXPECT_EQ(TopicError("ns%Topic|a-Z_09"), "");
  EXPECT_EQ(TopicError(""), "The specified topic is blank.");
  EXPECT_EQ(TopicError(" \t"), "The specified topic is blank.");
  EXPECT_EQ(TopicError("a b"),
            "The specified topic: a b, contains illegal characters, allowing only "
            "^[%|a-zA-Z0-9_-]+$");
  for (const char* bad : {"a/b", "a.b", "a+b", "a#b", "..", "\u4e2d", "a\x01"}) {
    EXPECT_NE(TopicError(bad), "") << bad;
  }
}

// MSG-61
TEST(NameRules, TopicsAreAtMost127CharactersLongAndRetryTopics255) {
  const std::string longest(127, 't');
  EXPECT_EQ(TopicError(longest), "");
  EXPECT_EQ(TopicError(longest + "t"),
            "The specified topic: " + longest + "t, is longer than topic max length: 127");
  for (const std::string prefix : {"%RETRY%", "%DLQ%"}) {
    const std::string retry = prefix + std::string(255 - prefix.size(), 'g');
    EXPECT_EQ(TopicError(retry), "");
    EXPECT_EQ(TopicError(retry + "g"), "The specified topic is DLQ or Retry topic: " + retry +
                                           "g, and it's longer than topic max length: 255");
  }
}

// MSG-62
TEST(NameRules, GroupsAreAtMost120CharactersLong) {
  const std::string longest(120, 'g');
  EXPECT_EQ(GroupError(longest), "");
  EXPECT_EQ(GroupError(longest + "g"),
            "The specified group: " + longest + "g, is longer than group max length: 120");
  EXPECT_EQ(GroupError(""), "The specified group is blank.");
  EXPECT_EQ(GroupError("a*"),
            "The specified group: a*, contains illegal characters, allowing only "
            "^[%|a-zA-Z0-9_-]+$");
}

// MSG-63
TEST(NameRules, SomeTopicsBelongToTheSystem) {
  EXPECT_TRUE(IsSystemTopic("TBW102"));
  EXPECT_TRUE(IsSystemTopic("rmq_sys_wheel_timer"));
  EXPECT_TRUE(IsSystemTopic("rmq_sys_REVIVE_LOG_c"));
  EXPECT_FALSE(IsSystemTopic("tbw102"));
  EXPECT_FALSE(IsSystemTopic("%RETRY%g"));
  EXPECT_TRUE(IsSendForbidden("SCHEDULE_TOPIC_XXXX"));
  EXPECT_TRUE(IsSendForbidden("RMQ_SYS_TRANS_OP_HALF_TOPIC"));
  EXPECT_FALSE(IsSendForbidden("RMQ_SYS_TRACE_TOPIC"));
  EXPECT_FALSE(IsSendForbidden("TBW102"));
}

// MSG-64
TEST(NameRules, RetryTopicsCarryTheGroup) {
  EXPECT_EQ(RetryTopic("g"), "%RETRY%g");
  EXPECT_EQ(DlqTopic("g"), "%DLQ%g");
  EXPECT_EQ(PopRetryTopic("t", "g", false), "%RETRY%g_t");
  EXPECT_EQ(PopRetryTopic("t", "g", true), "%RETRY%g+t");
  EXPECT_EQ(NormalTopic("%RETRY%g_t", "g"), "t");
  EXPECT_EQ(NormalTopic("%RETRY%g+t", "g"), "t");
  EXPECT_EQ(NormalTopic("%RETRY%g", "g"), "%RETRY%g");
  EXPECT_EQ(NormalTopic("%RETRY%gg_t", "g"), "%RETRY%gg_t");
  EXPECT_EQ(NormalTopic("t", "g"), "t");
}

// MSG-65
TEST(NameRules, DelayLevelsAreNumbersWithUnits) {
  EXPECT_THAT(ParseDelayLevels(kDefaultDelayLevelsText).value(),
              ElementsAreArray(kDefaultDelayLevels));
  EXPECT_THAT(ParseDelayLevels(" 2d  0s ").value(),
              ElementsAre(milliseconds(172'800'000), milliseconds(0)));
  for (const char* bad : {"1", "s", "1x", "-1s", "1.5s", "1s,2s", "9223372036854775807d"}) {
    EXPECT_FALSE(ParseDelayLevels(bad).has_value()) << bad;
  }
  EXPECT_EQ(ParseDelayLevels("1s 5y").error().message(), "delay level '5y'");
}

}  // namespace
}  // namespace rmq::wire
