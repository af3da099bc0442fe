#include "hunt.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cpu_time.h"

namespace rmq::simtest {
namespace {

// What a worker tells over its pipe: that it begins a seed, then how that went.
struct Line {
  uint64_t seed = 0;
  bool done = false;
  bool red = false;
  bool idle = false;  // without acked messages or faults
  uint64_t acked = 0;
  uint64_t events = 0;
  uint64_t faults = 0;
  int64_t cpu_us = 0;
};

void PrintReplay(uint64_t seed) {
  fmt::print("replay: rmq-sim run --seed {} --log info\n", seed);
}

void Tell(int pipe, const Line& line) {
  if (::write(pipe, &line, sizeof line) != sizeof line) ::_exit(0);
}

void RunSeed(int pipe, uint64_t seed) {
  Tell(pipe, {.seed = seed});
  const int64_t began = CpuMicroseconds();
  const SwarmReport report = RunSwarmSeed({.seed = seed});
  PrintViolations(report);
  std::fflush(stdout);
  Tell(pipe, {.seed = seed,
              .done = true,
              .red = !report.ok(),
              .idle = report.acked == 0 || report.fault_count == 0,
              .acked = report.acked,
              .events = report.run.steps,
              .faults = static_cast<uint64_t>(report.fault_count),
              .cpu_us = CpuMicroseconds() - began});
}

class Hunter {
 public:
  explicit Hunter(const HuntOptions& options)
      : options_(options), jobs_(static_cast<uint64_t>(std::max(options.jobs, 1))) {}

  bool Run() {
    for (uint64_t job = 0; job < jobs_; ++job) workers_.push_back(StartWorker(job));
    while (Wait()) {
    }
    PrintSums();
    return red_ == 0 && idle_ == 0 && finished_ == options_.seeds;
  }

 private:
  struct Worker {
    pid_t pid = 0;
    int pipe = -1;
    uint64_t next = 0;     // the index of its next seed
    bool running = false;  // a seed has begun and not ended
  };

  // Takes the seeds of the indexes `from`, from + jobs, …
  Worker StartWorker(uint64_t from) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    std::fflush(stdout);
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (const Worker& other : workers_) ::close(other.pipe);
      ::close(ends[0]);
      for (uint64_t i = from; i < options_.seeds; i += jobs_) RunSeed(ends[1], options_.first + i);
      ::_exit(0);
    }
    ::close(ends[1]);
    return {.pid = pid, .pipe = ends[0], .next = from};
  }

  // False: nobody works any more.
  bool Wait() {
    std::vector<pollfd> polled;
    for (const Worker& worker : workers_) {
      polled.push_back({.fd = worker.pipe, .events = POLLIN, .revents = 0});
    }
    ::poll(polled.data(), polled.size(), -1);
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (polled[i].revents == 0) continue;
      Line line;
      if (::read(workers_[i].pipe, &line, sizeof line) == sizeof line) {
        Heard(workers_[i], line);
      } else {
        Ended(workers_[i]);
      }
    }
    if (options_.stop_at_first && red_ > 0) StopAll();
    std::erase_if(workers_, [](const Worker& worker) { return worker.pipe < 0; });
    return !workers_.empty();
  }

  void Heard(Worker& worker, const Line& line) {
    worker.running = !line.done;
    if (!line.done) return;
    worker.next += jobs_;
    ++finished_;
    acked_ += line.acked;
    events_ += line.events;
    faults_ += line.faults;
    cpu_us_ += line.cpu_us;
    if (line.idle) ++idle_;
    if (line.red) FoundBy(line.seed);
  }

  void Ended(Worker& worker) {
    int status = 0;
    ::waitpid(worker.pid, &status, 0);
    ::close(worker.pipe);
    worker.pipe = -1;
    if (!worker.running) return;
    const uint64_t seed = options_.first + worker.next;
    fmt::print("seed {}: crash: the process ended with {} {}\n", seed,
               WIFSIGNALED(status) ? "signal" : "code",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    PrintReplay(seed);
    ++finished_;
    FoundBy(seed);
    if (!options_.stop_at_first) worker = StartWorker(worker.next + jobs_);
  }

  void FoundBy(uint64_t seed) {
    if (red_++ == 0) first_red_ = seed;
  }

  void StopAll() {
    for (Worker& worker : workers_) {
      if (worker.pipe < 0) continue;
      ::kill(worker.pid, SIGKILL);
      ::waitpid(worker.pid, nullptr, 0);
      ::close(worker.pipe);
      worker.pipe = -1;
    }
  }

  void PrintSums() const {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const double cpu = static_cast<double>(std::max<int64_t>(cpu_us_, 1)) / 1e6;
    fmt::print("{} seeds from {}: {} with a violation, {} without acked messages or faults\n",
               finished_, options_.first, red_, idle_);
    fmt::print(
        "acked {} faults {} events {}; per CPU second: {:.0f} events, {:.0f} acked; {:.0f} seeds "
        "per hour and core; peak memory {} MB\n",
        acked_, faults_, events_, static_cast<double>(events_) / cpu,
        static_cast<double>(acked_) / cpu, static_cast<double>(finished_) * 3600 / cpu,
        usage.ru_maxrss / 1024);
    if (red_ > 0) fmt::print("found by seed {}\n", first_red_);
    fmt::print("{} passed, {} failed\n", finished_ - red_, red_);
  }

  const HuntOptions options_;
  const uint64_t jobs_;
  std::vector<Worker> workers_;
  uint64_t finished_ = 0;
  uint64_t red_ = 0;
  uint64_t first_red_ = 0;
  uint64_t idle_ = 0;
  uint64_t acked_ = 0;
  uint64_t events_ = 0;
  uint64_t faults_ = 0;
  int64_t cpu_us_ = 0;
};

}  // namespace

void PrintViolations(const SwarmReport& report) {
  for (const Violation& violation : report.violations) {
    fmt::print("seed {}: {}: {}\n", report.seed, violation.checker, violation.text);
  }
  if (!report.ok()) PrintReplay(report.seed);
}

bool Hunt(const HuntOptions& options) {
  return Hunter(options).Run();
}

}  // namespace rmq::simtest
