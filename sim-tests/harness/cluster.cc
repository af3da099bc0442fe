#include "harness/cluster.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/broker.h"
#include "harness/store_reader.h"
#include "namesrv/name_server.h"
#include "sim/disk.h"
#include "sim/machine.h"
#include "sim/process.h"

namespace rmq::simtest {
namespace {

constexpr int kNameServerPort = 9876;
constexpr int kBrokerPort = 10911;
constexpr const char* kStoreRoot = "/store";

}  // namespace

Cluster::Cluster(sim::Simulation& sim, Oracle& oracle, ClusterOptions options)
    : sim_(sim), oracle_(oracle), options_(std::move(options)) {
  for (int i = 0; i < options_.name_servers; ++i) {
    name_servers_.push_back({.machine = &sim.AddMachine(fmt::format("ns-{}", i), options_.disk)});
  }
  for (int i = 0; i < options_.brokers; ++i) {
    brokers_.push_back({.machine = &sim.AddMachine(BrokerName(i), options_.disk)});
  }
}

std::string Cluster::BrokerName(int number) {
  return fmt::format("broker-{}", static_cast<char>('a' + number));
}

std::string Cluster::name_server_address(int number) const {
  return fmt::format("{}:{}", name_servers_[At(number)].machine->ip().ToString(), kNameServerPort);
}

std::string Cluster::broker_address(int number) const {
  return fmt::format("{}:{}", brokers_[At(number)].machine->ip().ToString(), kBrokerPort);
}

std::string Cluster::name_server_list() const {
  std::string list;
  for (int i = 0; i < name_server_count(); ++i) {
    if (i > 0) list += ';';
    list += name_server_address(i);
  }
  return list;
}

void Cluster::StartAll() {
  for (int i = 0; i < name_server_count(); ++i) StartNameServer(i);
  for (int i = 0; i < broker_count(); ++i) StartBroker(i);
}

void Cluster::StartNameServer(int number) {
  Node& node = name_servers_[At(number)];
  if (Runs(node)) return;
  const int life = ++node.life;
  node.serving = node.stopping = false;
  node.process = &sim_.Start(
      *node.machine, "namesrv", [this, number, life](Context& ctx, runtime::Runtime& runtime) {
        namesrv::NameServerOptions options;
        options.overrides = {{"listenPort", fmt::to_string(kNameServerPort)}};
        options.started = [this, number, life](Endpoint) {
          Node& own = name_servers_[At(number)];
          if (own.life == life) own.serving = true;
        };
        const Result<void> ran = namesrv::RunNameServer(ctx, runtime, std::move(options));
        if (!ran.has_value()) {
          oracle_.Report("I13", fmt::format("ns-{} ended: {}", number, ran.error().ToString()));
        }
      });
}

KeyValues Cluster::BrokerKeys(int number) const {
  KeyValues keys = {{"brokerName", BrokerName(number)},
                    {"brokerClusterName", "sim"},
                    {"namesrvAddr", name_server_list()},
                    {"listenPort", fmt::to_string(kBrokerPort)},
                    {"storePathRootDir", kStoreRoot},
                    {"flushDiskType", options_.sync_flush ? "SYNC_FLUSH" : "ASYNC_FLUSH"},
                    {"defaultTopicQueueNums", "4"}};
  keys.insert(keys.end(), options_.broker_keys.begin(), options_.broker_keys.end());
  return keys;
}

void Cluster::StartBroker(int number) {
  Node& node = brokers_[At(number)];
  if (Runs(node)) return;
  const int life = ++node.life;
  node.serving = node.stopping = false;
  node.process = &sim_.Start(*node.machine, "broker",
                             [this, number, life](Context& ctx, runtime::Runtime& runtime) {
                               RunBroker(ctx, runtime, number, life);
                             });
}

void Cluster::RunBroker(Context& ctx, runtime::Runtime& runtime, int number, int life) {
  broker::BrokerOptions options;
  options.overrides = BrokerKeys(number);
  options.started = [this, number, life](const std::string&, Endpoint) {
    Node& own = brokers_[At(number)];
    if (own.life == life) own.serving = true;
  };
  const Result<void> ran = broker::RunBroker(ctx, runtime, std::move(options));
  Node& own = brokers_[At(number)];
  if (!ran.has_value() && own.disk_broken) {
    own.serving = false;
    oracle_.BrokerGone(BrokerName(number));
  } else if (!ran.has_value()) {
    oracle_.Report("I13", fmt::format("{} ended: {}", BrokerName(number), ran.error().ToString()));
  } else if (!own.disk_broken) {  // Else the index may be behind: it goes on after the next start.
    CheckDerivedState(number);
  }
}

void Cluster::CheckDerivedState(int number) {
  const auto slots =
      std::ranges::find(options_.broker_keys, "maxHashSlotNum", &KeyValues::value_type::first);
  if (slots == options_.broker_keys.end()) return;
  const sim::Disk& disk = broker_machine(number).disk();
  const std::string root = fmt::format("{}/", kStoreRoot + 1);  // Disk's paths begin with a name.
  StoreFiles files;
  for (const std::string& path : disk.ListFiles()) {
    if (path.starts_with(root)) files[path.substr(root.size())] = *disk.ReadFile(path);
  }
  if (!files.contains("checkpoint")) {
    oracle_.Report("I3", fmt::format("{} has left no checkpoint", BrokerName(number)));
  }
  const StoreImage image(files, static_cast<uint32_t>(std::stoul(slots->second)));
  for (const std::string& finding : image.Findings()) {
    oracle_.Report("I3", fmt::format("{}: {}", BrokerName(number), finding));
  }
}

void Cluster::StopNode(Node& node) {
  if (!Runs(node)) return;
  node.stopping = true;
  node.serving = false;
  sim_.Stop(*node.process);
}

void Cluster::Forget(Node& node) {
  ++node.life;
  node.serving = false;
}

void Cluster::KillNameServer(int number) {
  Node& node = name_servers_[At(number)];
  if (!Runs(node)) return;
  Forget(node);
  sim_.Kill(*node.process);
}

void Cluster::KillBroker(int number) {
  Node& node = brokers_[At(number)];
  if (!Runs(node)) return;
  oracle_.BrokerGone(BrokerName(number));
  Forget(node);
  sim_.Kill(*node.process);
}

void Cluster::PowerCutBroker(int number) {
  if (!options_.sync_flush) oracle_.MayLoseSuffix(BrokerName(number));
  PowerCutIdleBroker(number);
}

void Cluster::PowerCutIdleBroker(int number) {
  Forget(brokers_[At(number)]);
  sim_.PowerCut(*brokers_[At(number)].machine);
}

void Cluster::RepairDisk(int number) {
  Node& node = brokers_[At(number)];
  if (!std::exchange(node.disk_broken, false)) return;
  sim::Disk& disk = node.machine->disk();
  disk.CancelPlannedFailures();
  disk.SetCapacity(options_.disk.capacity_bytes);
  KillBroker(number);
}

void Cluster::PowerCutNameServer(int number) {
  Forget(name_servers_[At(number)]);
  sim_.PowerCut(*name_servers_[At(number)].machine);
}

void Cluster::HealAndWait(Context& ctx, nanoseconds at_most) {
  sim_.Heal();
  const Tick deadline = ctx.Now() + at_most;
  const auto all_serve = [this] {
    bool all = true;
    for (int i = 0; i < name_server_count(); ++i) all &= NameServerServes(i);
    for (int i = 0; i < broker_count(); ++i) all &= BrokerServes(i);
    return all;
  };
  while (ctx.Now() < deadline) {
    for (int i = 0; i < name_server_count(); ++i) StartNameServer(i);
    for (int i = 0; i < broker_count(); ++i) StartBroker(i);
    if (all_serve()) return;
    (void)ctx.SleepFor(milliseconds(100));
  }
  for (int i = 0; i < broker_count(); ++i) {
    if (!BrokerServes(i)) {
      oracle_.Report(
          "I15", fmt::format("{} does not serve {} s after everything was healed", BrokerName(i),
                             std::chrono::duration_cast<seconds>(at_most).count()));
    }
  }
}

void Cluster::StopAll(Context& ctx, nanoseconds at_most) {
  for (int i = 0; i < broker_count(); ++i) StopBroker(i);
  const Tick deadline = ctx.Now() + at_most;
  const auto wait_for = [&](Node& node, const std::string& name) {
    while (Runs(node) && ctx.Now() < deadline) (void)ctx.SleepFor(milliseconds(50));
    if (Runs(node)) oracle_.Report("I15", fmt::format("{} does not stop", name));
  };
  for (int i = 0; i < broker_count(); ++i) wait_for(brokers_[At(i)], BrokerName(i));
  for (int i = 0; i < name_server_count(); ++i) StopNameServer(i);
  for (int i = 0; i < name_server_count(); ++i) {
    wait_for(name_servers_[At(i)], fmt::format("ns-{}", i));
  }
}

}  // namespace rmq::simtest
