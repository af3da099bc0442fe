#include "wire/properties_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rmq::wire {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, std::string>> Read(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> read;
  const auto properties = ParseProperties(text);
  EXPECT_TRUE(properties.has_value());
  for (const ConfigProperty& p : *properties) read.emplace_back(p.key, p.value);
  return read;
}

// PROP-1.
TEST(PropertiesText, ReadsEverySeparator) {
  EXPECT_THAT(Read("a=1\nb:2\nc 3\nd = 4\ne\t:\t5\nf\n"),
              ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "3"), Pair("d", "4"),
                          Pair("e", "5"), Pair("f", "")));
}

// PROP-2.
TEST(PropertiesText, LeavesOutCommentsAndEmptyLines) {
  EXPECT_THAT(Read("# one\\\n\n  ! two\r\n \t\na=1#2"), ElementsAre(Pair("a", "1#2")));
}

// PROP-3.
TEST(PropertiesText, JoinsContinuedLines) {
  EXPECT_THAT(Read("path = /data/kv\\\n    Config\\\r\n\t.json\nb=2"),
              ElementsAre(Pair("path", "/data/kvConfig.json"), Pair("b", "2")));
}

// PROP-1.
TEST(PropertiesText, KeepsSpaceAtTheEndOfAValue) {
  EXPECT_THAT(Read("a=  1 \n"), ElementsAre(Pair("a", "1 ")));
}

// PROP-4.
TEST(PropertiesText, ReadsEscapes) {
  EXPECT_THAT(Read(R"(a\=b\:c\ d=\t\n\\\q)"
                   "\nu=\\u00e9\\u20ac\\ud83d\\ude00\\ud83dx"),
              ElementsAre(Pair("a=b:c d", "\t\n\\q"), Pair("u", "é€😀\uFFFDx")));
}

// PROP-4.
TEST(PropertiesText, NamesTheLineOfAMalformedEscape) {
  EXPECT_EQ(ParseProperties("a=1\n\nb=\\u12g4\n").error().message(), "line 3: malformed \\uXXXX");
  EXPECT_FALSE(ParseProperties("b=\\u12").has_value());
}

// PROP-5.
TEST(PropertiesText, TellsTheLineOfEachProperty) {
  const auto properties = ParseProperties("a=1\\\n2\n#\nb=3").value();
  EXPECT_EQ(properties[0].line, 1);
  EXPECT_EQ(properties[1].line, 4);
}

// PROP-7.
TEST(PropertiesText, AChangeKeepsCommentsAndOtherLines) {
  EXPECT_EQ(ChangeProperties("# port\nlistenPort=1\n\na : b\nlistenPort = 2 \\\n 3\n#end",
                             {{"listenPort", "9876"}, {"new", " x\\"}})
                .value(),
            "# port\n\na : b\nlistenPort=9876\n#end\nnew=\\ x\\\\\n");
}

// PROP-1: only the first separator counts.
TEST(PropertiesText, KeepsSeparatorsInValues) {
  EXPECT_THAT(Read("namesrvAddr=a:9876;b:9876\nx==y\nz  = = 1"),
              ElementsAre(Pair("namesrvAddr", "a:9876;b:9876"), Pair("x", "=y"), Pair("z", "= 1")));
}

// PROP-3: an even number of backslashes is an escaped backslash.
TEST(PropertiesText, EndsALineAfterAnEscapedBackslash) {
  EXPECT_THAT(Read("b=x\\\\\nc=y\\\\\\\n# z\nd=\\"),
              ElementsAre(Pair("b", "x\\"), Pair("c", "y\\# z"), Pair("d", "")));
}

// PROP-5.
TEST(PropertiesText, KeepsEachOfSeveralValuesInOrder) {
  EXPECT_THAT(Read("a=1\nb=2\na=3"), ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("a", "3")));
}

// PROP-6.
TEST(PropertiesText, WritesPlainValuesAsJavaDoes) {
  EXPECT_EQ(PropertyLine("namesrvAddr", "10.0.0.1:9876;10.0.0.2:9876"),
            "namesrvAddr=10.0.0.1:9876;10.0.0.2:9876\n");
  EXPECT_EQ(PropertyLine("storePathRootDir", "/home/a b/st#re"),
            "storePathRootDir=/home/a b/st#re\n");
}

// PROP-6.
TEST(PropertiesText, AValueCannotBecomeASecondProperty) {
  EXPECT_THAT(Read(PropertyLine("a", "1\nconfigBlackList=") + PropertyLine("b", "2\\")),
              ElementsAre(Pair("a", "1\nconfigBlackList="), Pair("b", "2\\")));
}

// PROP-6.
RC_GTEST_PROP(PropertiesTextProperty, ReadsBackWhatItWrote,
              (const std::map<std::string, std::string>& values)) {
  std::map<std::string, std::string> read;
  const auto properties = ParseProperties(ChangeProperties("", values).value());
  RC_ASSERT(properties.has_value());
  for (const ConfigProperty& p : *properties) read[p.key] = p.value;
  RC_ASSERT(read == values);
}

}  // namespace
}  // namespace rmq::wire
