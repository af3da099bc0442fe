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

TEST(PropertiesText, ReadsEverySeparator) {
  EXPECT_THAT(Read("a=1\nb:2\nc 3\nd = 4\ne\t:\t5\nf\n"),
              ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "3"), Pair("d", "4"),
                          Pair("e", "5"), Pair("f", "")));
}

TEST(PropertiesText, LeavesOutCommentsAndEmptyLines) {
  EXPECT_THAT(Read("# one\\\n\n  ! two\r\n \t\na=1#2"), ElementsAre(Pair("a", "1#2")));
}

TEST(PropertiesText, JoinsContinuedLines) {
  EXPECT_THAT(Read("path = /data/kv\\\n    Config\\\r\n\t.json\nb=2"),
              ElementsAre(Pair("path", "/data/kvConfig.json"), Pair("b", "2")));
}

TEST(PropertiesText, KeepsSpaceAtTheEndOfAValue) {
  EXPECT_THAT(Read("a=  1 \n"), ElementsAre(Pair("a", "1 ")));
}

TEST(PropertiesText, ReadsEscapes) {
  EXPECT_THAT(Read(R"(a\=b\:c\ d=\t\n\\\q)"
                   "\nu=\\u00e9\\u20ac\\ud83d\\ude00\\ud83dx"),
              ElementsAre(Pair("a=b:c d", "\t\n\\q"), Pair("u", "é€😀\uFFFDx")));
}

TEST(PropertiesText, NamesTheLineOfAMalformedEscape) {
  EXPECT_EQ(ParseProperties("a=1\n\nb=\\u12g4\n").error().message(), "line 3: malformed \\uXXXX");
  EXPECT_FALSE(ParseProperties("b=\\u12").has_value());
}

TEST(PropertiesText, TellsTheLineOfEachProperty) {
  const auto properties = ParseProperties("a=1\\\n2\n#\nb=3").value();
  EXPECT_EQ(properties[0].line, 1);
  EXPECT_EQ(properties[1].line, 4);
}

TEST(PropertiesText, AChangeKeepsCommentsAndOtherLines) {
  EXPECT_EQ(ChangeProperties("# port\nlistenPort=1\n\na : b\nlistenPort = 2 \\\n 3\n#end",
                             {{"listenPort", "9876"}, {"new", " x\\"}})
                .value(),
            "# port\n\na : b\nlistenPort=9876\n#end\nnew=\\ x\\\\\n");
}

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
