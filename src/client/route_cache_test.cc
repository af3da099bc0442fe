// Routes and NameServers: CLIENT-4 to CLIENT-6, museum M25.
#include "client/route_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client_instance.h"
#include "client/fake_cluster_for_test.h"
#include "client/offset_calls.h"
#include "sim/sim_test.h"

namespace rmq::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class Client {
 public:
  Client(Context& ctx, FakeCluster& cluster) : ctx_(ctx) {
    client_ = ClientInstance::Create(cluster.sim().runtime(),
                                     {.name_servers = cluster.name_server_list()})
                  .value();
  }
  ~Client() { client_->Close(ctx_); }
  ClientInstance* operator->() { return client_.get(); }
  ClientInstance* instance() { return client_.get(); }
  Result<RoutePtr> Get(const std::string& topic) { return client_->routes().Get(ctx_, topic); }

 private:
  Context& ctx_;
  std::unique_ptr<ClientInstance> client_;
};

void Sleep(Context& ctx, nanoseconds time) {
  ASSERT_TRUE(ctx.SleepFor(time).has_value());
}

TEST(NameServers, AreListedWithSemicolonsOrCommas) {
  EXPECT_THAT(*NameServers::Parse("a:1;b:2, [::1]:3;"), ElementsAre("a:1", "b:2", "[::1]:3"));
  EXPECT_THAT(NameServers::Parse("a:1;b").error().message(), HasSubstr("b"));
  EXPECT_EQ(NameServers::Parse(" ; ").error().code(), ErrorCode::kInvalidArgument);
}

SIM_TEST(RouteCache, ListsQueuesByBrokerAndNumber) {
  FakeCluster cluster(sim);
  cluster.AddBroker("broker-b").AddTopic("orders", 1);
  cluster.AddBroker("broker-a").AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  Client client(ctx, cluster);

  const auto route = client.Get("orders");

  ASSERT_TRUE(route.has_value());
  EXPECT_THAT((*route)->write_queues(), ElementsAre(MessageQueue{"orders", "broker-a", 0},
                                                    MessageQueue{"orders", "broker-a", 1},
                                                    MessageQueue{"orders", "broker-b", 0}));
  EXPECT_EQ(client.Get("unknown").error().code(), ErrorCode::kNotFound);
}

SIM_TEST(RouteCache, AsksOnceForAllWhoWantATopic) {
  FakeCluster cluster(sim);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Client client(ctx, cluster);
  runtime::TaskGroup group(ctx);
  int got = 0;
  for (int i = 0; i < 10; ++i) {
    group.Spawn("ask", [&](Context& own) {
      got += client->routes().Get(own, "orders").has_value() ? 1 : 0;
    });
  }
  group.Wait();

  EXPECT_EQ(got, 10);
  EXPECT_EQ(cluster.name_server().questions(), 1);
}

// CLIENT-4.
SIM_TEST_SEEDS(RouteCache, AsksTheNextNameServerWhenOneIsSilent, /*seeds=*/8) {
  FakeCluster cluster(sim, /*name_servers=*/3);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  sim.Partition({&sim.test_machine()}, {&cluster.name_server_machine(0)});
  sim.Partition({&sim.test_machine()}, {&cluster.name_server_machine(1)});
  Client client(ctx, cluster);

  const Tick started = ctx.Now();
  ASSERT_TRUE(client.Get("orders").has_value());
  EXPECT_LE(ctx.Now() - started, milliseconds(2100));

  const Tick again = ctx.Now();
  ASSERT_TRUE(client->routes().Refresh(ctx, "orders").has_value());
  EXPECT_LE(ctx.Now() - again, milliseconds(100));
}

// CLIENT-4: one that was just started knows no topic yet.
SIM_TEST(RouteCache, AsksTheOthersWhenANameServerKnowsNoSuchTopic) {
  FakeCluster cluster(sim, /*name_servers=*/2);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Client client(ctx, cluster);
  for (size_t i = 0; i < 2; ++i) {
    cluster.name_server(i).set_empty(true);
    EXPECT_TRUE(client->routes().Refresh(ctx, "orders").has_value());
    cluster.name_server(i).set_empty(false);
  }
}

// CLIENT-6.
SIM_TEST(RouteCache, KeepsARouteThatNobodyKnowsAnyMore) {
  FakeCluster cluster(sim);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Client client(ctx, cluster);
  ASSERT_TRUE(client.Get("orders").has_value());

  cluster.name_server().set_empty(true);
  Sleep(ctx, minutes(1));
  EXPECT_TRUE(client.Get("orders").has_value());
  cluster.KillNameServer(0);
  Sleep(ctx, minutes(1));
  EXPECT_TRUE(client.Get("orders").has_value());
}

// CLIENT-1.
SIM_TEST(RouteCache, LearnsOfChangesWithinHalfAMinute) {
  FakeCluster cluster(sim);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  FakeBroker& b = cluster.AddBroker("broker-b");
  ASSERT_TRUE(cluster.Start(ctx));
  Client client(ctx, cluster);
  ASSERT_TRUE(client.Get("orders").has_value());
  b.AddTopic("orders", 3);
  Sleep(ctx, seconds(32));

  EXPECT_THAT((*client.Get("orders"))->write_queues(), SizeIs(4));
  EXPECT_EQ(client->routes().Address("broker-b", wire::kMasterId, true), b.address());

  cluster.name_server().hidden().insert("broker-b");
  Sleep(ctx, seconds(64));
  EXPECT_THAT((*client.Get("orders"))->write_queues(), SizeIs(1));
  EXPECT_EQ(client->routes().Address("broker-b", wire::kMasterId, true), std::nullopt);
}

SIM_TEST(RouteCache, ForgetsTopicsThatNobodyUses) {
  FakeCluster cluster(sim);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Client client(ctx, cluster);
  ASSERT_TRUE(client.Get("orders").has_value());
  Sleep(ctx, minutes(11));
  const int questions = cluster.name_server().questions();
  Sleep(ctx, minutes(5));

  EXPECT_EQ(cluster.name_server().questions(), questions);
}

// CLIENT-3.
SIM_TEST(ClientInstance, ConnectsAnewToABrokerThatAsksItToGoAway) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Client client(ctx, cluster);
  int asked = 0;
  broker.SetJudge([&](const wire::RemotingCommand&) -> Verdict {
    if (++asked > 1) return {};
    return {.refuse = wire::ResponseCode::kGoAway};
  });

  EXPECT_EQ(GetMaxOffset(ctx, *client.instance(), broker.Queue("orders", 0)).value(),
            QueueOffset{0});
  EXPECT_EQ(asked, 2);

  broker.SetJudge([](const wire::RemotingCommand&) -> Verdict {
    return {.refuse = wire::ResponseCode::kGoAway};
  });
  EXPECT_EQ(GetMaxOffset(ctx, *client.instance(), broker.Queue("orders", 0)).error().code(),
            ErrorCode::kRejected);
}

}  // namespace
}  // namespace rmq::client
