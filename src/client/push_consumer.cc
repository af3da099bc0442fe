#include "client/push_consumer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/assert.h"
#include "client/concurrent_service.h"
#include "client/orderly_service.h"
#include "client/queue_locks.h"
#include "wire/name_rules.h"

namespace rmq::client {

Result<std::unique_ptr<PushConsumer>> PushConsumer::Create(ClientInstance& client,
                                                           PushConsumerOptions options,
                                                           Listener listener) {
  RMQ_TRY(CheckOptions(options));
  std::unique_ptr<PushConsumer> made(
      new PushConsumer(client, std::move(options), std::move(listener)));
  if (made->options_.orderly) {
    made->parts_.service = std::make_unique<OrderlyService>(made->parts_);
  } else {
    made->parts_.service = std::make_unique<ConcurrentService>(made->parts_);
  }
  return made;
}

Result<std::unique_ptr<PushConsumer>> PushConsumer::CreatePolled(ClientInstance& client,
                                                                 PushConsumerOptions options,
                                                                 const MakeService& make_service) {
  RMQ_TRY(CheckOptions(options));
  std::unique_ptr<PushConsumer> made(new PushConsumer(client, std::move(options), nullptr));
  made->parts_.service = make_service(made->parts_);
  return made;
}

Result<void> PushConsumer::CheckOptions(const PushConsumerOptions& options) {
  RMQ_TRY(wire::ValidateGroup(options.group));
  if (options.model == wire::MessageModel::kBroadcasting && options.offset_directory.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "a broadcasting consumer needs an offset_directory");
  }
  return {};
}

PushConsumer::PushConsumer(ClientInstance& client, PushConsumerOptions options, Listener listener)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      parts_{.client = client, .options = options_, .listener = listener_},
      table_(parts_, [this] { rebalancer_.Wake(); }),
      rebalancer_(parts_, table_),
      polled_(!listener_) {}

PushConsumer::~PushConsumer() {
  RMQ_ASSERT(closed_ || !started_ || parts_.runtime().executor().dead());
}

Result<void> PushConsumer::Subscribe(const std::string& topic, std::string_view tags) {
  RMQ_TRY(auto subscription, Subscription::ToTags(topic, tags, parts_.runtime().clock().WallNow()));
  parts_.subscriptions[topic] = std::move(subscription);
  if (started_) parts_.client.membership().AnnounceSoon();
  rebalancer_.Wake();
  return {};
}

void PushConsumer::Unsubscribe(const std::string& topic) {
  parts_.subscriptions.erase(topic);
  if (started_) parts_.client.membership().AnnounceSoon();
  rebalancer_.Wake();
}

void PushConsumer::Assign(const std::vector<MessageQueue>& queues) {
  parts_.assigned.emplace(queues.begin(), queues.end());
  for (const MessageQueue& queue : queues) {
    const auto [subscription, added] = parts_.subscriptions.try_emplace(queue.topic);
    if (added) subscription->second.topic = queue.topic;
  }
  rebalancer_.Wake();
}

void PushConsumer::Seek(const MessageQueue& queue, QueueOffset offset) {
  table_.GiveUp(queue, {.kind = Leave::kReset, .reset_to = offset});
}

Result<void> PushConsumer::Start(Context& ctx) {
  RMQ_ASSERT(!started_ && !closed_);
  RMQ_TRY(const Calls::Guard guard, calls_.Enter());
  RMQ_TRY(OpenOffsets(ctx));
  if (parts_.clustering() && !polled_) SubscribeToRetries();
  RMQ_TRY(parts_.client.membership().AddConsumer(*this));
  started_ = true;
  started_at_ = parts_.runtime().clock().WallNow();
  runtime::Executor& executor = parts_.runtime().executor();
  executor.Spawn(parts_.gate, "rebalance", [this](Context& own) { rebalancer_.Run(own); });
  executor.Spawn(parts_.gate, "save offsets", [this](Context& own) { PersistUntilStopped(own); });
  if (parts_.locks()) {
    executor.Spawn(parts_.gate, "renew locks",
                   [this](Context& own) { RenewLocksUntilStopped(own); });
  }
  return {};
}

Result<void> PushConsumer::OpenOffsets(Context& ctx) {
  if (parts_.clustering()) {
    parts_.offsets = std::make_unique<RemoteOffsets>(parts_.client, options_.group);
    return {};
  }
  RMQ_TRY(parts_.offsets,
          LocalOffsets::Open(ctx, parts_.runtime(),
                             fmt::format("{}/{}", options_.offset_directory, options_.group)));
  return {};
}

void PushConsumer::SubscribeToRetries() {
  Subscription retries;
  retries.topic = wire::RetryTopic(options_.group);
  retries.version = parts_.runtime().clock().WallNow().ms;
  parts_.subscriptions[retries.topic] = std::move(retries);
}

void PushConsumer::Close(Context& ctx) {
  if (closed_) return;
  closed_ = true;
  calls_.Close(ctx, options_.close_grace);
  if (!started_) return;
  parts_.gate.Close(ctx);
  parts_.service->Close(ctx, options_.close_grace);
  table_.Close(ctx);
  parts_.client.membership().RemoveConsumer(ctx, *this);
}

void PushConsumer::Resume() {
  parts_.suspended = false;
  table_.WakeAll();
}

void PushConsumer::PersistUntilStopped(Context& ctx) {
  while (ctx.SleepFor(options_.persist_interval).has_value()) table_.SaveAll(ctx);
}

void PushConsumer::RenewLocksUntilStopped(Context& ctx) {
  while (ctx.SleepFor(options_.lock_interval).has_value()) RenewLocks(ctx);
}

// CLIENT-52: a lock that ran out here may have been somebody else's meanwhile, even if the broker
// gives it to us again. What was cached under it is forgotten.
void PushConsumer::RenewLocks(Context& ctx) {
  for (const auto& [broker, queues] : ByBroker(table_.LockedQueues())) {
    const Tick asked = ctx.Now();
    const auto locked = LockQueues(ctx, parts_.client, options_.group, queues);
    if (!locked.has_value()) {
      RMQ_LOG(parts_.runtime().log(), kInfo, "client", "{}", locked.error().ToString());
      continue;
    }
    for (const MessageQueue& queue : queues) {
      const ProcessQueuePtr owned = table_.Find(queue);
      if (!owned) continue;
      if (locked->contains(queue) && asked < owned->locked_until) {
        owned->locked_until = asked + options_.lock_lifetime;
      } else {
        table_.GiveUp(queue, {.kind = Leave::kAbandon});
      }
    }
  }
}

// CLIENT-52: brokers keep locks in memory. One that was restarted has given ours away, perhaps, to
// whoever it heard of first. (An address that is a name may be anybody's.) CLIENT-45: it writes
// offsets to its disk only now and then, and may have forgotten some.
void PushConsumer::ConnectionLost(Endpoint peer) {
  if (parts_.offsets != nullptr) parts_.offsets->Doubt();
  if (!parts_.locks() || closed_) return;
  std::vector<MessageQueue> doubtful;
  for (const auto& [queue, process] : table_.owned()) {
    const auto address =
        parts_.client.routes().Address(queue.broker_name, wire::kMasterId, /*only_this=*/true);
    const auto endpoint = Endpoint::Parse(address.value_or(""));
    if (!endpoint.has_value() || *endpoint == peer) doubtful.push_back(queue);
  }
  for (const MessageQueue& queue : doubtful) table_.GiveUp(queue, {.kind = Leave::kAbandon});
}

// --- what brokers ask ---

wire::ConsumerData PushConsumer::Describe() const {
  wire::ConsumerData data{
      .consume_from_where = options_.from,
      .consume_type = polled_ ? wire::ConsumeType::kActively : wire::ConsumeType::kPassively,
      .group_name = options_.group,
      .message_model = options_.model};
  for (const auto& [topic, subscription] : parts_.subscriptions) {
    data.subscription_data_set.push_back(subscription.ToData());
  }
  return data;
}

wire::ConsumerRunningInfo PushConsumer::RunningInfo() const {
  wire::ConsumerRunningInfo info;
  info.properties = {{"PROP_NAMESERVER_ADDR",
                      fmt::to_string(fmt::join(parts_.client.name_servers().addresses(), ";"))},
                     {"PROP_CONSUME_TYPE", polled_ ? "CONSUME_ACTIVELY" : "CONSUME_PASSIVELY"},
                     {"PROP_CONSUMEORDERLY", options_.orderly ? "true" : "false"},
                     {"PROP_THREADPOOL_CORE_SIZE", fmt::to_string(options_.concurrency)},
                     {"PROP_CLIENT_VERSION", wire::MqVersionName(wire::kOurVersion)},
                     {"PROP_CONSUMER_START_TIMESTAMP", fmt::to_string(started_at_.ms)}};
  for (const auto& [topic, subscription] : parts_.subscriptions) {
    info.subscription_set.push_back(subscription.ToData());
  }
  for (const auto& [queue, process] : table_.owned()) {
    wire::ProcessQueueInfo& row = info.mq_table[queue];
    row.commit_offset = process->committable().value;
    row.cached_msg_count = static_cast<int32_t>(process->count());
    row.cached_msg_min_offset = process->committable().value;
    row.cached_msg_max_offset = process->next_offset().value;
    row.cached_msg_size_in_mib = static_cast<int32_t>(process->bytes() >> 20);
    row.locked = parts_.locks() && parts_.runtime().clock().Now() < process->locked_until;
  }
  return info;
}

std::map<MessageQueue, int64_t> PushConsumer::Owned() const {
  std::map<MessageQueue, int64_t> offsets;
  for (const auto& [queue, process] : table_.owned()) {
    offsets[queue] = process->committable().value;
  }
  return offsets;
}

std::map<MessageQueue, int64_t> PushConsumer::Offsets(std::string_view topic) const {
  std::map<MessageQueue, int64_t> offsets = Owned();
  std::erase_if(offsets, [&](const auto& row) { return row.first.topic != topic; });
  return offsets;
}

void PushConsumer::ResetOffsets(const std::map<MessageQueue, int64_t>& offsets) {
  for (const auto& [queue, offset] : offsets) Seek(queue, QueueOffset{offset});
}

wire::ConsumeMessageDirectlyResult PushConsumer::ConsumeDirectly(Context& ctx, MessagePtr message) {
  wire::ConsumeMessageDirectlyResult result{.order = options_.orderly};
  const auto guard = calls_.Enter();
  if (!guard.has_value() || polled_) {
    result.consume_result = wire::CMResult::kLater;
    result.remark = polled_ ? "the consumer has no listener" : "the consumer is closing";
    return result;
  }
  Context closing = ctx.WithCancellation(calls_.ending());
  const MessageQueue queue = message->queue;
  ConsumeContext consume{.queue = queue};
  const Tick started = ctx.Now();
  const ConsumeResult said = listener_(closing, {&message, 1}, consume);
  result.consume_result =
      said == ConsumeResult::kSuccess ? wire::CMResult::kSuccess : wire::CMResult::kLater;
  result.spent_time_mills = (ctx.Now() - started) / milliseconds(1);
  return result;
}

}  // namespace rmq::client
