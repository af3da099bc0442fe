// The conformance suite of the runtime against the simulator: every case under several seeds, in a
// calm world and in one where counts are short and the schedule is not the order of arrival.
#include "runtime/conformance.h"

#include <gtest/gtest.h>

#include "sim/simulation.h"

namespace rmq::sim {
namespace {

constexpr uint64_t kSeeds = 4;

class Nowhere final : public LogSink {
 public:
  void Write(Tick, std::string_view, runtime::LogLevel, std::string_view,
             std::string_view) override {}
};

SimulationOptions Options(uint64_t seed, LogSink& sink) {
  SimulationOptions options{.seed = seed, .log_sink = &sink};
  if (seed == 1) {
    options.policy = PolicyKind::kFifo;
    return options;
  }
  options.network.short_count_one_in = 3;
  options.network.mean_jitter = microseconds(50);
  options.disk.faults.short_count_one_in = 3;
  return options;
}

void RunCase(const runtime::ConformanceCase& each, uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed=" << seed);
  Nowhere sink;
  Simulation simulation(Options(seed, sink));
  const RunReport report = simulation.Run([&each](Context& ctx, Simulation& sim) {
    runtime::ConformanceEnv env{.runtime = sim.runtime(), .scratch = "/scratch"};
    each.run(ctx, env);
  });
  EXPECT_EQ(report.outcome, RunOutcome::kFinished) << report.text;
}

}  // namespace
}  // namespace rmq::sim

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto run = [](const rmq::runtime::ConformanceCase& each) {
    for (uint64_t seed = 1; seed <= rmq::sim::kSeeds && !testing::Test::HasFailure(); ++seed) {
      rmq::sim::RunCase(each, seed);
    }
  };
  rmq::runtime::RegisterConformanceTests("Sim", rmq::runtime::ConformanceCases(), run);
  return RUN_ALL_TESTS();
}
