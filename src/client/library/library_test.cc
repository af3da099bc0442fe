// The public API over real sockets, from many threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "client/fake_cluster_for_test.h"
#include "real/real_runtime.h"
#include "rocketmq/producer.h"
#include "rocketmq/pull_consumer.h"
#include "rocketmq/push_consumer.h"

namespace rocketmq {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// A NameServer and a broker on loopback, in a thread of their own. Their state may be looked at
// before and after.
class Servers {
 public:
  Servers() {
    const rmq::Endpoint loopback{.ip = rmq::IpAddress::Loopback(), .port = 0};
    brokers_.push_back(std::make_unique<rmq::client::FakeBroker>("broker-a", 0, loopback, nullptr));
    name_server_ = std::make_unique<rmq::client::FakeNameServer>(brokers_, loopback);
  }
  ~Servers() { Stop(); }

  rmq::client::FakeBroker& broker() { return *brokers_.front(); }
  std::string address() const { return name_server_->address(); }

  void Start() {
    std::promise<void> serving;
    thread_ = std::thread([this, &serving] { Serve(serving); });
    serving.get_future().wait();
  }
  void Stop() {
    if (!thread_.joinable()) return;
    executor_->Post([this] { runtime_->stop().Cancel(); });
    thread_.join();
  }

 private:
  void Serve(std::promise<void>& serving) {
    auto runtime = rmq::real::RealRuntime::Create(
        {.log_sink = [](std::string_view) {}, .handle_signals = false});
    runtime_ = runtime->get();
    executor_ = &runtime_->executor();
    runtime_->Run([&](rmq::Context& ctx, rmq::runtime::Runtime& world) {
      rmq::runtime::TaskGroup group(ctx);
      group.Spawn("broker", [&](rmq::Context& own) { broker().Run(own, world); });
      group.Spawn("namesrv", [&](rmq::Context& own) { name_server_->Run(own, world); });
      while (broker().port() == 0 || name_server_->port() == 0) {
        ASSERT_TRUE(ctx.SleepFor(milliseconds(1)).has_value());
      }
      serving.set_value();
      group.Wait();
    });
  }

  std::vector<std::unique_ptr<rmq::client::FakeBroker>> brokers_;
  std::unique_ptr<rmq::client::FakeNameServer> name_server_;
  rmq::real::RealRuntime* runtime_ = nullptr;
  rmq::runtime::Executor* executor_ = nullptr;
  std::thread thread_;
};

Client ClientOf(const Servers& servers) {
  auto client = Client::Create({.name_servers = servers.address()});
  EXPECT_TRUE(client.has_value());
  return *client;
}

// Bodies, collected by callbacks of any thread.
class Collected {
 public:
  void Add(const std::string& body) {
    const std::lock_guard lock(mutex_);
    bodies_.push_back(body);
    if (bodies_.size() == wanted_) complete_.set_value();
  }
  std::vector<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  // REQUIRES: called before the last of them comes; once.
  bool WaitFor(size_t count) {
    std::future<void> complete = complete_.get_future();
    {
      const std::lock_guard lock(mutex_);
      wanted_ = count;
      if (bodies_.size() >= count) return true;
    }
    return complete.wait_for(seconds(20)) == std::future_status::ready;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> bodies_;
  size_t wanted_ = 0;
  std::promise<void> complete_;
};

TEST(Library, SendsAndConsumes) {
  Servers servers;
  servers.broker().AddTopic("orders", 2);
  servers.Start();
  Client client = ClientOf(servers);
  Producer producer = *Producer::Create(client, {.group = "senders"});
  Collected collected;
  PushConsumer consumer = *PushConsumer::Start(
      client,
      {.group = "billing", .subscriptions = {{"orders", "*"}}, .from = ConsumeFrom::kFirstOffset},
      [&](const std::vector<MessageExt>& messages) {
        for (const MessageExt& message : messages) collected.Add(message.body);
        return ConsumeResult::kSuccess;
      });

  const auto one = producer.Send({.topic = "orders", .body = "one"});
  std::promise<Result<SendResult>> two;
  ASSERT_TRUE(producer.SendAsync({.topic = "orders", .body = "two"},
                                 [&](Result<SendResult> r) { two.set_value(std::move(r)); }));
  ASSERT_TRUE(producer.SendOneway({.topic = "orders", .body = "three"}));
  ASSERT_TRUE(producer.SendBatch(
      {{.topic = "orders", .body = "four"}, {.topic = "orders", .body = "five"}}));

  ASSERT_TRUE(one.has_value()) << one.error().ToString();
  EXPECT_EQ(one->queue.broker_name, "broker-a");
  EXPECT_TRUE(two.get_future().get().has_value());
  EXPECT_TRUE(collected.WaitFor(5));
  EXPECT_THAT(collected.bodies(), UnorderedElementsAre("one", "two", "three", "four", "five"));
  EXPECT_TRUE(consumer.Close());
  EXPECT_TRUE(client.Close());
  servers.Stop();
  EXPECT_EQ(*servers.broker().Committed("billing", "orders", 0) +
                *servers.broker().Committed("billing", "orders", 1),
            5);
}

TEST(Library, Pulls) {
  Servers servers;
  servers.broker().AddTopic("orders", 1);
  servers.broker().Append("orders", 0, "a", "tag");
  servers.broker().Append("orders", 0, "b");
  servers.Start();
  Client client = ClientOf(servers);
  PullConsumer consumer = *PullConsumer::Create(client, {.group = "billing"});
  const auto queues = consumer.FetchQueues("orders");
  ASSERT_TRUE(queues.has_value()) << queues.error().ToString();
  ASSERT_THAT(*queues, SizeIs(1));
  const MessageQueue queue = queues->front();

  EXPECT_EQ(*consumer.MaxOffset(queue), 2);
  EXPECT_EQ(*consumer.CommittedOffset(queue), std::nullopt);
  const auto pulled = consumer.Pull(queue, *consumer.MinOffset(queue), {.tags = "tag"});
  ASSERT_TRUE(pulled.has_value()) << pulled.error().ToString();
  ASSERT_THAT(pulled->messages, SizeIs(1));
  EXPECT_EQ(pulled->messages[0].body, "a");
  EXPECT_EQ(pulled->messages[0].tags(), "tag");
  EXPECT_EQ(pulled->next_offset, 2);
  EXPECT_TRUE(consumer.Commit(queue, 2));
  EXPECT_EQ(*consumer.CommittedOffset(queue), 2);
}

// The last handles go within a callback: nobody waits for himself.
TEST(Library, HandlesMayEndInACallback) {
  Servers servers;
  servers.broker().AddTopic("orders", 1);
  servers.Start();
  auto client = std::make_unique<Client>(ClientOf(servers));
  auto producer = std::make_unique<Producer>(*Producer::Create(*client, {.group = "senders"}));
  std::promise<void> done;
  const auto end_all = [&](const auto&) {
    producer.reset();
    client.reset();
    done.set_value();
  };
  Producer* sender = producer.get();
  ASSERT_TRUE(sender->SendAsync({.topic = "orders", .body = "x"}, end_all));
  done.get_future().wait();
}

TEST(Library, ReportsMistakes) {
  EXPECT_EQ(Client::Create({.name_servers = "nonsense"}).error().code(),
            ErrorCode::kInvalidArgument);
  Client client = *Client::Create({.name_servers = "127.0.0.1:1"});
  EXPECT_EQ(Producer::Create(client, {.group = "a b"}).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(PushConsumer::Start(client, {.group = "g", .subscriptions = {{"t", "||"}}},
                                [](const auto&) { return ConsumeResult::kSuccess; })
                .error()
                .code(),
            ErrorCode::kInvalidArgument);
  Producer producer = *Producer::Create(client);
  const auto sent = producer.Send({.topic = "orders", .body = "x"}, {.timeout = milliseconds(200)});
  ASSERT_FALSE(sent.has_value());
  EXPECT_THAT(sent.error().ToString(), HasSubstr("127.0.0.1:1"));
}

TEST(Library, AnExceptionOfTheListenerCountsAsRetry) {
  Servers servers;
  servers.broker().AddTopic("orders", 1);
  servers.broker().Append("orders", 0, "x");
  servers.Start();
  Client client = ClientOf(servers);
  Collected collected;
  PushConsumer consumer = *PushConsumer::Start(
      client,
      {.group = "billing", .subscriptions = {{"orders", "*"}}, .from = ConsumeFrom::kFirstOffset},
      [&](const std::vector<MessageExt>& messages) {
        collected.Add(messages.front().body);
        if (messages.front().reconsume_times == 0) throw std::runtime_error("no");
        return ConsumeResult::kSuccess;
      });
  EXPECT_TRUE(collected.WaitFor(2));
  EXPECT_TRUE(consumer.Close());
  servers.Stop();
  EXPECT_THAT(servers.broker().Bodies("%RETRY%billing", 0), ElementsAre("x"));
}

TEST(Library, AfterCloseNoCallbackRunsAndCallsFail) {
  Servers servers;
  servers.broker().AddTopic("orders", 1);
  servers.Start();
  Client client = ClientOf(servers);
  Producer producer = *Producer::Create(client, {.group = "senders"});
  std::atomic<int> accepted = 0;
  std::atomic<int> called_back = 0;
  std::atomic<bool> closed = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (;;) {
        const auto sent = producer.SendAsync({.topic = "orders", .body = "x"}, [&](const auto&) {
          EXPECT_FALSE(closed);
          ++called_back;
        });
        if (sent) {
          ++accepted;
        } else if (sent.error().code() == ErrorCode::kClosed) {
          return;
        }
        static_cast<void>(producer.Send({.topic = "orders", .body = "y"}));
      }
    });
  }
  while (accepted < 100) std::this_thread::yield();
  std::thread other([&] { EXPECT_TRUE(client.Close()); });
  EXPECT_TRUE(producer.Close());
  closed = true;
  other.join();
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(called_back, accepted);
  EXPECT_TRUE(producer.Close());
  EXPECT_TRUE(client.Close());
  EXPECT_EQ(producer.Send({.topic = "orders", .body = "x"}).error().code(), ErrorCode::kClosed);
  EXPECT_EQ(Producer::Create(client).error().code(), ErrorCode::kClosed);
}

TEST(Library, ACallbackCanSendButNotClose) {
  Servers servers;
  servers.broker().AddTopic("orders", 1);
  servers.Start();
  Client client = ClientOf(servers);
  Producer producer = *Producer::Create(client, {.group = "senders"});
  std::promise<void> done;
  ASSERT_TRUE(producer.SendAsync({.topic = "orders", .body = "x"}, [&](const auto&) {
    EXPECT_TRUE(producer.Send({.topic = "orders", .body = "y"}).has_value());
    EXPECT_EQ(producer.Close().error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(client.Close().error().code(), ErrorCode::kInvalidArgument);
    done.set_value();
  }));
  done.get_future().wait();
}

}  // namespace
}  // namespace rocketmq
