// The Runtime of a real process: threads, sockets, files and clocks of the operating system.
//
// Each Executor is one thread with a loop of its own; work that may block goes to io_uring or to a
// small pool of threads that all executors share. A program's main() makes one and runs its daemon:
//
//   auto runtime = real::RealRuntime::Create({.log_file = "broker.log"});
//   if (!runtime) …
//   return (*runtime)->Run([](Context& ctx, runtime::Runtime& world) { RunBroker(ctx, world, …);
//   });
//
// Create and Run are called by the same thread. No Boost or OS type shows here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/runtime.h"

namespace rmq::real {

enum class IoUring {
  kAuto,  // where the kernel allows it
  kOn,    // Create fails with kUnavailable if it doesn't
  kOff,   // the pool of threads does the disk's work
};

struct RealOptions {
  runtime::LogLevel log_level = runtime::LogLevel::kInfo;
  // Appended to; empty: stderr.
  std::string log_file;
  // Takes the lines (without newline) instead, one at a time, on any thread.
  UniqueFunction<void(std::string_view)> log_sink;

  IoUring io_uring = IoUring::kAuto;
  // Started when needed.
  int pool_threads = 4;
  // Writes to files never run on an executor's own thread, although most take only a microsecond.
  bool writes_off_loop = false;
  // Makes Random repeatable; without it each process draws differently.
  std::optional<uint64_t> seed;
  // SIGINT and SIGTERM cancel stop(), a second one ends the process with code 130.
  bool handle_signals = true;
};

class RealRuntime final : public runtime::Runtime {
 public:
  // kInvalidArgument: the log file; kUnavailable: io_uring; kResourceExhausted: descriptors. Raises
  // the process's limit of descriptors as far as it may.
  static Result<std::unique_ptr<RealRuntime>> Create(RealOptions options);
  // Ends the other executors' threads. REQUIRES: Run returned or was never called. Fibers that are
  // still there never run again and leave their memory behind.
  ~RealRuntime() override;

  // Runs `main` as a fiber of executor() on the calling thread and returns when `main` does: 0.
  // Once.
  int Run(UniqueFunction<void(runtime::Context&, runtime::Runtime&)> main);

  runtime::Clock& clock() override;
  runtime::Random& random() override;
  runtime::Network& network() override;
  runtime::FileSystem& files() override;
  runtime::Log& log() override;
  runtime::Executor& executor() override;
  // From any executor.
  runtime::Executor& AddExecutor(std::string_view name) override;
  runtime::Cancellation& stop() override;
  int32_t process_id() const override;

 private:
  struct Parts;
  explicit RealRuntime(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace rmq::real
