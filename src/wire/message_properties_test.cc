#include "wire/message_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

namespace rmq::wire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Property> Pairs(std::string_view text) {
  std::vector<Property> pairs;
  for (const Property& property : PropertiesView(text)) pairs.push_back(property);
  return pairs;
}

// MSG-20
TEST(PropertiesView, ListsThePairsInOrder) {
  EXPECT_THAT(Pairs("KEYS\x01k1 k2\x02TAGS\x01TagA\x02"),
              ElementsAre(Property{"KEYS", "k1 k2"}, Property{"TAGS", "TagA"}));
  EXPECT_THAT(Pairs(""), IsEmpty());
}

// MSG-20
TEST(PropertiesView, DoesNotNeedTheLastSeparator) {
  EXPECT_THAT(Pairs("A\x01x\x02TAGS\x01T"), ElementsAre(Property{"A", "x"}, Property{"TAGS", "T"}));
}

// MSG-21
TEST(PropertiesView, DropsPairsWithoutNameOrValue) {
  EXPECT_THAT(Pairs("A\x01\x02\x01v\x02name\x02\x02\x01\x02Z\x01z\x02Y\x01"),
              ElementsAre(Property{"Z", "z"}));
}

// MSG-20
TEST(PropertiesView, SplitsAPairAtItsFirstSeparator) {
  EXPECT_THAT(Pairs("A\x01x\x01y\x02"), ElementsAre(Property{"A", "x\x01y"}));
}

// MSG-22
TEST(PropertiesView, FindsTheLastOfEqualNames) {
  const PropertiesView view("TAGS\x01TagA\x02T\x01t\x02TAGS\x01TagB\x02");
  EXPECT_EQ(view.Find("TAGS"), "TagB");
  EXPECT_EQ(view.Find("T"), "t");
  EXPECT_EQ(view.Find("TAG"), std::nullopt);
  EXPECT_EQ(view.Find(""), std::nullopt);
}

TEST(Properties, KeepTheOrderInWhichTheyWereSet) {
  Properties properties;
  properties.Set("KEYS", "k");
  properties.Set("TAGS", "TagA");
  properties.Set("KEYS", "k2");
  EXPECT_EQ(properties.ToString(), "KEYS\x01k2\x02TAGS\x01TagA\x02");
  EXPECT_TRUE(properties.Remove("KEYS"));
  EXPECT_FALSE(properties.Remove("KEYS"));
  EXPECT_EQ(properties.Find("KEYS"), std::nullopt);
  EXPECT_EQ(properties.Find("TAGS"), "TagA");
  EXPECT_EQ(properties.ToString(), "TAGS\x01TagA\x02");
}

// MSG-21
TEST(Properties, SettingNothingRemoves) {
  Properties properties;
  properties.Set("A", "x");
  properties.Set("A", "");
  properties.Set("", "y");
  EXPECT_TRUE(properties.empty());
  EXPECT_EQ(properties.ToString(), "");
}

// MSG-20
TEST(Properties, AppendingFirstEndsThePairBefore) {
  std::string text;
  AppendProperty(text, "A", "x");
  AppendProperty(text, "B", "y");
  EXPECT_EQ(text,
            "A\x01x\x02"
            "B\x01y\x02");
  text.pop_back();
  AppendProperty(text, "C", "z");
  EXPECT_EQ(text,
            "A\x01x\x02"
            "B\x01y\x02"
            "C\x01z\x02");
}

// MSG-23
TEST(Properties, KnowTheNamesThatUsersMayNotSet) {
  EXPECT_TRUE(IsReservedProperty("KEYS"));
  EXPECT_TRUE(IsReservedProperty("DLQ_ORIGIN_MESSAGE_ID"));
  EXPECT_TRUE(IsReservedProperty("__CRC32#"));
  EXPECT_FALSE(IsReservedProperty("keys"));
  // The Java client lets users set these.
  EXPECT_FALSE(IsReservedProperty("INNER_MULTI_DISPATCH"));
  EXPECT_FALSE(IsReservedProperty("__SHARDINGKEY"));
}

// MSG-23
TEST(Properties, RefuseUserPropertiesInTheWordsOfJava) {
  const auto error = [](std::string_view name, std::string_view value) {
    const auto checked = CheckUserProperty(name, value);
    return checked.has_value() ? "" : checked.error().message();
  };
  EXPECT_EQ(error("colour", "blue"), "");
  EXPECT_EQ(error("TAGS", "x"), "The Property<TAGS> is used by system, input another please");
  EXPECT_EQ(error("a", " \t"), "The name or value of property can not be null or blank string!");
  EXPECT_EQ(error("", "x"), "The name or value of property can not be null or blank string!");
  EXPECT_EQ(error("a",
                  "x\x02"
                  "DELAY\x01"
                  "3"),
            "The Property<a> contains a separator, 0x01 or 0x02");
  EXPECT_EQ(error("b\x01", "x"), "The Property<b> contains a separator, 0x01 or 0x02");
}

// MSG-24
TEST(Properties, SomeAreNotStored) {
  EXPECT_TRUE(IsTransientProperty("__RMQ.TRANSIENT.TOPIC_SYS_FLAG"));
  EXPECT_FALSE(IsTransientProperty("TAGS"));
}

// MSG-20 to MSG-22
RC_GTEST_PROP(Properties, ParseWhatTheyWrote,
              (const std::vector<std::pair<std::string, std::string>>& pairs)) {
  Properties properties;
  for (auto [name, value] : pairs) {
    for (char& c : name) c = c == '\x01' || c == '\x02' ? '_' : c;
    for (char& c : value) c = c == '\x02' ? '_' : c;
    properties.Set(name, value);
  }
  const std::string text = properties.ToString();
  RC_ASSERT(Properties::Parse(text) == properties);
  for (const auto& entry : properties) {
    RC_ASSERT(PropertiesView(text).Find(entry.name) == entry.value);
  }
}

// MSG-20 to MSG-22: a reader that does what the Java client is documented to do, on any text made
// of few letters.
RC_GTEST_PROP(Properties, ReadAnyTextAsASimpleReaderDoes, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '\x01', '\x02'));
  std::map<std::string, std::string> expected;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\x02', at), text.size());
    const size_t separator = std::min(text.find('\x01', at), text.size());
    if (separator > at && separator + 1 < end) {
      expected[text.substr(at, separator - at)] = text.substr(separator + 1, end - separator - 1);
    }
    at = end + 1;
  }
  std::map<std::string, std::string> read;
  for (const auto& entry : Properties::Parse(text)) read[entry.name] = entry.value;
  RC_ASSERT(read == expected);
}

}  // namespace
}  // namespace rmq::wire
