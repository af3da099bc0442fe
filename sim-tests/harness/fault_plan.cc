#include "harness/fault_plan.h"

#include <algorithm>

#include "sim/disk.h"
#include "sim/machine.h"
#include "sim/process.h"

namespace rmq::simtest {
namespace {

constexpr uint64_t kNoObject = 0;

}  // namespace

FaultPlan::FaultPlan(Cluster& cluster, Workload& workload, nanoseconds storm)
    : cluster_(cluster), workload_(workload), sim_(cluster.sim()), storm_(storm) {
  sim::Draws& draws = sim_.draws();
  // Swarm: half of the kinds take part, at least one.
  std::vector<Kind> kinds;
  for (int k = 0; k < kKinds; ++k) {
    if (draws.Draw("fault: kind takes part", static_cast<uint64_t>(k), 2) == 1) {
      kinds.push_back(static_cast<Kind>(k));
    }
  }
  if (kinds.empty()) kinds.push_back(Kind::kKillBroker);
  const int64_t wanted = 1 + std::min<int64_t>(draws.Exponential("fault: count", kNoObject, 5), 30);
  for (int64_t i = 0; i < wanted; ++i) {
    const auto object = static_cast<uint64_t>(i);
    Event event;
    event.kind = kinds[draws.Draw("fault: kind", object, kinds.size())];
    event.at = Tick{static_cast<int64_t>(
        draws.Draw("fault: time", object, static_cast<uint64_t>(storm.count())))};
    event.target = static_cast<int>(draws.Draw("fault: target", object, 64));
    // Mostly short, sometimes longer than every lease: 120 s is a NameServer's patience.
    event.lasts = nanoseconds(draws.Exponential("fault: duration", object, 2'000'000'000));
    if (draws.Chance("fault: long", object, 1, 16)) event.lasts += seconds(130);
    events_.push_back(event);
    event.at = event.at + event.lasts;
    event.end = true;
    events_.push_back(event);
  }
  std::ranges::stable_sort(events_, {}, &Event::at);
}

void FaultPlan::Run(Context& ctx) {
  const Tick began = ctx.Now();
  for (const Event& event : events_) {
    const Tick at = began + (event.at - Tick{});
    if (event.at >= Tick{} + storm_) break;
    if (!ctx.SleepUntil(at).has_value()) return;
    // What nobody can undo ends with the storm by itself.
    Event bounded = event;
    bounded.lasts = std::min(event.lasts, storm_ - (event.at - Tick{}));
    event.end ? End(bounded) : Begin(bounded);
  }
  (void)ctx.SleepUntil(began + storm_);
  EndAll();
}

// What would have lasted longer than the storm, and neither a restart nor Simulation::Heal undoes.
void FaultPlan::EndAll() {
  for (int broker = 0; broker < cluster_.broker_count(); ++broker) {
    EndHang(broker, /*by_power_cut=*/false);
    cluster_.RepairDisk(broker);
    if (cluster_.BrokerRuns(broker)) sim_.SetCpuFactor(cluster_.broker(broker), 1);
  }
}

// What a hung disk has not carried out, it never will: whoever waits for it must die first.
void FaultPlan::EndHang(int broker, bool by_power_cut) {
  sim::Disk& disk = cluster_.broker_machine(broker).disk();
  if (disk.frozen()) {
    by_power_cut ? cluster_.PowerCutBroker(broker) : cluster_.KillBroker(broker);
  }
  disk.Thaw();
}

sim::Simulation::Machines FaultPlan::AllBut(const sim::Machine& machine) {
  sim::Simulation::Machines others;
  const auto add = [&](sim::Machine& other) {
    if (&other != &machine) others.push_back(&other);
  };
  for (int i = 0; i < cluster_.broker_count(); ++i) add(cluster_.broker_machine(i));
  for (int i = 0; i < cluster_.name_server_count(); ++i) add(cluster_.name_server_machine(i));
  for (int i = 0; i < workload_.client_count(); ++i) add(workload_.client_machine(i));
  return others;
}

void FaultPlan::Begin(const Event& event) {
  const int broker = event.target % cluster_.broker_count();
  const int name_server = event.target % cluster_.name_server_count();
  const int client = event.target % workload_.client_count();
  sim::Machine& broker_machine = cluster_.broker_machine(broker);
  const bool broker_runs = cluster_.BrokerRuns(broker);
  switch (event.kind) {
    case Kind::kKillBroker:
      if (!broker_runs) return;
      cluster_.KillBroker(broker);
      return Count("kill broker");
    case Kind::kPowerCutBroker:
      if (!broker_machine.up()) return;
      cluster_.PowerCutBroker(broker);
      return Count("power cut broker");
    case Kind::kStopBroker:
      if (!broker_runs) return;
      cluster_.StopBroker(broker);
      return Count("stop broker");
    case Kind::kPauseBroker:
      if (!broker_runs || cluster_.broker(broker).paused()) return;
      sim_.Pause(cluster_.broker(broker), event.lasts,
                 event.target % 2 == 0 ? sim::PauseMode::kClockRuns : sim::PauseMode::kClockStops);
      return Count("pause broker");
    case Kind::kSlowBroker:
      if (!broker_runs) return;
      sim_.SetCpuFactor(cluster_.broker(broker), 100);
      return Count("slow broker");
    case Kind::kStallDisk:
      broker_machine.disk().StallFor(std::min<nanoseconds>(event.lasts, seconds(30)));
      return Count("stall disk");
    case Kind::kKillNameServer:
      if (!cluster_.NameServerRuns(name_server)) return;
      cluster_.KillNameServer(name_server);
      return Count("kill name server");
    case Kind::kPowerCutNameServer:
      cluster_.PowerCutNameServer(name_server);
      return Count("power cut name server");
    case Kind::kIsolateBroker:
      sim_.Partition({&broker_machine}, AllBut(broker_machine));
      return Count("isolate broker");
    case Kind::kIsolateNameServer: {
      sim::Machine& machine = cluster_.name_server_machine(name_server);
      sim_.Partition({&machine}, AllBut(machine));
      return Count("isolate name server");
    }
    case Kind::kOneWay:
      sim_.Partition({&broker_machine}, {&workload_.client_machine(client)},
                     sim::Direction::kForthOnly);
      return Count("one-way loss");
    case Kind::kResetConnections:
      sim_.ResetConnections(broker_machine, workload_.client_machine(client));
      return Count("reset connections");
    case Kind::kKillClient:
      workload_.KillClient(client);
      return Count("kill client");
    case Kind::kStepClock: {
      const bool back = event.target % 2 == 0;
      sim_.StepWallClock(broker_machine, back ? -hours(1) : hours(1));
      return Count("step clock");
    }
    case Kind::kHangDisk:
      if (!broker_runs) return;
      broker_machine.disk().CrashBefore(1 + static_cast<uint64_t>(event.target) / 2);
      return Count("hang disk");
    case Kind::kFailDisk:
      cluster_.BreakDisk(broker);
      broker_machine.disk().FailNthOperation(1 + static_cast<uint64_t>(event.target) / 2);
      return Count("fail disk");
    case Kind::kFailSync:
      cluster_.BreakDisk(broker);
      broker_machine.disk().FailNextSync(event.target % 4 < 2 ? sim::SyncFailure::kKeepCache
                                                              : sim::SyncFailure::kOneHandleOnly);
      return Count("fail sync");
    case Kind::kFillDisk:
      cluster_.BreakDisk(broker);
      broker_machine.disk().SetCapacity(broker_machine.disk().used_bytes());
      return Count("fill disk");
  }
}

void FaultPlan::End(const Event& event) {
  const int broker = event.target % cluster_.broker_count();
  switch (event.kind) {
    case Kind::kKillBroker:
    case Kind::kPowerCutBroker:
    case Kind::kStopBroker:
      return cluster_.StartBroker(broker);
    case Kind::kHangDisk:
      EndHang(broker, /*by_power_cut=*/event.target / 2 % 2 == 0);
      return cluster_.StartBroker(broker);
    case Kind::kFailDisk:
    case Kind::kFailSync:
    case Kind::kFillDisk:
      cluster_.RepairDisk(broker);
      return cluster_.StartBroker(broker);
    case Kind::kSlowBroker:
      if (cluster_.BrokerRuns(broker)) sim_.SetCpuFactor(cluster_.broker(broker), 1);
      return;
    case Kind::kKillNameServer:
    case Kind::kPowerCutNameServer:
      return cluster_.StartNameServer(event.target % cluster_.name_server_count());
    case Kind::kIsolateBroker:
    case Kind::kIsolateNameServer:
    case Kind::kOneWay:
      return sim_.Heal();
    case Kind::kKillClient:
      return workload_.RestartClient(event.target % workload_.client_count());
    case Kind::kPauseBroker:
    case Kind::kStallDisk:
    case Kind::kResetConnections:
    case Kind::kStepClock:
      return;
  }
}

}  // namespace rmq::simtest
