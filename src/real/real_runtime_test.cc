// What only the real runtime has: signals, threads, limits of the system, logs, seeds. What it
// shares with the simulated one is in conformance_test.
#include "real/real_runtime.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "real/real_file.h"
#include "real/system_error.h"
#include "real/system_random.h"

namespace rmq::real {
namespace {

using runtime::Context;
using runtime::Runtime;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

RealOptions Quiet() {
  RealOptions options;
  options.log_sink = [](std::string_view) {};
  return options;
}

void RunWith(RealOptions options, UniqueFunction<void(Context&, Runtime&)> main) {
  auto world = RealRuntime::Create(std::move(options));
  ASSERT_TRUE(world.has_value()) << world.error().ToString();
  EXPECT_EQ((*world)->Run(std::move(main)), 0);
}

std::string ScratchPath(std::string_view name) {
  return testing::TempDir() + "rmq-real-" + std::string(name) + "-" + std::to_string(::getpid());
}

// --- log ---

TEST(RealRuntime, WritesLogLinesWithTimeLevelAndArea) {
  std::vector<std::string> lines;
  RealOptions options;
  options.log_sink = [&](std::string_view line) { lines.emplace_back(line); };
  options.log_level = runtime::LogLevel::kWarn;
  RunWith(std::move(options), [](Context&, Runtime& world) {
    RMQ_LOG(world.log(), kInfo, "store", "not shown");
    RMQ_LOG(world.log(), kWarn, "store", "recovered {} bytes", 7);
  });
  EXPECT_THAT(lines, ElementsAre(MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2} "
                                              "[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3} "
                                              "WARN store recovered 7 bytes")));
}

TEST(RealRuntime, AppendsToItsLogFile) {
  const std::string path = ScratchPath("log");
  for (const char* word : {"first", "second"}) {
    RealOptions options;
    options.log_file = path;
    RunWith(std::move(options), [word](Context&, Runtime& world) {
      world.log().Write(runtime::LogLevel::kError, "test", word);
    });
  }
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text, HasSubstr("ERROR test first\n"));
  EXPECT_THAT(text, HasSubstr("ERROR test second\n"));
  std::filesystem::remove(path);
}

TEST(RealRuntime, RefusesALogFileThatCantBeOpened) {
  RealOptions options;
  options.log_file = "/no/such/directory/log";
  const auto world = RealRuntime::Create(std::move(options));
  ASSERT_FALSE(world.has_value());
  EXPECT_EQ(world.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(world.error().message(), HasSubstr("/no/such/directory/log"));
}

TEST(RealRuntime, SaysWhereDiskOperationsRun) {
  std::vector<std::string> lines;
  RealOptions options;
  options.log_sink = [&](std::string_view line) { lines.emplace_back(line); };
  options.io_uring = IoUring::kOff;
  options.pool_threads = 3;
  RunWith(std::move(options), [](Context&, Runtime&) {});
  EXPECT_THAT(lines, ElementsAre(HasSubstr("disk operations run on 3 threads")));
}

// A read that waits for its page ends on our own thread, of which the kernel's "async" eventfd does
// not tell: on an otherwise idle loop nobody would ever look, and the alarm ends the test.
TEST(RealRuntime, ReadsOfPagesThatAreNotCachedEnd) {
  const std::string path = ScratchPath("cold");
  constexpr size_t kPages = 64;
  std::ofstream(path) << std::string(kPages * 4096, 'x');
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::fsync(fd), 0);
  ::alarm(60);
  RunWith(Quiet(), [&](Context& ctx, Runtime& world) {
    const auto directory =
        world.files()
            .OpenDirectory(ctx, std::filesystem::path(path).parent_path().string(),
                           /*create=*/false)
            .value();
    const auto file =
        directory
            ->Open(ctx, std::filesystem::path(path).filename().string(), runtime::OpenMode::kRead)
            .value();
    for (size_t page = 0; page < kPages; ++page) {
      ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
      std::string bytes(4096, '\0');
      ASSERT_TRUE(
          runtime::ReadFully(ctx, *file, page * 4096, std::as_writable_bytes(std::span(bytes)))
              .has_value());
      ASSERT_EQ(bytes, std::string(4096, 'x'));
    }
  });
  ::alarm(0);
  ::close(fd);
  std::filesystem::remove(path);
}

// --- chance ---

TEST(SystemRandom, TheSameSeedDrawsTheSame) {
  SystemRandom a(7);
  SystemRandom b(7);
  SystemRandom c(8);
  std::vector<uint64_t> from_a;
  std::vector<uint64_t> from_b;
  std::vector<uint64_t> from_c;
  for (int i = 0; i < 10; ++i) {
    from_a.push_back(a.Draw("test: draw", 0, 1'000'000'007));
    from_b.push_back(b.Draw("test: draw", 0, 1'000'000'007));
    from_c.push_back(c.Draw("test: draw", 0, 1'000'000'007));
  }
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
}

TEST(SystemRandom, WithoutASeedEachDrawsDifferently) {
  SystemRandom a(std::nullopt);
  SystemRandom b(std::nullopt);
  EXPECT_NE(a.Draw("test: draw", 0, uint64_t{1} << 63), b.Draw("test: draw", 0, uint64_t{1} << 63));
  std::array<std::byte, 16> bytes_a{};
  std::array<std::byte, 16> bytes_b{};
  a.Fill("test: bytes", bytes_a);
  b.Fill("test: bytes", bytes_b);
  EXPECT_NE(bytes_a, bytes_b);
}

TEST(SystemRandom, DrawsReachEveryValue) {
  SystemRandom random(1);
  std::array<int, 6> counts{};
  for (int i = 0; i < 6000; ++i) ++counts[random.Draw("test: die", 0, 6)];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

// --- signals ---

TEST(RealRuntime, ASignalCancelsStop) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    ::raise(SIGTERM);
    Context stoppable = ctx.WithCancellation(world.stop());
    EXPECT_EQ(stoppable.SleepFor(hours(1)).error().code(), ErrorCode::kCancelled);
    EXPECT_TRUE(ctx.Check().has_value());
  });
}

TEST(RealRuntimeDeathTest, ASecondSignalEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(RunWith(Quiet(),
                      [](Context& ctx, Runtime& world) {
                        ::raise(SIGINT);
                        Context stoppable = ctx.WithCancellation(world.stop());
                        (void)stoppable.SleepFor(hours(1));
                        ::raise(SIGINT);
                        (void)ctx.SleepFor(hours(1));
                      }),
              testing::ExitedWithCode(130), "");
}

// --- threads ---

TEST(RealRuntime, ExecutorsAndOffloadedWorkHaveTheirOwnThreads) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    const std::thread::id main = std::this_thread::get_id();
    std::thread::id offloaded;
    ctx.executor().Offload(ctx, [&] { offloaded = std::this_thread::get_id(); });
    EXPECT_NE(offloaded, main);

    runtime::Waiter answered(ctx);
    std::thread::id other;
    world.AddExecutor("other").Post([&] {
      other = std::this_thread::get_id();
      world.executor().Post([&] { answered.Wake(); });
    });
    answered.WaitForWake();
    EXPECT_NE(other, main);
    EXPECT_NE(other, offloaded);
  });
}

TEST(RealRuntime, PostsOfPlainThreadsArriveInOrderWhetherItSleepsOrNot) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    constexpr int kPosts = 20'000;
    std::array<std::vector<int>, 3> got;
    std::vector<std::thread> senders;
    for (auto& mine : got) {
      senders.emplace_back([&mine, &world] {
        for (int i = 0; i < kPosts; ++i) {
          world.executor().Post([&mine, i] { mine.push_back(i); });
        }
      });
    }
    for (const auto& mine : got) {
      while (mine.size() < kPosts) ASSERT_TRUE(ctx.SleepFor(microseconds(50)).has_value());
      EXPECT_TRUE(std::ranges::is_sorted(mine));
    }
    for (std::thread& sender : senders) sender.join();
  });
}

int64_t ThreadCpuNanoseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

TEST(RealRuntime, AnIdleLoopUsesNoTime) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    const auto listener = world.network().Listen(ctx, {IpAddress::Loopback(), 0});
    ASSERT_TRUE(listener.has_value());
    const auto a = world.network().Connect(ctx, (*listener)->local());
    const auto b = (*listener)->Accept(ctx);
    (*a)->WhenReadable([] {});
    (*b)->WhenReadable([] {});
    const int64_t before = ThreadCpuNanoseconds();
    ASSERT_TRUE(ctx.SleepFor(milliseconds(60)).has_value());
    EXPECT_LT(ThreadCpuNanoseconds() - before, 20'000'000);
  });
}

// --- limits of the system ---

// Lets the process open `spare` more descriptors and no others.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t spare) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit few = before_;
    few.rlim_cur = static_cast<rlim_t>(next) + spare;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(RealRuntime, MayOpenAsManyDescriptorsAsTheSystemAllows) {
  const FewDescriptors few(100);
  RunWith(Quiet(), [](Context&, Runtime&) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
  });
}

TEST(RealRuntime, RunningOutOfDescriptorsIsResourceExhausted) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    const auto directory = world.files().OpenDirectory(ctx, testing::TempDir(), false);
    ASSERT_TRUE(directory.has_value());
    const FewDescriptors few(0);
    const auto stream = world.network().Connect(ctx, {IpAddress::Loopback(), 1});
    EXPECT_EQ(stream.error().code(), ErrorCode::kResourceExhausted);
    const auto listener = world.network().Listen(ctx, {IpAddress::Loopback(), 0});
    EXPECT_EQ(listener.error().code(), ErrorCode::kResourceExhausted);
    const auto file = (*directory)->Open(ctx, "rmq-none", runtime::OpenMode::kCreate);
    EXPECT_EQ(file.error().code(), ErrorCode::kResourceExhausted);
  });
}

TEST(RealRuntime, AcceptGoesOnAfterItRanOutOfDescriptors) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    const auto listener = world.network().Listen(ctx, {IpAddress::Loopback(), 0});
    ASSERT_TRUE(listener.has_value());
    {
      const FewDescriptors few(1);  // For the connecting end alone.
      const auto a = world.network().Connect(ctx, (*listener)->local());
      ASSERT_TRUE(a.has_value());
      const auto refused = (*listener)->Accept(ctx);
      ASSERT_FALSE(refused.has_value());
      EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
    }
    EXPECT_TRUE((*listener)->Accept(ctx).has_value());
  });
}

// A listener whose queue is full: a further connect neither succeeds nor fails.
class DeafListener {
 public:
  DeafListener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(fd_, 0), 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    local_ = {IpAddress::Loopback(), ntohs(at.sin_port)};
  }
  ~DeafListener() { ::close(fd_); }
  Endpoint local() const { return local_; }

 private:
  const int fd_;
  Endpoint local_;
};

TEST(RealRuntime, AConnectThatHangsEndsWithItsContext) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    const DeafListener listener;
    std::vector<std::unique_ptr<runtime::Stream>> queued;
    for (;;) {
      Context quick = ctx.WithTimeout(milliseconds(20));
      auto stream = world.network().Connect(quick, listener.local());
      if (!stream.has_value()) {
        EXPECT_EQ(stream.error().code(), ErrorCode::kDeadlineExceeded);
        EXPECT_GE(ctx.Now(), quick.deadline());
        break;
      }
      queued.push_back(*std::move(stream));
      ASSERT_LT(queued.size(), 100U);
    }
    runtime::Gate gate;
    runtime::Cancellation cancellation;
    ctx.executor().Spawn(gate, "cancels", [&](Context& own) {
      if (own.SleepFor(milliseconds(2)).has_value()) cancellation.Cancel();
    });
    Context narrow = ctx.WithCancellation(cancellation);
    const auto hung = world.network().Connect(narrow, listener.local());
    EXPECT_EQ(hung.error().code(), ErrorCode::kCancelled);
    gate.Close(ctx);
  });
}

TEST(RealRuntime, ResolvesLocalhost) {
  RunWith(Quiet(), [](Context& ctx, Runtime& world) {
    const auto found = world.network().Resolve(ctx, "localhost");
    ASSERT_TRUE(found.has_value()) << found.error().ToString();
    EXPECT_THAT(*found, Contains(IpAddress::Loopback()));
  });
}

// --- files ---

// Java's broker locks with fcntl; so must a second broker be kept out, whatever it is written in.
TEST(RealRuntime, ItsLocksKeepOutProcessesThatUseFcntl) {
  const std::string path = ScratchPath("lock");
  RunWith(Quiet(), [&](Context& ctx, Runtime& world) {
    const auto directory = world.files().OpenDirectory(ctx, path, /*create=*/true);
    const auto lock = (*directory)->Lock(ctx, "lock");
    ASSERT_TRUE(lock.has_value());
    const pid_t child = ::fork();
    if (child == 0) {
      const int fd = ::open((path + "/lock").c_str(), O_RDWR);
      struct flock first_byte{};
      first_byte.l_type = F_WRLCK;
      first_byte.l_len = 1;
      ::_exit(::fcntl(fd, F_SETLK, &first_byte) == 0 ? 1 : 0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  });
  std::filesystem::remove_all(path);
}

TEST(RealRuntime, APipeIsNoFile) {
  const std::string path = ScratchPath("pipe");
  RunWith(Quiet(), [&](Context& ctx, Runtime& world) {
    const auto directory = world.files().OpenDirectory(ctx, path, /*create=*/true);
    ASSERT_EQ(::mkfifo((path + "/pipe").c_str(), 0600), 0);
    const auto file = (*directory)->Open(ctx, "pipe", runtime::OpenMode::kRead);
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().code(), ErrorCode::kInvalidArgument);
  });
  std::filesystem::remove_all(path);
}

TEST(RealRuntime, AFullDeviceIsNoSpace) {
  EXPECT_EQ(SystemError(ENOSPC, "f: write at 0").code(), ErrorCode::kNoSpace);
  EXPECT_EQ(SystemError(EDQUOT, "f: write at 0").code(), ErrorCode::kNoSpace);
  EXPECT_EQ(SystemError(EIO, "f: sync").code(), ErrorCode::kIoError);
  EXPECT_EQ(SystemError(EIO, "f: sync").message(), "f: sync: EIO");
}

TEST(WriteGauge, SendsWritesAwayForAWhileAfterOneThatSlept) {
  WriteGauge gauge(/*always_away=*/false);
  const Tick start{1'000'000'000};
  EXPECT_TRUE(gauge.MayWriteInPlace(start, 1024));
  gauge.Record(start, start + microseconds(900), /*slept=*/true);
  EXPECT_TRUE(gauge.MayWriteInPlace(start + milliseconds(1), 1024));
  gauge.Record(start, start + milliseconds(5), /*slept=*/true);
  EXPECT_FALSE(gauge.MayWriteInPlace(start + milliseconds(6), 1024));
  EXPECT_TRUE(gauge.MayWriteInPlace(start + seconds(1), 1024));
}

TEST(WriteGauge, OnlySuspectsAWriteThatWasSlowButDidNotSleep) {
  WriteGauge gauge(/*always_away=*/false);
  const Tick start{1'000'000'000};
  EXPECT_FALSE(gauge.suspicious(start));
  gauge.Record(start, start + milliseconds(5), /*slept=*/false);
  EXPECT_TRUE(gauge.MayWriteInPlace(start + milliseconds(6), 1024));
  EXPECT_TRUE(gauge.suspicious(start + milliseconds(6)));
  EXPECT_FALSE(gauge.suspicious(start + seconds(2)));
}

TEST(WriteGauge, SendsLargeWritesAway) {
  const WriteGauge gauge(/*always_away=*/false);
  EXPECT_FALSE(gauge.MayWriteInPlace(Tick{1}, 1 << 20));
  const WriteGauge away(/*always_away=*/true);
  EXPECT_FALSE(away.MayWriteInPlace(Tick{1}, 1));
}

}  // namespace
}  // namespace rmq::real
