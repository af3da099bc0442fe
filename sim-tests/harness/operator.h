// Operator is a person with a terminal: on a machine of its own, it makes and changes topics and
// groups of single brokers while everything else goes on, and looks at what brokers say of
// themselves. What it learns goes to ConfigLedger (I14) and to the Oracle (I5) at once.
// SWARM-5.
//
// Called from fibers of the test process; outlives the simulation's run.
#pragma once

#include <string>
#include <vector>

#include "client/client_instance.h"
#include "harness/broker_view.h"
#include "harness/cluster.h"
#include "harness/config_ledger.h"

namespace rmq::simtest {

class Operator {
 public:
  // `groups` are those whose commits count.
  Operator(Cluster& cluster, Oracle& oracle, std::vector<std::string> groups);
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  void Start();
  void Kill();
  // Looks at every broker once: nothing may be missing. I15 if one can't be asked.
  void CheckAll(Context& ctx);

 private:
  // The topics, or the groups, that it has made on one broker. The last one is being changed. One
  // whose change had an unknown outcome is left alone, since that change may still come.
  struct Series {
    int broker = 0;
    bool topics = false;
    int count = 1;
  };
  void Work(Context& ctx, runtime::Runtime& runtime);
  void Change(Context& ctx, client::ClientInstance& client, Series& series);
  Result<void> Look(Context& ctx, client::ClientInstance& client, int broker);
  BrokerAt At(int broker) const;

  Cluster& cluster_;
  sim::Simulation& sim_;
  Oracle& oracle_;
  ConfigLedger ledger_;
  const std::vector<std::string> groups_;
  sim::Machine& machine_;
  sim::Process* process_ = nullptr;
  std::vector<Series> series_;
};

}  // namespace rmq::simtest
