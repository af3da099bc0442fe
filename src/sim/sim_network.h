// SimNetwork is the network between all machines of a simulation: links, listening sockets, names,
// and the faults that scenarios inject. Processes see it as a runtime::Network each.
//
// Everything here happens between two steps or on the fiber that asks for it; nothing suspends.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"
#include "base/intrusive_list.h"
#include "runtime/network.h"
#include "sim/process.h"
#include "sim/scheduler.h"
#include "sim/sim_connection.h"
#include "sim/sim_link.h"

namespace rmq::sim {

enum class Direction { kBoth, kForthOnly };

// Replaces the properties of a link; what is not set stays.
struct LinkChange {
  std::optional<nanoseconds> latency;
  std::optional<nanoseconds> mean_jitter;
  std::optional<uint64_t> bytes_per_second;
  std::optional<uint32_t> loss_one_in;
};

// A port in use, with the connections that wait to be accepted. Shared by the listener and by
// connections being made.
class SimListenSocket : public ListNode {
 public:
  SimListenSocket(Process& owner, Endpoint at) : process(&owner), local(at) {}
  Process* process;
  Endpoint local;
  bool open = true;
  std::deque<std::shared_ptr<SimConnection>> backlog;
  runtime::Waiter* accepting = nullptr;
};

class SimNetwork {
 public:
  SimNetwork(Scheduler& scheduler, NetworkOptions options);
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  const NetworkOptions& options() const { return options_; }
  void SetOptions(const NetworkOptions& options);  // of links, too
  Scheduler& scheduler() { return scheduler_; }

  // --- faults; see Simulation ---

  void SetPartitioned(Machine& from, Machine& to, bool partitioned);
  void Heal();
  void Clog(Machine& from, Machine& to, nanoseconds duration);
  void ChangeLink(Machine& from, Machine& to, const LinkChange& change);
  void ResetConnections(const Machine& a, const Machine& b);
  void RegisterHost(std::string_view name, std::vector<IpAddress> ips);

  // --- what happens to machines and processes ---

  void AddMachine(Machine& machine);
  void MachineBooted() { RetryStalled(); }
  // The process is dead already.
  void ProcessEnded(Process& process, bool power_lost);

  // --- for the processes' networks and for connections ---

  Result<std::shared_ptr<SimListenSocket>> Listen(Process& process, Endpoint at);
  // The port is free again, and who waits in the backlog is reset.
  void CloseListener(SimListenSocket& socket);
  std::shared_ptr<SimConnection> MakeConnection(Process& client, Endpoint to);
  // Null if nobody listens there. `from` is where the question comes from.
  std::shared_ptr<SimListenSocket> FindListener(const Machine& from, const Machine& to,
                                                Endpoint at) const;
  Result<std::vector<IpAddress>> Resolve(std::string_view host) const;

  // When a segment of `bytes` sent now arrives.
  Tick DrawArrival(Link& link, uint64_t bytes);
  bool OneIn(runtime::Site site, uint64_t object, uint32_t n);

 private:
  Link& LinkBetween(Machine& from, Machine& to);
  void InitLink(Link& link) const;
  Machine* FindMachine(Machine& from, const IpAddress& ip);
  uint16_t FreePort(const Machine& machine);
  void RetryStalled();
  std::vector<std::shared_ptr<SimConnection>> Connections();

  Scheduler& scheduler_;
  NetworkOptions options_;
  std::vector<Machine*> machines_;
  Machine nowhere_;                                      // where addresses of no machine lead to
  std::map<std::pair<uint32_t, uint32_t>, Link> links_;  // by the numbers of the machines
  std::map<std::pair<uint32_t, uint16_t>, std::shared_ptr<SimListenSocket>> listeners_;
  std::map<uint32_t, uint16_t> last_port_;  // by the number of the machine
  std::map<std::string, std::vector<IpAddress>, std::less<>> hosts_;
  std::map<std::pair<uint64_t, Endpoint>, uint64_t> connection_counts_;
  IntrusiveList<SimConnection> connections_;  // in order of creation
};

// The network as one process sees it.
std::unique_ptr<runtime::Network> MakeProcessNetwork(SimNetwork& network, Process& process);

}  // namespace rmq::sim
