// The phases of a run, in their order: Storm, Heal, Verify, Calm if it is drawn, End. Rules
// SWARM-7, SWARM-8, SWARM-9, SWARM-10 and SWARM-11 of spec/sim/swarm.md.
//
// Called on the main fiber of the test process.
#pragma once

#include "harness/cluster.h"
#include "harness/fault_plan.h"
#include "harness/inspector.h"
#include "harness/operator.h"
#include "harness/stranger.h"
#include "harness/workload.h"

namespace rmq::simtest {

// How the brokers end when everything is over.
enum class Outage {
  kNone,       // they are stopped in order
  kShort,      // all lose power
  kForgotten,  // all lose power, and one stays away until no NameServer may show it any more
};

class Phases {
 public:
  Phases(Cluster& cluster, Workload& workload, Oracle& oracle);

  // Everybody works, while faults come.
  void Storm(Context& ctx, FaultPlan& faults);
  // Everything is repaired, work goes on for a while, then producers and the operator stop.
  void Heal(Context& ctx);
  // Everything that was promised is there, arrives, and is committed.
  void Verify(Context& ctx);
  // A few messages, each of which has to arrive at once. Only where no connection is ever torn.
  void Calm(Context& ctx);
  // Consumers stop, brokers end, start, are looked at once more, and stop.
  void End(Context& ctx, Outage outage);

 private:
  void CutPower(Context& ctx, Outage outage);

  Cluster& cluster_;
  Workload& workload_;
  Oracle& oracle_;
  Inspector inspector_;
  Operator operator_;
  Stranger stranger_;
};

}  // namespace rmq::simtest
