// mqbench: loads a cluster, ours or Apache's, and prints what it measured. Each window of
// --windows is a load of its own; afterwards all that was sent is consumed.
//
//   mqbench --namesrv 127.0.0.1:9876 --windows 128,1 --server-pids 4711,4712

#include <fmt/format.h>

#include <charconv>
#include <cstdio>

#include "apps/bench.h"
#include "apps/program.h"

namespace {

using rmq::Context;
using rmq::ErrorCode;
using rmq::Result;
using rmq::apps::Flag;
using rmq::apps::FlagValues;
using rmq::apps::Load;
using rmq::apps::Measured;
using rmq::apps::NumberFlag;

constexpr Flag kFlags[] = {
    {.short_name = "n",
     .long_name = "namesrv",
     .takes_value = true,
     .help = "NameServer addresses (default: 127.0.0.1:9876)"},
    {.long_name = "windows",
     .takes_value = true,
     .help = "Sends in flight; a load for each (default: 128,1)"},
    {.long_name = "count", .takes_value = true, .help = "Messages of a load (default: 200000)"},
    {.long_name = "seconds",
     .takes_value = true,
     .help = "A load ends after this time at the latest (default: 10)"},
    {.long_name = "size", .takes_value = true, .help = "Bytes of a body (default: 1024)"},
    {.long_name = "warmup",
     .takes_value = true,
     .help = "Messages before the first load, not measured (default: 20000)"},
    {.long_name = "topic", .takes_value = true, .help = "Default: a new one"},
    {.long_name = "server-pids",
     .takes_value = true,
     .help = "Whose processor time is counted, separated by ','"},
    {.long_name = "no-consume", .help = "Only send"},
    {.long_name = "json", .help = "One JSON object a line"},
};

constexpr rmq::seconds kWarmupTime{30};
constexpr rmq::seconds kConsumeTime{60};

Result<std::vector<int64_t>> NumbersFrom(std::string_view text) {
  std::vector<int64_t> numbers;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + comma, number);
    if (error != std::errc() || end != text.data() + comma || number <= 0) {
      return rmq::Fail(ErrorCode::kInvalidArgument,
                       fmt::format("{}: numbers separated by ',' are wanted", text));
    }
    numbers.push_back(number);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return numbers;
}

double Microseconds(rmq::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

constexpr const char* kText =
    "{} window {}: {} messages in {:.3f} s, {:.0f} a second, {} failed; latency p50 {:.1f} "
    "p99 {:.1f} p99.9 {:.1f} µs; server CPU {:.2f} µs a message\n";
constexpr const char* kJson =
    "{{\"phase\":\"{}\",\"window\":{},\"messages\":{},\"seconds\":{:.3f},"
    "\"per_second\":{:.0f},\"failed\":{},\"p50_us\":{:.1f},\"p99_us\":{:.1f},"
    "\"p999_us\":{:.1f},\"server_cpu_us\":{:.2f}}}\n";

void Print(std::string_view phase, int64_t window, const Measured& measured, bool json) {
  const double time = std::chrono::duration<double>(measured.time).count();
  const auto messages = static_cast<double>(std::max<int64_t>(measured.messages, 1));
  fmt::print(fmt::runtime(json ? kJson : kText), phase, window, measured.messages, time,
             messages / time, measured.failed, Microseconds(measured.Percentile(0.5)),
             Microseconds(measured.Percentile(0.99)), Microseconds(measured.Percentile(0.999)),
             Microseconds(measured.server_cpu) / messages);
  std::fflush(stdout);
}

Result<void> Measure(Context& ctx, rmq::client::ClientInstance& client, const FlagValues& flags,
                     Load load) {
  RMQ_TRY(const auto windows, NumbersFrom(flags.Has("windows") ? flags.Get("windows") : "128,1"));
  RMQ_TRY(const int64_t count, NumberFlag(flags, "count", 200'000, 1, 100'000'000));
  RMQ_TRY(const int64_t time, NumberFlag(flags, "seconds", 10, 1, 3600));
  const bool json = flags.Has("json");
  RMQ_TRY(load.count, NumberFlag(flags, "warmup", 20'000, 0, count));
  load.at_most = kWarmupTime;
  RMQ_TRY(const Measured warmup, MeasureSending(ctx, client, load));
  int64_t sent = warmup.messages;

  load.count = count;
  load.at_most = rmq::seconds(time);
  for (const int64_t window : windows) {
    load.window = static_cast<int>(window);
    RMQ_TRY(const Measured measured, MeasureSending(ctx, client, load));
    Print("send", window, measured, json);
    sent += measured.messages;
  }
  if (flags.Has("no-consume") || sent == 0) return {};
  load.count = sent;
  load.at_most = kConsumeTime;
  RMQ_TRY(const Measured consumed, MeasureConsuming(ctx, client, load));
  Print("consume", 0, consumed, json);
  return {};
}

Result<void> Run(Context& ctx, rmq::runtime::Runtime& runtime, const FlagValues& flags) {
  Load load;
  load.topic = flags.Has("topic") ? std::string(flags.Get("topic"))
                                  : fmt::format("bench-{}", runtime.clock().WallNow().ms);
  RMQ_TRY(const int64_t size, NumberFlag(flags, "size", 1024, 1, 4'000'000));
  load.body_bytes = static_cast<size_t>(size);
  RMQ_TRY(load.server_pids, NumbersFrom(flags.Get("server-pids")));
  const std::string name_servers(flags.Has("namesrv") ? flags.Get("namesrv") : "127.0.0.1:9876");
  RMQ_TRY(const auto client,
          rmq::client::ClientInstance::Create(runtime, {.name_servers = name_servers}));
  Context stoppable = ctx.WithCancellation(runtime.stop());
  const Result<void> measured = Measure(stoppable, *client, flags, load);
  client->Close(ctx);
  return measured;
}

}  // namespace

int main(int argc, char** argv) {
  return rmq::apps::RunProgram("mqbench", kFlags, argc, argv, Run, rmq::runtime::LogLevel::kWarn);
}
