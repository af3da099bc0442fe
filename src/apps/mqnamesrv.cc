// mqnamesrv: the name server.

#include <fmt/format.h>

#include <cstdio>

#include "apps/program.h"
#include "namesrv/name_server.h"

namespace {

using rmq::Context;
using rmq::Endpoint;
using rmq::apps::Flag;
using rmq::apps::FlagValues;
using rmq::namesrv::NameServerOptions;

constexpr Flag kFlags[] = {
    {.short_name = "c",
     .long_name = "configFile",
     .takes_value = true,
     .help = "Name server config properties file"},
    {.short_name = "n",
     .long_name = "namesrvAddr",
     .takes_value = true,
     .help = "Accepted for compatibility, without effect"},
    {.short_name = "p", .long_name = "printConfigItem", .help = "Print all config items"},
};

NameServerOptions OptionsFrom(const FlagValues& flags) {
  NameServerOptions options;
  options.config_file = flags.Get("configFile");
  options.home = rmq::apps::HomeDirectory();
  // Scripts wait for this line.
  options.started = [](Endpoint at) {
    fmt::print("The Name Server boot success. serializeType=JSON, address {}\n", at.ToString());
    std::fflush(stdout);
  };
  return options;
}

rmq::Result<void> Run(Context& ctx, rmq::runtime::Runtime& runtime, const FlagValues& flags) {
  NameServerOptions options = OptionsFrom(flags);
  if (flags.Has("printConfigItem")) {
    RMQ_TRY(const std::string text, rmq::namesrv::DescribeNameServerConfig(ctx, runtime, options));
    fmt::print("{}", text);
    return {};
  }
  return rmq::namesrv::RunNameServer(ctx, runtime, std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  return rmq::apps::RunProgram("mqnamesrv", kFlags, argc, argv, Run);
}
