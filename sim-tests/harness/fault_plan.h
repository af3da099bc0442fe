// The faults of one seed: how many, of which kinds, when and for how long, drawn before the storm;
// what they hit is drawn when they come. SWARM-12.
#pragma once

#include <map>
#include <string>

#include "harness/cluster.h"
#include "harness/workload.h"

namespace rmq::simtest {

class FaultPlan {
 public:
  // Draws the number of faults (geometric, mean 6, at least 1) and their places in `storm`.
  FaultPlan(Cluster& cluster, Workload& workload, nanoseconds storm);

  // Carries them out, in time; returns at the end of the storm.
  void Run(Context& ctx);

  int count() const { return count_; }
  const std::map<std::string, int>& by_kind() const { return by_kind_; }

 private:
  enum class Kind {
    kKillBroker,
    kPowerCutBroker,
    kStopBroker,
    kPauseBroker,
    kSlowBroker,
    kStallDisk,
    kKillNameServer,
    kPowerCutNameServer,
    kIsolateBroker,
    kIsolateNameServer,
    kOneWay,
    kResetConnections,
    kKillClient,
    kStepClock,
    // The broker goes on until it waits for its disk, then it is killed or loses power.
    kHangDisk,
    // Until it is repaired, which takes a restart of the broker.
    kFailDisk,
    kFailSync,
    kFillDisk,
  };
  static constexpr int kKinds = 18;
  struct Event {
    Tick at;
    Kind kind = Kind::kKillBroker;
    int target = 0;
    nanoseconds lasts{0};
    bool end = false;  // what undoes it
  };

  void Begin(const Event& event);
  void End(const Event& event);
  void EndHang(int broker, bool by_power_cut);
  void EndAll();
  sim::Simulation::Machines AllBut(const sim::Machine& machine);
  void Count(const char* kind) {
    ++by_kind_[kind];
    ++count_;
  }

  Cluster& cluster_;
  Workload& workload_;
  sim::Simulation& sim_;
  const nanoseconds storm_;
  std::vector<Event> events_;  // by time
  int count_ = 0;
  std::map<std::string, int> by_kind_;
};

}  // namespace rmq::simtest
