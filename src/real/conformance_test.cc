// The conformance suite against the real runtime: with io_uring where the kernel allows it, and the
// parts that touch the disk also with the pool of threads.
#include "runtime/conformance.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "real/real_runtime.h"

namespace rmq::real {
namespace {

// A new directory, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "rmq-conformance-XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void Run(const runtime::ConformanceCase& each, RealOptions options) {
  const TemporaryDirectory directory;
  options.log_sink = [](std::string_view) {};
  options.handle_signals = false;
  Result<std::unique_ptr<RealRuntime>> world = RealRuntime::Create(std::move(options));
  ASSERT_TRUE(world.has_value()) << world.error().ToString();
  (*world)->Run([&](Context& ctx, runtime::Runtime& runtime) {
    runtime::ConformanceEnv env{.runtime = runtime, .scratch = directory.path() + "/scratch"};
    each.run(ctx, env);
  });
}

RealOptions Options(IoUring io_uring, bool writes_off_loop) {
  RealOptions options;
  options.io_uring = io_uring;
  options.writes_off_loop = writes_off_loop;
  return options;
}

}  // namespace
}  // namespace rmq::real

int main(int argc, char** argv) {
  using rmq::real::IoUring;
  using rmq::runtime::ConformanceCase;
  testing::InitGoogleTest(&argc, argv);
  const auto with = [](IoUring io_uring, bool writes_off_loop) {
    return [=](const ConformanceCase& each) {
      rmq::real::Run(each, rmq::real::Options(io_uring, writes_off_loop));
    };
  };
  const std::vector<ConformanceCase> all = rmq::runtime::ConformanceCases();
  std::vector<ConformanceCase> on_disk = all;
  std::erase_if(on_disk, [](const ConformanceCase& each) {
    return each.area != "File" && each.area != "Directory";
  });
  rmq::runtime::RegisterConformanceTests("Real", all, with(IoUring::kAuto, false));
  rmq::runtime::RegisterConformanceTests("Ring", on_disk, with(IoUring::kAuto, true));
  rmq::runtime::RegisterConformanceTests("Pool", on_disk, with(IoUring::kOff, true));
  return RUN_ALL_TESTS();
}
