// Cluster is a RocketMQ cluster in the simulator: NameServers and brokers on machines of their own,
// run by the functions that the real daemons run. A scenario starts, kills and restarts them by
// number, in the words of an operator.
//
// Whoever ends with an error, does not serve or does not stop is a finding: ORACLE-19, ORACLE-20.
//
// Called from fibers of the test process; outlives the simulation's run.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/oracle.h"
#include "sim/simulation.h"

namespace rmq::simtest {

using KeyValues = std::vector<std::pair<std::string, std::string>>;

struct ClusterOptions {
  int name_servers = 2;
  int brokers = 2;
  bool sync_flush = false;
  KeyValues broker_keys;  // over the small sizes that make files roll every second
  sim::DiskOptions disk;
};

class Cluster {
 public:
  Cluster(sim::Simulation& sim, Oracle& oracle, ClusterOptions options);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void StartAll();
  void StartNameServer(int number);
  void StartBroker(int number);
  void StopNameServer(int number) { StopNode(name_servers_[At(number)]); }
  void StopBroker(int number) {
    oracle_.BrokerGone(BrokerName(number));
    StopNode(brokers_[At(number)]);
  }
  void KillNameServer(int number);
  void KillBroker(int number);
  // Of the broker's machine. Tells the oracle what may be lost.
  void PowerCutBroker(int number);
  // When nobody has written anything for longer than any flush interval: nothing may be lost.
  void PowerCutIdleBroker(int number);
  void PowerCutNameServer(int number);
  // From now on a broker may end because of its disk, and any that ends is restarted.
  void BreakDisk(int number) { brokers_[At(number)].disk_broken = true; }
  // Ends what FaultPlan does to a broken disk, and kills the broker that runs on it.
  void RepairDisk(int number);

  bool BrokerServes(int number) const { return brokers_[At(number)].serving; }
  bool NameServerServes(int number) const { return name_servers_[At(number)].serving; }
  bool BrokerRuns(int number) const { return Runs(brokers_[At(number)]); }
  bool NameServerRuns(int number) const { return Runs(name_servers_[At(number)]); }
  sim::Process& broker(int number) { return *brokers_[At(number)].process; }
  sim::Machine& broker_machine(int number) { return *brokers_[At(number)].machine; }
  sim::Machine& name_server_machine(int number) { return *name_servers_[At(number)].machine; }

  // "10.0.0.2:9876;10.0.0.3:9876"
  std::string name_server_list() const;
  std::string name_server_address(int number) const;
  std::string broker_address(int number) const;
  static std::string BrokerName(int number);
  int broker_count() const { return static_cast<int>(brokers_.size()); }
  int name_server_count() const { return static_cast<int>(name_servers_.size()); }
  const ClusterOptions& options() const { return options_; }
  sim::Simulation& sim() { return sim_; }

  // Starts what is down and waits until everything serves: I13 and I15 if it does not in time.
  void HealAndWait(Context& ctx, nanoseconds at_most);
  // Gracefully, and waits: I15 if somebody does not end. Whenever a broker has ended gracefully,
  // here or in the storm, its queues and its index are compared with its log: I3. (With the index
  // of a real size, when broker_keys has no maxHashSlotNum, that would take too long.)
  void StopAll(Context& ctx, nanoseconds at_most);

 private:
  struct Node {
    sim::Machine* machine = nullptr;
    sim::Process* process = nullptr;
    bool serving = false;
    bool stopping = false;
    bool disk_broken = false;
    int life = 0;  // which process the flags above speak of
  };
  static size_t At(int number) { return static_cast<size_t>(number); }
  static bool Runs(const Node& node) { return node.process != nullptr && node.process->alive(); }
  void StopNode(Node& node);
  void Forget(Node& node);
  KeyValues BrokerKeys(int number) const;
  void RunBroker(Context& ctx, runtime::Runtime& runtime, int number, int life);
  void CheckDerivedState(int number);

  sim::Simulation& sim_;
  Oracle& oracle_;
  const ClusterOptions options_;
  std::vector<Node> name_servers_;
  std::vector<Node> brokers_;
};

}  // namespace rmq::simtest
