#include "client/push_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "client/fake_cluster_for_test.h"
#include "sim/sim_test.h"
#include "wire/client_headers.h"
#include "wire/json_bean.h"
#include "wire/name_rules.h"
#include "wire/offset_bodies.h"
#include "wire/offset_headers.h"

namespace rmq::client {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Le;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;
using wire::RequestCode;
using wire::ResponseCode;

// New groups begin at 0, so that tests see all messages.
PushConsumerOptions Options() {
  return {.group = "billing", .from = wire::ConsumeFromWhere::kFirstOffset};
}

// A consumer of "orders" and its client, closed together. What it received is kept in order.
class Reader {
 public:
  using Answer = std::function<ConsumeResult(Context&, const MessageExt&, ConsumeContext&)>;

  Reader(Context& ctx, FakeCluster& cluster, PushConsumerOptions options = Options(),
         std::string tags = "*", Answer answer = nullptr)
      : ctx_(ctx), answer_(std::move(answer)) {
    client_ = ClientInstance::Create(cluster.sim().runtime(),
                                     {.name_servers = cluster.name_server_list()})
                  .value();
    consumer_ = PushConsumer::Create(
                    *client_, std::move(options),
                    [this](Context& own, std::span<const MessagePtr> messages,
                           ConsumeContext& consume) { return Listen(own, messages, consume); })
                    .value();
    EXPECT_TRUE(consumer_->Subscribe("orders", tags).has_value());
    EXPECT_TRUE(consumer_->Start(ctx).has_value());
  }
  ~Reader() {
    if (!client_->runtime().executor().dead()) Close();
  }
  void Close() {
    consumer_->Close(ctx_);
    closed_ = true;
    client_->Close(ctx_);
  }

  PushConsumer* operator->() { return consumer_.get(); }
  const std::string& id() const { return client_->client_id(); }
  const std::vector<std::string>& bodies() const { return bodies_; }
  const std::vector<MessagePtr>& messages() const { return messages_; }
  int most_at_once() const { return most_at_once_; }
  std::set<int32_t> QueuesOfOrders() const {
    std::set<int32_t> ids;
    for (const auto& [queue, offset] : consumer_->Owned()) {
      if (queue.topic == "orders") ids.insert(queue.queue_id);
    }
    return ids;
  }

 private:
  ConsumeResult Listen(Context& own, std::span<const MessagePtr> messages,
                       ConsumeContext& consume) {
    EXPECT_FALSE(closed_);
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    ConsumeResult result = ConsumeResult::kSuccess;
    for (const MessagePtr& message : messages) {
      bodies_.emplace_back(message->body.text());
      messages_.push_back(std::make_shared<MessageExt>(*message));
      if (answer_) result = answer_(own, *message, consume);
    }
    --at_once_;
    return result;
  }

  Context& ctx_;
  const Answer answer_;
  std::unique_ptr<ClientInstance> client_;
  std::unique_ptr<PushConsumer> consumer_;
  std::vector<std::string> bodies_;
  std::vector<MessagePtr> messages_;
  int at_once_ = 0;
  int most_at_once_ = 0;
  bool closed_ = false;
};

void Sleep(Context& ctx, nanoseconds time) {
  ASSERT_TRUE(ctx.SleepFor(time).has_value());
}

std::vector<std::string> Numbers(int count) {
  std::vector<std::string> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(fmt::to_string(i));
  return numbers;
}

void AppendNumbers(FakeBroker& broker, int32_t queue, int count) {
  for (const std::string& number : Numbers(count)) broker.Append("orders", queue, number);
}

SIM_TEST(PushConsumer, GetsWhatIsThereAndWhatComes) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  broker.Append("orders", 0, "there");
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(1));
  EXPECT_THAT(reader.bodies(), ElementsAre("there"));

  broker.Append("orders", 1, "came");
  Sleep(ctx, milliseconds(100));

  EXPECT_THAT(reader.bodies(), ElementsAre("there", "came"));
  EXPECT_EQ(reader.messages()[1]->queue, broker.Queue("orders", 1));
  EXPECT_EQ(reader.messages()[1]->topic, "orders");
}

// CLIENT-30.
SIM_TEST(PushConsumer, RunsTwentyListenersUnlessToldOtherwise) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 64);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster, Options(), "*", [](Context& own, const MessageExt&, ConsumeContext&) {
    return own.SleepFor(seconds(1)).has_value() ? ConsumeResult::kSuccess : ConsumeResult::kRetry;
  });
  Sleep(ctx, seconds(10));

  EXPECT_THAT(reader.bodies(), SizeIs(64));
  EXPECT_EQ(reader.most_at_once(), 20);
  EXPECT_EQ(broker.pulls().front().max_msg_nums, 32);
}

// CLIENT-31, CLIENT-32 and CLIENT-45.
SIM_TEST(PushConsumer, SaysWhatItSubscribesToInHeartbeatsAndPulls) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 5);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster, Options(), "Aa || b");
  Sleep(ctx, seconds(10));

  ASSERT_THAT(broker.last_heartbeat().consumer_data_set, SizeIs(1));
  const wire::ConsumerData& data = broker.last_heartbeat().consumer_data_set.front();
  EXPECT_EQ(data.group_name, "billing");
  EXPECT_EQ(data.consume_type, wire::ConsumeType::kPassively);
  ASSERT_THAT(data.subscription_data_set, SizeIs(2));
  EXPECT_EQ(data.subscription_data_set[0].topic, "%RETRY%billing");
  EXPECT_EQ(data.subscription_data_set[0].sub_string, "*");
  EXPECT_EQ(data.subscription_data_set[1].topic, "orders");
  EXPECT_EQ(data.subscription_data_set[1].sub_string, "Aa || b");
  EXPECT_THAT(data.subscription_data_set[1].tags_set, ElementsAre("Aa", "b"));
  EXPECT_THAT(data.subscription_data_set[1].code_set, ElementsAre(98, 2112));
  for (const wire::PullMessageRequestHeader& pull : broker.pulls()) {
    if (pull.topic != "orders") continue;
    EXPECT_EQ(pull.subscription, "Aa || b");
    EXPECT_EQ(pull.sys_flag, 2 | 4);  // Wait for messages, here is the subscription; no commit.
    EXPECT_EQ(pull.suspend_timeout_millis, 15'000);
  }
}

SIM_TEST(PushConsumer, MembersOfAGroupShareTheQueues) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 4);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader one(ctx, cluster);
  Sleep(ctx, seconds(5));
  EXPECT_THAT(one.QueuesOfOrders(), ElementsAre(0, 1, 2, 3));

  auto two = std::make_unique<Reader>(ctx, cluster);
  Sleep(ctx, seconds(5));

  EXPECT_THAT(one.QueuesOfOrders(), SizeIs(2));
  EXPECT_THAT(two->QueuesOfOrders(), SizeIs(2));
  for (int32_t queue = 0; queue < 4; ++queue) AppendNumbers(broker, queue, 10);
  Sleep(ctx, seconds(1));
  EXPECT_THAT(one.bodies(), SizeIs(20));
  EXPECT_THAT(two->bodies(), SizeIs(20));

  two.reset();
  Sleep(ctx, seconds(5));
  EXPECT_THAT(one.QueuesOfOrders(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(one.bodies(), SizeIs(20));  // What the other had finished does not come again.
}

// CLIENT-44, invariant I6.
SIM_TEST(PushConsumer, CommitsNothingBeyondTheOldestUnfinishedMessage) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 10);
  ASSERT_TRUE(cluster.Start(ctx));
  bool release = false;
  Reader reader(ctx, cluster, Options(), "*",
                [&](Context& own, const MessageExt& message, ConsumeContext&) {
                  while (message.body.text() == "4" && !release) {
                    if (!own.SleepFor(seconds(1)).has_value()) return ConsumeResult::kRetry;
                  }
                  return ConsumeResult::kSuccess;
                });

  Sleep(ctx, seconds(20));
  EXPECT_THAT(reader.bodies(), UnorderedElementsAreArray(Numbers(10)));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 4);

  release = true;
  Sleep(ctx, seconds(10));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 10);
}

// CLIENT-34 and CLIENT-47.
SIM_TEST(PushConsumer, WhatFailsGoesBackAndComesAgainUnderItsOwnTopic) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 3);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster, Options(), "*",
                [](Context&, const MessageExt& message, ConsumeContext&) {
                  const bool fails = message.body.text() == "1" && message.reconsume_times == 0;
                  return fails ? ConsumeResult::kRetry : ConsumeResult::kSuccess;
                });

  Sleep(ctx, seconds(40));

  EXPECT_THAT(reader.bodies(), UnorderedElementsAre("0", "1", "2", "1"));
  EXPECT_EQ(reader.messages().back()->topic, "orders");
  EXPECT_EQ(reader.messages().back()->reconsume_times, 1);
  EXPECT_EQ(reader.messages().back()->queue.topic, "%RETRY%billing");
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 3);
  EXPECT_EQ(broker.Committed("billing", "%RETRY%billing", 0), 1);
}

SIM_TEST(PushConsumer, WhatFailsTooOftenGoesToTheDeadLetterTopic) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  broker.Append("orders", 0, "poison");
  ASSERT_TRUE(cluster.Start(ctx));
  PushConsumerOptions options = Options();
  options.max_reconsume = 2;
  Reader reader(ctx, cluster, options, "*",
                [](Context&, const MessageExt&, ConsumeContext&) { return ConsumeResult::kRetry; });

  Sleep(ctx, minutes(2));

  EXPECT_THAT(reader.bodies(), SizeIs(3));
  EXPECT_THAT(broker.Bodies("%DLQ%billing", 0), ElementsAre("poison"));
}

// CLIENT-47: nothing is lost when the broker does not take it back.
SIM_TEST(PushConsumer, WhatCannotGoBackComesAgainLocally) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 2);
  ASSERT_TRUE(cluster.Start(ctx));
  broker.SetJudge([](const wire::RemotingCommand& request) -> Verdict {
    if (request.request_code() != RequestCode::kConsumerSendMsgBack) return {};
    return {.refuse = ResponseCode::kSystemError};
  });
  int failures_left = 2;
  Reader reader(ctx, cluster, Options(), "*",
                [&](Context&, const MessageExt& message, ConsumeContext&) {
                  if (message.body.text() != "0" || failures_left-- <= 0) {
                    return ConsumeResult::kSuccess;
                  }
                  return ConsumeResult::kRetry;
                });

  Sleep(ctx, seconds(8));
  EXPECT_THAT(reader.bodies(), UnorderedElementsAre("0", "1", "0"));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 0);
  Sleep(ctx, seconds(12));
  EXPECT_THAT(reader.bodies(), UnorderedElementsAre("0", "1", "0", "0"));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 2);
}

// CLIENT-10: "Aa" and "BB" have one hash, and brokers compare hashes.
SIM_TEST(PushConsumer, ComparesTagsThemselves) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  broker.Append("orders", 0, "wanted", "Aa");
  broker.Append("orders", 0, "same hash", "BB");
  broker.Append("orders", 0, "other hash", "CC");
  broker.Append("orders", 0, "wanted too", "DD");
  broker.Append("orders", 0, "untagged");
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster, Options(), "Aa || DD");

  Sleep(ctx, seconds(10));

  EXPECT_THAT(reader.bodies(), UnorderedElementsAre("wanted", "wanted too"));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 5);
}

// CLIENT-42.
SIM_TEST(PushConsumer, PullsNoMoreThanItMayCache) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 200);
  ASSERT_TRUE(cluster.Start(ctx));
  PushConsumerOptions options = Options();
  options.max_cached_count = 40;
  options.concurrency = 1;
  int pulls = 0;
  bool release = false;
  Reader reader(ctx, cluster, options, "*", [&](Context& own, const MessageExt&, ConsumeContext&) {
    while (!release && own.SleepFor(seconds(1)).has_value()) {
    }
    return ConsumeResult::kSuccess;
  });
  Sleep(ctx, seconds(10));
  pulls = broker.received(RequestCode::kPullMessage);
  Sleep(ctx, seconds(10));

  // Two pulls of 32 fill the cache; the retry topic is pulled too.
  EXPECT_THAT(pulls, Le(4));
  EXPECT_THAT(broker.received(RequestCode::kPullMessage), Le(pulls + 1));
  release = true;
  Sleep(ctx, seconds(5));
  EXPECT_THAT(reader.bodies(), SizeIs(200));
}

SIM_TEST(PushConsumer, RunsAtMostAsManyListenersAsItMay) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 20);
  ASSERT_TRUE(cluster.Start(ctx));
  PushConsumerOptions options = Options();
  options.concurrency = 3;
  Reader reader(ctx, cluster, options, "*", [](Context& own, const MessageExt&, ConsumeContext&) {
    return own.SleepFor(seconds(1)).has_value() ? ConsumeResult::kSuccess : ConsumeResult::kRetry;
  });
  Sleep(ctx, seconds(15));

  EXPECT_THAT(reader.bodies(), SizeIs(20));
  EXPECT_EQ(reader.most_at_once(), 3);
}

SIM_TEST(PushConsumer, CloseCommitsWhatIsFinishedAndLeavesTheGroup) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(3));
  EXPECT_THAT(broker.Members("billing"), ElementsAre(reader.id()));
  AppendNumbers(broker, 0, 7);
  Sleep(ctx, milliseconds(50));

  reader.Close();

  EXPECT_EQ(broker.Committed("billing", "orders", 0), 7);
  EXPECT_THAT(broker.Members("billing"), IsEmpty());
}

// CLIENT-43, museum M30.
SIM_TEST(PushConsumer, ReadsOnAfterABrokerWasAway) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(5));
  cluster.Kill(broker);
  Sleep(ctx, minutes(3));
  ASSERT_TRUE(cluster.Start(ctx));
  broker.Append("orders", 0, "one");
  broker.Append("orders", 1, "two");
  Sleep(ctx, seconds(10));

  EXPECT_THAT(reader.bodies(), UnorderedElementsAre("one", "two"));
  EXPECT_THAT(broker.Members("billing"), ElementsAre(reader.id()));
}

// CLIENT-45, museum list A, 3: a broker writes offsets to its disk only now and then.
SIM_TEST(PushConsumer, CommitsAgainWhatARestartedBrokerHasForgotten) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 5);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(20));
  ASSERT_EQ(broker.Committed("billing", "orders", 0), 5);
  cluster.Kill(broker);
  broker.Commit("billing", "orders", 0, 2);
  ASSERT_TRUE(cluster.Start(ctx));
  Sleep(ctx, seconds(20));

  EXPECT_EQ(broker.Committed("billing", "orders", 0), 5);
  EXPECT_THAT(reader.bodies(), SizeIs(5));
}

// CLIENT-45: the last commit of the queue's former owner comes late.
SIM_TEST(PushConsumer, CommitsAgainWhatSomebodyElseHasOverwritten) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 5);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(20));
  ASSERT_EQ(broker.Committed("billing", "orders", 0), 5);
  broker.Commit("billing", "orders", 0, 2);
  Sleep(ctx, seconds(40));

  EXPECT_EQ(broker.Committed("billing", "orders", 0), 5);
}

// The connection hangs: nobody is told anything (half-open TCP).
SIM_TEST(PushConsumer, ReadsOnAfterAPartition) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(5));
  sim.Partition({&sim.test_machine()}, {&broker.machine()});
  broker.Append("orders", 0, "one");
  broker.Append("orders", 1, "two");
  Sleep(ctx, minutes(3));
  EXPECT_THAT(reader.bodies(), IsEmpty());
  sim.Heal();
  Sleep(ctx, seconds(40));

  EXPECT_THAT(reader.bodies(), IsSupersetOf({"one", "two"}));
}

SIM_TEST(PushConsumer, FindsATopicThatIsMadeLater) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("other", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(30));
  broker.AddTopic("orders", 1);
  broker.Append("orders", 0, "x");
  Sleep(ctx, seconds(25));

  EXPECT_THAT(reader.bodies(), ElementsAre("x"));
}

SIM_TEST(PushConsumer, TakesQueuesOfBrokersThatJoin) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  a.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(5));
  FakeBroker& b = cluster.AddBroker("broker-b");
  b.AddTopic("orders", 1);
  b.Append("orders", 0, "x");
  ASSERT_TRUE(cluster.Start(ctx));
  Sleep(ctx, seconds(35));

  EXPECT_THAT(reader.bodies(), ElementsAre("x"));
}

// CLIENT-40: a broker that was restarted lists nobody until the heartbeats have come.
SIM_TEST(PushConsumer, KeepsItsQueuesWhileTheBrokersDoNotKnowIt) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(5));
  broker.SetJudge([](const wire::RemotingCommand& request) -> Verdict {
    if (request.request_code() != RequestCode::kGetConsumerListByGroup) return {};
    return {.answer_body = R"({"consumerIdList":["somebody"]})"};
  });
  Sleep(ctx, minutes(1));
  broker.Append("orders", 0, "x");
  Sleep(ctx, seconds(1));

  EXPECT_THAT(reader.bodies(), ElementsAre("x"));
}

// A slave serves what the master has no longer in memory; what it says of offsets is not the truth,
// for it may be behind.
SIM_TEST(PushConsumer, ReadsFromASlaveButBelievesItNoOffsets) {
  FakeCluster cluster(sim);
  FakeBroker& master = cluster.AddBroker("broker-a");
  FakeBroker& slave = cluster.AddBroker("broker-a", /*id=*/1);
  for (FakeBroker* broker : {&master, &slave}) {
    broker->AddTopic("orders", 1);
    broker->set_suggested_id(1);
  }
  AppendNumbers(master, 0, 4);
  AppendNumbers(slave, 0, 4);
  ASSERT_TRUE(cluster.Start(ctx));
  PushConsumerOptions options = Options();
  options.pull_batch = 1;
  Reader reader(ctx, cluster, options);
  Sleep(ctx, seconds(5));
  EXPECT_GE(slave.received(RequestCode::kPullMessage), 3);
  master.Append("orders", 0, "4");
  slave.Truncate("orders", 0, 2);
  slave.Append("orders", 0, "wakes the pull that waits");
  Sleep(ctx, seconds(30));

  EXPECT_EQ(reader.bodies().back(), "4");
  EXPECT_THAT(reader.bodies(), SizeIs(5));
  EXPECT_EQ(master.Committed("billing", "orders", 0), 5);
}

// CLIENT-46, museum M27: what the broker could not say is not "none".
SIM_TEST(PushConsumer, DoesNotBeginAnewWhenItsOffsetCannotBeRead) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 5);
  broker.Commit("billing", "orders", 0, 4);
  ASSERT_TRUE(cluster.Start(ctx));
  int questions = 0;
  broker.SetJudge([&](const wire::RemotingCommand& request) -> Verdict {
    if (request.request_code() != RequestCode::kQueryConsumerOffset || ++questions > 6) return {};
    return questions % 2 == 0 ? Verdict{.ignore = true}
                              : Verdict{.refuse = ResponseCode::kSystemError};
  });
  Reader reader(ctx, cluster);
  Sleep(ctx, minutes(1));

  EXPECT_THAT(reader.bodies(), ElementsAre("4"));
}

// CLIENT-48.
SIM_TEST(PushConsumer, BeginsWhereItIsTold) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 5);
  broker.DeleteBefore("orders", 0, 2);
  ASSERT_TRUE(cluster.Start(ctx));
  PushConsumerOptions first = Options();
  PushConsumerOptions last = Options();
  first.group = "first";
  last.group = "last";
  last.from = wire::ConsumeFromWhere::kLastOffset;
  Reader from_first(ctx, cluster, first);
  Reader from_last(ctx, cluster, last);
  Sleep(ctx, seconds(5));
  broker.Append("orders", 0, "new");
  Sleep(ctx, seconds(5));

  EXPECT_THAT(from_first.bodies(), UnorderedElementsAre("2", "3", "4", "new"));
  EXPECT_THAT(from_last.bodies(), ElementsAre("new"));
}

// CLIENT-49: retention deleted what it had not read yet.
SIM_TEST(PushConsumer, SkipsWhatTheBrokerHasDeleted) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 5);
  broker.DeleteBefore("orders", 0, 3);
  broker.Commit("billing", "orders", 0, 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(10));

  EXPECT_THAT(reader.bodies(), UnorderedElementsAre("3", "4"));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 5);
}

// CLIENT-49: after a power cut the broker lacks its newest messages, and numbers new ones alike.
SIM_TEST(PushConsumer, GoesBackWhenTheBrokerLostItsNewestMessages) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 8);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(10));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 8);
  cluster.Kill(broker);
  broker.Truncate("orders", 0, 6);
  ASSERT_TRUE(cluster.Start(ctx));
  Sleep(ctx, seconds(10));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 6);

  broker.Append("orders", 0, "new 6");
  Sleep(ctx, seconds(10));

  EXPECT_THAT(reader.bodies(), SizeIs(9));
  EXPECT_EQ(reader.bodies().back(), "new 6");
}

// CLIENT-49: what is cached and survived is given up with the queue, and has to come again.
SIM_TEST(PushConsumer, SkipsNothingThatItHasCachedWhenTheBrokerLostItsNewestMessages) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 8);
  ASSERT_TRUE(cluster.Start(ctx));
  PushConsumerOptions options = Options();
  options.concurrency = 1;
  Reader reader(ctx, cluster, options, "*", [](Context& own, const MessageExt&, ConsumeContext&) {
    return own.SleepFor(seconds(4)).has_value() ? ConsumeResult::kSuccess : ConsumeResult::kRetry;
  });
  Sleep(ctx, seconds(3));
  cluster.Kill(broker);
  broker.Truncate("orders", 0, 6);
  ASSERT_TRUE(cluster.Start(ctx));
  Sleep(ctx, minutes(2));

  EXPECT_THAT(reader.bodies(), IsSupersetOf({"0", "1", "2", "3", "4", "5"}));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 6);
}

SIM_TEST(PushConsumer, TakesUpSubscriptionsAndDropsThem) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  broker.AddTopic("bills", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(3));
  ASSERT_TRUE(reader->Subscribe("bills", "*").has_value());
  EXPECT_FALSE(reader->Subscribe("bills", "||").has_value());
  broker.Append("bills", 0, "bill");
  Sleep(ctx, seconds(3));
  EXPECT_THAT(reader.bodies(), ElementsAre("bill"));

  reader->Unsubscribe("bills");
  Sleep(ctx, seconds(3));
  broker.Append("bills", 0, "unwanted");
  Sleep(ctx, seconds(3));

  EXPECT_THAT(reader.bodies(), ElementsAre("bill"));
  EXPECT_EQ(broker.Committed("billing", "bills", 0), 1);
}

SIM_TEST(PushConsumer, SuspendsAndResumes) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(3));
  reader->Suspend();
  Sleep(ctx, seconds(20));  // The pull under way ends.
  broker.Append("orders", 0, "x");
  Sleep(ctx, seconds(20));
  EXPECT_THAT(reader.bodies(), IsEmpty());

  reader->Resume();
  Sleep(ctx, seconds(1));
  EXPECT_THAT(reader.bodies(), ElementsAre("x"));
}

// CLIENT-55.
SIM_TEST(PushConsumer, BroadcastingGivesEveryMemberEverythingAndRemembersLocally) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  PushConsumerOptions options = Options();
  options.model = wire::MessageModel::kBroadcasting;
  options.offset_directory = "/one";
  PushConsumerOptions other = options;
  other.offset_directory = "/two";
  {
    Reader one(ctx, cluster, options);
    Reader two(ctx, cluster, other);
    Sleep(ctx, seconds(3));
    broker.Append("orders", 0, "a");
    broker.Append("orders", 1, "b");
    Sleep(ctx, seconds(1));
    EXPECT_THAT(one.bodies(), UnorderedElementsAre("a", "b"));
    EXPECT_THAT(two.bodies(), UnorderedElementsAre("a", "b"));
  }
  broker.Append("orders", 0, "c");

  Reader again(ctx, cluster, options);
  Sleep(ctx, seconds(3));

  EXPECT_THAT(again.bodies(), ElementsAre("c"));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), std::nullopt);
}

// --- what brokers ask (CLIENT-8) ---

SIM_TEST(PushConsumer, ResetsItsOffsetsWhenItIsTold) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  AppendNumbers(broker, 0, 5);
  AppendNumbers(broker, 1, 5);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(10));
  EXPECT_THAT(reader.bodies(), SizeIs(10));

  wire::RemotingCommand request =
      wire::MakeRequest(RequestCode::kResetConsumerClientOffset,
                        wire::ResetOffsetRequestHeader{.group = "billing", .topic = "orders"});
  wire::ResetOffsetBodyForC body;
  body.offset_table.push_back(
      {.broker_name = "broker-a", .offset = 3, .queue_id = 0, .topic = "orders"});
  request.body = Bytes::Copy(wire::ToJson(body));
  broker.Tell(reader.id(), request);
  Sleep(ctx, seconds(10));
  EXPECT_THAT(reader.bodies(), SizeIs(12));

  // As Java clients get it.
  request.body = Bytes::Copy(
      wire::ToJson(wire::ResetOffsetBody{.offset_table = {{broker.Queue("orders", 1), 1}}}));
  broker.Tell(reader.id(), request);
  Sleep(ctx, seconds(10));
  EXPECT_THAT(reader.bodies(), SizeIs(16));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 5);
  EXPECT_EQ(broker.Committed("billing", "orders", 1), 5);
}

SIM_TEST(PushConsumer, TellsBrokersHowItIs) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 5);
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(10));

  const auto info =
      broker.Ask(ctx, reader.id(),
                 wire::MakeRequest(RequestCode::kGetConsumerRunningInfo,
                                   wire::GetConsumerRunningInfoRequestHeader{
                                       .consumer_group = "billing", .client_id = reader.id()}));
  ASSERT_TRUE(info.has_value());
  const auto running = wire::FromJson<wire::ConsumerRunningInfo>(info->body);
  ASSERT_TRUE(running.has_value());
  EXPECT_EQ(running->mq_table.at(broker.Queue("orders", 0)).commit_offset, 5);

  const auto status = broker.Ask(ctx, reader.id(),
                                 wire::MakeRequest(RequestCode::kGetConsumerStatusFromClient,
                                                   wire::GetConsumerStatusRequestHeader{
                                                       .topic = "orders", .group = "billing"}));
  ASSERT_TRUE(status.has_value());
  const auto offsets = wire::FromJson<wire::GetConsumerStatusBody>(status->body);
  ASSERT_TRUE(offsets.has_value());
  EXPECT_EQ(offsets->message_queue_table,
            (std::map<MessageQueue, int64_t>{{broker.Queue("orders", 0), 5}}));

  const auto unknown = broker.Ask(ctx, reader.id(), wire::MakeRequest(RequestCode::kSendMessage));
  ASSERT_TRUE(unknown.has_value());
  EXPECT_EQ(unknown->response_code(), ResponseCode::kRequestCodeNotSupported);
}

SIM_TEST(PushConsumer, ConsumesAMessageDirectlyWhenItIsAsked) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  broker.Append("orders", 0, "x");
  ASSERT_TRUE(cluster.Start(ctx));
  Reader reader(ctx, cluster);
  Sleep(ctx, seconds(10));

  wire::RemotingCommand request = wire::MakeRequest(
      RequestCode::kConsumeMessageDirectly,
      wire::ConsumeMessageDirectlyResultRequestHeader{.consumer_group = "billing"});
  request.body = broker.Record("orders", 0, 0);
  const auto answer = broker.Ask(ctx, reader.id(), request);

  ASSERT_TRUE(answer.has_value());
  const auto result = wire::FromJson<wire::ConsumeMessageDirectlyResult>(answer->body);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->consume_result, wire::CMResult::kSuccess);
  EXPECT_THAT(reader.bodies(), ElementsAre("x", "x"));
}

// --- at any time ---

// CLIENT-9. Two members, one of which closes when it likes: no listener call afterwards (see
// Reader), and together they read everything.
SIM_TEST_SEEDS(PushConsumer, CanBeClosedAtAnyTime, /*seeds=*/40) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 2);
  b.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  runtime::Random& random = sim.runtime().random();
  PushConsumerOptions options = Options();
  options.close_grace = milliseconds(500);
  const auto slow = [&](Context& own, const MessageExt& message, ConsumeContext&) {
    const auto time = milliseconds(random.Draw("test: consume", 1, 1500));
    if (!own.SleepFor(time).has_value()) return ConsumeResult::kRetry;
    const bool fails = message.reconsume_times == 0 && random.Draw("test: fail", 1, 5) == 4;
    return fails ? ConsumeResult::kRetry : ConsumeResult::kSuccess;
  };
  Reader stays(ctx, cluster, options, "*", slow);
  auto leaves = std::make_unique<Reader>(ctx, cluster, options, "*", slow);
  std::vector<std::string> all;
  const auto append = [&](int round) {
    for (int i = 0; i < 20; ++i) {
      all.push_back(fmt::format("{}-{}", round, i));
      (i % 2 == 0 ? a : b).Append("orders", (i / 2) % 2, all.back());
    }
  };
  append(1);
  Sleep(ctx, milliseconds(random.Draw("test: close", 1, 12'000)));
  append(2);
  Sleep(ctx, milliseconds(random.Draw("test: close", 2, 2'000)));

  leaves->Close();
  append(3);
  Sleep(ctx, minutes(3));

  std::vector<std::string> read = stays.bodies();
  read.insert(read.end(), leaves->bodies().begin(), leaves->bodies().end());
  EXPECT_THAT(read, IsSupersetOf(all));
  // CLIENT-45.
  EXPECT_FALSE(a.went_back() || b.went_back());
  for (int32_t queue = 0; queue < 2; ++queue) {
    EXPECT_EQ(a.Committed("billing", "orders", queue), a.Bodies("orders", queue).size());
    EXPECT_EQ(b.Committed("billing", "orders", queue), b.Bodies("orders", queue).size());
  }
}

// The consumer's own process dies: the next one goes on where it had committed.
SIM_TEST_SEEDS(PushConsumer, ACrashLosesNoMessage, /*seeds=*/20) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  sim::Machine& machine = sim.AddMachine("reader");
  std::vector<std::string> finished;
  sim::Process& process =
      sim.Start(machine, "reader", [&](Context& own, runtime::Runtime& runtime) {
        auto client =
            ClientInstance::Create(runtime, {.name_servers = cluster.name_server_list()}).value();
        auto consumer = PushConsumer::Create(
                            *client, Options(),
                            [&](Context& c, std::span<const MessagePtr> messages, ConsumeContext&) {
                              if (!c.SleepFor(milliseconds(700)).has_value())
                                return ConsumeResult::kRetry;
                              finished.emplace_back(messages.front()->body.text());
                              return ConsumeResult::kSuccess;
                            })
                            .value();
        static_cast<void>(consumer->Subscribe("orders", "*"));
        static_cast<void>(consumer->Start(own));
        static_cast<void>(own.SleepFor(hours(1)));
      });
  AppendNumbers(broker, 0, 50);
  AppendNumbers(broker, 1, 50);
  Sleep(ctx, milliseconds(sim.runtime().random().Draw("test: kill", 1, 9'000)));
  sim.Kill(process);
  const std::vector<std::string> before = finished;
  Sleep(ctx, seconds(2));
  EXPECT_EQ(finished, before);

  Reader reader(ctx, cluster);
  Sleep(ctx, minutes(3));

  std::vector<std::string> expected = Numbers(50);
  const std::vector<std::string> twice = Numbers(50);
  expected.insert(expected.end(), twice.begin(), twice.end());
  std::vector<std::string> read = before;
  read.insert(read.end(), reader.bodies().begin(), reader.bodies().end());
  EXPECT_THAT(read, IsSupersetOf(expected));
}

}  // namespace
}  // namespace rmq::client
