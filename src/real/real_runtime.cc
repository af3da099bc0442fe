#include "real/real_runtime.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/assert.h"
#include "real/disk_ring.h"
#include "real/event_loop.h"
#include "real/real_file_system.h"
#include "real/real_network.h"
#include "real/system_clock.h"
#include "real/system_log.h"
#include "real/system_random.h"
#include "real/worker_pool.h"

namespace rmq::real {
namespace {

// The loop of one more executor, on a thread of its own.
class LoopThread {
 public:
  explicit LoopThread(std::unique_ptr<EventLoop> loop) : loop_(std::move(loop)) {
    thread_ = std::thread([this] { Serve(); });
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() { RMQ_ASSERT(!thread_.joinable()); }

  EventLoop& loop() { return *loop_; }
  void End() {
    loop_->Stop();
    thread_.join();
  }

 private:
  void Serve() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);  // Signals belong to the main executor.
    const std::string name = loop_->executor().name().substr(0, 15);
    pthread_setname_np(pthread_self(), name.c_str());
    loop_->Run();
  }

  std::unique_ptr<EventLoop> loop_;
  std::thread thread_;
};

// Whether disk operations go through io_uring, and if not, why.
Result<void> TryRing(IoUring wish) {
  if (wish == IoUring::kOff) return Fail(ErrorCode::kUnavailable, "switched off");
  return DiskRing::Probe();
}

// A connection is a descriptor, and the usual soft limit of 1,024 is there for programs that use
// select. Best effort.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

// In the order in which they need one another; taken down by ~RealRuntime.
struct RealRuntime::Parts {
  Parts(RealOptions given, std::unique_ptr<SystemLog> opened, bool ring)
      : options(std::move(given)),
        use_ring(ring),
        log(std::move(opened)),
        random(options.seed),
        clock(start_ns),
        pool(std::make_unique<WorkerPool>(options.pool_threads)),
        network(std::make_unique<RealNetwork>()),
        files(*pool, options.writes_off_loop) {}

  EventLoop::Options LoopOptions(std::string_view name) const {
    return {.name = std::string(name), .start_ns = start_ns, .use_ring = use_ring};
  }

  const RealOptions options;
  const bool use_ring;
  const int64_t start_ns = MonotonicNanoseconds();
  std::unique_ptr<SystemLog> log;
  SystemRandom random;
  SystemClock clock;
  std::unique_ptr<WorkerPool> pool;
  std::unique_ptr<EventLoop> main_loop;
  std::unique_ptr<RealNetwork> network;
  RealFileSystem files;
  runtime::Cancellation stop;
  std::mutex mutex;  // of `threads`
  std::vector<std::unique_ptr<LoopThread>> threads;
};

Result<std::unique_ptr<RealRuntime>> RealRuntime::Create(RealOptions options) {
  RaiseDescriptorLimit();
  RMQ_TRY(auto log,
          SystemLog::Open(options.log_level, options.log_file, std::move(options.log_sink)));
  const Result<void> ring = TryRing(options.io_uring);
  if (!ring.has_value() && options.io_uring == IoUring::kOn) {
    return Fail(WithContext(ring.error(), "io_uring"));
  }
  RMQ_LOG(*log, kInfo, "real", "disk operations run on {}",
          ring.has_value() ? "io_uring"
                           : fmt::format("{} threads (io_uring: {})", options.pool_threads,
                                         ring.error().message()));
  auto parts = std::make_unique<Parts>(std::move(options), std::move(log), ring.has_value());
  RMQ_TRY(parts->main_loop, EventLoop::Create(parts->LoopOptions("main"), *parts->pool));
  return std::unique_ptr<RealRuntime>(new RealRuntime(std::move(parts)));
}

RealRuntime::RealRuntime(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

// Whoever may still post to a loop ends before the loop goes.
RealRuntime::~RealRuntime() {
  for (const auto& thread : parts_->threads) thread->End();
  parts_->network = nullptr;
  parts_->pool = nullptr;
}

int RealRuntime::Run(UniqueFunction<void(Context&, runtime::Runtime&)> main) {
  ::signal(SIGPIPE, SIG_IGN);  // A closed stderr is no reason to die.
  EventLoop& loop = *parts_->main_loop;
  if (parts_->options.handle_signals) {
    loop.CatchSignals([this] { parts_->stop.Cancel(); });
  }
  runtime::Gate gate;
  loop.executor().Spawn(gate, "main", runtime::StackClass::kLarge, [&](Context& ctx) {
    main(ctx, *this);
    main = nullptr;
    loop.Stop();
  });
  loop.Run();
  RMQ_ASSERT(gate.fiber_count() == 0);
  return 0;
}

runtime::Clock& RealRuntime::clock() {
  return parts_->clock;
}
runtime::Random& RealRuntime::random() {
  return parts_->random;
}
runtime::Network& RealRuntime::network() {
  return *parts_->network;
}
runtime::FileSystem& RealRuntime::files() {
  return parts_->files;
}
runtime::Log& RealRuntime::log() {
  return *parts_->log;
}
runtime::Executor& RealRuntime::executor() {
  return parts_->main_loop->executor();
}

// Without descriptors for a loop there is nothing to run on, and nobody to tell.
runtime::Executor& RealRuntime::AddExecutor(std::string_view name) {
  auto loop = EventLoop::Create(parts_->LoopOptions(name), *parts_->pool);
  RMQ_ASSERT(loop.has_value());
  const std::lock_guard lock(parts_->mutex);
  parts_->threads.push_back(std::make_unique<LoopThread>(*std::move(loop)));
  return parts_->threads.back()->loop().executor();
}

runtime::Cancellation& RealRuntime::stop() {
  return parts_->stop;
}

int32_t RealRuntime::process_id() const {
  return ::getpid();
}

}  // namespace rmq::real
