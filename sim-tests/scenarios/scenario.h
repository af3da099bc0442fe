// Scenario is what the scenarios of the museum share: a small cluster, and a client on the test's
// own machine that does one thing after the other. What it is answered goes to the Oracle, so that
// a scenario says what happens and Findings() says what was wrong with it.
//
// On fibers of the test process. Its end closes the client and kills the cluster.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client_instance.h"
#include "client/producer.h"
#include "client/pull_consumer.h"
#include "harness/cluster.h"
#include "harness/inspector.h"
#include "harness/oracle.h"
#include "sim/machine.h"
#include "sim/sim_test.h"

namespace rmq::simtest {

// Files of a few messages each.
KeyValues SmallFiles();
// A broker that writes what it is sent and else nothing, so that a scenario can count the
// operations of its disk. Asynchronous ones sync nothing by themselves.
KeyValues QuietDisk();

class Scenario {
 public:
  static constexpr const char* kTopic = "orders";

  // broker_keys of `options` come behind those of SmallFiles.
  Scenario(Context& ctx, sim::Simulation& sim, ClusterOptions options);
  ~Scenario();
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  // Starts all, and makes the topic with `queues` queues on each broker.
  void Begin(int queues = 2);
  // Until the client reaches it. False: it ended, or does not serve within half a minute.
  // Findings() tells why it ended.
  bool StartBroker(int number = 0);
  // In order; false if it takes more than half a minute.
  bool StopBroker(int number = 0);
  // Without the luck that PowerCutBroker may have: nothing that is not synced survives.
  void CutPowerLosingEverythingPending(int number = 0);

  static MessageQueue Queue(int queue_id = 0, int broker = 0) {
    return {.topic = kTopic, .broker_name = Cluster::BrokerName(broker), .queue_id = queue_id};
  }
  // One attempt. True: SEND_OK.
  bool Send(Context& ctx, const MessageId& id, const MessageQueue& queue, std::string tags = {});
  bool Send(const MessageId& id, const MessageQueue& queue = Queue()) {
    return Send(ctx_, id, queue);
  }
  // Bytes that a message carries beside its id, from now on.
  void SetPadding(size_t padding) { padding_ = padding; }
  // To any queue, as often as `producer` tries.
  bool SendAnywhere(client::Producer& producer, const MessageId& id);
  // Of the whole queue.
  std::vector<MessageId> Read(const MessageQueue& queue = Queue());

  // Reads everything there is. What is wrong with that, and what went wrong before.
  std::vector<std::string> CheckContents();
  std::vector<std::string> Findings() const;
  // I12 of a NameServer: whether it shows exactly the brokers that serve.
  bool RouteIsRight(int name_server);
  void SleepFor(nanoseconds duration) { (void)ctx_.SleepFor(duration); }

  Context& ctx() { return ctx_; }
  sim::Simulation& sim() { return sim_; }
  Cluster& cluster() { return cluster_; }
  Oracle& oracle() { return oracle_; }
  sim::Machine& machine(int broker = 0) { return cluster_.broker_machine(broker); }
  sim::Disk& disk(int broker = 0) { return machine(broker).disk(); }
  client::ClientInstance& client() { return *client_; }
  client::Producer& producer() { return *producer_; }
  client::PullConsumer& reader() { return *reader_; }

 private:
  client::Message MessageOf(const MessageId& id) const;
  bool Conclude(const MessageId& id, const Result<client::SendResult>& sent);

  Context& ctx_;
  sim::Simulation& sim_;
  Oracle oracle_;
  Cluster cluster_;
  Inspector inspector_;
  size_t padding_ = 50;
  std::unique_ptr<client::ClientInstance> client_;
  std::unique_ptr<client::Producer> producer_;
  std::unique_ptr<client::PullConsumer> reader_;
};

// "new-0", "new-1", …
inline std::vector<MessageId> Numbered(std::string_view name, int count) {
  std::vector<MessageId> ids;
  for (int i = 0; i < count; ++i) ids.push_back(fmt::format("{}-{}", name, i));
  return ids;
}

// Waits until `holds()`, looking ten times a second. False: not within `at_most`.
template <typename Condition>
bool WaitUntil(Context& ctx, nanoseconds at_most, Condition holds) {
  const Tick deadline = ctx.Now() + at_most;
  while (!holds()) {
    if (ctx.Now() >= deadline || !ctx.SleepFor(milliseconds(100)).has_value()) return holds();
  }
  return true;
}

}  // namespace rmq::simtest
