// Stranger is somebody who speaks to brokers and NameServers as no client does: with frames that
// are none, with requests whose codes, fields and bodies are chosen by chance. It is the checker
// I20: nobody may fall over (the whole simulation would), and who sends what is no frame is cut
// off.
//
// Its requests name no topic, group or broker that anybody else uses: what they are allowed to do
// is nobody's loss. ORACLE-21, SWARM-6. Called from fibers of the test process; outlives the
// simulation's run.
#pragma once

#include <string>
#include <vector>

#include "harness/cluster.h"

namespace rmq::simtest {

class Stranger {
 public:
  Stranger(Cluster& cluster, Oracle& oracle);
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  // In the storm: something every second or so, whatever comes back.
  void Start();
  void Kill();
  // In a healed world: each kind of what is no frame, to each server.
  void CheckAll(Context& ctx);

 private:
  void Work(Context& ctx, runtime::Runtime& runtime);
  bool IsCutOff(Context& ctx, const std::string& address, const std::string& bytes);
  std::string DrawRequest();
  std::vector<std::string> Addresses() const;

  Cluster& cluster_;
  sim::Simulation& sim_;
  Oracle& oracle_;
  sim::Machine& machine_;
  sim::Process* process_ = nullptr;
};

}  // namespace rmq::simtest
