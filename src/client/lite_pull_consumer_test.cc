// CLIENT-56.
#include "client/lite_pull_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/fake_cluster_for_test.h"
#include "sim/sim_test.h"

namespace rmq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

LitePullOptions Options(bool auto_finish = true) {
  return {.consumer = {.group = "billing", .from = wire::ConsumeFromWhere::kFirstOffset},
          .auto_finish = auto_finish};
}

class Poller {
 public:
  Poller(Context& ctx, FakeCluster& cluster, LitePullOptions options = Options()) : ctx_(ctx) {
    client_ = ClientInstance::Create(cluster.sim().runtime(),
                                     {.name_servers = cluster.name_server_list()})
                  .value();
    consumer_ = LitePullConsumer::Create(*client_, std::move(options)).value();
  }
  ~Poller() {
    consumer_->Close(ctx_);
    client_->Close(ctx_);
  }
  LitePullConsumer* operator->() { return consumer_.get(); }
  std::vector<std::string> Poll(size_t max) {
    const auto messages = consumer_->Poll(ctx_, max, seconds(2));
    std::vector<std::string> bodies;
    if (!messages.has_value()) return {messages.error().ToString()};
    for (const MessagePtr& message : *messages) bodies.emplace_back(message->body.text());
    return bodies;
  }

 private:
  Context& ctx_;
  std::unique_ptr<ClientInstance> client_;
  std::unique_ptr<LitePullConsumer> consumer_;
};

void Append(FakeBroker& broker, int32_t queue, std::initializer_list<std::string_view> bodies) {
  for (const std::string_view body : bodies) broker.Append("orders", queue, body);
}

SIM_TEST(LitePullConsumer, HandsOutWhatItsSubscriptionBrings) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  Append(broker, 0, {"a", "b", "c"});
  ASSERT_TRUE(cluster.Start(ctx));
  Poller poller(ctx, cluster);
  ASSERT_TRUE(poller->Subscribe("orders", "*").has_value());
  ASSERT_TRUE(poller->Start(ctx).has_value());

  EXPECT_THAT(poller.Poll(2), ElementsAre("a", "b"));
  EXPECT_THAT(poller.Poll(2), ElementsAre("c"));
  EXPECT_THAT(poller.Poll(2), IsEmpty());
  EXPECT_EQ(broker.last_heartbeat().consumer_data_set.at(0).consume_type,
            wire::ConsumeType::kActively);
  EXPECT_THAT(broker.last_heartbeat().consumer_data_set.at(0).subscription_data_set, SizeIs(1));
}

SIM_TEST(LitePullConsumer, CommitsWhatTheNextPollHasFinished) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  Append(broker, 0, {"a", "b", "c", "d"});
  ASSERT_TRUE(cluster.Start(ctx));
  {
    Poller poller(ctx, cluster);
    ASSERT_TRUE(poller->Subscribe("orders", "*").has_value());
    ASSERT_TRUE(poller->Start(ctx).has_value());
    EXPECT_THAT(poller.Poll(2), ElementsAre("a", "b"));
    EXPECT_THAT(poller.Poll(1), ElementsAre("c"));
  }
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 2);
}

SIM_TEST(LitePullConsumer, CommitsWhatIsFinishedByHand) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  Append(broker, 0, {"a", "b", "c"});
  ASSERT_TRUE(cluster.Start(ctx));
  Poller poller(ctx, cluster, Options(/*auto_finish=*/false));
  ASSERT_TRUE(poller->Subscribe("orders", "*").has_value());
  ASSERT_TRUE(poller->Start(ctx).has_value());
  const auto messages = poller->Poll(ctx, 3, seconds(5));
  ASSERT_TRUE(messages.has_value());
  ASSERT_THAT(*messages, SizeIs(3));

  poller->Finish({&(*messages)[1], 1});
  ASSERT_TRUE(ctx.SleepFor(seconds(6)).has_value());
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 0);
  poller->Finish({&(*messages)[0], 1});
  ASSERT_TRUE(ctx.SleepFor(seconds(6)).has_value());
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 2);
}

SIM_TEST(LitePullConsumer, ReadsAssignedQueuesWhoeverElseThereIs) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 3);
  Append(broker, 0, {"a"});
  Append(broker, 1, {"b"});
  Append(broker, 2, {"c"});
  ASSERT_TRUE(cluster.Start(ctx));
  Poller one(ctx, cluster);
  Poller two(ctx, cluster);
  one->Assign({broker.Queue("orders", 0)});
  two->Assign({broker.Queue("orders", 0)});
  ASSERT_TRUE(one->Start(ctx).has_value());
  ASSERT_TRUE(two->Start(ctx).has_value());
  EXPECT_THAT(one.Poll(9), ElementsAre("a"));
  EXPECT_THAT(two.Poll(9), ElementsAre("a"));

  one->Assign({broker.Queue("orders", 2)});
  EXPECT_THAT(one.Poll(9), ElementsAre("c"));
  EXPECT_THAT(one->Owned(), SizeIs(1));
}

SIM_TEST(LitePullConsumer, SeeksBackAndForth) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  Append(broker, 0, {"a", "b", "c", "d"});
  ASSERT_TRUE(cluster.Start(ctx));
  Poller poller(ctx, cluster);
  poller->Assign({broker.Queue("orders", 0)});
  ASSERT_TRUE(poller->Start(ctx).has_value());
  EXPECT_THAT(poller.Poll(2), ElementsAre("a", "b"));

  poller->Seek(broker.Queue("orders", 0), QueueOffset{3});
  EXPECT_THAT(poller.Poll(9), ElementsAre("d"));
  poller->Seek(broker.Queue("orders", 0), QueueOffset{1});
  EXPECT_THAT(poller.Poll(9), ElementsAre("b", "c", "d"));
}

SIM_TEST(LitePullConsumer, CloseEndsAPoll) {
  FakeCluster cluster(sim);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Poller poller(ctx, cluster);
  ASSERT_TRUE(poller->Subscribe("orders", "*").has_value());
  ASSERT_TRUE(poller->Start(ctx).has_value());
  std::optional<ErrorCode> end;
  runtime::Gate gate;
  sim.runtime().executor().Spawn(
      gate, "poll", [&](Context& own) { end = poller->Poll(own, 1, hours(1)).error().code(); });
  ASSERT_TRUE(ctx.SleepFor(seconds(3)).has_value());

  poller->Close(ctx);

  EXPECT_EQ(end, ErrorCode::kClosed);
  EXPECT_EQ(poller->Poll(ctx, 1, hours(1)).error().code(), ErrorCode::kClosed);
  gate.Close(ctx);
}

}  // namespace
}  // namespace rmq::client
