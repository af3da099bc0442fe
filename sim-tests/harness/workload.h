// What the clients of a simulated cluster do: producers that send numbered messages, consumer
// groups that take them, each on a machine of its own, with the client library that programs use.
// Everything they learn goes to the Oracle and to Promptness.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/message.h"
#include "client/push_options.h"
#include "harness/cluster.h"
#include "harness/oracle.h"
#include "harness/promptness.h"
#include "sim/simulation.h"

namespace rmq::client {
class Producer;
struct SendResult;
}  // namespace rmq::client

namespace rmq::simtest {

struct WorkloadOptions {
  std::vector<std::string> topics = {"orders"};
  int producers = 2;
  bool all_ways_of_sending = false;          // else one message, and wait
  int sends_at_a_time = 1;                   // of a producer
  nanoseconds send_pause{milliseconds(20)};  // mean, between two of them
  int max_body_bytes = 300;
  int concurrent_members = 2;   // of the group "concurrent"
  int orderly_members = 2;      // of the group "orderly"
  nanoseconds handling{0};      // mean time a listener takes
  seconds persist_interval{5};  // between two commits of a consumer
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

  // Restarts dead consumers and waits until every group has everything that was acked: I6.
  void DrainAndCheck(Context& ctx, nanoseconds at_most);
  // From now on listeners take no time and producers send one message each 200 ms, so that pulls
  // wait for messages; each has to be handed over within `bound`, if there is one.
  void CalmDown(std::optional<nanoseconds> bound);

  const std::vector<std::string>& topics() const { return options_.topics; }
  std::vector<std::string> groups() const;

 private:
  struct Client {
    enum class Kind { kProducer, kConcurrent, kOrderly } kind = Kind::kProducer;
    int number = 0;  // among its kind
    int life = 0;
    sim::Machine* machine = nullptr;
    sim::Process* process = nullptr;

    bool orderly() const { return kind == Kind::kOrderly; }
    std::string group() const;  // of a consumer
  };
  void AddClient(Client::Kind kind, int number);
  void Start(Client& client);
  void Produce(Context& ctx, runtime::Runtime& runtime, const Client& self);
  void SendNext(Context& ctx, client::Producer& producer, const Client& self, int& next);
  void Sent(const std::vector<MessageId>& ids, const Result<client::SendResult>& sent);
  void Consume(Context& ctx, runtime::Runtime& runtime, const Client& self);
  void StopKind(Context& ctx, bool producers, nanoseconds at_most);
  client::ConsumeResult Handle(Context& ctx, const Client& self,
                               std::span<const client::MessagePtr> messages,
                               const MessageQueue& queue);
  client::Message NewMessage(const MessageId& id, const Client& self);

  Cluster& cluster_;
  sim::Simulation& sim_;
  Oracle& oracle_;
  const WorkloadOptions options_;
  Promptness promptness_;
  bool calm_ = false;
  std::vector<Client> clients_;
};

}  // namespace rmq::simtest
