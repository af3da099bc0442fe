#include "wire/json.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "wire/json_bean.h"
#include "wire/json_cursor.h"

namespace rmq::wire {
namespace {

using ::testing::HasSubstr;
using Type = JsonValue::Type;

JsonDocument Parse(std::string_view text) {
  return ParseJson(text).value();
}
Error ParseError(std::string_view text) {
  const auto parsed = ParseJson(text);
  return parsed.has_value() ? Error(ErrorCode::kNotFound, "no error") : parsed.error();
}

TEST(JsonReader, ReadsStandardJson) {
  const JsonDocument document =
      Parse(R"( {"name":"broker-a","perm":6,"order":false,"tps":1.5,"list":[1,2,[]],)"
            R"("none":null,"x":{}} )");
  const JsonValue& root = document.root();
  EXPECT_EQ(root.Find("name")->text(), "broker-a");
  EXPECT_EQ(root.Find("perm")->AsInt(), 6);
  EXPECT_EQ(root.Find("order")->AsBool(), false);
  EXPECT_EQ(root.Find("tps")->AsDouble(), 1.5);
  ASSERT_EQ(root.Find("list")->items().size(), 3U);
  EXPECT_EQ(root.Find("list")->items()[1].AsInt(), 2);
  EXPECT_EQ(root.Find("list")->items()[2].type(), Type::kArray);
  EXPECT_TRUE(root.Find("none")->is_null());
  EXPECT_EQ(root.Find("x")->type(), Type::kObject);
  EXPECT_EQ(root.Find("absent"), nullptr);
}

// JSON-1, JSON-2: as consumerOffset.json and route data have them.
TEST(JsonReader, ReadsIntegersAsKeysBareOrQuoted) {
  const JsonDocument document = Parse(R"({"brokerAddrs":{0:"10.0.0.1:10911","1":"b",-2:"c"}})");
  const auto members = document.root().Find("brokerAddrs")->members();
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].key.AsInt(), 0);
  EXPECT_EQ(members[0].key.type(), Type::kNumber);
  EXPECT_EQ(members[1].key.AsInt(), 1);
  EXPECT_EQ(members[1].key.type(), Type::kString);
  EXPECT_EQ(members[2].key.AsInt(), -2);
}

// JSON-3: as TopicStatsTable has them.
TEST(JsonReader, ReadsObjectsAsKeys) {
  const JsonDocument document =
      Parse(R"({"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:{"maxOffset":7}}})");
  const auto members = document.root().Find("offsetTable")->members();
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0].key.Find("brokerName")->text(), "b");
  EXPECT_EQ(members[0].value.Find("maxOffset")->AsInt(), 7);
}

// JSON-4.
TEST(JsonReader, ReadsSingleQuotesBareNamesAndTrailingCommas) {
  const JsonDocument document = Parse("{'a':'say \"x\"', b_1:[1,2,], \"c\":undefined,}");
  EXPECT_EQ(document.root().Find("a")->text(), "say \"x\"");
  EXPECT_EQ(document.root().Find("b_1")->items().size(), 2U);
  EXPECT_TRUE(document.root().Find("c")->is_null());
}

// JSON-5.
TEST(JsonReader, ReadsEveryEscape) {
  const JsonDocument document =
      Parse(R"(["\"\'\\\/\b\f\n\r\t\v\0\7", "\x41\u00fc\u4e2d\uD83D\uDE00", "\ud83dx\u0041"])");
  EXPECT_EQ(document.root().items()[0].text(), std::string_view("\"'\\/\b\f\n\r\t\v\0\7", 12));
  EXPECT_EQ(document.root().items()[1].text(), "Aü中\xf0\x9f\x98\x80");
  EXPECT_EQ(document.root().items()[2].text(), "\uFFFDxA");
}

// JSON-6.
TEST(JsonReader, TakesQuotedNumbersAndBoolsForWhatTheyAre) {
  const JsonDocument document =
      Parse(R"(["12",-9223372036854775808,"true","False",1,12.0,"1e3",NaN,99999999999999999999])");
  const auto items = document.root().items();
  EXPECT_EQ(items[0].AsInt(), 12);
  EXPECT_EQ(items[1].AsInt(), INT64_MIN);
  EXPECT_EQ(items[2].AsBool(), true);
  EXPECT_EQ(items[3].AsBool(), false);
  EXPECT_EQ(items[4].AsBool(), true);
  EXPECT_EQ(items[5].AsInt(), 12);
  EXPECT_EQ(items[6].AsInt(), 1000);
  EXPECT_EQ(items[6].AsDouble(), 1000.0);
  EXPECT_EQ(items[7].AsInt(), std::nullopt);
  EXPECT_TRUE(std::isnan(*items[7].AsDouble()));
  EXPECT_EQ(items[8].AsInt(), std::nullopt);
  EXPECT_EQ(items[2].AsInt(), std::nullopt);
}

// JSON-7.
TEST(JsonReader, FindsPropertiesInAnySpelling) {
  const JsonDocument document = Parse(R"({"clientId":"a","broker_name":"b","TOPIC":"c"})");
  EXPECT_EQ(document.root().Find("clientID")->text(), "a");
  EXPECT_EQ(document.root().Find("brokerName")->text(), "b");
  EXPECT_EQ(document.root().Find("topic")->text(), "c");
  EXPECT_EQ(document.root().Find("topics"), nullptr);
}

TEST(JsonReader, PrefersTheExactNameAndTheLastDuplicate) {
  const JsonDocument document = Parse(R"({"topic":1,"topic":2,"Topic":3})");
  EXPECT_EQ(document.root().Find("topic")->AsInt(), 2);
}

// JSON-8.
TEST(JsonReader, RejectsTypeNames) {
  for (const std::string_view text : {R"({"@type":"java.lang.Class"})", R"({"a":[{'@type':1}]})",
                                      R"({"\u0040type":1})", R"({{"@type":1}:2})"}) {
    EXPECT_THAT(ParseError(text).message(), HasSubstr("@type")) << text;
  }
}

// JSON-9.
TEST(JsonReader, BoundsDepthAndCount) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ParseJson(nested(64)).has_value());
  EXPECT_EQ(ParseError(nested(65)).code(), ErrorCode::kCorruption);
  EXPECT_FALSE(ParseJson(std::string(1'000'000, '{')).has_value());
  EXPECT_TRUE(ParseJson("[1,2]", {.max_value_count = 3}).has_value());
  EXPECT_FALSE(ParseJson("[1,2]", {.max_value_count = 2}).has_value());
}

TEST(JsonReader, TellsWhereTheTextIsWrong) {
  EXPECT_EQ(ParseError(R"({"a":1 "b":2})").message(), "json: offset 7: expected ',' or '}'");
  for (const std::string_view text :
       {"",         "{",   "}",    "[1",   "{\"a\"}",     "{\"a\":}", "tru",
        "-",        "1 2", "\"a",  "\"\\", "\"\\u12g4\"", "\"\\q\"",  "{[1]:2}",
        "infinity", "nan", "{:1}", "[,]",  "{,}",         "0x10"}) {
    EXPECT_EQ(ParseError(text).code(), ErrorCode::kCorruption) << text;
  }
}

TEST(JsonReader, ADocumentOutlivesItsText) {
  JsonDocument document;
  {
    const std::string text = R"({"key":"a value that is not short enough to be kept inline"})";
    document = Parse(text);
  }
  EXPECT_EQ(document.root().Find("key")->text(),
            "a value that is not short enough to be kept inline");
}

TEST(JsonCursor, SkipsAnyValue) {
  JsonCursor cursor(R"( {"a":[1,{'b':"c\""}],{1:2}:3} , x)");
  ASSERT_TRUE(cursor.SkipValue(8).has_value());
  EXPECT_TRUE(cursor.Consume(','));
  EXPECT_EQ(JsonCursor("[[[]]]").SkipValue(2).error().code(), ErrorCode::kCorruption);
}

template <typename Write>
std::string Written(Write write, JsonStyle style = {}) {
  std::string out;
  JsonWriter writer(out, style);
  write(writer);
  return out;
}

// JSON-10.
TEST(JsonWriter, EscapesAsFastjsonDoes) {
  const std::string_view text("a\"b\\c/\b\f\n\r\t\v\0\x1f\x7fü\u0085\u2028\U0001F600", 26);
  EXPECT_EQ(Written([&](JsonWriter& w) { w.String(text); }),
            "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u000B\\u0000\\u001F\\u007Fü\\u0085\\u2028"
            "\U0001F600\"");
  EXPECT_EQ(Written([&](JsonWriter& w) { w.String(text); }, kStandardJson),
            "\"a\\\"b\\\\c\\/\\b\\f\\n\\r\\t\\u000B\\u0000\\u001F\\u007F\\u00FC\\u0085\\u2028"
            "\\uD83D\\uDE00\"");
}

TEST(JsonWriter, ReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(Written([](JsonWriter& w) { w.String("a\xff\xc3z\xed\xa0\x80"); }),
            "\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

// JSON-11.
TEST(JsonWriter, PrintsDoublesAsJavaDoes) {
  const auto printed = [](double value) {
    return Written([value](JsonWriter& w) { w.Double(value); });
  };
  EXPECT_EQ(printed(0), "0.0");
  EXPECT_EQ(printed(-0.0), "-0.0");
  EXPECT_EQ(printed(1), "1.0");
  EXPECT_EQ(printed(123.456), "123.456");
  EXPECT_EQ(printed(0.001), "0.001");
  EXPECT_EQ(printed(0.00099), "9.9E-4");
  EXPECT_EQ(printed(9999999), "9999999.0");
  EXPECT_EQ(printed(10000000), "1.0E7");
  EXPECT_EQ(printed(1.5e300), "1.5E300");
  EXPECT_EQ(printed(-1e-100), "-1.0E-100");
  EXPECT_EQ(printed(std::nan("")), "null");
  EXPECT_EQ(printed(INFINITY), "null");
}

void WriteSample(JsonWriter& w) {
  w.BeginObject();
  w.Key("list");
  w.BeginList();
  w.Int(1);
  w.Bool(true);
  w.EndArray();
  w.Key("map");
  w.BeginObject();
  w.Key(int64_t{0});
  w.Null();
  w.Key(int64_t{-1});
  w.BeginObject();
  w.EndObject();
  w.EndObject();
  w.Key("objects");
  w.BeginObject();
  w.BeginKey();
  w.BeginObject();
  w.Key("q");
  w.Int(1);
  w.EndObject();
  w.EndKey();
  w.BeginSet();
  w.String("x");
  w.String("y");
  w.EndArray();
  w.EndObject();
  w.EndObject();
}

// JSON-12, JSON-13.
TEST(JsonWriter, WritesIntegersAndObjectsAsKeys) {
  EXPECT_EQ(Written(WriteSample),
            R"({"list":[1,true],"map":{0:null,-1:{}},"objects":{{"q":1}:["x","y"]}})");
}

// JSON-12.
TEST(JsonWriter, QuotesIntegerKeysForStandardReaders) {
  EXPECT_EQ(Written(
                [](JsonWriter& w) {
                  w.BeginObject();
                  w.Key(int64_t{7});
                  w.Int(8);
                  w.EndObject();
                },
                kStandardJson),
            R"({"7":8})");
}

// JSON-17: the form of topics.json and consumerOffset.json.
TEST(JsonWriter, BreaksLinesAsFastjsonDoes) {
  EXPECT_EQ(Written(WriteSample, kPrettyJson),
            "{\n"
            "\t\"list\":[\n"
            "\t\t1,\n"
            "\t\ttrue\n"
            "\t],\n"
            "\t\"map\":{0:null,-1:{}\n"
            "\t},\n"
            "\t\"objects\":{{\n"
            "\t\t\t\"q\":1\n"
            "\t\t}:[\"x\",\"y\"]\n"
            "\t}\n"
            "}");
}

enum class Color : uint8_t { kRed, kGreen };
constexpr auto JsonNames(Color) {
  return std::array<std::string_view, 2>{"RED", "GREEN"};
}

struct Bean {
  Color color = Color::kRed;
  std::map<int32_t, int64_t> counts;
  std::optional<std::string> note;
  std::map<MessageQueue, double> queues;
  std::set<std::string> tags;
  std::vector<Bean> under;
  bool operator==(const Bean&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Field("color", color);
    v.Field("counts", counts);
    v.Field("note", note);
    v.Field("queues", queues);
    v.Field("tags", tags);
    v.Field("under", under);
  }
};

Bean SampleBean() {
  Bean bean = {.color = Color::kGreen,
               .counts = {{0, 12}, {1, -3}},
               .queues = {{{.topic = "t", .broker_name = "b", .queue_id = 2}, 0.5}},
               .tags = {"y", "x"}};
  bean.under.push_back({.note = ""});
  return bean;
}

constexpr std::string_view kSampleBean =
    R"({"color":"GREEN","counts":{0:12,1:-3},)"
    R"("queues":{{"brokerName":"b","queueId":2,"topic":"t"}:0.5},"tags":["x","y"],)"
    R"("under":[{"color":"RED","counts":{},"note":"","queues":{},"tags":[],"under":[]}]})";

// JSON-14.
TEST(JsonBean, IsWrittenWithoutItsEmptyOptionals) {
  EXPECT_EQ(ToJson(SampleBean()), kSampleBean);
}

TEST(JsonBean, ReadsWhatItWrote) {
  EXPECT_EQ(FromJson<Bean>(kSampleBean).value(), SampleBean());
  EXPECT_EQ(FromJson<Bean>(ToJson(SampleBean(), kPrettyJson)).value(), SampleBean());
}

// JSON-13.
TEST(JsonBean, ReadsObjectKeysThatAreQuoted) {
  const std::string text = ToJson(SampleBean(), kStandardJson);
  EXPECT_THAT(text, HasSubstr(R"("{\"brokerName\":\"b\",\"queueId\":2,\"topic\":\"t\"}":0.5)"));
  EXPECT_EQ(FromJson<Bean>(text).value(), SampleBean());
}

// JSON-15.
TEST(JsonBean, IgnoresWhatItDoesNotKnowAndKeepsWhatIsAbsent) {
  const Bean bean =
      FromJson<Bean>(R"({"color":"MAUVE","counts":null,"other":[{}],"Tags":["a",null]})").value();
  EXPECT_EQ(bean, (Bean{.tags = {"", "a"}}));
  EXPECT_EQ(FromJson<Bean>(R"({"color":1})")->color, Color::kGreen);
}

// JSON-16.
TEST(JsonBean, NamesTheValueThatDoesNotFit) {
  EXPECT_EQ(FromJson<Bean>(R"({"under":[{"counts":{7:"x"}}]})").error().ToString(),
            "Corruption: json: under: counts: 7: expected an integer, found 'x'");
  EXPECT_EQ(FromJson<Bean>(R"({"tags":{}})").error().message(),
            "json: tags: expected an array, found an object");
  EXPECT_EQ(FromJson<Bean>(R"({"counts":{4294967296:0}})").error().message(),
            "json: counts: expected an integer, found '4294967296'");
  EXPECT_FALSE(FromJson<Bean>("[]").has_value());
}

RC_GTEST_PROP(JsonProperty, AStringSurvivesBothEscapings, ()) {
  std::string text;
  for (const char32_t c :
       *rc::gen::container<std::u32string>(rc::gen::inRange<char32_t>(0, 0xd800))) {
    // UTF-8 by hand would be the code under test: let the reader make it.
    std::string escaped = fmt::format("\"\\u{:04x}\"", static_cast<uint32_t>(c));
    text += ParseJson(escaped).value().root().text();
  }
  for (const JsonEscape escape : {JsonEscape::kControl, JsonEscape::kNonAscii}) {
    std::string json;
    AppendJsonString(json, text, escape);
    RC_ASSERT(ParseJson(json).value().root().text() == text);
  }
}

RC_GTEST_PROP(JsonProperty, ADoubleSurvives, (double value)) {
  std::string json;
  AppendJsonDouble(json, value);
  RC_ASSERT(ParseJson(json).value().root().AsDouble() == value);
}

}  // namespace
}  // namespace rmq::wire
