#include "load.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "cpu_time.h"
#include "harness/cluster.h"
#include "harness/fault_plan.h"
#include "harness/phases.h"
#include "harness/workload.h"

namespace rmq::simtest {
namespace {

constexpr int kProducers = 4;
constexpr int kConsumers = 4;

struct Shape {
  std::string_view name;
  int simulated_seconds;
  WorkloadOptions workload;
};

Shape ShapeOf(Load load) {
  const WorkloadOptions common = {.topics = {"orders"},
                                  .producers = kProducers,
                                  .sends_at_a_time = 1,
                                  .send_pause = milliseconds(20),
                                  .max_body_bytes = 256,
                                  .concurrent_members = kConsumers,
                                  .orderly_members = 0};
  switch (load) {
    case Load::kPaced:
      return {"W1", 120, common};
    case Load::kFull: {
      Shape full = {"W2", 1, common};
      full.workload.sends_at_a_time = 4;
      full.workload.send_pause = nanoseconds(0);
      return full;
    }
    case Load::kIdle: {
      Shape idle = {"W3", 3600, common};
      idle.workload.producers = 0;
      idle.workload.concurrent_members = kProducers + kConsumers;
      return idle;
    }
  }
  return {};
}

void Print(const Shape& shape, const Oracle& oracle, const sim::RunReport& run, double cpu) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const double simulated = static_cast<double>(run.time.ns) / 1e9;
  fmt::print(
      "{}: {:.1f} s of simulated time in {:.2f} CPU s, {:.0f} times real time\n"
      "events {}: {:.0f} per CPU second; acked {}: {:.0f} per CPU second; delivered {}; peak "
      "memory {} MB\n",
      shape.name, simulated, cpu, simulated / cpu, run.steps, static_cast<double>(run.steps) / cpu,
      oracle.acked(), static_cast<double>(oracle.acked()) / cpu, oracle.delivered(),
      usage.ru_maxrss / 1024);
  for (const Violation& violation : oracle.violations()) {
    fmt::print("{}: {}\n", violation.checker, violation.text);
  }
}

}  // namespace

bool MeasureLoad(const LoadOptions& options) {
  Shape shape = ShapeOf(options.load);
  if (options.simulated_seconds > 0) shape.simulated_seconds = options.simulated_seconds;
  Oracle oracle;
  sim::Simulation sim({.seed = options.seed});
  const int64_t began = CpuMicroseconds();
  const sim::RunReport run = sim.Run([&](Context& ctx, sim::Simulation& world) {
    Cluster cluster(world, oracle, {.brokers = 3});
    Workload workload(cluster, oracle, shape.workload);
    FaultPlan faults(cluster, workload, seconds(shape.simulated_seconds));
    Phases phases(cluster, workload, oracle);
    phases.Storm(ctx, faults);
    phases.Heal(ctx);
    phases.Verify(ctx);
    phases.End(ctx, Outage::kNone);
    workload.KillClients();
  });
  if (run.outcome != sim::RunOutcome::kFinished) oracle.Report("I15", run.text);
  Print(shape, oracle, run, static_cast<double>(CpuMicroseconds() - began) / 1e6);
  return oracle.violations().empty();
}

}  // namespace rmq::simtest
