// What a simulated process gets from the world. Everything is inert once the process is dead:
// draws are 0 and not counted, log lines vanish.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/runtime.h"
#include "sim/process.h"
#include "sim/sim_file_system.h"

namespace rmq::sim {

// Where the log lines of all processes go. Writing must not reach back into the simulation.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `at` is the simulation's time, `process` the full name.
  virtual void Write(Tick at, std::string_view process, runtime::LogLevel level,
                     std::string_view area, std::string_view line) = 0;
};

class SimClock final : public runtime::Clock {
 public:
  explicit SimClock(Process& process) : process_(process) {}
  Tick Now() const override;
  WallTime WallNow() const override;

 private:
  Process& process_;
};

// Mixes the process's stable name into the keys: two processes never share a draw.
class SimRandom final : public runtime::Random {
 public:
  explicit SimRandom(Process& process) : process_(process) {}
  uint64_t Draw(runtime::Site site, uint64_t object, uint64_t bound) override;
  void Fill(runtime::Site site, std::span<std::byte> out) override;

 private:
  Process& process_;
};

class SimLog final : public runtime::Log {
 public:
  // `sink` may be null.
  SimLog(Process& process, LogSink* sink, runtime::LogLevel level)
      : process_(process), sink_(sink), level_(level) {}
  bool enabled(runtime::LogLevel level) const override;
  void Write(runtime::LogLevel level, std::string_view area, std::string_view line) override;

 private:
  Process& process_;
  LogSink* const sink_;
  const runtime::LogLevel level_;
};

class SimRuntime final : public runtime::Runtime {
 public:
  struct Parts {
    LogSink* log_sink = nullptr;
    runtime::LogLevel log_level = runtime::LogLevel::kInfo;
    std::unique_ptr<runtime::Network> network;
    std::unique_ptr<SimFileSystem> files;
  };
  SimRuntime(Process& process, Parts parts);

  runtime::Clock& clock() override { return clock_; }
  runtime::Random& random() override { return random_; }
  runtime::Network& network() override { return *network_; }
  runtime::FileSystem& files() override { return *files_; }
  runtime::Log& log() override { return log_; }
  runtime::Executor& executor() override { return process_.main_executor(); }
  runtime::Executor& AddExecutor(std::string_view name) override {
    return process_.AddExecutor(name);
  }
  runtime::Cancellation& stop() override { return process_.stop(); }
  SimFileSystem& sim_files() { return *files_; }
  int32_t process_id() const override { return process_.id(); }

 private:
  Process& process_;
  SimClock clock_;
  SimRandom random_;
  SimLog log_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<SimFileSystem> files_;
};

}  // namespace rmq::sim
