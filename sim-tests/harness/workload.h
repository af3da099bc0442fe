// What the clients of a simulated cluster do: producers that send numbered messages, consumer
// groups that take them, each on a machine of its own, with the client library that programs use.
// Everything they learn goes to the Oracle.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/cluster.h"
#include "harness/oracle.h"
#include "sim/simulation.h"

namespace rmq::client {
class PullConsumer;
}  // namespace rmq::client

namespace rmq::simtest {

struct WorkloadOptions {
  std::vector<std::string> topics = {"orders"};
  int producers = 2;
  nanoseconds send_pause{milliseconds(20)};  // mean, between two sends of a producer
  int max_body_bytes = 300;
  int concurrent_members = 2;  // of the group "concurrent"
  int orderly_members = 2;     // of the group "orderly"
  nanoseconds handling{0};     // mean time a listener takes
};

class Workload {
 public:
  Workload(Cluster& cluster, Oracle& oracle, WorkloadOptions options);
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  void StartProducers();
  void StartConsumers();
  // Producers finish what they are sending and end. Those that don't in time are I15.
  void StopProducers(Context& ctx, nanoseconds at_most);
  void StopConsumers(Context& ctx, nanoseconds at_most);
  // Ends them all at once.
  void KillClients();

  // --- faults ---
  int client_count() const { return static_cast<int>(clients_.size()); }
  void KillClient(int number);
  void RestartClient(int number);
  sim::Process* client(int number) { return clients_[static_cast<size_t>(number)].process; }
  sim::Machine& client_machine(int number) {
    return *clients_[static_cast<size_t>(number)].machine;
  }

  // I12: waits until every NameServer shows exactly the brokers that live, with all topics that
  // hold acked messages.
  void WaitForRoutes(Context& ctx, nanoseconds at_most);
  // Waits until every group has everything that was acked: I6, or I15 if nothing moves any more.
  void DrainAndCheck(Context& ctx, nanoseconds at_most);
  // Reads all queues with a pull consumer and compares: I1, I2, I5.
  void CheckContents(Context& ctx);

  std::vector<std::string> groups() const;

 private:
  struct Client {
    enum class Kind { kProducer, kConcurrent, kOrderly } kind = Kind::kProducer;
    int number = 0;  // among its kind
    int life = 0;
    sim::Machine* machine = nullptr;
    sim::Process* process = nullptr;
  };
  void AddClient(Client::Kind kind, int number);
  void Start(Client& client);
  void Produce(Context& ctx, runtime::Runtime& runtime, const Client& self);
  void Consume(Context& ctx, runtime::Runtime& runtime, const Client& self);
  void StopKind(Context& ctx, bool producers, nanoseconds at_most);
  Result<std::vector<MessageQueue>> FetchAllQueues(Context& ctx, client::PullConsumer& reader,
                                                   const std::string& topic, bool doubtful_too);
  std::string RouteFault(Context& ctx, client::PullConsumer& reader, int name_server);

  Cluster& cluster_;
  sim::Simulation& sim_;
  Oracle& oracle_;
  const WorkloadOptions options_;
  std::vector<Client> clients_;
};

}  // namespace rmq::simtest
