// mqnamesrv: the name server. Exit codes: 0 stopped as asked, 1 failed, 2 wrong command line or
// configuration.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "apps/flags.h"
#include "namesrv/name_server.h"
#include "real/real_runtime.h"

namespace {

using rmq::Context;
using rmq::Endpoint;
using rmq::Error;
using rmq::ErrorCode;
using rmq::apps::Flag;
using rmq::apps::FlagValues;
using rmq::namesrv::NameServerOptions;

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

constexpr Flag kFlags[] = {
    {.short_name = "c",
     .long_name = "configFile",
     .takes_value = true,
     .help = "Name server config properties file"},
    {.short_name = "h", .long_name = "help", .help = "Print help"},
    {.short_name = "n",
     .long_name = "namesrvAddr",
     .takes_value = true,
     .help = "Accepted for compatibility, without effect"},
    {.short_name = "p", .long_name = "printConfigItem", .help = "Print all config items"},
};

NameServerOptions OptionsFrom(const FlagValues& flags) {
  NameServerOptions options;
  options.config_file = flags.Get("configFile");
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    options.home = home;
  }
  // Scripts wait for this line.
  options.started = [](Endpoint at) {
    fmt::print("The Name Server boot success. serializeType=JSON, address {}\n", at.ToString());
    std::fflush(stdout);
  };
  return options;
}

int Report(const Error& error) {
  fmt::print(stderr, "mqnamesrv: {}\n", error.message());
  return error.code() == ErrorCode::kInvalidArgument ? kWrongUsage : kFailed;
}

int PrintConfig(Context& ctx, rmq::runtime::Runtime& runtime, const NameServerOptions& options) {
  const auto text = rmq::namesrv::DescribeNameServerConfig(ctx, runtime, options);
  if (!text.has_value()) return Report(text.error());
  fmt::print("{}", *text);
  return 0;
}

int Run(Context& ctx, rmq::runtime::Runtime& runtime, NameServerOptions options) {
  const auto ran = rmq::namesrv::RunNameServer(ctx, runtime, std::move(options));
  return ran.has_value() ? 0 : Report(ran.error());
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = rmq::apps::ParseFlags(kFlags, rmq::apps::Arguments(argc, argv));
  if (!flags.has_value()) {
    fmt::print(stderr, "{}\n{}", flags.error().message(),
               rmq::apps::DescribeFlags("mqnamesrv", kFlags));
    return kWrongUsage;
  }
  if (flags->Has("help")) {
    fmt::print("{}", rmq::apps::DescribeFlags("mqnamesrv", kFlags));
    return 0;
  }
  auto runtime = rmq::real::RealRuntime::Create({});
  if (!runtime.has_value()) return Report(runtime.error());
  int code = 0;
  (*runtime)->Run([&](Context& ctx, rmq::runtime::Runtime& world) {
    code = flags->Has("printConfigItem") ? PrintConfig(ctx, world, OptionsFrom(*flags))
                                         : Run(ctx, world, OptionsFrom(*flags));
  });
  return code;
}
