#include "wire/remoting_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace rmq::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Frame(uint8_t type, std::string_view header, std::string_view body = {}) {
  std::string frame;
  AppendBigEndian(frame, static_cast<uint32_t>(4 + header.size() + body.size()));
  AppendBigEndian(frame, static_cast<uint32_t>(type) << 24 | static_cast<uint32_t>(header.size()));
  frame += header;
  frame += body;
  return frame;
}

Result<RemotingCommand> Decode(std::string_view frame) {
  return DecodeFrame(Bytes::Copy(frame));
}

RemotingCommand DecodeJson(std::string_view header, std::string_view body = {}) {
  return Decode(Frame(0, header, body)).value();
}

std::string Text(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

std::vector<std::string> Fields(const RemotingCommand& command) {
  std::vector<std::string> list;
  for (const auto [key, value] : command.ext_fields) {
    list.push_back(std::string(key) + "=" + std::string(value));
  }
  return list;
}

// WIRE-1.
TEST(PeekFrameSize, CountsTheLengthWord) {
  const std::string frame = Frame(0, "{}", "abc");
  EXPECT_EQ(PeekFrameSize(AsBytes(frame)).value(), 13U);
  EXPECT_EQ(PeekFrameSize(AsBytes(frame).first(4)).value(), 13U);
  EXPECT_EQ(PeekFrameSize(AsBytes(frame).first(3)).value(), std::nullopt);
}

// WIRE-2.
TEST(PeekFrameSize, AcceptsTheLargestFrameAndNoLarger) {
  EXPECT_EQ(PeekFrameSize(AsBytes(Text({0x00, 0xff, 0xff, 0xfc}))).value(), 16777216U);
  EXPECT_EQ(PeekFrameSize(AsBytes(Text({0x00, 0xff, 0xff, 0xfd}))).error().code(),
            ErrorCode::kCorruption);
}

// WIRE-2.
TEST(PeekFrameSize, RejectsNegativeAndTooSmallLengths) {
  EXPECT_FALSE(PeekFrameSize(AsBytes(Text({0xff, 0xff, 0xff, 0xff}))).has_value());
  EXPECT_FALSE(PeekFrameSize(AsBytes(Text({0x80, 0, 0, 0}))).has_value());
  EXPECT_FALSE(PeekFrameSize(AsBytes(Text({0, 0, 0, 3}))).has_value());
  EXPECT_TRUE(PeekFrameSize(AsBytes(Text({0, 0, 0, 4}))).has_value());
}

// WIRE-2.
TEST(PeekFrameSize, RejectsAHeaderLongerThanItsFrame) {
  EXPECT_TRUE(PeekFrameSize(AsBytes(Text({0, 0, 0, 10, 0, 0, 0, 6}))).has_value());
  EXPECT_FALSE(PeekFrameSize(AsBytes(Text({0, 0, 0, 10, 0, 0, 0, 7}))).has_value());
}

// WIRE-3: a frame as the Java client sends it.
TEST(JsonHeader, DecodesAJavaRequest) {
  const RemotingCommand command = DecodeJson(
      R"({"code":105,"extFields":{"topic":"TopicTest"},"flag":0,"language":"JAVA","opaque":7,)"
      R"("serializeTypeCurrentRPC":"JSON","version":479})",
      "body");
  EXPECT_EQ(command.request_code(), RequestCode::kGetRouteInfoByTopic);
  EXPECT_EQ(command.language, LanguageCode::kJava);
  EXPECT_EQ(command.version, 479);
  EXPECT_EQ(command.opaque, 7);
  EXPECT_EQ(command.flag, 0);
  EXPECT_EQ(command.remark, "");
  EXPECT_EQ(command.header_type, HeaderType::kJson);
  EXPECT_EQ(command.body.text(), "body");
  EXPECT_THAT(Fields(command), ElementsAre("topic=TopicTest"));
}

// WIRE-3.
TEST(JsonHeader, IsWrittenAsJavaWritesIt) {
  RemotingCommand command;
  command.code = 0;
  command.opaque = 7;
  command.flag = 1;
  command.version = 479;
  command.language = LanguageCode::kJava;
  command.remark = "a \"b\"\n";
  command.ext_fields.Set("queueId", 3);
  command.ext_fields.Set("msgId", "");
  EXPECT_EQ(EncodeFrame(command),
            Frame(0, R"({"code":0,"extFields":{"queueId":"3","msgId":""},"flag":1,)"
                     R"("language":"JAVA","opaque":7,"remark":"a \"b\"\n",)"
                     R"("serializeTypeCurrentRPC":"JSON","version":479})"));
}

// WIRE-3.
TEST(JsonHeader, LeavesOutWhatIsAbsent) {
  RemotingCommand command;
  command.code = 10;
  EXPECT_EQ(EncodeFrame(command), Frame(0, R"({"code":10,"flag":0,"language":"CPP","opaque":0,)"
                                           R"("serializeTypeCurrentRPC":"JSON","version":493})"));
}

// WIRE-4.
TEST(JsonHeader, ToleratesWhatOtherClientsWrite) {
  const RemotingCommand command = DecodeJson(
      " { 'version' : '317', \"unknown\":{\"a\":[1,{}]}, opaque:-5, \"remark\":null,"
      "\"extFields\":{\"a\":1,\"b\":true,\"c\":null,\"d\":{\"x\":1},},\"language\":\"COBOL\","
      "\"code\":\"34\",\"flag\":2,} ");
  EXPECT_EQ(command.code, 34);
  EXPECT_EQ(command.version, 317);
  EXPECT_EQ(command.opaque, -5);
  EXPECT_EQ(command.remark, "");
  EXPECT_EQ(command.language, LanguageCode::kOther);
  EXPECT_TRUE(command.IsOneway());
  EXPECT_THAT(Fields(command), ElementsAre("a=1", "b=true"));
}

TEST(JsonHeader, UnescapesKeysAndValues) {
  const RemotingCommand command = DecodeJson(
      R"({"code":1,"extFields":{"pl\u0061in":"x\ty","k":"\u0041\uD83D\uDE00","z":"raw ü"}})");
  EXPECT_THAT(Fields(command), ElementsAre("plain=x\ty", "k=A\xf0\x9f\x98\x80", "z=raw ü"));
  EXPECT_EQ(command.ext_fields.Find("plain"), "x\ty");
}

// WIRE-6.
TEST(JsonHeader, TheLastOfSeveralFieldsWithOneKeyWins) {
  const RemotingCommand command =
      DecodeJson(R"({"extFields":{"topic":"a","queueId":"1","topic":"b"}})");
  EXPECT_THAT(Fields(command), ElementsAre("topic=b", "queueId=1"));
}

TEST(JsonHeader, RejectsWhatIsNoHeader) {
  for (const std::string_view header :
       {"", "[]", "{", "{\"code\"}", "{\"code\":x1}", "{\"code\":1} x", "{\"code\":99999999999}",
        "{\"extFields\":{\"a\":\"b}",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]}"}) {
    const auto decoded = Decode(Frame(0, header));
    ASSERT_FALSE(decoded.has_value()) << header;
    EXPECT_EQ(decoded.error().code(), ErrorCode::kCorruption) << header;
  }
}

std::string BinaryHeader() {
  return Text({0,    11,                                           // code
               0,                                                  // language
               0x01, 0xdf,                                         // version 479
               0,    0,    1,   2,                                 // opaque
               0,    0,    0,   2,                                 // flag
               0,    0,    0,   2,   'h', 'i', 0,   0,   0,   23,  // all fields
               0,    5,    't', 'o', 'p', 'i', 'c', 0,   0,   0,   1,  'T',
               0,    1,    'e', 0,   0,   0,   4,   '1', '2', '3', '4'});
}

// WIRE-5.
TEST(BinaryHeader, DecodesAndEncodesTheSameBytes) {
  const std::string frame = Frame(1, BinaryHeader(), "body");
  const RemotingCommand command = Decode(frame).value();
  EXPECT_EQ(command.request_code(), RequestCode::kPullMessage);
  EXPECT_EQ(command.language, LanguageCode::kJava);
  EXPECT_EQ(command.version, 479);
  EXPECT_EQ(command.opaque, 258);
  EXPECT_TRUE(command.IsOneway());
  EXPECT_FALSE(command.IsResponse());
  EXPECT_EQ(command.remark, "hi");
  EXPECT_EQ(command.body.text(), "body");
  EXPECT_EQ(command.header_type, HeaderType::kRocketmq);
  EXPECT_THAT(Fields(command), ElementsAre("topic=T", "e=1234"));
  EXPECT_EQ(EncodeFrame(command), frame);
}

// WIRE-5: the example of the specification.
TEST(BinaryHeader, IsWrittenAsSpecified) {
  RemotingCommand command = MakeRequest(RequestCode::kGetRouteInfoByTopic);
  command.opaque = 7;
  command.header_type = HeaderType::kRocketmq;
  command.ext_fields.Set("topic", "T");
  EXPECT_EQ(EncodeFrame(command),
            Text({0, 0, 0, 0x25, 1, 0, 0, 0x21, 0, 0x69, 1, 1, 0xed, 0, 0, 0, 7, 0, 0, 0, 0}) +
                Text({0, 0, 0, 0, 0, 0, 0, 12, 0, 5, 't', 'o', 'p', 'i', 'c', 0, 0, 0, 1, 'T'}));
}

// WIRE-18.
TEST(EncodeFrameHeader, ReplacesAHeaderThatIsTooLarge) {
  RemotingCommand response;
  response.opaque = 9;
  response.flag = RemotingCommand::kResponseFlag;
  response.remark = std::string(3'000'000, '\1');  // Each becomes six characters of JSON.
  const RemotingCommand decoded = Decode(EncodeFrame(response)).value();
  EXPECT_EQ(decoded.response_code(), ResponseCode::kSystemError);
  EXPECT_EQ(decoded.opaque, 9);
  EXPECT_THAT(decoded.remark, HasSubstr("too large"));
}

// WIRE-18.
TEST(BinaryHeader, LeavesOutAKeyThatIsTooLong) {
  RemotingCommand command;
  command.header_type = HeaderType::kRocketmq;
  command.ext_fields.Set(std::string(32768, 'k'), "1");
  command.ext_fields.Set(std::string(32767, 'k'), "2");
  EXPECT_EQ(Decode(EncodeFrame(command))->ext_fields.size(), 1U);
}

// WIRE-5.
TEST(BinaryHeader, AnEmptyValueIsAnAbsentField) {
  RemotingCommand command;
  command.header_type = HeaderType::kRocketmq;
  command.ext_fields.Set("a", "");
  command.ext_fields.Set("b", "1");
  EXPECT_THAT(Fields(Decode(EncodeFrame(command)).value()), ElementsAre("b=1"));
}

TEST(BinaryHeader, RejectsEveryTruncation) {
  const std::string header = BinaryHeader();
  for (size_t size = 0; size < header.size(); ++size) {
    EXPECT_FALSE(Decode(Frame(1, header.substr(0, size))).has_value()) << size;
  }
}

// WIRE-7.
TEST(BinaryHeader, KeepsAnUnknownLanguage) {
  std::string header = BinaryHeader();
  header[2] = 77;
  const RemotingCommand command = Decode(Frame(1, header)).value();
  EXPECT_EQ(static_cast<int>(command.language), 77);
  EXPECT_EQ(LanguageCodeName(command.language), "OTHER");
}

// WIRE-9.
TEST(BinaryHeader, RestoresRequestCodesThatDoNotFitSixteenBits) {
  for (const RequestCode code :
       {RequestCode::kPopMessage, RequestCode::kPopRollback, RequestCode::kPopLiteMessage,
        RequestCode::kTriggerLiteDispatch, RequestCode::kBatchAckMessage}) {
    RemotingCommand command = MakeRequest(code);
    command.header_type = HeaderType::kRocketmq;
    EXPECT_EQ(Decode(EncodeFrame(command)).value().request_code(), code);
  }
}

// WIRE-9.
TEST(BinaryHeader, LeavesResponseCodesAlone) {
  RemotingCommand response;
  response.header_type = HeaderType::kRocketmq;
  response.flag = RemotingCommand::kResponseFlag;
  for (const int32_t code : {3443, -1006, 2}) {
    response.code = code;
    EXPECT_EQ(Decode(EncodeFrame(response)).value().code, code);
  }
}

TEST(DecodeFrame, RejectsAnUnknownHeaderType) {
  EXPECT_THAT(Decode(Frame(2, "{}")).error().message(), HasSubstr("header type 2"));
}

TEST(DecodeFrame, RejectsALengthThatIsNotTheFrames) {
  EXPECT_FALSE(Decode(Frame(0, "{}") + "x").has_value());
  EXPECT_FALSE(Decode("").has_value());
}

TEST(DecodeFrame, TheCommandKeepsTheFrameAlive) {
  RemotingCommand kept;
  {
    const RemotingCommand command = DecodeJson(R"({"extFields":{"topic":"T"}})", "body");
    kept = command;
  }
  EXPECT_EQ(kept.ext_fields.Find("topic"), "T");
  EXPECT_EQ(kept.body.text(), "body");
}

TEST(DecodeFrame, RejectsMoreFieldsThanAnybodySends) {
  RemotingCommand command;
  for (size_t i = 0; i < kMaxExtFields; ++i) command.ext_fields.Set(fmt::to_string(i), i);
  for (const HeaderType type : {HeaderType::kJson, HeaderType::kRocketmq}) {
    command.header_type = type;
    EXPECT_TRUE(Decode(EncodeFrame(command)).has_value());
    RemotingCommand larger = command;
    larger.ext_fields.Set("one too many", 1);
    EXPECT_FALSE(Decode(EncodeFrame(larger)).has_value());
  }
}

// WIRE-8.
TEST(MakeResponse, AnswersInTheRequestersHeaderType) {
  RemotingCommand request = MakeRequest(RequestCode::kHeartBeat);
  request.opaque = 99;
  request.header_type = HeaderType::kRocketmq;
  const RemotingCommand response =
      MakeResponse(request, ResponseCode::kTopicNotExist, "no such topic");
  EXPECT_TRUE(response.IsResponse());
  EXPECT_FALSE(response.IsOneway());
  EXPECT_EQ(response.opaque, 99);
  EXPECT_EQ(response.code, 17);
  EXPECT_EQ(response.remark, "no such topic");
  EXPECT_EQ(response.header_type, HeaderType::kRocketmq);
}

TEST(ExtFields, SetReplacesInPlaceAndRemoveForgets) {
  ExtFields fields;
  fields.Set("a", "1");
  fields.Set("b", true);
  fields.Set("a", int64_t{-9});
  EXPECT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields.Find("a"), "-9");
  EXPECT_EQ(fields.Find("b"), "true");
  fields.Remove("a");
  EXPECT_EQ(fields.Find("a"), std::nullopt);
  EXPECT_EQ(fields.Find("b"), "true");
}

TEST(ExtFields, FindNearGoesRound) {
  ExtFields fields;
  fields.Set("a", 1);
  fields.Set("b", 2);
  size_t hint = 1;
  EXPECT_EQ(fields.FindNear("b", hint), "2");
  EXPECT_EQ(fields.FindNear("a", hint), "1");
  EXPECT_EQ(hint, 1U);
}

TEST(Names, FollowApache) {
  EXPECT_EQ(RequestCodeName(310), "SEND_MESSAGE_V2");
  EXPECT_EQ(RequestCodeName(RequestCode::kPopMessage), "POP_MESSAGE");
  EXPECT_EQ(RequestCodeName(9999), "UNKNOWN");
  EXPECT_EQ(ResponseCodeName(ResponseCode::kSystemBusy), "SYSTEM_BUSY");
  EXPECT_EQ(LanguageCodeName(LanguageCode::kNodeJs), "NODE_JS");
  EXPECT_EQ(LanguageCodeFromName("GO"), LanguageCode::kGo);
}

// WIRE-10.
TEST(Names, VersionsAreOrdinalsOfMqVersion) {
  EXPECT_EQ(MqVersionName(37), "V3_0_11");
  EXPECT_EQ(MqVersionName(121), "V3_4_9");
  EXPECT_EQ(MqVersionName(194), "V3_9_1_SNAPSHOT");
  EXPECT_EQ(MqVersionName(213), "V4_0_0");
  EXPECT_EQ(MqVersionName(399), "V4_9_3");
  EXPECT_EQ(MqVersionName(412), "V5_0_0_SNAPSHOT");
  EXPECT_EQ(MqVersionName(493), "V5_4_0");
  EXPECT_EQ(MqVersionName(611), "V5_9_9");
  EXPECT_EQ(MqVersionName(700), "HIGHER_VERSION");
}

RC_GTEST_PROP(RemotingCommandProperty, AFrameDecodesToWhatWasEncoded, ()) {
  RemotingCommand command;
  const bool binary = *rc::gen::arbitrary<bool>();
  command.header_type = binary ? HeaderType::kRocketmq : HeaderType::kJson;
  command.code = binary ? *rc::gen::inRange(-2000, 3000) : *rc::gen::arbitrary<int32_t>();
  command.version = binary ? *rc::gen::arbitrary<int16_t>() : *rc::gen::arbitrary<int32_t>();
  command.opaque = *rc::gen::arbitrary<int32_t>();
  command.flag = *rc::gen::arbitrary<int32_t>();
  command.language = static_cast<LanguageCode>(*rc::gen::inRange(0, 14));
  const auto text = rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  command.remark = *text;
  for (const auto& [key, value] :
       *rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
           rc::gen::pair(rc::gen::nonEmpty(text), rc::gen::nonEmpty(text)))) {
    command.ext_fields.Set(key, value);
  }
  command.body = Bytes::Copy(*rc::gen::arbitrary<std::string>());

  const std::string frame = EncodeFrame(command);
  RC_ASSERT(PeekFrameSize(AsBytes(frame)).value() == frame.size());
  const RemotingCommand decoded = Decode(frame).value();
  RC_ASSERT(decoded.code == command.code);
  RC_ASSERT(decoded.version == command.version);
  RC_ASSERT(decoded.opaque == command.opaque);
  RC_ASSERT(decoded.flag == command.flag);
  RC_ASSERT(decoded.language == command.language);
  RC_ASSERT(decoded.remark == command.remark);
  RC_ASSERT(decoded.ext_fields == command.ext_fields);
  RC_ASSERT(decoded.body.text() == command.body.text());
  RC_ASSERT(decoded.header_type == command.header_type);
}

}  // namespace
}  // namespace rmq::wire
