// mqbroker: the broker.

#include <fmt/format.h>

#include <cstdio>

#include "apps/program.h"
#include "broker/broker.h"

namespace {

using rmq::Context;
using rmq::Endpoint;
using rmq::apps::Flag;
using rmq::apps::FlagValues;

constexpr Flag kFlags[] = {
    {.short_name = "c",
     .long_name = "configFile",
     .takes_value = true,
     .help = "Broker config properties file"},
    {.short_name = "m", .long_name = "printImportantConfig", .help = "Print important config item"},
    {.short_name = "n",
     .long_name = "namesrvAddr",
     .takes_value = true,
     .help = "Name server address list, eg: '192.168.0.1:9876;192.168.0.2:9876'"},
    {.short_name = "p", .long_name = "printConfigItem", .help = "Print all config item"},
};

// -n wins over broker.conf, and NAMESRV_ADDR counts where neither says anything.
rmq::broker::BrokerOptions OptionsFrom(const FlagValues& flags) {
  rmq::broker::BrokerOptions options;
  options.config_file = flags.Get("configFile");
  options.home = rmq::apps::HomeDirectory();
  options.environment_name_servers = rmq::apps::Environment("NAMESRV_ADDR");
  if (flags.Has("namesrvAddr")) {
    options.overrides.emplace_back("namesrvAddr", flags.Get("namesrvAddr"));
  }
  // Scripts wait for this line.
  options.started = [](const std::string& name, Endpoint at) {
    fmt::print("The broker[{}, {}] boot success. serializeType=JSON\n", name, at.ToString());
    std::fflush(stdout);
  };
  return options;
}

rmq::Result<void> Run(Context& ctx, rmq::runtime::Runtime& runtime, const FlagValues& flags) {
  rmq::broker::BrokerOptions options = OptionsFrom(flags);
  const bool important = flags.Has("printImportantConfig");
  if (important || flags.Has("printConfigItem")) {
    RMQ_TRY(const std::string text,
            rmq::broker::DescribeBrokerConfig(ctx, runtime, options, important));
    fmt::print("{}", text);
    return {};
  }
  return rmq::broker::RunBroker(ctx, runtime, std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  return rmq::apps::RunProgram("mqbroker", kFlags, argc, argv, Run);
}
