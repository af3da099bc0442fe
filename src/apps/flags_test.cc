#include "apps/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rmq::apps {
namespace {

using testing::ElementsAre;

constexpr Flag kFlags[] = {
    {.short_name = "c", .long_name = "configFile", .takes_value = true, .help = "the file"},
    {.short_name = "h", .long_name = "help", .help = "print help"},
    {.short_name = "m", .long_name = "printImportantConfig", .help = "print some"},
    {.short_name = "p", .long_name = "printConfigItem", .help = "print all"},
    {.short_name = "", .long_name = "enable-proxy", .help = "with a proxy"},
    {.short_name = "pc", .long_name = "proxyConfig", .takes_value = true, .help = "its file"},
};

FlagValues Parse(const std::vector<std::string>& arguments) {
  return ParseFlags(kFlags, arguments).value();
}
std::string MessageOf(const std::vector<std::string>& arguments) {
  const auto parsed = ParseFlags(kFlags, arguments);
  return parsed.has_value() ? "" : parsed.error().message();
}

TEST(Flags, TakesAValueInEveryForm) {
  const std::vector<std::vector<std::string>> forms = {
      {"-c", "a.conf"},
      {"-ca.conf"},
      {"-c=a.conf"},
      {"--configFile", "a.conf"},
      {"--configFile=a.conf"},
      {"-configFile", "a.conf"},
      {"--config", "a.conf"},
      {"--c", "a.conf"},
      {"-c", "b.conf", "-c", "a.conf"},
  };
  for (const auto& form : forms) EXPECT_EQ(Parse(form).Get("configFile"), "a.conf") << form[0];
}

TEST(Flags, TakesJoinedShortFlags) {
  const FlagValues values = Parse({"-mpca.conf"});
  EXPECT_TRUE(values.Has("printImportantConfig"));
  EXPECT_TRUE(values.Has("printConfigItem"));
  EXPECT_EQ(values.Get("configFile"), "a.conf");
}

TEST(Flags, AShortNameMayHaveTwoLetters) {
  EXPECT_EQ(Parse({"-pc", "p.json"}).Get("proxyConfig"), "p.json");
}

TEST(Flags, KeepsWhatIsNoFlag) {
  EXPECT_THAT(Parse({"a", "-h", "-", "--", "-p"}).arguments(), ElementsAre("a", "-", "-p"));
}

TEST(Flags, TakesAValueThatBeginsWithADash) {
  EXPECT_EQ(Parse({"-c", "-1"}).Get("configFile"), "-1");
}

TEST(Flags, RefusesInApachesWords) {
  EXPECT_EQ(MessageOf({"-x"}), "Unrecognized option: -x");
  EXPECT_EQ(MessageOf({"--nothing=1"}), "Unrecognized option: --nothing=1");
  EXPECT_EQ(MessageOf({"-c"}), "Missing argument for option: c");
  EXPECT_EQ(MessageOf({"-c", "-p"}), "Missing argument for option: c");
  EXPECT_EQ(MessageOf({"--print"}),
            "Ambiguous option: 'print' (could be: 'printImportantConfig', 'printConfigItem')");
  EXPECT_EQ(MessageOf({"--help=1"}), "Option takes no argument: h");
}

TEST(Flags, DescribesEachFlagInALine) {
  EXPECT_EQ(DescribeFlags("mqx", std::span(kFlags).subspan(0, 2)),
            "usage: mqx [-c <arg>] [-h]\n"
            " -c,--configFile <arg>   the file\n"
            " -h,--help               print help\n");
}

}  // namespace
}  // namespace rmq::apps
