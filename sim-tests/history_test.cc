// Tampered histories must not pass: otherwise tools/kill9 would prove nothing.
#include "history.h"

#include <gtest/gtest.h>

#include <sstream>

namespace rmq::simtest {
namespace {

const MessageQueue kQueue{.topic = "t", .broker_name = "broker-a", .queue_id = 3};

void Tell(const std::string& text, Oracle& oracle) {
  std::istringstream lines(text);
  ASSERT_TRUE(TellHistory(lines, "t", oracle).has_value());
}

std::string CheckerOf(const Oracle& oracle) {
  return oracle.violations().empty() ? "" : oracle.violations().front().checker;
}

TEST(History, TellsTheOracleWhatItsLinesSay) {
  Oracle oracle;
  Tell(BeganLine("p#1") + AckedLine("p#1", kQueue, 7, 900) + BeganLine("p#2") + FailedLine("p#2"),
       oracle);
  EXPECT_EQ(oracle.sent(), 2U);
  EXPECT_EQ(oracle.acked(), 1U);
  oracle.Read("p#1", kQueue, 7);
  oracle.CheckDurable({{kQueue, {.min = 0, .max = 8, .messages = {{7, "p#1"}}}}});
  EXPECT_EQ(CheckerOf(oracle), "");
}

TEST(History, LosesNoAckedMessageUnnoticed) {
  Oracle oracle;
  Tell(BeganLine("p#1") + AckedLine("p#1", kQueue, 7, 900), oracle);
  oracle.CheckDurable({{kQueue, {.min = 0, .max = 7}}});
  EXPECT_EQ(CheckerOf(oracle), "I1");
}

TEST(History, LetsNoOffsetMeanTwoMessages) {
  Oracle oracle;
  Tell(BeganLine("p#1") + AckedLine("p#1", kQueue, 7, 900) + BeganLine("p#2"), oracle);
  oracle.Read("p#2", kQueue, 7);
  EXPECT_EQ(CheckerOf(oracle), "I2");
}

TEST(History, RefusesALineThatIsCutOff) {
  Oracle oracle;
  std::istringstream lines("began p#1\nacked p#1 broker-a 3\n");
  const Result<void> told = TellHistory(lines, "t", oracle);
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(told.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(told.error().message(), "history line 2: 'acked p#1 broker-a 3'");
}

}  // namespace
}  // namespace rmq::simtest
