#include "harness/phases.h"

namespace rmq::simtest {
namespace {

// Within this much simulated time after healing everything is as it should be: three times the
// longest lease of all (a NameServer's 120 s).
constexpr seconds kConverge{360};
constexpr seconds kStopTime{120};
// Idle for this long, a broker has flushed everything, whatever its knobs are.
constexpr seconds kEverythingFlushed{60};
// The members of a group know each other after 20 s, and the locks of the dead expire after 60 s.
constexpr seconds kGroupsSettled{70};
constexpr seconds kCalmTime{4};
constexpr seconds kPrompt{2};
// A NameServer forgets a silent broker after 120 s, when it looks the next time.
constexpr seconds kBrokerExpired{120};
constexpr seconds kNextScan{20};

}  // namespace

Phases::Phases(Cluster& cluster, Workload& workload, Oracle& oracle)
    : cluster_(cluster),
      workload_(workload),
      oracle_(oracle),
      inspector_(cluster, oracle, workload.topics(), workload.groups()),
      operator_(cluster, oracle, workload.groups()),
      stranger_(cluster, oracle) {}

void Phases::Storm(Context& ctx, FaultPlan& faults) {
  cluster_.StartAll();
  workload_.StartConsumers();
  workload_.StartProducers();
  operator_.Start();
  stranger_.Start();
  faults.Run(ctx);
}

void Phases::Heal(Context& ctx) {
  cluster_.HealAndWait(ctx, kConverge);
  (void)ctx.SleepFor(seconds(5));  // What is acked here needs no excuse.
  workload_.StopProducers(ctx, kStopTime);
  operator_.Kill();
  stranger_.Kill();
  workload_.CalmDown(std::nullopt);
}

void Phases::Verify(Context& ctx) {
  cluster_.HealAndWait(ctx, kConverge);
  inspector_.WaitForRoutes(ctx, kConverge);
  inspector_.CheckContents(ctx);  // First: what was lost within the promise can't be delivered.
  workload_.DrainAndCheck(ctx, kConverge);
  inspector_.CheckContents(ctx);
  inspector_.WaitForCommits(ctx, kConverge);
  operator_.CheckAll(ctx);
  stranger_.CheckAll(ctx);
}

void Phases::Calm(Context& ctx) {
  (void)ctx.SleepFor(kGroupsSettled);
  workload_.CalmDown(kPrompt);
  workload_.StartProducers();
  (void)ctx.SleepFor(kCalmTime);
  workload_.StopProducers(ctx, kStopTime);
  workload_.DrainAndCheck(ctx, kConverge);
}

void Phases::End(Context& ctx, Outage outage) {
  workload_.StopConsumers(ctx, kStopTime);
  const Oracle::CommittedOffsets before = inspector_.Committed(ctx);
  if (outage == Outage::kNone) {
    cluster_.StopAll(ctx, kStopTime);
  } else {
    CutPower(ctx, outage);
  }
  cluster_.StartAll();
  cluster_.HealAndWait(ctx, kConverge);
  inspector_.WaitForRoutes(ctx, kConverge);
  inspector_.CheckContents(ctx);
  oracle_.CheckCommitsKept(before, inspector_.Committed(ctx));
  operator_.CheckAll(ctx);
  cluster_.StopAll(ctx, kStopTime);
}

// Everything is on the disks: such a power cut loses nothing, in no mode.
void Phases::CutPower(Context& ctx, Outage outage) {
  (void)ctx.SleepFor(kEverythingFlushed);
  for (int i = 0; i < cluster_.broker_count(); ++i) cluster_.PowerCutIdleBroker(i);
  if (outage != Outage::kForgotten) return;
  for (int i = 1; i < cluster_.broker_count(); ++i) cluster_.StartBroker(i);
  (void)ctx.SleepFor(kBrokerExpired);
  inspector_.WaitForRoutes(ctx, kNextScan);
}

}  // namespace rmq::simtest
