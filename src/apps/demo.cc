#include "apps/demo.h"

#include <fmt/format.h>

#include <set>

#include "client/producer.h"
#include "client/push_consumer.h"
#include "runtime/gate.h"
#include "runtime/mutex.h"

namespace rmq::apps {
namespace {

constexpr const char* kTopic = "demo";
constexpr int kSenders = 32;
constexpr seconds kPatience{60};

// Many fibers send at a time, so that a round trip is not waited for by everything behind it.
Result<void> SendAll(Context& ctx, client::Producer& producer, const std::string& run,
                     int64_t count) {
  int64_t next = 0;
  Result<void> outcome;
  runtime::TaskGroup senders(ctx);
  for (int i = 0; i < kSenders; ++i) {
    senders.Spawn("demo sender", [&](Context& own) {
      while (next < count && outcome.has_value()) {
        client::Message message{.topic = kTopic};
        message.keys = {fmt::format("{}-{}", run, next++)};
        message.body = Bytes::Copy("hello, " + message.keys[0]);
        const auto sent = producer.Send(own, message);
        if (!sent.has_value() && outcome.has_value()) outcome = Fail(sent.error());
      }
    });
  }
  senders.Wait();
  return outcome;
}

Result<void> ConsumeAll(Context& ctx, client::ClientInstance& client, const std::string& run,
                        int64_t count, DemoResult& result) {
  std::set<std::string> seen;
  runtime::Condition arrived;
  const auto listener = [&](Context&, std::span<const client::MessagePtr> messages,
                            client::ConsumeContext&) {
    for (const client::MessagePtr& message : messages) {
      const std::string key(message->keys());
      // An earlier run may have left messages that nobody consumed.
      if (!key.starts_with(run + "-")) continue;
      if (!seen.insert(key).second) ++result.duplicates;
    }
    arrived.NotifyAll();
    return client::ConsumeResult::kSuccess;
  };
  client::PushConsumerOptions options;
  options.group = "demo";
  options.from = wire::ConsumeFromWhere::kFirstOffset;
  options.consume_batch = 32;
  RMQ_TRY(const auto consumer, client::PushConsumer::Create(client, options, listener));
  const Tick begin = ctx.Now();
  Result<void> outcome = consumer->Subscribe(kTopic, "*");
  if (outcome.has_value()) outcome = consumer->Start(ctx);
  while (outcome.has_value() && static_cast<int64_t>(seen.size()) < count) {
    outcome = arrived.Wait(ctx);
  }
  result.consumed = static_cast<int64_t>(seen.size());
  result.consuming = ctx.Now() - begin;
  consumer->Close(ctx);
  return outcome;
}

Result<void> Demonstrate(Context& ctx, client::ClientInstance& client, const std::string& run,
                         int64_t count, DemoResult& result) {
  RMQ_TRY(const auto producer, client::Producer::Create(client, {.group = "demo"}));
  const Tick begin = ctx.Now();
  const Result<void> sent = SendAll(ctx, *producer, run, count);
  const Tick end = ctx.Now();
  producer->Close(ctx);
  RMQ_TRY(sent);
  result.sent = count;
  result.sending = end - begin;
  return ConsumeAll(ctx, client, run, count, result);
}

}  // namespace

Result<DemoResult> RunDemo(Context& ctx, runtime::Runtime& runtime, const std::string& name_server,
                           int64_t count) {
  RMQ_TRY(const auto client,
          client::ClientInstance::Create(runtime, {.name_servers = name_server}));
  const std::string run = fmt::format("{:x}", runtime.clock().WallNow().ms);
  DemoResult result;
  Context limited = ctx.WithTimeout(kPatience);
  const Result<void> shown = Demonstrate(limited, *client, run, count, result);
  client->Close(ctx);
  RMQ_TRY(shown);
  return result;
}

}  // namespace rmq::apps
