#include "client/pull_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/fake_cluster_for_test.h"
#include "client/producer.h"
#include "sim/sim_test.h"

namespace rmq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Puller {
 public:
  Puller(Context& ctx, FakeCluster& cluster) : ctx_(ctx) {
    client_ = ClientInstance::Create(cluster.sim().runtime(),
                                     {.name_servers = cluster.name_server_list()})
                  .value();
    consumer_ = PullConsumer::Create(*client_, {.group = "billing"}).value();
  }
  ~Puller() {
    consumer_->Close(ctx_);
    client_->Close(ctx_);
  }
  PullConsumer* operator->() { return consumer_.get(); }
  ClientInstance& client() { return *client_; }

 private:
  Context& ctx_;
  std::unique_ptr<ClientInstance> client_;
  std::unique_ptr<PullConsumer> consumer_;
};

std::vector<std::string> Bodies(const PullResult& result) {
  std::vector<std::string> bodies;
  for (const MessagePtr& message : result.messages) bodies.emplace_back(message->body.text());
  return bodies;
}

SIM_TEST(PullConsumer, PullsFromWhereItIsTold) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  for (const char* body : {"a", "b", "c", "d"}) broker.Append("orders", 1, body);
  ASSERT_TRUE(cluster.Start(ctx));
  Puller puller(ctx, cluster);

  const auto queues = puller->FetchQueues(ctx, "orders");
  ASSERT_TRUE(queues.has_value());
  ASSERT_THAT(*queues, SizeIs(2));
  const auto pulled = puller->Pull(ctx, (*queues)[1], QueueOffset{1}, {.max_count = 2});

  ASSERT_TRUE(pulled.has_value()) << pulled.error().ToString();
  EXPECT_EQ(pulled->status, PullStatus::kFound);
  EXPECT_THAT(Bodies(*pulled), ElementsAre("b", "c"));
  EXPECT_EQ(pulled->next_begin_offset, QueueOffset{3});
  EXPECT_EQ(pulled->max_offset, QueueOffset{4});
  EXPECT_EQ(pulled->messages[0]->queue_offset, QueueOffset{1});
}

SIM_TEST(PullConsumer, WaitsForMessagesIfItIsTold) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Puller puller(ctx, cluster);
  const MessageQueue queue = broker.Queue("orders", 0);

  const auto at_once = puller->Pull(ctx, queue, QueueOffset{0});
  ASSERT_TRUE(at_once.has_value());
  EXPECT_EQ(at_once->status, PullStatus::kNoNewMessage);

  runtime::Gate gate;
  sim.runtime().executor().Spawn(gate, "append", [&](Context& own) {
    ASSERT_TRUE(own.SleepFor(seconds(3)).has_value());
    broker.Append("orders", 0, "x");
  });
  const Tick started = ctx.Now();
  const auto waited = puller->Pull(ctx, queue, QueueOffset{0}, {.suspend = seconds(10)});
  ASSERT_TRUE(waited.has_value());
  EXPECT_THAT(Bodies(*waited), ElementsAre("x"));
  EXPECT_LT(ctx.Now() - started, seconds(4));
  gate.Close(ctx);
}

// CLIENT-33.
SIM_TEST(PullConsumer, TellsAnIllegalOffsetFromAnEmptyQueue) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  for (const char* body : {"a", "b", "c"}) broker.Append("orders", 0, body);
  broker.DeleteBefore("orders", 0, 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Puller puller(ctx, cluster);

  const auto before = puller->Pull(ctx, broker.Queue("orders", 0), QueueOffset{0});
  const auto behind = puller->Pull(ctx, broker.Queue("orders", 0), QueueOffset{9});

  EXPECT_EQ(before->status, PullStatus::kOffsetIllegal);
  EXPECT_EQ(before->next_begin_offset, QueueOffset{1});
  EXPECT_EQ(behind->status, PullStatus::kOffsetIllegal);
  EXPECT_EQ(behind->next_begin_offset, QueueOffset{3});
}

SIM_TEST(PullConsumer, KeepsOffsetsOnTheBroker) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  for (const char* body : {"a", "b"}) broker.Append("orders", 0, body);
  ASSERT_TRUE(cluster.Start(ctx));
  Puller puller(ctx, cluster);
  const MessageQueue queue = broker.Queue("orders", 0);

  EXPECT_EQ(puller->MinOffset(ctx, queue).value(), QueueOffset{0});
  EXPECT_EQ(puller->MaxOffset(ctx, queue).value(), QueueOffset{2});
  EXPECT_EQ(puller->CommittedOffset(ctx, queue).value(), std::nullopt);
  ASSERT_TRUE(puller->Commit(ctx, queue, QueueOffset{1}).has_value());
  EXPECT_EQ(puller->CommittedOffset(ctx, queue).value(), QueueOffset{1});
}

// CLIENT-35.
SIM_TEST(PullConsumer, DecompressesBodiesAndHandsOverWhatItCannot) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Puller puller(ctx, cluster);
  auto producer = Producer::Create(puller.client(), {.group = "senders"}).value();
  const std::string large(10'000, 'x');
  ASSERT_TRUE(producer->Send(ctx, {.topic = "orders", .body = Bytes::Copy(large)}).has_value());
  producer->Close(ctx);
  // Claims to be compressed, and is not.
  broker.Append("orders", 0, "damaged", {}, wire::WithCompression(0, wire::CompressionType::kLz4));

  const auto pulled = puller->Pull(ctx, broker.Queue("orders", 0), QueueOffset{0});

  ASSERT_TRUE(pulled.has_value()) << pulled.error().ToString();
  EXPECT_THAT(Bodies(*pulled), ElementsAre(large, "damaged"));
  EXPECT_EQ(pulled->messages[0]->sys_flag & wire::kCompressedFlag, 0);
  EXPECT_EQ(pulled->messages[1]->sys_flag & wire::kCompressedFlag, wire::kCompressedFlag);
}

SIM_TEST(PullConsumer, CloseEndsAPull) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Puller puller(ctx, cluster);
  std::optional<ErrorCode> end;
  runtime::Gate gate;
  sim.runtime().executor().Spawn(gate, "pull", [&](Context& own) {
    end = puller->Pull(own, broker.Queue("orders", 0), QueueOffset{0}, {.suspend = minutes(1)})
              .error()
              .code();
  });
  ASSERT_TRUE(ctx.SleepFor(seconds(3)).has_value());
  EXPECT_THAT(broker.Members("billing"), SizeIs(1));

  puller->Close(ctx);

  EXPECT_EQ(end, ErrorCode::kCancelled);
  EXPECT_THAT(broker.Members("billing"), IsEmpty());
  EXPECT_EQ(puller->MinOffset(ctx, broker.Queue("orders", 0)).error().code(), ErrorCode::kClosed);
  gate.Close(ctx);
}

}  // namespace
}  // namespace rmq::client
