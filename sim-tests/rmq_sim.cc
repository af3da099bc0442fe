// rmq-sim: runs seeds of the swarm.
//
//   rmq-sim run --seed N [--log debug]          one seed, with its summary
//   rmq-sim hunt --seeds N [--first S] [--jobs J]   many; a line for each violation, then the sums
//
// Exit codes: 0 clean, 1 a violation was found, 2 wrong usage.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "harness/swarm.h"
#include "sim/process.h"
#include "sim/sim_runtime.h"

namespace {

using rmq::simtest::RunSwarmSeed;
using rmq::simtest::SwarmReport;

struct Arguments {
  std::map<std::string, std::string> values;
  uint64_t Number(const std::string& name, uint64_t otherwise) const {
    const auto found = values.find(name);
    return found == values.end() ? otherwise : std::strtoull(found->second.c_str(), nullptr, 10);
  }
};

class StderrSink final : public rmq::sim::LogSink {
 public:
  void Write(rmq::Tick at, std::string_view process, rmq::runtime::LogLevel level,
             std::string_view area, std::string_view line) override {
    fmt::print(stderr, "{:>12.6f} {} {} {}: {}\n", static_cast<double>(at.ns) / 1e9,
               "DIWE"[static_cast<size_t>(level)], process, area, line);
  }
};

void PrintViolations(const SwarmReport& report) {
  for (const auto& violation : report.violations) {
    fmt::print("seed {}: {}: {}\n", report.seed, violation.checker, violation.text);
  }
  if (!report.ok()) fmt::print("replay: rmq-sim run --seed {} --log info\n", report.seed);
}

int RunOne(const Arguments& arguments) {
  rmq::simtest::SwarmOptions options;
  options.seed = arguments.Number("seed", 1);
  StderrSink sink;
  if (const auto log = arguments.values.find("log"); log != arguments.values.end()) {
    options.log_sink = &sink;
    if (log->second == "debug") options.log_level = rmq::runtime::LogLevel::kDebug;
  }
  if (const auto mode = arguments.values.find("kill-mode"); mode != arguments.values.end()) {
    options.kill_mode =
        mode->second == "abandon" ? rmq::sim::KillMode::kAbandon : rmq::sim::KillMode::kUnwind;
  }
  const SwarmReport report = RunSwarmSeed(options);
  fmt::print("{}\n", report.Summary());
  PrintViolations(report);
  return report.ok() ? 0 : 1;
}

// What a worker process tells of each seed, over a pipe.
struct Line {
  uint64_t seed;
  uint64_t acked;
  uint64_t events;
  int32_t faults;
  int32_t violations;
  int64_t cpu_us;
};

int64_t CpuMicroseconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000 + t.tv_nsec / 1000;
}

// Seeds first + job, first + job + jobs, …
[[noreturn]] void Work(int pipe, uint64_t first, uint64_t count, uint64_t job, uint64_t jobs) {
  for (uint64_t i = job; i < count; i += jobs) {
    const int64_t began = CpuMicroseconds();
    const SwarmReport report = RunSwarmSeed({.seed = first + i});
    PrintViolations(report);
    std::fflush(stdout);
    const Line line{.seed = report.seed,
                    .acked = report.acked,
                    .events = report.run.steps,
                    .faults = report.fault_count,
                    .violations = static_cast<int32_t>(report.violations.size()),
                    .cpu_us = CpuMicroseconds() - began};
    if (::write(pipe, &line, sizeof line) != sizeof line) break;
  }
  std::fflush(stdout);
  ::_exit(0);
}

int Hunt(const Arguments& arguments) {
  const uint64_t count = arguments.Number("seeds", 100);
  const uint64_t first = arguments.Number("first", 1);
  const uint64_t jobs = std::max<uint64_t>(1, arguments.Number("jobs", 2));
  const bool stop_at_first = arguments.values.contains("stop-at-first");
  int ends[2];
  if (::pipe(ends) != 0) return 2;
  std::vector<pid_t> workers;
  for (uint64_t job = 0; job < jobs; ++job) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      Work(ends[1], first, count, job, jobs);
    }
    workers.push_back(pid);
  }
  ::close(ends[1]);
  std::vector<Line> lines;
  uint64_t red = 0;
  Line line;
  while (::read(ends[0], &line, sizeof line) == sizeof line) {
    lines.push_back(line);
    red += line.violations > 0 ? 1 : 0;
    if (red > 0 && stop_at_first) {
      for (const pid_t pid : workers) ::kill(pid, SIGKILL);
      break;
    }
  }
  uint64_t crashed = 0;
  for (const pid_t pid : workers) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!stop_at_first && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) ++crashed;
  }
  uint64_t acked = 0;
  uint64_t events = 0;
  uint64_t faults = 0;
  uint64_t idle = 0;
  int64_t cpu_us = 0;
  for (const Line& l : lines) {
    acked += l.acked;
    events += l.events;
    faults += static_cast<uint64_t>(l.faults);
    cpu_us += l.cpu_us;
    idle += l.acked == 0 || l.faults == 0 ? 1 : 0;
  }
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const double cpu = static_cast<double>(std::max<int64_t>(cpu_us, 1)) / 1e6;
  fmt::print(
      "{} seeds from {}: {} with a violation, {} workers crashed, {} without acked messages or "
      "faults\n",
      lines.size(), first, red, crashed, idle);
  fmt::print(
      "acked {} faults {} events {}; per CPU second: {:.0f} events, {:.0f} acked; {:.0f} seeds "
      "per hour and core; peak memory {} MB\n",
      acked, faults, events, static_cast<double>(events) / cpu, static_cast<double>(acked) / cpu,
      static_cast<double>(lines.size()) * 3600 / cpu, usage.ru_maxrss / 1024);
  if (stop_at_first) {
    const auto red_line =
        std::ranges::find_if(lines, [](const Line& l) { return l.violations > 0; });
    if (red_line != lines.end()) fmt::print("found by seed {}\n", red_line->seed);
    return red > 0 ? 1 : 0;
  }
  fmt::print("{} passed, {} failed\n", lines.size() - red, red + crashed);
  return red + crashed > 0 || idle > 0 || lines.size() != count ? 1 : 0;
}

int Usage() {
  fmt::print(stderr,
             "usage: rmq-sim run --seed N [--log info|debug] [--kill-mode unwind|abandon]\n"
             "       rmq-sim hunt --seeds N [--first S] [--jobs J] [--stop-at-first 1]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) return Usage();
  Arguments arguments;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strncmp(argv[i], "--", 2) != 0) return Usage();
    arguments.values[argv[i] + 2] = argv[i + 1];
  }
  const std::string command = argv[1];
  if (command == "run") return RunOne(arguments);
  if (command == "hunt") return Hunt(arguments);
  return Usage();
}
