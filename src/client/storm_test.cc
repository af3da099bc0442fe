// Clients in a bad network: every message that a producer was told is stored reaches a listener,
// whatever happens to connections, brokers and members of the group.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/fake_cluster_for_test.h"
#include "client/producer.h"
#include "client/push_consumer.h"
#include "sim/sim_test.h"

namespace rmq::client {
namespace {

using testing::Each;
using testing::Ge;
using testing::IsSupersetOf;

sim::SimulationOptions Storm() {
  return {.network = sim::NetworkOptions::Stormy(), .faulty_clocks = true};
}

void Sleep(Context& ctx, nanoseconds time) {
  ASSERT_TRUE(ctx.SleepFor(time).has_value());
}

// A consumer in a process of its own.
class Reader {
 public:
  Reader(FakeCluster& cluster, const std::string& name, std::vector<std::string>& finished)
      : sim_(cluster.sim()) {
    process_ = &sim_.Start(sim_.AddMachine(name), name,
                           [&cluster, &finished](Context& ctx, runtime::Runtime& runtime) {
                             Run(ctx, runtime, cluster.name_server_list(), finished);
                           });
  }
  void Kill() { sim_.Kill(*process_); }
  void Stop() { sim_.Stop(*process_); }
  Result<void> WaitForEnd(Context& ctx) { return sim_.WaitForEnd(ctx, *process_); }

 private:
  static void Run(Context& ctx, runtime::Runtime& runtime, const std::string& name_servers,
                  std::vector<std::string>& finished) {
    auto client = ClientInstance::Create(runtime, {.name_servers = name_servers}).value();
    auto consumer = PushConsumer::Create(
                        *client, {.group = "billing", .from = wire::ConsumeFromWhere::kFirstOffset},
                        [&](Context& own, std::span<const MessagePtr> messages, ConsumeContext&) {
                          const auto time =
                              milliseconds(runtime.random().Draw("test: consume", 1, 4000));
                          if (!own.SleepFor(time).has_value()) return ConsumeResult::kRetry;
                          finished.emplace_back(messages.front()->body.text());
                          return ConsumeResult::kSuccess;
                        })
                        .value();
    EXPECT_TRUE(consumer->Subscribe("orders", "*").has_value());
    EXPECT_TRUE(consumer->Start(ctx).has_value());
    Context running = ctx.WithCancellation(runtime.stop());
    while (running.SleepFor(hours(1)).has_value()) {
    }
    consumer->Close(ctx);
    client->Close(ctx);
  }

  sim::Simulation& sim_;
  sim::Process* process_;
};

SIM_TEST_OPTIONS(Storm, WhatWasStoredIsConsumed, /*seeds=*/30, Storm()) {
  FakeCluster cluster(sim, /*name_servers=*/2);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 2);
  b.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  runtime::Random& random = sim.runtime().random();
  std::vector<std::string> finished;
  Reader stays(cluster, "stays", finished);
  Reader dies(cluster, "dies", finished);
  Reader leaves(cluster, "leaves", finished);

  auto client =
      ClientInstance::Create(sim.runtime(), {.name_servers = cluster.name_server_list()}).value();
  auto producer = Producer::Create(*client, {.group = "senders"}).value();
  std::vector<std::string> stored;
  runtime::Gate gate;
  for (int sender = 0; sender < 4; ++sender) {
    sim.runtime().executor().Spawn(gate, "sender", [&, sender](Context& own) {
      for (int i = 0; own.Check().has_value(); ++i) {
        const std::string body = fmt::format("{}-{}", sender, i);
        const auto sent = producer->Send(own, {.topic = "orders", .body = Bytes::Copy(body)});
        if (sent.has_value()) stored.push_back(body);
        if (!own.SleepFor(milliseconds(500)).has_value()) return;
      }
    });
  }

  Sleep(ctx, milliseconds(random.Draw("test: kill", 1, 20'000)));
  dies.Kill();
  cluster.Kill(random.Draw("test: broker", 1, 2) == 0 ? a : b);
  Sleep(ctx, milliseconds(random.Draw("test: restart", 1, 10'000)));
  ASSERT_TRUE(cluster.Start(ctx));
  leaves.Stop();
  Sleep(ctx, seconds(20));
  gate.Close(ctx);
  producer->Close(ctx);
  client->Close(ctx);
  ASSERT_TRUE(leaves.WaitForEnd(ctx).has_value());
  Sleep(ctx, minutes(10));

  EXPECT_GE(stored.size(), 80u);
  EXPECT_THAT(finished, IsSupersetOf(stored));
  for (const FakeBroker* broker : {&a, &b}) {
    for (int32_t queue = 0; queue < 2; ++queue) {
      EXPECT_EQ(broker->Committed("billing", "orders", queue),
                broker->Bodies("orders", queue).size());
    }
  }
  stays.Kill();
}

}  // namespace
}  // namespace rmq::client
