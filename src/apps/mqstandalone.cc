// mqstandalone: a NameServer and a broker in one process, for trying things out. It shows itself by
// a round of messages, then serves until it is stopped.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "apps/demo.h"
#include "apps/program.h"
#include "apps/standalone.h"

namespace {

using rmq::Context;
using rmq::ErrorCode;
using rmq::Result;
using rmq::apps::DemoResult;
using rmq::apps::Flag;
using rmq::apps::FlagValues;
using rmq::apps::NumberFlag;
using rmq::apps::Standalone;
using rmq::apps::StandaloneOptions;

constexpr Flag kFlags[] = {
    {.long_name = "data", .takes_value = true, .help = "Directory of all files (default: ./data)"},
    {.long_name = "namesrv-port", .takes_value = true, .help = "Default: 9876"},
    {.long_name = "broker-port",
     .takes_value = true,
     .help = "Default: 10911; the port two below is taken as well"},
    {.long_name = "port-offset", .takes_value = true, .help = "Added to both ports"},
    {.long_name = "broker-ip",
     .takes_value = true,
     .help = "The address clients are told (default: 127.0.0.1)"},
    {.long_name = "demo",
     .takes_value = true,
     .help = "How many messages to send and consume at the start (default: 1000; 0: none)"},
};

constexpr int64_t kLastPort = 65535;

Result<uint16_t> PortFrom(const FlagValues& flags, std::string_view name, int64_t fallback) {
  RMQ_TRY(const int64_t offset, NumberFlag(flags, "port-offset", 0, -kLastPort, kLastPort));
  RMQ_TRY(const int64_t port, NumberFlag(flags, name, fallback, 1, kLastPort));
  if (port + offset >= 1 && port + offset <= kLastPort) return static_cast<uint16_t>(port + offset);
  return rmq::Fail(ErrorCode::kInvalidArgument,
                   fmt::format("--{} and --port-offset make {}", name, port + offset));
}

Result<StandaloneOptions> OptionsFrom(const FlagValues& flags) {
  StandaloneOptions options;
  RMQ_TRY(options.name_server_port, PortFrom(flags, "namesrv-port", 9876));
  RMQ_TRY(options.broker_port, PortFrom(flags, "broker-port", 10911));
  if (flags.Has("broker-ip")) options.broker_ip = flags.Get("broker-ip");
  const std::filesystem::path data = flags.Has("data") ? flags.Get("data") : "data";
  options.data = std::filesystem::absolute(data).lexically_normal().string();
  return options;
}

double PerSecond(int64_t count, rmq::nanoseconds time) {
  return static_cast<double>(count) / std::chrono::duration<double>(time).count();
}

double Milliseconds(rmq::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void Print(const DemoResult& demo) {
  fmt::print("Sent     {} messages in {:.1f} ms ({:.0f} a second): all acknowledged.\n", demo.sent,
             Milliseconds(demo.sending), PerSecond(demo.sent, demo.sending));
  fmt::print("Consumed {} messages in {:.1f} ms ({:.0f} a second), {} of them twice.\n\n",
             demo.consumed, Milliseconds(demo.consuming), PerSecond(demo.consumed, demo.consuming),
             demo.duplicates);
}

void PrintAddresses(const Standalone& cluster, const std::string& data) {
  fmt::print(
      "NameServer {}\nBroker     {}\nFiles      {}\n\n"
      "Clients need the NameServer's address alone. Java:\n"
      "  producer.setNamesrvAddr(\"{}\");\n"
      "or NAMESRV_ADDR={} in the environment.\n\nCtrl-C stops it.\n",
      cluster.name_server(), cluster.broker(), data, cluster.name_server(), cluster.name_server());
  std::fflush(stdout);
}

// Until it is told to stop.
Result<void> Serve(Context& ctx, rmq::runtime::Runtime& runtime, const FlagValues& flags,
                   Standalone& cluster, const std::string& data) {
  RMQ_TRY(const int64_t demo, NumberFlag(flags, "demo", 1000, 0, 10'000'000));
  const rmq::Tick begin = ctx.Now();
  RMQ_TRY(cluster.Start(ctx));
  fmt::print("Ready after {:.0f} ms.\n", Milliseconds(ctx.Now() - begin));
  std::fflush(stdout);
  if (demo > 0) {
    RMQ_TRY(const DemoResult shown, rmq::apps::RunDemo(ctx, runtime, cluster.name_server(), demo));
    Print(shown);
  }
  PrintAddresses(cluster, data);
  return cluster.Wait(ctx);
}

Result<void> Run(Context& ctx, rmq::runtime::Runtime& runtime, const FlagValues& flags) {
  RMQ_TRY(const StandaloneOptions options, OptionsFrom(flags));
  Standalone cluster(runtime, options);
  Context serving = ctx.WithCancellation(runtime.stop());
  Result<void> served = Serve(serving, runtime, flags, cluster, options.data);
  const Result<void> stopped = cluster.Stop(ctx);
  if (!served.has_value() && served.error().code() == ErrorCode::kCancelled) served = {};
  if (served.has_value()) {
    if (stopped.has_value()) fmt::print("Stopped.\n");
    return stopped;
  }
  if (served.error().code() != ErrorCode::kAlreadyExists) return served;
  return rmq::Fail(
      ErrorCode::kAlreadyExists,
      fmt::format("{}: another process uses it. Other ports: --port-offset N; other files: "
                  "--data DIR",
                  served.error().message()));
}

}  // namespace

int main(int argc, char** argv) {
  return rmq::apps::RunProgram("mqstandalone", kFlags, argc, argv, Run,
                               rmq::runtime::LogLevel::kWarn);
}
