// Ordered consumption: CLIENT-50 to CLIENT-54, museum M36.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "client/fake_cluster_for_test.h"
#include "client/push_consumer.h"
#include "sim/sim_test.h"

namespace rmq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::RequestCode;
using wire::ResponseCode;

PushConsumerOptions Options() {
  return {.group = "billing", .orderly = true, .from = wire::ConsumeFromWhere::kFirstOffset};
}

void Sleep(Context& ctx, nanoseconds time) {
  ASSERT_TRUE(ctx.SleepFor(time).has_value());
}

// One listener call, by whichever member.
struct Call {
  std::string member;
  MessageQueue queue;
  int64_t offset = 0;
  Tick begun;
  Tick ended = kNever;
};

// What all members of the group did.
class Record {
 public:
  size_t Begin(std::string member, const MessageExt& message, Tick now) {
    for (const Call& call : calls_) {
      // CLIENT-51: never two at a time in one queue, whoever they are.
      if (call.queue == message.queue) {
        EXPECT_NE(call.ended, kNever) << call.member << " and " << member;
      }
    }
    calls_.push_back({std::move(member), message.queue, message.queue_offset.value, now});
    return calls_.size() - 1;
  }
  void End(size_t number, Tick now) { calls_[number].ended = now; }

  // The offsets in the order in which they were begun.
  std::vector<int64_t> Offsets(const MessageQueue& queue) const {
    std::vector<int64_t> offsets;
    for (const Call& call : calls_) {
      if (call.queue == queue) offsets.push_back(call.offset);
    }
    return offsets;
  }
  // The same without repetitions: what is left must be 0, 1, 2, …
  void ExpectInOrder(const MessageQueue& queue, int64_t count) const {
    int64_t next = 0;
    for (const int64_t offset : Offsets(queue)) {
      EXPECT_LE(offset, next);
      next = std::max(next, offset + 1);
    }
    EXPECT_EQ(next, count);
  }
  const std::vector<Call>& calls() const { return calls_; }

 private:
  std::vector<Call> calls_;
};

class Member {
 public:
  using Answer = std::function<ConsumeResult(Context&, const MessageExt&, ConsumeContext&)>;

  Member(Context& ctx, FakeCluster& cluster, Record& record, Answer answer = nullptr,
         PushConsumerOptions options = Options())
      : ctx_(ctx), record_(record), answer_(std::move(answer)) {
    client_ = ClientInstance::Create(cluster.sim().runtime(),
                                     {.name_servers = cluster.name_server_list()})
                  .value();
    consumer_ = PushConsumer::Create(
                    *client_, std::move(options),
                    [this](Context& own, std::span<const MessagePtr> messages,
                           ConsumeContext& consume) { return Listen(own, messages, consume); })
                    .value();
    EXPECT_TRUE(consumer_->Subscribe("orders", "*").has_value());
    EXPECT_TRUE(consumer_->Start(ctx).has_value());
  }
  ~Member() { Close(); }
  void Close() {
    consumer_->Close(ctx_);
    closed_ = true;
    client_->Close(ctx_);
  }
  const std::string& id() const { return client_->client_id(); }
  std::map<MessageQueue, int64_t> owned() const {
    auto owned = consumer_->Owned();
    std::erase_if(owned, [](const auto& row) { return row.first.topic != "orders"; });
    return owned;
  }

 private:
  ConsumeResult Listen(Context& own, std::span<const MessagePtr> messages,
                       ConsumeContext& consume) {
    EXPECT_FALSE(closed_);
    const size_t number = record_.Begin(id(), *messages.front(), own.Now());
    ConsumeResult result = ConsumeResult::kSuccess;
    if (answer_) {
      result = answer_(own, *messages.front(), consume);
    } else if (!own.SleepFor(milliseconds(100)).has_value()) {
      result = ConsumeResult::kRetry;
    }
    record_.End(number, own.Now());
    return result;
  }

  Context& ctx_;
  Record& record_;
  const Answer answer_;
  std::unique_ptr<ClientInstance> client_;
  std::unique_ptr<PushConsumer> consumer_;
  bool closed_ = false;
};

void AppendNumbers(FakeBroker& broker, int32_t queue, int count) {
  for (int i = 0; i < count; ++i) broker.Append("orders", queue, fmt::to_string(i));
}

SIM_TEST(OrderlyConsumer, TakesOneMessageOfAQueueAfterTheOther) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  AppendNumbers(broker, 0, 20);
  AppendNumbers(broker, 1, 20);
  ASSERT_TRUE(cluster.Start(ctx));
  Record record;
  Member member(ctx, cluster, record);

  Sleep(ctx, seconds(10));

  record.ExpectInOrder(broker.Queue("orders", 0), 20);
  record.ExpectInOrder(broker.Queue("orders", 1), 20);
  EXPECT_EQ(record.calls().size(), 40u);
  // Both queues at the same time: 20 * 100 ms each.
  EXPECT_LT(record.calls().back().ended - record.calls().front().begun, milliseconds(2500));
  EXPECT_EQ(broker.LockOwner("billing", broker.Queue("orders", 0)), member.id());
}

// CLIENT-53.
SIM_TEST(OrderlyConsumer, AFailureStopsItsQueueForAMoment) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 4);
  ASSERT_TRUE(cluster.Start(ctx));
  Record record;
  std::vector<int32_t> times;
  Member member(ctx, cluster, record, [&](Context&, const MessageExt& message, ConsumeContext&) {
    if (message.queue_offset.value != 1) return ConsumeResult::kSuccess;
    times.push_back(message.reconsume_times);
    return times.size() < 4 ? ConsumeResult::kRetry : ConsumeResult::kSuccess;
  });

  Sleep(ctx, seconds(20));

  EXPECT_THAT(record.Offsets(broker.Queue("orders", 0)), ElementsAre(0, 1, 1, 1, 1, 2, 3));
  EXPECT_THAT(times, ElementsAre(0, 1, 2, 3));
  EXPECT_GE(record.calls()[2].begun - record.calls()[1].begun, seconds(1));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 4);
  EXPECT_EQ(broker.received(RequestCode::kConsumerSendMsgBack), 0);
}

// CLIENT-53.
SIM_TEST(OrderlyConsumer, AMessageThatFailsTooOftenGetsOutOfTheWay) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 3);
  ASSERT_TRUE(cluster.Start(ctx));
  Record record;
  PushConsumerOptions options = Options();
  options.max_reconsume = 2;
  Member member(
      ctx, cluster, record,
      [&](Context&, const MessageExt& message, ConsumeContext&) {
        return message.queue_offset.value == 1 ? ConsumeResult::kRetry : ConsumeResult::kSuccess;
      },
      options);

  Sleep(ctx, seconds(20));

  EXPECT_THAT(record.Offsets(broker.Queue("orders", 0)), ElementsAre(0, 1, 1, 1, 2));
  EXPECT_THAT(broker.Bodies("%DLQ%billing", 0), ElementsAre("1"));
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 3);
}

// CLIENT-50.
SIM_TEST(OrderlyConsumer, WaitsForAQueueThatSomebodyElseHasLocked) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 1);
  ASSERT_TRUE(cluster.Start(ctx));
  broker.StealLock("billing", broker.Queue("orders", 0), "somebody");
  Record record;
  Member member(ctx, cluster, record);

  Sleep(ctx, seconds(55));
  EXPECT_EQ(record.calls().size(), 0u);
  Sleep(ctx, seconds(30));  // The lock of somebody who renews it no more ends after 60 s.
  EXPECT_EQ(record.calls().size(), 1u);
}

// CLIENT-52: the broker gave the lock to somebody else, whatever the reason.
SIM_TEST(OrderlyConsumer, GivesUpAQueueWhoseLockItLost) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 3);
  ASSERT_TRUE(cluster.Start(ctx));
  Record record;
  Member member(ctx, cluster, record);
  Sleep(ctx, seconds(10));
  EXPECT_THAT(member.owned(), SizeIs(1));

  broker.StealLock("billing", broker.Queue("orders", 0), "somebody");
  broker.Commit("billing", "orders", 0, 7);  // By the new owner: nothing of ours may follow.
  Sleep(ctx, seconds(25));

  EXPECT_THAT(member.owned(), IsEmpty());
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 7);
}

// CLIENT-52: a broker keeps locks in memory, and after a restart gives them to who comes first.
SIM_TEST(OrderlyConsumer, TrustsNoLockOfABrokerThatWasAway) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 100);
  ASSERT_TRUE(cluster.Start(ctx));
  Record record;
  Member member(ctx, cluster, record);
  Sleep(ctx, seconds(4));
  cluster.Kill(broker);
  broker.SetJudge([](const wire::RemotingCommand& request) -> Verdict {
    if (request.request_code() != RequestCode::kLockBatchMq) return {};
    return {.refuse = ResponseCode::kSystemError};
  });
  ASSERT_TRUE(cluster.Start(ctx));
  broker.StealLock("billing", broker.Queue("orders", 0), "somebody");
  broker.SetJudge(nullptr);
  broker.Commit("billing", "orders", 0, 90);
  const size_t before = record.calls().size();
  Sleep(ctx, seconds(55));
  EXPECT_EQ(record.calls().size(), before);
  EXPECT_EQ(broker.Committed("billing", "orders", 0), 90);

  Sleep(ctx, seconds(40));
  EXPECT_THAT(record.Offsets(broker.Queue("orders", 0)).back(), 99);
  EXPECT_EQ(record.calls()[before].offset, 90);
}

// CLIENT-52: what the broker can't renew, it may give to others.
SIM_TEST(OrderlyConsumer, DoesNotConsumeOnALockThatRanOut) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  AppendNumbers(broker, 0, 200);
  ASSERT_TRUE(cluster.Start(ctx));
  Record record;
  PushConsumerOptions options = Options();
  options.pull_batch = 200;
  Member member(
      ctx, cluster, record,
      [](Context& own, const MessageExt&, ConsumeContext&) {
        return own.SleepFor(seconds(1)).has_value() ? ConsumeResult::kSuccess
                                                    : ConsumeResult::kRetry;
      },
      options);
  Sleep(ctx, seconds(5));
  const Tick cut = ctx.Now();
  sim.Partition({&sim.test_machine()}, {&broker.machine()});
  Sleep(ctx, minutes(2));

  ASSERT_FALSE(record.calls().empty());
  // Locked at most just before the cut, for 30 s.
  EXPECT_LE(record.calls().back().begun - cut, seconds(30));
  sim.Heal();
  Sleep(ctx, minutes(5));
  record.ExpectInOrder(broker.Queue("orders", 0), 200);
}

// CLIENT-54: the queue changes hands without an overlap and without a gap.
SIM_TEST(OrderlyConsumer, HandsAQueueOverInOrder) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  AppendNumbers(broker, 0, 150);
  AppendNumbers(broker, 1, 150);
  ASSERT_TRUE(cluster.Start(ctx));
  Record record;
  auto one = std::make_unique<Member>(ctx, cluster, record);
  Sleep(ctx, seconds(5));
  Member two(ctx, cluster, record);
  Sleep(ctx, seconds(5));
  EXPECT_THAT(one->owned(), SizeIs(1));
  EXPECT_THAT(two.owned(), SizeIs(1));
  one.reset();
  Sleep(ctx, seconds(40));

  record.ExpectInOrder(broker.Queue("orders", 0), 150);
  record.ExpectInOrder(broker.Queue("orders", 1), 150);
  // No message came twice: each was handed over between two calls.
  EXPECT_EQ(record.calls().size(), 300u);
}

// Members come and go, the broker restarts (and forgets its locks): within a queue, a message never
// begins before its predecessor was finished once, and no two members are at it at a time.
SIM_TEST_SEEDS(OrderlyConsumer, KeepsTheOrderWhateverHappens, /*seeds=*/30) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 2);
  AppendNumbers(broker, 0, 40);
  AppendNumbers(broker, 1, 40);
  ASSERT_TRUE(cluster.Start(ctx));
  runtime::Random& random = sim.runtime().random();
  Record record;
  const auto answer = [&](Context& own, const MessageExt&, ConsumeContext&) {
    const auto time = milliseconds(random.Draw("test: consume", 1, 800));
    if (!own.SleepFor(time).has_value()) return ConsumeResult::kRetry;
    return random.Draw("test: fail", 1, 8) == 7 ? ConsumeResult::kRetry : ConsumeResult::kSuccess;
  };
  PushConsumerOptions options = Options();
  options.order_pause = milliseconds(200);
  std::vector<std::unique_ptr<Member>> members;
  for (int step = 0; step < 6; ++step) {
    const uint64_t what = random.Draw("test: step", 1, 4);
    if (what == 0 || members.empty()) {
      members.push_back(std::make_unique<Member>(ctx, cluster, record, answer, options));
    } else if (what == 1) {
      members.erase(members.begin());
    } else if (what == 2) {
      sim.ResetConnections(sim.test_machine(), broker.machine());
    } else {
      // A listener at work can't be stopped: it has the time to end before others come.
      cluster.Kill(broker);
      Sleep(ctx, seconds(1));
      ASSERT_TRUE(cluster.Start(ctx));
    }
    Sleep(ctx, milliseconds(random.Draw("test: pause", 1, 8'000)));
  }
  if (members.empty()) {
    members.push_back(std::make_unique<Member>(ctx, cluster, record, answer, options));
  }
  Sleep(ctx, minutes(4));

  record.ExpectInOrder(broker.Queue("orders", 0), 40);
  record.ExpectInOrder(broker.Queue("orders", 1), 40);
  EXPECT_FALSE(broker.went_back());
}

}  // namespace
}  // namespace rmq::client
