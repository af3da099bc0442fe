#include "apps/bench.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/process_stats.h"
#include "client/producer.h"
#include "client/push_consumer.h"
#include "runtime/gate.h"
#include "runtime/mutex.h"

namespace rmq::apps {
namespace {

// So that a cluster that refuses everything is not asked a million times.
constexpr milliseconds kPauseAfterFailure{10};

Bytes MakeBody(client::ClientInstance& client, size_t size) {
  return Bytes::Make(size, [&](std::span<std::byte> body) {
    client.runtime().random().Fill("bench: body", body);
  });
}

void SendUntilDone(Context& ctx, client::Producer& producer, const client::Message& message,
                   int64_t count, int64_t& begun, Measured& measured) {
  while (begun < count && ctx.Check().has_value()) {
    ++begun;
    const Tick begin = ctx.Now();
    if (producer.Send(ctx, message).has_value()) {
      measured.latencies_ns.push_back((ctx.Now() - begin).count());
    } else if (ctx.Check().has_value()) {
      ++measured.failed;
      (void)ctx.SleepFor(kPauseAfterFailure);
    }
  }
}

}  // namespace

nanoseconds Measured::Percentile(double part) const {
  if (latencies_ns.empty()) return nanoseconds(0);
  const auto last = static_cast<double>(latencies_ns.size() - 1);
  return nanoseconds(latencies_ns[static_cast<size_t>(part * last)]);
}

Result<Measured> MeasureSending(Context& ctx, client::ClientInstance& client, const Load& load) {
  RMQ_TRY(const auto producer, client::Producer::Create(client, {.group = "bench"}));
  const client::Message message{.topic = load.topic, .body = MakeBody(client, load.body_bytes)};
  Measured measured;
  measured.latencies_ns.reserve(static_cast<size_t>(load.count));
  int64_t begun = 0;

  const nanoseconds cpu = ProcessorTime(load.server_pids);
  const Tick begin = ctx.Now();
  {
    Context limited = ctx.WithTimeout(load.at_most);
    runtime::TaskGroup senders(limited);
    for (int i = 0; i < load.window; ++i) {
      senders.Spawn("bench sender", [&](Context& own) {
        SendUntilDone(own, *producer, message, load.count, begun, measured);
      });
    }
    senders.Wait();
  }
  measured.time = ctx.Now() - begin;
  measured.server_cpu = ProcessorTime(load.server_pids) - cpu;
  producer->Close(ctx);
  measured.messages = static_cast<int64_t>(measured.latencies_ns.size());
  std::sort(measured.latencies_ns.begin(), measured.latencies_ns.end());
  return measured;
}

Result<Measured> MeasureConsuming(Context& ctx, client::ClientInstance& client, const Load& load) {
  Measured measured;
  Tick first;
  nanoseconds cpu{0};
  runtime::Condition done;
  const auto listener = [&](Context& own, std::span<const client::MessagePtr> messages,
                            client::ConsumeContext&) {
    if (measured.messages == 0) {
      first = own.Now();
      cpu = ProcessorTime(load.server_pids);
    }
    measured.messages += static_cast<int64_t>(messages.size());
    if (measured.messages >= load.count) done.NotifyAll();
    return client::ConsumeResult::kSuccess;
  };
  client::PushConsumerOptions options;
  options.group = load.topic;
  options.from = wire::ConsumeFromWhere::kFirstOffset;
  options.consume_batch = 32;
  RMQ_TRY(const auto consumer, client::PushConsumer::Create(client, options, listener));
  Context limited = ctx.WithTimeout(load.at_most);
  Result<void> outcome = consumer->Subscribe(load.topic, "*");
  if (outcome.has_value()) outcome = consumer->Start(limited);
  while (outcome.has_value() && measured.messages < load.count) outcome = done.Wait(limited);
  measured.time = ctx.Now() - first;
  measured.server_cpu = ProcessorTime(load.server_pids) - cpu;
  consumer->Close(ctx);
  if (!outcome.has_value()) {
    return Fail(WithContext(outcome.error(), fmt::format("{} of {} messages were delivered",
                                                         measured.messages, load.count)));
  }
  return measured;
}

}  // namespace rmq::apps
