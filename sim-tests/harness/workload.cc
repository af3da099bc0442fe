#include "harness/workload.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/client_instance.h"
#include "client/producer.h"
#include "client/pull_consumer.h"
#include "client/push_consumer.h"
#include "sim/machine.h"
#include "sim/process.h"
#include "wire/message_id.h"

namespace rmq::simtest {
namespace {

constexpr std::string_view kConcurrentGroup = "concurrent";
constexpr std::string_view kOrderlyGroup = "orderly";
constexpr milliseconds kStep{100};

// The id is the body's first word; the rest is padding.
std::string BodyOf(const MessageId& id, size_t padding) {
  return id + " " + std::string(padding, 'x');
}
MessageId IdOf(const Bytes& body) {
  return MessageId(body.text().substr(0, body.text().find(' ')));
}

bool IsUnknown(const Error& error) {
  return error.code() == ErrorCode::kDeadlineExceeded ||
         error.code() == ErrorCode::kConnectionReset || error.code() == ErrorCode::kCancelled;
}

// Lets the client library's destructors meet closed objects however the fiber ends.
template <typename T>
void CloseIf(Context& ctx, T& object) {
  object->Close(ctx);
}

}  // namespace

Workload::Workload(Cluster& cluster, Oracle& oracle, WorkloadOptions options)
    : cluster_(cluster), sim_(cluster.sim()), oracle_(oracle), options_(std::move(options)) {
  for (int i = 0; i < options_.producers; ++i) AddClient(Client::Kind::kProducer, i);
  for (int i = 0; i < options_.concurrent_members; ++i) AddClient(Client::Kind::kConcurrent, i);
  for (int i = 0; i < options_.orderly_members; ++i) AddClient(Client::Kind::kOrderly, i);
}

void Workload::AddClient(Client::Kind kind, int number) {
  const char* names[] = {"producer", "concurrent", "orderly"};
  const std::string name = fmt::format("{}-{}", names[static_cast<int>(kind)], number);
  clients_.push_back({.kind = kind, .number = number, .machine = &sim_.AddMachine(name)});
}

std::vector<std::string> Workload::groups() const {
  std::vector<std::string> groups;
  if (options_.concurrent_members > 0) groups.emplace_back(kConcurrentGroup);
  if (options_.orderly_members > 0) groups.emplace_back(kOrderlyGroup);
  return groups;
}

void Workload::Start(Client& client) {
  ++client.life;
  client.process = &sim_.Start(*client.machine, "client",
                               [this, self = client](Context& ctx, runtime::Runtime& runtime) {
                                 if (self.kind == Client::Kind::kProducer) {
                                   Produce(ctx, runtime, self);
                                 } else {
                                   Consume(ctx, runtime, self);
                                 }
                               });
}

void Workload::StartProducers() {
  for (Client& client : clients_) {
    if (client.kind == Client::Kind::kProducer) Start(client);
  }
}

void Workload::StartConsumers() {
  for (Client& client : clients_) {
    if (client.kind != Client::Kind::kProducer) Start(client);
  }
}

void Workload::KillClient(int number) {
  Client& client = clients_[static_cast<size_t>(number)];
  if (client.process != nullptr) sim_.Kill(*client.process);
}

void Workload::RestartClient(int number) {
  Client& client = clients_[static_cast<size_t>(number)];
  if (client.process != nullptr && !client.process->alive()) Start(client);
}

void Workload::KillClients() {
  for (Client& client : clients_) {
    if (client.process != nullptr) sim_.Kill(*client.process);
  }
}

void Workload::Produce(Context& ctx, runtime::Runtime& runtime, const Client& self) {
  auto instance =
      client::ClientInstance::Create(runtime, {.name_servers = cluster_.name_server_list()});
  auto producer = client::Producer::Create(**instance, {.group = "producers"});
  Context running = ctx.WithCancellation(runtime.stop());
  const uint64_t object = static_cast<uint64_t>(self.number);
  for (int n = 0; running.Check().has_value(); ++n) {
    const MessageId id = fmt::format("p{}/{}#{}", self.number, self.life, n);
    sim::Draws& draws = sim_.draws();
    const uint64_t topic = draws.Draw("workload: topic", object, options_.topics.size());
    const uint64_t padding =
        draws.Draw("workload: body size", object, static_cast<uint64_t>(options_.max_body_bytes));
    client::Message message;
    message.topic = options_.topics[topic];
    message.body = Bytes::Copy(BodyOf(id, padding));
    message.keys = {id};
    oracle_.SendBegan(id);
    const auto sent = (*producer)->Send(running, message);
    if (sent.has_value() && sent->status != client::SendStatus::kSendOk) {
      // Stored, but less safely than the mode promises: as good as unknown.
    } else if (sent.has_value()) {
      const auto place = wire::OffsetMessageId::Parse(sent->offset_msg_id);
      oracle_.SendOk(id, sent->queue, sent->queue_offset.value,
                     place.has_value() ? place->physical_offset.value : -1);
    } else if (!IsUnknown(sent.error())) {
      oracle_.SendFailed(id);
    }
    const int64_t pause =
        draws.Exponential("workload: send pause", object, options_.send_pause.count());
    (void)running.SleepFor(nanoseconds(pause));
  }
  (*producer)->Close(ctx);
  (*instance)->Close(ctx);
}

void Workload::Consume(Context& ctx, runtime::Runtime& runtime, const Client& self) {
  const bool orderly = self.kind == Client::Kind::kOrderly;
  const std::string group(orderly ? kOrderlyGroup : kConcurrentGroup);
  auto instance =
      client::ClientInstance::Create(runtime, {.name_servers = cluster_.name_server_list()});
  const auto listener = [this, orderly, group, &self](Context& own,
                                                      std::span<const client::MessagePtr> messages,
                                                      client::ConsumeContext& consume) {
    if (options_.handling.count() > 0) {
      const int64_t time = sim_.draws().Exponential(
          "workload: handling", static_cast<uint64_t>(self.number), options_.handling.count());
      if (!own.SleepFor(nanoseconds(time)).has_value()) return client::ConsumeResult::kRetry;
    }
    for (const client::MessagePtr& message : messages) {
      oracle_.Delivered(group, orderly, IdOf(message->body), consume.queue,
                        message->queue_offset.value);
    }
    return client::ConsumeResult::kSuccess;
  };
  client::PushConsumerOptions options;
  options.group = group;
  options.orderly = orderly;
  options.from = wire::ConsumeFromWhere::kFirstOffset;
  auto consumer = client::PushConsumer::Create(**instance, options, listener);
  for (const std::string& topic : options_.topics) (void)(*consumer)->Subscribe(topic, "*");
  Context running = ctx.WithCancellation(runtime.stop());
  (void)(*consumer)->Start(running);
  (void)running.SleepUntil(kNever);
  (*consumer)->Close(ctx);
  (*instance)->Close(ctx);
}

void Workload::StopKind(Context& ctx, bool producers, nanoseconds at_most) {
  const auto wanted = [&](const Client& client) {
    return (client.kind == Client::Kind::kProducer) == producers && client.process != nullptr;
  };
  for (Client& client : clients_) {
    if (wanted(client)) sim_.Stop(*client.process);
  }
  const Tick deadline = ctx.Now() + at_most;
  for (Client& client : clients_) {
    if (!wanted(client)) continue;
    while (client.process->alive() && ctx.Now() < deadline) (void)ctx.SleepFor(kStep);
    if (!client.process->alive()) continue;
    oracle_.Report("I15", fmt::format("{} does not stop", client.process->full_name()));
    sim_.Kill(*client.process);
  }
}

void Workload::StopProducers(Context& ctx, nanoseconds at_most) {
  StopKind(ctx, true, at_most);
}
void Workload::StopConsumers(Context& ctx, nanoseconds at_most) {
  StopKind(ctx, false, at_most);
}

void Workload::DrainAndCheck(Context& ctx, nanoseconds at_most) {
  for (int i = 0; i < client_count(); ++i) {
    if (clients_[static_cast<size_t>(i)].kind != Client::Kind::kProducer) RestartClient(i);
  }
  const Tick deadline = ctx.Now() + at_most;
  const auto missing = [this] {
    size_t sum = 0;
    for (const std::string& group : groups()) sum += oracle_.MissingOf(group);
    return sum;
  };
  while (missing() > 0 && ctx.Now() < deadline) (void)ctx.SleepFor(kStep);
  for (const std::string& group : groups()) oracle_.CheckDeliveredToAll(group);
}

namespace {

// The network may go on tearing connections in a healed world, and clients keep a route for 30 s:
// a reader tries again.
template <typename Function>
auto WithRetries(Context& ctx, Function function) {
  auto result = function();
  for (int attempt = 0; attempt < 60 && !result.has_value(); ++attempt) {
    if (!ctx.SleepFor(seconds(1)).has_value()) break;
    result = function();
  }
  return result;
}

}  // namespace

// Of all brokers that hold acked messages: a NameServer whose connection to a broker has just been
// torn shows a part of the route until the broker is back.
Result<std::vector<MessageQueue>> Workload::FetchAllQueues(Context& ctx,
                                                           client::PullConsumer& reader,
                                                           const std::string& topic,
                                                           bool doubtful_too) {
  RMQ_TRY(auto queues, reader.FetchQueues(ctx, topic));
  for (const auto& [acked_topic, broker] : oracle_.AckedPlaces(doubtful_too)) {
    const bool shown = std::ranges::any_of(
        queues, [&](const MessageQueue& queue) { return queue.broker_name == broker; });
    if (acked_topic == topic && !shown) {
      return Fail(ErrorCode::kUnavailable, fmt::format("{} is not shown", broker));
    }
  }
  return queues;
}

void Workload::CheckContents(Context& ctx) {
  auto instance = client::ClientInstance::Create(
      sim_.runtime(), {.name_servers = cluster_.name_server_list(), .instance_name = "verifier"});
  auto consumer = client::PullConsumer::Create(**instance, {.group = "verifier"});
  std::map<MessageQueue, Oracle::QueueContents> contents;
  for (const std::string& topic : options_.topics) {
    Context timed = ctx.WithTimeout(minutes(10));
    auto queues =
        WithRetries(timed, [&] { return FetchAllQueues(timed, **consumer, topic, true); });
    if (!queues.has_value()) {  // A broker that lost all of a topic does not know it either.
      queues = WithRetries(timed, [&] { return FetchAllQueues(timed, **consumer, topic, false); });
    }
    if (!queues.has_value()) {
      if (oracle_.acked() > 0) {
        oracle_.Report("I12",
                       fmt::format("no route of topic {}: {}", topic, queues.error().ToString()));
      }
      continue;
    }
    for (const MessageQueue& queue : *queues) {
      const auto min = WithRetries(timed, [&] { return (*consumer)->MinOffset(timed, queue); });
      const auto max = WithRetries(timed, [&] { return (*consumer)->MaxOffset(timed, queue); });
      if (!min.has_value() || !max.has_value()) {
        oracle_.Report("I15", fmt::format("{} of {} can't be asked for its offsets", queue.queue_id,
                                          queue.broker_name));
        continue;
      }
      Oracle::QueueContents& held = contents[queue];
      held.min = min->value;
      held.max = max->value;
      int times_sent_back = 0;
      for (QueueOffset at = *min; at < *max;) {
        const auto pulled = WithRetries(timed, [&] { return (*consumer)->Pull(timed, queue, at); });
        if (!pulled.has_value()) {
          oracle_.Report("I15",
                         fmt::format("{} queue {} offset {} can't be read: {}", queue.broker_name,
                                     queue.queue_id, at.value, pulled.error().ToString()));
          break;
        }
        for (const client::MessagePtr& message : pulled->messages) {
          const MessageId id = IdOf(message->body);
          // Later ones are of sends whose producers have given them up.
          if (message->queue_offset < *max) held.messages[message->queue_offset.value] = id;
          oracle_.Read(id, queue, message->queue_offset.value);
        }
        // A broker that lost a suffix may send a reader back whose connection was torn (BROKER-52).
        const bool sent_back = pulled->status == client::PullStatus::kOffsetIllegal;
        if (pulled->next_begin_offset <= at && (!sent_back || ++times_sent_back > 3)) {
          oracle_.Report("I15", fmt::format("{} {} queue {}: a pull at {} says to go on at {}",
                                            queue.broker_name, topic, queue.queue_id, at.value,
                                            pulled->next_begin_offset.value));
          break;
        }
        at = pulled->next_begin_offset;
      }
      if (static_cast<int64_t>(held.messages.size()) != held.max - held.min) {
        oracle_.Report(
            "I2", fmt::format("{} {} queue {} holds {} messages from {} to {}", queue.broker_name,
                              topic, queue.queue_id, held.messages.size(), held.min, held.max));
      }
    }
  }
  oracle_.CheckDurable(contents);
  (*consumer)->Close(ctx);
  (*instance)->Close(ctx);
}

// What is wrong with the routes of a NameServer; empty if nothing.
std::string Workload::RouteFault(Context& ctx, client::PullConsumer& reader, int name_server) {
  std::map<std::string, std::set<std::string>> shown;
  for (const std::string& topic : options_.topics) {
    Context timed = ctx.WithTimeout(seconds(10));
    const auto queues = reader.FetchQueues(timed, topic);
    if (!queues.has_value()) continue;
    for (const MessageQueue& queue : *queues) shown[topic].insert(queue.broker_name);
  }
  for (const auto& [topic, broker] : oracle_.AckedPlaces(/*doubtful_too=*/false)) {
    if (shown[topic].contains(broker)) continue;
    return fmt::format("ns-{} does not show topic {} on {}", name_server, topic, broker);
  }
  for (const auto& [topic, brokers] : shown) {
    for (int b = 0; b < cluster_.broker_count(); ++b) {
      if (brokers.contains(Cluster::BrokerName(b)) && !cluster_.BrokerServes(b)) {
        return fmt::format("ns-{} shows {}, which does not serve", name_server,
                           Cluster::BrokerName(b));
      }
    }
  }
  return {};
}

void Workload::WaitForRoutes(Context& ctx, nanoseconds at_most) {
  const Tick deadline = ctx.Now() + at_most;
  for (int i = 0; i < cluster_.name_server_count(); ++i) {
    auto instance = client::ClientInstance::Create(sim_.runtime(),
                                                   {.name_servers = cluster_.name_server_address(i),
                                                    .instance_name = fmt::format("router-{}", i)});
    auto reader = client::PullConsumer::Create(**instance, {.group = "router"});
    std::string fault = RouteFault(ctx, **reader, i);
    while (!fault.empty() && ctx.Now() < deadline) {
      (void)ctx.SleepFor(seconds(1));
      fault = RouteFault(ctx, **reader, i);
    }
    if (!fault.empty()) oracle_.Report("I12", fault);
    (*reader)->Close(ctx);
    (*instance)->Close(ctx);
  }
}

}  // namespace rmq::simtest
