#include "client/producer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/fake_cluster_for_test.h"
#include "sim/sim_test.h"
#include "wire/compression.h"

namespace rmq::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using wire::RequestCode;
using wire::ResponseCode;

Message MessageOf(std::string_view topic, std::string_view body) {
  Message message;
  message.topic = topic;
  message.body = Bytes::Copy(body);
  return message;
}

Verdict RefuseSends(const wire::RemotingCommand& request, ResponseCode code) {
  if (request.request_code() != RequestCode::kSendMessageV2) return {};
  return {.refuse = code};
}

Judge RefusesSends(ResponseCode code) {
  return [code](const wire::RemotingCommand& request) { return RefuseSends(request, code); };
}

Judge IgnoresSends() {
  return [](const wire::RemotingCommand& request) -> Verdict {
    return {.ignore = request.request_code() == RequestCode::kSendMessageV2};
  };
}

// A producer and its client, closed together.
class Sender {
 public:
  Sender(Context& ctx, FakeCluster& cluster, ProducerOptions options = {.group = "senders"})
      : ctx_(ctx) {
    client_ = ClientInstance::Create(cluster.sim().runtime(),
                                     {.name_servers = cluster.name_server_list()})
                  .value();
    producer_ = Producer::Create(*client_, std::move(options)).value();
  }
  ~Sender() {
    if (client_->runtime().executor().dead()) return;
    producer_->Close(ctx_);
    client_->Close(ctx_);
  }
  Producer* operator->() { return producer_.get(); }
  Producer& operator*() { return *producer_; }
  ClientInstance& client() { return *client_; }

 private:
  Context& ctx_;
  std::unique_ptr<ClientInstance> client_;
  std::unique_ptr<Producer> producer_;
};

SIM_TEST(Producer, StoresAMessageAndSaysWhere) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  ASSERT_TRUE(sender->Send(ctx, MessageOf("orders", "first")).has_value());
  const auto second = sender->Send(ctx, MessageOf("orders", "second"));

  ASSERT_TRUE(second.has_value()) << second.error().ToString();
  EXPECT_EQ(second->status, SendStatus::kSendOk);
  EXPECT_EQ(second->queue, broker.Queue("orders", 0));
  EXPECT_EQ(second->queue_offset, QueueOffset{1});
  EXPECT_EQ(second->msg_id.size(), 32u);
  EXPECT_EQ(second->offset_msg_id, "offset-id");
  EXPECT_THAT(broker.Bodies("orders", 0), ElementsAre("first", "second"));
}

SIM_TEST(Producer, GivesEachQueueItsTurn) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 2);
  b.AddTopic("orders", 2);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(sender->Send(ctx, MessageOf("orders", "x")).has_value());
  }

  EXPECT_THAT(a.Bodies("orders", 0), SizeIs(2));
  EXPECT_THAT(a.Bodies("orders", 1), SizeIs(2));
  EXPECT_THAT(b.Bodies("orders", 0), SizeIs(2));
  EXPECT_THAT(b.Bodies("orders", 1), SizeIs(2));
}

// CLIENT-23.
SIM_TEST(Producer, SendsWhatTheMessageSaysAsProperties) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);
  Message message = MessageOf("orders", "body");
  message.tags = "paid";
  message.keys = {"k1", "k2"};
  message.sharding_key = "customer";
  message.delay_level = 3;
  message.wait_store_ok = false;
  message.flag = 7;
  message.properties.Set("color", "red");

  const auto sent = sender->Send(ctx, message);

  ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
  ASSERT_THAT(broker.sends(), SizeIs(1));
  const wire::SendMessageRequestHeader& header = broker.sends().front();
  EXPECT_EQ(header.flag, 7);
  EXPECT_EQ(header.producer_group, "senders");
  const wire::PropertiesView properties(header.properties);
  EXPECT_EQ(properties.Find("color"), "red");
  EXPECT_EQ(properties.Find(wire::kPropertyTags), "paid");
  EXPECT_EQ(properties.Find(wire::kPropertyKeys), "k1 k2");
  EXPECT_EQ(properties.Find(wire::kPropertyShardingKey), "customer");
  EXPECT_EQ(properties.Find(wire::kPropertyDelayTimeLevel), "3");
  EXPECT_EQ(properties.Find(wire::kPropertyWaitStoreMsgOk), "false");
  EXPECT_EQ(properties.Find(wire::kPropertyUniqKey), sent->msg_id);
}

// CLIENT-24.
SIM_TEST(Producer, CompressesLargeBodiesAlone) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const std::string at_limit(4096, 'x');
  const std::string large(200'000, 'x');
  ASSERT_TRUE(sender->Send(ctx, MessageOf("orders", at_limit)).has_value());
  ASSERT_TRUE(sender->Send(ctx, MessageOf("orders", large)).has_value());

  EXPECT_EQ(broker.sends()[0].sys_flag, 0);
  EXPECT_EQ(broker.sends()[1].sys_flag, wire::WithCompression(0, wire::CompressionType::kZlib));
  const std::vector<std::string> bodies = broker.Bodies("orders", 0);
  EXPECT_EQ(bodies[0], at_limit);
  EXPECT_LT(bodies[1].size(), 10'000u);
  EXPECT_EQ(wire::Decompress(wire::CompressionType::kZlib, AsBytes(bodies[1]), 1'000'000).value(),
            large);
}

// CLIENT-29.
SIM_TEST(Producer, TriesAnotherBrokerWhenOneIsBusy) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 4);
  b.AddTopic("orders", 4);
  a.SetJudge(RefusesSends(ResponseCode::kSystemBusy));
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  for (int i = 0; i < 6; ++i) {
    const auto sent = sender->Send(ctx, MessageOf("orders", "x"));
    ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
    EXPECT_EQ(sent->queue.broker_name, "broker-b");
  }

  EXPECT_THAT(b.AllBodies("orders"), SizeIs(6));
  // CLIENT-28: having failed, it is avoided.
  EXPECT_EQ(a.received(RequestCode::kSendMessageV2), 1);
}

// CLIENT-29.
SIM_TEST(Producer, DoesNotInsistOnAMessageThatIsIllegal) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 4);
  broker.SetJudge(RefusesSends(ResponseCode::kMessageIllegal));
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const auto sent = sender->Send(ctx, MessageOf("orders", "x"));

  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error().code(), ErrorCode::kRejected);
  EXPECT_THAT(sent.error().message(), HasSubstr("MESSAGE_ILLEGAL(13): as wanted"));
  EXPECT_EQ(broker.received(RequestCode::kSendMessageV2), 1);
}

// CLIENT-27, museum M30: with three seconds for everything, a broker that says nothing may not have
// all of them.
SIM_TEST(Producer, ASilentBrokerLeavesTimeForTheOthers) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 1);
  b.AddTopic("orders", 1);
  a.SetJudge(IgnoresSends());
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  for (int i = 0; i < 2; ++i) {
    const Tick started = ctx.Now();
    const auto sent = sender->Send(ctx, MessageOf("orders", "x"));
    ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
    EXPECT_LE(ctx.Now() - started, seconds(2));
  }
  EXPECT_THAT(b.AllBodies("orders"), SizeIs(2));
}

// The same when nothing at all comes through, not even the connect.
SIM_TEST(Producer, AnUnreachableBrokerLeavesTimeForTheOthers) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 1);
  b.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  sim.Partition({&sim.test_machine()}, {&a.machine()});
  Sender sender(ctx, cluster);

  for (int i = 0; i < 2; ++i) {
    const Tick started = ctx.Now();
    const auto sent = sender->Send(ctx, MessageOf("orders", "x"));
    ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
    EXPECT_LE(ctx.Now() - started, seconds(2));
  }
  EXPECT_THAT(b.AllBodies("orders"), SizeIs(2));
}

// CLIENT-27: dividing the time would only make duplicates.
SIM_TEST(Producer, TheOnlyBrokerMayTakeAllTheTime) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 4);
  broker.SetJudge(
      [](const wire::RemotingCommand&) -> Verdict { return {.delay = milliseconds(2500)}; });
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const auto sent = sender->Send(ctx, MessageOf("orders", "x"));

  ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
  EXPECT_THAT(broker.AllBodies("orders"), ElementsAre("x"));
}

// CLIENT-20.
SIM_TEST(Producer, KeepsToItsDeadline) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  for (FakeBroker* broker : {&a, &b}) {
    broker->AddTopic("orders", 1);
    broker->SetJudge(IgnoresSends());
  }
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const Tick started = ctx.Now();
  const auto sent = sender->Send(ctx, MessageOf("orders", "x"));

  EXPECT_EQ(sent.error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_LE(ctx.Now() - started, milliseconds(3010));
}

// One attempt got no answer, the next was refused: the refusal is not the whole truth.
SIM_TEST(Producer, SaysThatAMessageMayHaveBeenStored) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 1);
  b.AddTopic("orders", 1);
  int sends = 0;
  const Judge judge = [&](const wire::RemotingCommand& request) -> Verdict {
    if (request.request_code() != RequestCode::kSendMessageV2) return {};
    if (++sends == 1) return {.ignore = true};
    return {.refuse = ResponseCode::kMessageIllegal};
  };
  a.SetJudge(judge);
  b.SetJudge(judge);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const auto sent = sender->Send(ctx, MessageOf("orders", "x"));

  EXPECT_EQ(sends, 2);
  EXPECT_EQ(sent.error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(sent.error().message(), HasSubstr("MESSAGE_ILLEGAL"));
}

SIM_TEST(Producer, StoredButNotFlushedIsASuccessWithAStatus) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  broker.SetJudge([](const wire::RemotingCommand& request) -> Verdict {
    if (request.request_code() != RequestCode::kSendMessageV2) return {};
    return {.answer_code = ResponseCode::kFlushDiskTimeout};
  });
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const auto sent = sender->Send(ctx, MessageOf("orders", "x"));

  ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
  EXPECT_EQ(sent->status, SendStatus::kFlushDiskTimeout);
  EXPECT_EQ(broker.received(RequestCode::kSendMessageV2), 1);
}

// CLIENT-26.
SIM_TEST(Producer, MessagesWithOneShardingKeyShareAQueue) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 8);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  // "a".hashCode() is 97, "b" 98, "Aa" 2112.
  for (const char* key : {"a", "b", "Aa", "a", "b"}) {
    Message message = MessageOf("orders", key);
    message.sharding_key = key;
    ASSERT_TRUE(sender->Send(ctx, message).has_value());
  }

  EXPECT_THAT(broker.Bodies("orders", 97 % 8), ElementsAre("a", "a"));
  EXPECT_THAT(broker.Bodies("orders", 98 % 8), ElementsAre("b", "b"));
  EXPECT_THAT(broker.Bodies("orders", 2112 % 8), ElementsAre("Aa"));
}

// CLIENT-26: a second copy might come after the next message.
SIM_TEST(Producer, ASendBoundToAQueueIsRepeatedOnlyAfterARefusal) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 4);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);
  const SendOptions to_queue{.queue = broker.Queue("orders", 2)};

  int sends = 0;
  broker.SetJudge([&](const wire::RemotingCommand& request) -> Verdict {
    if (request.request_code() != RequestCode::kSendMessageV2 || ++sends > 1) return {};
    return {.refuse = ResponseCode::kSystemBusy};
  });
  const auto refused_first = sender->Send(ctx, MessageOf("orders", "x"), to_queue);
  ASSERT_TRUE(refused_first.has_value()) << refused_first.error().ToString();
  EXPECT_EQ(sends, 2);
  EXPECT_THAT(broker.Bodies("orders", 2), ElementsAre("x"));

  broker.SetJudge(IgnoresSends());
  runtime::Gate gate;
  sim.runtime().executor().Spawn(gate, "reset", [&](Context& own) {
    ASSERT_TRUE(own.SleepFor(milliseconds(500)).has_value());
    sim.ResetConnections(sim.test_machine(), broker.machine());
  });
  const auto unknown = sender->Send(ctx, MessageOf("orders", "y"), to_queue);
  EXPECT_EQ(unknown.error().code(), ErrorCode::kConnectionReset);
  EXPECT_EQ(broker.received(RequestCode::kSendMessageV2), 3);
  gate.Close(ctx);
}

// CLIENT-5.
SIM_TEST(Producer, SendingCreatesATopicWhereTheDefaultTopicIs) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("TBW102", 8);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const auto queues = sender->FetchQueues(ctx, "new-topic");
  const auto sent = sender->Send(ctx, MessageOf("new-topic", "x"));

  ASSERT_TRUE(queues.has_value()) << queues.error().ToString();
  EXPECT_THAT(*queues, SizeIs(4));
  ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
  EXPECT_EQ(broker.topics().at("new-topic"), 4);
}

SIM_TEST(Producer, SaysThatThereIsNoSuchTopic) {
  FakeCluster cluster(sim);
  cluster.AddBroker("broker-a").AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const auto sent = sender->Send(ctx, MessageOf("unknown", "x"));

  EXPECT_EQ(sent.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(sent.error().message(), HasSubstr("unknown"));
}

// CLIENT-22.
SIM_TEST(Producer, RefusesMessagesThatNoBrokerWouldTake) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster, {.group = "senders", .max_message_size = 10});
  const auto refusal_of = [&](const Message& message) {
    const auto sent = sender->Send(ctx, message);
    return sent.has_value() ? ErrorCode::kAlreadyExists : sent.error().code();
  };

  Message message = MessageOf("orders", "x");
  EXPECT_EQ(refusal_of(MessageOf("", "x")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal_of(MessageOf("white space", "x")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal_of(MessageOf("SCHEDULE_TOPIC_XXXX", "x")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal_of(MessageOf("orders", "")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal_of(MessageOf("orders", "eleven byte")), ErrorCode::kInvalidArgument);
  message.properties.Set("UNIQ_KEY", "mine");
  EXPECT_EQ(refusal_of(message), ErrorCode::kInvalidArgument);
  message = MessageOf("orders", "x");
  message.keys = {"two words"};
  EXPECT_EQ(refusal_of(message), ErrorCode::kInvalidArgument);
  message = MessageOf("orders", "x");
  message.tags =
      "a\x02"
      "b";
  EXPECT_EQ(refusal_of(message), ErrorCode::kInvalidArgument);
  message = MessageOf("orders", "x");
  message.properties.Set("large", std::string(40'000, 'p'));
  EXPECT_EQ(refusal_of(message), ErrorCode::kInvalidArgument);
  EXPECT_THAT(broker.sends(), IsEmpty());
}

// CLIENT-25.
SIM_TEST(Producer, SendsABatchInOneRequest) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);
  const std::vector<Message> batch = {MessageOf("orders", "one"), MessageOf("orders", "two")};

  const auto sent = sender->SendBatch(ctx, batch);

  ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
  EXPECT_EQ(sent->msg_id.size(), 65u);
  EXPECT_THAT(broker.Bodies("orders", 0), ElementsAre("one", "two"));
  EXPECT_EQ(broker.received(RequestCode::kSendBatchMessage), 1);
  const std::vector<Message> mixed = {MessageOf("orders", "one"), MessageOf("bills", "two")};
  EXPECT_EQ(sender->SendBatch(ctx, mixed).error().code(), ErrorCode::kInvalidArgument);
}

SIM_TEST(Producer, AOnewaySendExpectsNoAnswer) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);

  const auto sent = sender->SendOneway(ctx, MessageOf("orders", "x"));
  ASSERT_TRUE(sent.has_value()) << sent.error().ToString();
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());

  EXPECT_THAT(broker.Bodies("orders", 0), ElementsAre("x"));
}

SIM_TEST(Producer, AsyncSendsAreBoundedInNumberAndBytes) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster, {.group = "senders", .max_async_count = 3, .max_async_bytes = 100});
  int done = 0;
  const auto send = [&](size_t size) {
    return sender->SendAsync(MessageOf("orders", std::string(size, 'x')), {},
                             [&](const Result<SendResult>& r) { done += r.has_value() ? 1 : 0; });
  };

  EXPECT_TRUE(send(50).has_value());
  EXPECT_EQ(send(51).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_TRUE(send(1).has_value());
  EXPECT_TRUE(send(1).has_value());
  EXPECT_EQ(send(1).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(done, 0);
  ASSERT_TRUE(ctx.SleepFor(seconds(1)).has_value());
  EXPECT_EQ(done, 3);
  EXPECT_TRUE(send(100).has_value());
  sender->Close(ctx);
  EXPECT_EQ(done, 4);
}

SIM_TEST(Producer, CloseEndsSendsThatGetNoAnswerAndLeavesTheGroup) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  broker.SetJudge(IgnoresSends());
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster, {.group = "senders", .send_timeout = seconds(100)});
  std::vector<ErrorCode> ends;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(sender
                    ->SendAsync(MessageOf("orders", "x"), {},
                                [&](const Result<SendResult>& result) {
                                  ends.push_back(result.error().code());
                                })
                    .has_value());
  }
  ASSERT_TRUE(ctx.SleepFor(seconds(2)).has_value());
  EXPECT_THAT(broker.Members("senders"), SizeIs(1));

  const Tick started = ctx.Now();
  sender->Close(ctx);

  EXPECT_LE(ctx.Now() - started, seconds(4));
  EXPECT_THAT(ends,
              ElementsAre(ErrorCode::kCancelled, ErrorCode::kCancelled, ErrorCode::kCancelled));
  EXPECT_EQ(sender->Send(ctx, MessageOf("orders", "x")).error().code(), ErrorCode::kClosed);
  EXPECT_THAT(broker.Members("senders"), IsEmpty());
}

SIM_TEST(Producer, GoesOnAfterABrokerWasRestarted) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);
  ASSERT_TRUE(sender->Send(ctx, MessageOf("orders", "before")).has_value());
  cluster.Kill(broker);
  EXPECT_FALSE(sender->Send(ctx, MessageOf("orders", "meanwhile")).has_value());
  ASSERT_TRUE(cluster.Start(ctx));

  EXPECT_TRUE(sender->Send(ctx, MessageOf("orders", "after")).has_value());

  EXPECT_THAT(broker.Bodies("orders", 0), ElementsAre("before", "after"));
  // CLIENT-7: the broker forgot its clients, and hears of them again without being asked.
  ASSERT_TRUE(ctx.SleepFor(seconds(10)).has_value());
  EXPECT_THAT(broker.Members("senders"), SizeIs(1));
}

// CLIENT-9. Whenever a producer is closed: every accepted send ends exactly once, and before Close
// returns.
SIM_TEST_SEEDS(Producer, CanBeClosedAtAnyTime, /*seeds=*/30) {
  FakeCluster cluster(sim);
  FakeBroker& a = cluster.AddBroker("broker-a");
  FakeBroker& b = cluster.AddBroker("broker-b");
  a.AddTopic("orders", 2);
  b.AddTopic("orders", 2);
  b.SetJudge(IgnoresSends());
  ASSERT_TRUE(cluster.Start(ctx));
  runtime::Random& random = sim.runtime().random();
  Sender sender(ctx, cluster, {.group = "senders", .close_grace = milliseconds(50)});
  int accepted = 0;
  int ended = 0;
  bool closed = false;
  runtime::Gate gate;
  for (int i = 0; i < 5; ++i) {
    sim.runtime().executor().Spawn(gate, "sender", [&](Context& own) {
      for (;;) {
        const auto sent = sender->SendAsync(MessageOf("orders", "x"), {}, [&](const auto&) {
          EXPECT_FALSE(closed);
          ++ended;
        });
        accepted += sent.has_value() ? 1 : 0;
        if (!sent.has_value() && sent.error().code() == ErrorCode::kClosed) return;
        static_cast<void>(sender->Send(own, MessageOf("orders", "y")));
      }
    });
  }
  ASSERT_TRUE(ctx.SleepFor(microseconds(random.Draw("test: close", 1, 300'000))).has_value());

  sender->Close(ctx);
  closed = true;

  EXPECT_EQ(accepted, ended);
  ASSERT_TRUE(ctx.SleepFor(seconds(10)).has_value());
  EXPECT_EQ(accepted, ended);
  gate.Close(ctx);
}

// CLIENT-1 and CLIENT-7.
SIM_TEST(Producer, SendsAHeartbeatEachHalfMinute) {
  FakeCluster cluster(sim);
  FakeBroker& broker = cluster.AddBroker("broker-a");
  broker.AddTopic("orders", 1);
  ASSERT_TRUE(cluster.Start(ctx));
  Sender sender(ctx, cluster);
  ASSERT_TRUE(sender->Send(ctx, MessageOf("orders", "x")).has_value());
  ASSERT_TRUE(ctx.SleepFor(minutes(5)).has_value());

  // One at the start, then one each 30 s and a little.
  EXPECT_EQ(broker.received(RequestCode::kHeartBeat), 10);
  EXPECT_EQ(broker.last_heartbeat().client_id, sender.client().client_id());
}

// CLIENT-28.
TEST(BrokerFaults, AvoidTheSlowerBrokersForLonger) {
  const auto avoided_for = [](milliseconds latency) {
    BrokerFaults faults;
    faults.Succeeded("a", latency, Tick{});
    seconds time(0);
    while (faults.Avoid("a", Tick{} + time)) ++time;
    return time;
  };
  EXPECT_EQ(avoided_for(milliseconds(549)), seconds(0));
  EXPECT_EQ(avoided_for(milliseconds(550)), seconds(2));
  EXPECT_EQ(avoided_for(milliseconds(1800)), seconds(5));
  EXPECT_EQ(avoided_for(milliseconds(3000)), seconds(6));
  EXPECT_EQ(avoided_for(milliseconds(5000)), seconds(10));
  EXPECT_EQ(avoided_for(milliseconds(15'000)), seconds(30));

  BrokerFaults faults;
  faults.Failed("a", Tick{});
  EXPECT_TRUE(faults.Avoid("a", Tick{} + milliseconds(9'999)));
  EXPECT_FALSE(faults.Avoid("b", Tick{}));
  faults.Succeeded("a", milliseconds(1), Tick{});
  EXPECT_FALSE(faults.Avoid("a", Tick{}));
}

// CLIENT-2, museum M29.
SIM_TEST(ClientInstance, HasAnIdOfItsOwn) {
  const ClientOptions options{.name_servers = "10.0.0.9:9876"};
  auto one = ClientInstance::Create(sim.runtime(), options).value();
  auto two = ClientInstance::Create(sim.runtime(), options).value();

  EXPECT_NE(one->client_id(), two->client_id());
  EXPECT_THAT(one->client_id(), HasSubstr(sim.test_machine().ip().ToString() + "@"));
  one->Close(ctx);
  two->Close(ctx);
}

// CLIENT-21.
SIM_TEST(UniqIdSource, NeverRepeatsAnIdWhenTheClockIsSetBack) {
  UniqIdSource ids(sim.runtime());
  std::set<std::string> made;
  for (int i = 0; i < 1000; ++i) {
    made.insert(ids.Next());
    sim.StepWallClock(sim.test_machine(), milliseconds(i % 2 == 0 ? -7 : 3));
  }
  EXPECT_THAT(made, SizeIs(1000));
}

}  // namespace
}  // namespace rmq::client
