// SIM_TEST: a GoogleTest whose body is a fiber of a small simulation.
//
//   SIM_TEST(IndexFile, FindsTheNewestMessageFirst) {
//     … Find(ctx, …) … sim.disk() …
//   }
//   SIM_TEST_SEEDS(IndexFile, SurvivesAPowerCut, /*seeds=*/100) { … }
//   SIM_TEST_OPTIONS(Broker, …, /*seeds=*/20, StormyOptions()) { … }   // SimulationOptions
//
// In scope are `Context& ctx` and `Simulation& sim`. One seed runs in the order of arrival; with
// several, each draws its policy. A failure prints its seed and the command that replays it: the
// environment variable RMQ_SEED=n runs that seed alone; RMQ_LOG=debug shows the processes' logs.
#pragma once

#include <errno.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "sim/simulation.h"

namespace rmq::sim {

class StderrLogSink final : public LogSink {
 public:
  void Write(Tick at, std::string_view process, runtime::LogLevel level, std::string_view area,
             std::string_view line) override {
    fmt::print(stderr, "{:>12.6f} {} {} {}: {}\n", static_cast<double>(at.ns) / 1e9,
               "DIWE"[static_cast<size_t>(level)], process, area, line);
  }
};

using SimTestBody = void (*)(Context&, Simulation&);

inline void RunSimSeed(SimulationOptions options, SimTestBody body) {
  StderrLogSink sink;
  const char* level = std::getenv("RMQ_LOG");
  if (level != nullptr) {
    options.log_sink = &sink;
    options.log_level =
        std::string_view(level) == "debug" ? runtime::LogLevel::kDebug : runtime::LogLevel::kInfo;
  }
  const uint64_t seed = options.seed;
  {
    Simulation sim(std::move(options));
    const RunReport report = sim.Run(body);
    if (report.outcome != RunOutcome::kFinished) ADD_FAILURE() << report.text;
  }
  if (!testing::Test::HasFailure()) return;
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  fmt::print(stderr, "seed={}; replay: RMQ_SEED={} {} --gtest_filter={}.{}\n", seed, seed,
             program_invocation_name, test.test_suite_name(), test.name());
}

inline void RunSimTest(uint64_t seeds, SimulationOptions options, SimTestBody body) {
  if (seeds == 1 && !options.policy.has_value()) options.policy = PolicyKind::kFifo;
  if (const char* seed = std::getenv("RMQ_SEED"); seed != nullptr) {
    options.seed = std::strtoull(seed, nullptr, 10);
    RunSimSeed(std::move(options), body);
    return;
  }
  const uint64_t first = options.seed;
  for (uint64_t i = 0; i < seeds && !testing::Test::HasFailure(); ++i) {
    options.seed = first + i;
    RunSimSeed(options, body);
  }
}

}  // namespace rmq::sim

#define SIM_TEST_OPTIONS(Suite, Name, seeds, ...)                                         \
  static void Suite##_##Name##_SimBody(::rmq::Context& ctx, ::rmq::sim::Simulation& sim); \
  TEST(Suite, Name) {                                                                     \
    ::rmq::sim::RunSimTest(seeds, __VA_ARGS__, &Suite##_##Name##_SimBody);                \
  }                                                                                       \
  static void Suite##_##Name##_SimBody([[maybe_unused]] ::rmq::Context& ctx,              \
                                       [[maybe_unused]] ::rmq::sim::Simulation& sim)

#define SIM_TEST_SEEDS(Suite, Name, seeds) \
  SIM_TEST_OPTIONS(Suite, Name, seeds, ::rmq::sim::SimulationOptions{})

#define SIM_TEST(Suite, Name) SIM_TEST_SEEDS(Suite, Name, 1)
