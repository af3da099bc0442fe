#include "harness/workload.h"

#include <fmt/format.h>

#include "client/client_instance.h"
#include "client/producer.h"
#include "client/push_consumer.h"
#include "harness/queue_reader.h"
#include "sim/machine.h"
#include "sim/process.h"
#include "wire/message_id.h"

namespace rmq::simtest {
namespace {

constexpr const char* kConcurrentGroup = "concurrent";
constexpr const char* kOrderlyGroup = "orderly";
constexpr milliseconds kStep{100};
constexpr milliseconds kCalmPause{200};

// Numbers of ways to send; any other is: one message, and wait.
constexpr uint64_t kBatch = 0;
constexpr uint64_t kAsync = 1;
constexpr uint64_t kOneway = 2;
constexpr uint64_t kLargestBatch = 8;

bool IsUnknown(const Error& error) {
  return error.code() == ErrorCode::kDeadlineExceeded ||
         error.code() == ErrorCode::kConnectionReset || error.code() == ErrorCode::kCancelled;
}

}  // namespace

Workload::Workload(Cluster& cluster, Oracle& oracle, WorkloadOptions options)
    : cluster_(cluster),
      sim_(cluster.sim()),
      oracle_(oracle),
      options_(std::move(options)),
      promptness_(oracle) {
  for (int i = 0; i < options_.producers; ++i) AddClient(Client::Kind::kProducer, i);
  for (int i = 0; i < options_.concurrent_members; ++i) AddClient(Client::Kind::kConcurrent, i);
  for (int i = 0; i < options_.orderly_members; ++i) AddClient(Client::Kind::kOrderly, i);
}

std::string Workload::Client::group() const {
  return orderly() ? kOrderlyGroup : kConcurrentGroup;
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
  int next = 0;
  const auto send_until_stopped = [&](Context& own) {
    Context running = own.WithCancellation(runtime.stop());
    while (running.Check().has_value()) {
      SendNext(running, **producer, self, next);
      const nanoseconds pause = calm_ ? kCalmPause : options_.send_pause;
      if (pause == nanoseconds(0)) continue;
      (void)running.SleepFor(nanoseconds(sim_.draws().Exponential(
          "workload: send pause", static_cast<uint64_t>(self.number), pause.count())));
    }
  };
  runtime::TaskGroup senders(ctx);
  for (int i = 0; i < options_.sends_at_a_time; ++i) senders.Spawn("send", send_until_stopped);
  senders.Wait();
  (*producer)->Close(ctx);
  (*instance)->Close(ctx);
}

// In one of the ways there are; mostly one message, waiting for the answer.
void Workload::SendNext(Context& ctx, client::Producer& producer, const Client& self, int& next) {
  const auto object = static_cast<uint64_t>(self.number);
  const uint64_t way =
      options_.all_ways_of_sending ? sim_.draws().Draw("workload: way of sending", object, 8) : 7;
  const size_t count =
      way == kBatch ? 1 + sim_.draws().Draw("workload: batch", object, kLargestBatch) : 1;
  std::vector<MessageId> ids;
  std::vector<client::Message> messages;
  for (size_t i = 0; i < count; ++i) {
    ids.push_back(fmt::format("p{}/{}#{}", self.number, self.life, next++));
    messages.push_back(NewMessage(ids.back(), self));
    messages.back().topic = messages.front().topic;
    oracle_.SendBegan(ids.back());
  }
  if (way == kBatch) return Sent(ids, producer.SendBatch(ctx, messages));
  if (way == kOneway) return (void)producer.SendOneway(ctx, messages.front());
  if (way != kAsync) return Sent(ids, producer.Send(ctx, messages.front()));
  const auto begun = producer.SendAsync(
      messages.front(), {},
      [this, ids](const Result<client::SendResult>& result) { Sent(ids, result); });
  if (!begun.has_value()) oracle_.SendFailed(ids.front());
}

// What is known of these messages, which went in one request.
void Workload::Sent(const std::vector<MessageId>& ids, const Result<client::SendResult>& sent) {
  if (!sent.has_value()) {
    if (IsUnknown(sent.error())) return;
    for (const MessageId& id : ids) oracle_.SendFailed(id);
    return;
  }
  // Anything else says: stored, but less safely than the mode promises. As good as unknown.
  if (sent->status != client::SendStatus::kSendOk) return;
  std::string_view places = sent->offset_msg_id;
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string_view text = places.substr(0, places.find(','));
    places.remove_prefix(std::min(places.size(), text.size() + 1));
    const auto place = wire::OffsetMessageId::Parse(text);
    oracle_.SendOk(ids[i], sent->queue, sent->queue_offset.value + static_cast<int64_t>(i),
                   place.has_value() ? place->physical_offset.value : -1);
    promptness_.Acked(ids[i], sim_.Now());
  }
}

client::Message Workload::NewMessage(const MessageId& id, const Client& self) {
  const auto object = static_cast<uint64_t>(self.number);
  sim::Draws& draws = sim_.draws();
  client::Message message;
  message.topic = options_.topics[draws.Draw("workload: topic", object, options_.topics.size())];
  const uint64_t padding =
      draws.Draw("workload: body size", object, static_cast<uint64_t>(options_.max_body_bytes));
  message.body = Bytes::Copy(BodyOf(id, padding));
  message.keys = {id};
  if (draws.Draw("workload: tag", object, 2) == 1) message.tags = "tag";
  return message;
}

void Workload::Consume(Context& ctx, runtime::Runtime& runtime, const Client& self) {
  auto instance =
      client::ClientInstance::Create(runtime, {.name_servers = cluster_.name_server_list()});
  const auto listener = [this, &self](Context& own, std::span<const client::MessagePtr> messages,
                                      client::ConsumeContext& consume) {
    return Handle(own, self, messages, consume.queue);
  };
  client::PushConsumerOptions options;
  options.group = self.group();
  options.orderly = self.orderly();
  options.from = wire::ConsumeFromWhere::kFirstOffset;
  options.persist_interval = options_.persist_interval;
  auto consumer = client::PushConsumer::Create(**instance, options, listener);
  for (const std::string& topic : options_.topics) (void)(*consumer)->Subscribe(topic, "*");
  Context running = ctx.WithCancellation(runtime.stop());
  (void)(*consumer)->Start(running);
  (void)running.SleepUntil(kNever);
  (*consumer)->Close(ctx);
  (*instance)->Close(ctx);
}

// A message counts as delivered when it has been handled, not when handling begins: a client may be
// killed in between.
client::ConsumeResult Workload::Handle(Context& ctx, const Client& self,
                                       std::span<const client::MessagePtr> messages,
                                       const MessageQueue& queue) {
  for (const client::MessagePtr& message : messages) {
    promptness_.Handed(self.group(), IdOf(message->body), sim_.Now());
  }
  if (options_.handling.count() > 0 && !calm_) {
    const int64_t time = sim_.draws().Exponential(
        "workload: handling", static_cast<uint64_t>(self.number), options_.handling.count());
    if (!ctx.SleepFor(nanoseconds(time)).has_value()) return client::ConsumeResult::kRetry;
  }
  for (const client::MessagePtr& message : messages) {
    oracle_.Delivered(self.group(), self.orderly(), IdOf(message->body), queue,
                      message->queue_offset.value);
  }
  return client::ConsumeResult::kSuccess;
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

void Workload::CalmDown(std::optional<nanoseconds> bound) {
  calm_ = true;
  promptness_.Expect(bound);
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

}  // namespace rmq::simtest
