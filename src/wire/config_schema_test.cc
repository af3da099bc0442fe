#include "wire/config_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rmq::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Options {
  int32_t listen_port = 9876;
  int64_t scan_interval = 5000;
  bool acting_master = false;
  double ratio = 0.75;
  std::string flush = "ASYNC_FLUSH";
};

class ConfigSchemaTest : public testing::Test {
 protected:
  ConfigSchemaTest() {
    schema_.Add("listenPort", options_.listen_port, ConfigEffect::kAtStart,
                {.min = 0, .max = 65535, .important = true});
    schema_.Add("scanInterval", options_.scan_interval, ConfigEffect::kLive);
    schema_.Add("supportActingMaster", options_.acting_master, ConfigEffect::kLive);
    schema_.Add("diskRatio", options_.ratio, ConfigEffect::kLive);
    schema_.Add("flushDiskType", options_.flush, ConfigEffect::kAtStart,
                {.one_of = {"ASYNC_FLUSH", "SYNC_FLUSH"}});
    schema_.AddIgnored("serverWorkerThreads", ConfigType::kInt, "8");
  }
  std::string MessageOf(std::string_view name, std::string_view value) {
    const Result<void> set = schema_.Set(name, value, ConfigOrigin::kFile);
    return set.has_value() ? "" : set.error().message();
  }

  Options options_;
  ConfigSchema schema_;
};

TEST_F(ConfigSchemaTest, FillsTheFieldsFromTexts) {
  schema_.Set("listenPort", " 9877 ", ConfigOrigin::kFile).value();
  schema_.Set("scanInterval", "60000000000", ConfigOrigin::kFile).value();
  schema_.Set("supportActingMaster", "TRUE", ConfigOrigin::kFile).value();
  schema_.Set("diskRatio", "0.5", ConfigOrigin::kFile).value();
  schema_.Set("flushDiskType", "SYNC_FLUSH", ConfigOrigin::kFile).value();

  EXPECT_EQ(options_.listen_port, 9877);
  EXPECT_EQ(options_.scan_interval, 60'000'000'000);
  EXPECT_TRUE(options_.acting_master);
  EXPECT_EQ(options_.ratio, 0.5);
  EXPECT_EQ(options_.flush, "SYNC_FLUSH");
}

TEST_F(ConfigSchemaTest, RefusesABadValueByNameAndChangesNothing) {
  EXPECT_EQ(MessageOf("listenPort", "98x"), "listenPort: \"98x\" is not a 32-bit number");
  EXPECT_EQ(MessageOf("listenPort", "65536"), "listenPort: \"65536\" is not between 0 and 65535");
  EXPECT_EQ(MessageOf("supportActingMaster", "yes"),
            "supportActingMaster: \"yes\" is not true or false");
  EXPECT_EQ(MessageOf("flushDiskType", "NEVER"),
            "flushDiskType: \"NEVER\" is not one of ASYNC_FLUSH, SYNC_FLUSH");
  EXPECT_THAT(MessageOf("scanInterval", "99999999999999999999"), HasSubstr("64-bit"));
  EXPECT_THAT(MessageOf("serverWorkerThreads", ""), HasSubstr("32-bit"));

  EXPECT_EQ(options_.listen_port, 9876);
  EXPECT_EQ(schema_.Find("listenPort")->origin, ConfigOrigin::kDefault);
}

TEST_F(ConfigSchemaTest, TakesAFileAndNamesTheKeysThatNobodyKnows) {
  const auto unknown = schema_.SetFromFile("/b.conf", "listenPort=1\n# x\nlistenport=2\ncolor=3\n");
  ASSERT_TRUE(unknown.has_value());
  EXPECT_THAT(*unknown,
              ElementsAre("/b.conf:3: unknown key 'listenport', did you mean 'listenPort'?",
                          "/b.conf:4: unknown key 'color'"));
  EXPECT_EQ(options_.listen_port, 1);
  const auto bad = schema_.SetFromFile("/b.conf", "\nlistenPort=x\n");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(bad.error().message(), "/b.conf:2: listenPort: \"x\" is not a 32-bit number");
  const auto text = schema_.SetFromFile("/b.conf", "a=\\uZZZZ");
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(text.error().message(), HasSubstr("/b.conf: "));
}

TEST_F(ConfigSchemaTest, AnUpdateChangesTheFieldOfALiveKeyOnly) {
  schema_.Update("scanInterval", "1000").value();
  schema_.Update("listenPort", "1").value();

  EXPECT_EQ(options_.scan_interval, 1000);
  EXPECT_EQ(options_.listen_port, 9876);
  EXPECT_EQ(schema_.Find("listenPort")->text, "1");
}

TEST_F(ConfigSchemaTest, KeepsUnknownKeysOfTheFileInItsText) {
  EXPECT_EQ(schema_.Set("myOwnKey", "x", ConfigOrigin::kFile).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(schema_.Update("another", "x").error().code(), ErrorCode::kNotFound);
  schema_.Update("myOwnKey", "y").value();

  EXPECT_EQ(schema_.Text(),
            "diskRatio=0.75\n"
            "flushDiskType=ASYNC_FLUSH\n"
            "listenPort=9876\n"
            "myOwnKey=y\n"
            "scanInterval=5000\n"
            "serverWorkerThreads=8\n"
            "supportActingMaster=false\n");
}

TEST_F(ConfigSchemaTest, NamesTheNearestKey) {
  EXPECT_EQ(schema_.Nearest("listenport"), "listenPort");
  EXPECT_EQ(schema_.Nearest("serverWorkerThread"), "serverWorkerThreads");
  EXPECT_EQ(schema_.Nearest("color"), "");
}

TEST_F(ConfigSchemaTest, ListsTheSetKeysWithoutEffect) {
  EXPECT_THAT(schema_.IgnoredButSet(), ElementsAre());
  schema_.Set("serverWorkerThreads", "16", ConfigOrigin::kFile).value();
  EXPECT_THAT(schema_.IgnoredButSet(), ElementsAre("serverWorkerThreads"));
}

TEST_F(ConfigSchemaTest, PrintsWhereAValueComesFrom) {
  schema_.Set("listenPort", "1", ConfigOrigin::kFlag).value();
  EXPECT_EQ(schema_.TextWithOrigins(/*important_only=*/true), "listenPort=1  (flag)\n");
  EXPECT_THAT(schema_.TextWithOrigins(), HasSubstr("\nscanInterval=5000\n"));
}

}  // namespace
}  // namespace rmq::wire
