#include "harness/swarm.h"

#include <fmt/format.h>

#include "harness/cluster.h"
#include "harness/fault_plan.h"
#include "harness/phases.h"
#include "harness/workload.h"

namespace rmq::simtest {
namespace {

constexpr uint64_t kNoObject = 0;
template <typename T, size_t N>
T Pick(sim::Draws& draws, runtime::Site site, const T (&choices)[N]) {
  return choices[draws.Draw(site, kNoObject, N)];
}

// SWARM-3: knobs small enough that files roll, the index fills and reads go cold every few seconds.
KeyValues DrawBrokerKeys(sim::Draws& draws) {
  const auto number = [&](const char* key, int value) {
    return std::pair<std::string, std::string>(key, fmt::to_string(value));
  };
  KeyValues keys;
  keys.push_back(number("mappedFileSizeCommitLog",
                        Pick(draws, "knob: commit log file", {1 << 20, 65'536, 32'768, 16'384})));
  keys.push_back(number("mappedFileSizeConsumeQueue",
                        20 * Pick(draws, "knob: consume queue file", {3000, 256, 64, 16})));
  keys.push_back(number("maxHashSlotNum", Pick(draws, "knob: index slots", {1000, 64})));
  keys.push_back(number("maxIndexNum", Pick(draws, "knob: index entries", {2000, 128})));
  keys.push_back(number("hotTailSize", Pick(draws, "knob: hot tail", {1 << 24, 1 << 16, 0})));
  keys.push_back(
      number("flushIntervalCommitLog", Pick(draws, "knob: flush interval", {500, 20, 5000})));
  keys.push_back(
      number("flushIntervalConsumeQueue", Pick(draws, "knob: queue flush", {1000, 50, 10'000})));
  keys.push_back(number("flushConsumerOffsetInterval",
                        Pick(draws, "knob: offset interval", {5000, 100, 30'000})));
  keys.push_back(
      number("sendThreadPoolQueueCapacity", Pick(draws, "knob: send queue", {10'000, 2, 100})));
  keys.push_back(
      {"longPollingEnable", draws.Draw("knob: short polls", kNoObject, 8) == 7 ? "false" : "true"});
  return keys;
}

// SWARM-2.
ClusterOptions DrawCluster(sim::Draws& draws) {
  ClusterOptions options;
  options.sync_flush = draws.Draw("cluster: sync flush", kNoObject, 2) == 1;
  options.broker_keys = DrawBrokerKeys(draws);
  options.disk.personality = Pick(
      draws, "cluster: file system",
      {sim::DiskPersonality::kExt4, sim::DiskPersonality::kXfs, sim::DiskPersonality::kStrict});
  options.disk.device =
      Pick(draws, "cluster: device",
           {sim::DiskClass::kNvme, sim::DiskClass::kSata, sim::DiskClass::kNetwork});
  if (draws.Draw("cluster: short counts", kNoObject, 2) == 1) {
    options.disk.faults.short_count_one_in = 20;
  }
  return options;
}

// SWARM-4.
WorkloadOptions DrawWorkload(sim::Draws& draws) {
  WorkloadOptions options;
  options.topics.resize(1 + draws.Draw("workload: topics", kNoObject, 3));
  for (size_t i = 0; i < options.topics.size(); ++i) options.topics[i] = fmt::format("t{}", i);
  options.producers = 1 + static_cast<int>(draws.Draw("workload: producers", kNoObject, 3));
  options.concurrent_members = 1 + static_cast<int>(draws.Draw("workload: members", kNoObject, 2));
  options.orderly_members = static_cast<int>(draws.Draw("workload: orderly", kNoObject, 3));
  options.all_ways_of_sending = true;
  options.send_pause = milliseconds(Pick(draws, "workload: pause", {40, 15, 100}));
  options.max_body_bytes = Pick(draws, "workload: body", {200, 2000, 5000});
  options.handling = milliseconds(Pick(draws, "workload: handling", {0, 2, 20, 300}));
  options.persist_interval = seconds(Pick(draws, "workload: persist interval", {5, 1}));
  return options;
}

// The network's own odds are drawn per connection; half of the worlds have a calm one.
bool NetworkIsStormy(uint64_t seed) {
  return MixBits(seed ^ 0x6e6574) % 2 == 1;
}

sim::SimulationOptions WorldOptions(const SwarmOptions& options) {
  sim::SimulationOptions world;
  world.seed = options.seed;
  world.kill_mode = options.kill_mode;
  world.log_sink = options.log_sink;
  world.log_level = options.log_level;
  if (NetworkIsStormy(options.seed)) world.network = sim::NetworkOptions::Stormy();
  world.faulty_clocks = MixBits(options.seed ^ 0x636c6b) % 2 == 1;
  return world;
}

void RunPhases(Context& ctx, sim::Simulation& sim, Oracle& oracle, SwarmReport& report) {
  sim::Draws& draws = sim.draws();
  Cluster cluster(sim, oracle, DrawCluster(draws));
  Workload workload(cluster, oracle, DrawWorkload(draws));
  const seconds storm(Pick(draws, "storm: length", {20, 40, 10}));
  FaultPlan faults(cluster, workload, storm);
  Phases phases(cluster, workload, oracle);
  const Outage outage =
      Pick(draws, "outage", {Outage::kNone, Outage::kNone, Outage::kShort, Outage::kForgotten});
  // Where connections are torn at any moment nobody can say how long a message may take.
  const bool calm = !NetworkIsStormy(sim.seed()) && draws.Draw("calm phase", kNoObject, 2) == 1;

  phases.Storm(ctx, faults);
  phases.Heal(ctx);
  phases.Verify(ctx);
  if (calm) phases.Calm(ctx);
  phases.End(ctx, outage);

  report.faults = faults.by_kind();
  report.fault_count = faults.count();
  workload.KillClients();
}

}  // namespace

SwarmReport RunSwarmSeed(const SwarmOptions& options) {
  SwarmReport report;
  report.seed = options.seed;
  Oracle oracle;
  sim::Simulation sim(WorldOptions(options));
  report.run =
      sim.Run([&](Context& ctx, sim::Simulation& world) { RunPhases(ctx, world, oracle, report); });
  if (report.run.outcome != sim::RunOutcome::kFinished) oracle.Report("I15", report.run.text);
  report.violations = oracle.violations();
  report.sent = oracle.sent();
  report.acked = oracle.acked();
  report.delivered = oracle.delivered();
  report.lost_within_promise = oracle.lost_within_promise();
  return report;
}

std::string SwarmReport::Summary() const {
  std::string text = fmt::format(
      "seed {} hash {} events {} time {:.1f} s sent {} acked {} delivered {} lost {} faults {}",
      seed, run.hash.ToString(), run.steps, static_cast<double>(run.time.ns) / 1e9, sent, acked,
      delivered, lost_within_promise, fault_count);
  for (const auto& [kind, count] : faults) text += fmt::format(" [{} x{}]", kind, count);
  return text;
}

}  // namespace rmq::simtest
