// rmq-sim: runs seeds of the swarm. `rmq-sim help` says how.
//
// Exit codes: 0 clean, 1 a violation was found, 2 wrong usage.

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "harness/swarm.h"
#include "hunt.h"
#include "load.h"
#include "sim/process.h"
#include "sim/sim_runtime.h"

namespace rmq::simtest {
namespace {

constexpr std::string_view kUsage =
    "usage: rmq-sim run --seed N [--log info|debug] [--kill-mode unwind|abandon]\n"
    "       rmq-sim hunt --seeds N [--first S] [--jobs J] [--stop-at-first]\n"
    "       rmq-sim load --load w1|w2|w3 [--seed N] [--seconds N]\n"
    "\n"
    "run   one seed, with its summary, its violations and what the processes logged\n"
    "hunt  many; a line for each violation, then the sums\n"
    "load  a fixed load, with what it costs: paced, full, idle; N seconds of simulated time\n";

// The options of a command line, each taken once; what is left is wrong.
class Arguments {
 public:
  // nullopt: it is not of the form --name [value] …
  static std::optional<Arguments> Parse(int argc, char** argv) {
    Arguments arguments;
    for (int i = 2; i < argc; ++i) {
      const std::string_view name = argv[i];
      if (!name.starts_with("--")) return std::nullopt;
      const bool has_value = i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--");
      arguments.values_[std::string(name.substr(2))] = has_value ? argv[++i] : "";
    }
    return arguments;
  }

  std::optional<std::string> Take(const std::string& name) {
    const auto found = values_.extract(name);
    if (found.empty()) return std::nullopt;
    return found.mapped();
  }
  uint64_t TakeNumber(const std::string& name, uint64_t otherwise) {
    const auto text = Take(name);
    if (!text.has_value()) return otherwise;
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size()) Refuse(name, *text);
    return number;
  }
  void Refuse(const std::string& name, std::string_view value) {
    if (wrong_.empty()) wrong_ = fmt::format("--{} {}", name, value);
  }
  // Empty if everything was taken and right.
  std::string wrong() const {
    return wrong_.empty() && !values_.empty() ? "--" + values_.begin()->first : wrong_;
  }

 private:
  std::map<std::string, std::string> values_;
  std::string wrong_;
};

class StderrSink final : public sim::LogSink {
 public:
  void Write(Tick at, std::string_view process, runtime::LogLevel level, std::string_view area,
             std::string_view line) override {
    fmt::print(stderr, "{:>12.6f} {} {} {}: {}\n", static_cast<double>(at.ns) / 1e9,
               "DIWE"[static_cast<size_t>(level)], process, area, line);
  }
};

int Refuse(std::string_view what) {
  fmt::print(stderr, "rmq-sim: {}\n{}", what, kUsage);
  return 2;
}

int RunOne(Arguments& arguments) {
  SwarmOptions options;
  StderrSink sink;
  options.seed = arguments.TakeNumber("seed", 1);
  if (const auto log = arguments.Take("log")) {
    if (*log != "info" && *log != "debug") arguments.Refuse("log", *log);
    options.log_sink = &sink;
    if (*log == "debug") options.log_level = runtime::LogLevel::kDebug;
  }
  if (const auto mode = arguments.Take("kill-mode")) {
    if (*mode != "abandon" && *mode != "unwind") arguments.Refuse("kill-mode", *mode);
    options.kill_mode = *mode == "abandon" ? sim::KillMode::kAbandon : sim::KillMode::kUnwind;
  }
  if (!arguments.wrong().empty()) return Refuse(arguments.wrong());
  const SwarmReport report = RunSwarmSeed(options);
  fmt::print("{}\n", report.Summary());
  PrintViolations(report);
  return report.ok() ? 0 : 1;
}

int HuntMany(Arguments& arguments) {
  HuntOptions options;
  options.seeds = arguments.TakeNumber("seeds", options.seeds);
  options.first = arguments.TakeNumber("first", options.first);
  options.jobs = static_cast<int>(arguments.TakeNumber("jobs", 2));
  options.stop_at_first = arguments.Take("stop-at-first").has_value();
  if (!arguments.wrong().empty()) return Refuse(arguments.wrong());
  return Hunt(options) ? 0 : 1;
}

int RunLoad(Arguments& arguments) {
  LoadOptions options;
  const std::string load = arguments.Take("load").value_or("w2");
  if (load == "w1") options.load = Load::kPaced;
  if (load == "w3") options.load = Load::kIdle;
  if (load != "w1" && load != "w2" && load != "w3") arguments.Refuse("load", load);
  options.seed = arguments.TakeNumber("seed", options.seed);
  options.simulated_seconds = static_cast<int>(arguments.TakeNumber("seconds", 0));
  if (!arguments.wrong().empty()) return Refuse(arguments.wrong());
  return MeasureLoad(options) ? 0 : 1;
}

int Main(int argc, char** argv) {
  const std::string_view command = argc < 2 ? "" : argv[1];
  if (command == "help" || command == "--help" || command == "-h") {
    fmt::print("{}", kUsage);
    return 0;
  }
  auto arguments = Arguments::Parse(argc, argv);
  if (!arguments.has_value()) return Refuse("options begin with --");
  if (command == "run") return RunOne(*arguments);
  if (command == "hunt") return HuntMany(*arguments);
  if (command == "load") return RunLoad(*arguments);
  return Refuse(fmt::format("no command '{}'", command));
}

}  // namespace
}  // namespace rmq::simtest

int main(int argc, char** argv) {
  return rmq::simtest::Main(argc, argv);
}
