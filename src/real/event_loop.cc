// Each io_context has one thread: no fences around its handlers (ThreadSanitizer knows none).
#define BOOST_ASIO_DISABLE_FENCED_BLOCK

#include "real/event_loop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>

#include "base/assert.h"
#include "real/descriptor.h"
#include "real/disk_ring.h"
#include "real/system_clock.h"
#include "real/worker_pool.h"

namespace rmq::real {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// How many entries run between two looks at the sockets. A look costs about as much as 20 switches
// of fibers.
constexpr size_t kBatch = 64;
// What may still run after Stop.
constexpr size_t kLastBatch = 100'000;

thread_local EventLoop* current_loop = nullptr;

}  // namespace

LoopExecutor::LoopExecutor(EventLoop& loop, runtime::StackPool& stacks, std::string name)
    : Executor(loop, stacks, std::move(name)), loop_(loop) {}

struct EventLoop::Reactor {
  asio::io_context io{1};  // one thread runs it
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::steady_timer alarm{io};
  Tick alarm_at = kNever;  // what `alarm` is set to
  std::unique_ptr<asio::signal_set> signals;

  void SetAlarm(Tick when, int64_t start_ns);
  void AwaitSignal(std::function<void()> caught);
};

// An alarm that rings too early costs one turn; setting it costs a system call. So it is only ever
// moved forward.
void EventLoop::Reactor::SetAlarm(Tick when, int64_t start_ns) {
  if (when >= alarm_at) return;
  alarm_at = when;
  const Tick at = when + nanoseconds(start_ns);  // Saturates.
  alarm.expires_at(asio::steady_timer::time_point(nanoseconds(at.ns)));
  alarm.async_wait([this](error_code failed) {
    if (!failed) alarm_at = kNever;
  });
}

void EventLoop::Reactor::AwaitSignal(std::function<void()> caught) {
  signals->async_wait([this, caught = std::move(caught)](error_code failed, int) {
    if (failed) return;
    caught();
    AwaitSignal([] { ::_exit(130); });
  });
}

Result<std::unique_ptr<EventLoop>> EventLoop::Create(Options options, WorkerPool& pool) try {
  return std::unique_ptr<EventLoop>(
      new EventLoop(std::move(options), pool, std::make_unique<Reactor>()));
} catch (const boost::system::system_error& error) {
  return Fail(ErrorCode::kResourceExhausted, fmt::format("event loop: {}", error.what()));
}

EventLoop::EventLoop(Options options, WorkerPool& pool, std::unique_ptr<Reactor> reactor)
    : options_(std::move(options)),
      pool_(pool),
      reactor_(std::move(reactor)),
      stacks_(std::make_unique<runtime::StackPool>(/*guard_pages=*/true)),
      executor_(std::make_unique<LoopExecutor>(*this, *stacks_, options_.name)) {}

EventLoop::~EventLoop() {
  if (executor_->fiber_count() > 0) {
    // What is left of these fibers stays where it is: others may still point at it.
    executor_->Kill(/*unwind=*/false);
    (void)stacks_.release();
  }
}

EventLoop& EventLoop::Of(runtime::Context& ctx) {
  return static_cast<LoopExecutor&>(ctx.executor()).loop();
}

EventLoop* EventLoop::Current() {
  return current_loop;
}

Tick EventLoop::Now() const {
  if (!now_is_fresh_) {
    now_ = MonotonicNow(options_.start_ns);
    now_is_fresh_ = true;
  }
  return now_;
}

void EventLoop::Run() {
  current_loop = this;
  while (!stopping_.load(std::memory_order_relaxed)) Turn();
  TakePosted();
  RunBatch(kLastBatch);
  current_loop = nullptr;
}

void EventLoop::Turn() {
  TakePosted();
  now_is_fresh_ = false;
  if (Now() >= armed_) {
    armed_ = kNever;
    executor_->RunTimers();
  }
  RunBatch(kBatch);
  if (ring_ != nullptr) ring_->SubmitAndReap();
  const bool stuck = ring_ != nullptr && ring_->unsubmitted();
  if (stuck || executor_->ready_count() > 0) {
    reactor_->io.poll();
  } else {
    WaitForEvents();
  }
}

void EventLoop::RunBatch(size_t limit) {
  for (size_t i = 0; i < limit && executor_->ready_count() > 0; ++i) {
    now_is_fresh_ = false;
    executor_->RunReady(0);
  }
  now_is_fresh_ = false;
}

void EventLoop::WaitForEvents() {
  if (armed_ != kNever) reactor_->SetAlarm(armed_, options_.start_ns);
  if (!PrepareToSleep()) return;
  reactor_->io.run_one();
  {
    const std::lock_guard lock(mutex_);
    sleeping_ = false;
  }
  reactor_->io.poll();
}

// From here until it wakes, a Post must wake the loop. False: one came already.
bool EventLoop::PrepareToSleep() {
  const std::lock_guard lock(mutex_);
  sleeping_ = posted_.empty() && !stopping_.load(std::memory_order_relaxed);
  return sleeping_;
}

void EventLoop::Post(UniqueFunction<void()> function) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(function));
    has_posted_.store(true, std::memory_order_relaxed);
    wake = std::exchange(sleeping_, false);
  }
  if (wake) asio::post(reactor_->io, [] {});
}

void EventLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true, std::memory_order_relaxed);
  }
  asio::post(reactor_->io, [] {});
}

void EventLoop::TakePosted() {
  if (!has_posted_.load(std::memory_order_relaxed)) return;
  {
    const std::lock_guard lock(mutex_);
    posted_.swap(taken_);
    has_posted_.store(false, std::memory_order_relaxed);
  }
  for (UniqueFunction<void()>& function : taken_) executor_->Enqueue(std::move(function));
  taken_.clear();
}

void EventLoop::Offload(UniqueFunction<void()> work, UniqueFunction<void()> done) {
  pool_.Submit([this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    work = nullptr;  // Before `done`: it may own what the waiter wants back.
    Post(std::move(done));
  });
}

void EventLoop::CatchSignals(UniqueFunction<void()> caught) {
  reactor_->signals = std::make_unique<asio::signal_set>(reactor_->io, SIGINT, SIGTERM);
  auto shared = std::make_shared<UniqueFunction<void()>>(std::move(caught));
  reactor_->AwaitSignal([this, shared] { executor_->Defer([shared] { (*shared)(); }); });
}

DiskRing* EventLoop::ring() {
  if (ring_ == nullptr && options_.use_ring && !ring_failed_) {
    ring_ = DiskRing::Create(*this);
    ring_failed_ = ring_ == nullptr;
  }
  return ring_.get();
}

struct Descriptor::State : std::enable_shared_from_this<State> {
  struct Side {
    UniqueFunction<void()> ready;
    bool armed = false;   // Asio will call
    bool queued = false;  // the run queue will call
  };

  State(asio::io_context& io, runtime::Executor& owner) : descriptor(io), executor(owner) {}

  void Arm(Direction direction);
  void Queue(Direction direction);
  void Run(Direction direction);

  asio::posix::stream_descriptor descriptor;
  runtime::Executor& executor;
  std::array<Side, 2> sides;
};

void Descriptor::State::Arm(Direction direction) {
  sides[direction].armed = true;
  const auto what = direction == kRead ? asio::posix::stream_descriptor::wait_read
                                       : asio::posix::stream_descriptor::wait_write;
  descriptor.async_wait(what, [self = shared_from_this(), direction](error_code) {
    self->sides[direction].armed = false;
    self->Queue(direction);
  });
}

void Descriptor::State::Queue(Direction direction) {
  Side& side = sides[direction];
  if (!side.ready || side.queued) return;
  side.queued = true;
  executor.Defer([self = shared_from_this(), direction] { self->Run(direction); });
}

void Descriptor::State::Run(Direction direction) {
  sides[direction].queued = false;
  UniqueFunction<void()> ready = std::exchange(sides[direction].ready, nullptr);
  if (ready) ready();  // May destroy the Descriptor.
}

Result<Descriptor> Descriptor::Watch(EventLoop& loop, int fd) {
  auto state = std::make_shared<State>(loop.reactor_->io, *loop.executor_);
  error_code failed;
  state->descriptor.assign(fd, failed);
  if (failed) {
    ::close(fd);
    return Fail(ErrorCode::kResourceExhausted, fmt::format("epoll: {}", failed.message()));
  }
  return Descriptor(std::move(state));
}

Descriptor::~Descriptor() {
  if (state_ == nullptr) return;
  for (State::Side& side : state_->sides) side.ready = nullptr;
  Close();
}

int Descriptor::fd() const {
  return state_->descriptor.native_handle();
}

void Descriptor::When(Direction direction, UniqueFunction<void()> ready) {
  State::Side& side = state_->sides[direction];
  side.ready = std::move(ready);
  if (!side.ready || side.armed || side.queued) return;
  if (state_->descriptor.is_open()) {
    state_->Arm(direction);
  } else {
    state_->Queue(direction);
  }
}

void Descriptor::Close() {
  error_code ignored;
  state_->descriptor.close(ignored);  // What is armed is called, as aborted.
}

}  // namespace rmq::real
