#include "client/pull_consumer.h"

#include "base/assert.h"
#include "client/offset_calls.h"
#include "wire/name_rules.h"

namespace rmq::client {

Result<std::unique_ptr<PullConsumer>> PullConsumer::Create(ClientInstance& client,
                                                           PullConsumerOptions options) {
  RMQ_TRY(wire::ValidateGroup(options.group));
  std::unique_ptr<PullConsumer> made(new PullConsumer(client, std::move(options)));
  const Result<void> added = client.membership().AddConsumer(*made);
  if (added.has_value()) return made;
  made->closed_ = true;
  return Fail(added.error());
}

PullConsumer::PullConsumer(ClientInstance& client, PullConsumerOptions options)
    : client_(client), options_(std::move(options)) {}

PullConsumer::~PullConsumer() {
  RMQ_ASSERT(closed_ || client_.runtime().executor().dead());
}

void PullConsumer::Close(Context& ctx) {
  if (closed_) return;
  closed_ = true;
  calls_.Close(ctx, options_.close_grace);
  client_.membership().RemoveConsumer(ctx, *this);
}

// Runs `function` with a Context that Close can end.
template <typename Function>
auto PullConsumer::Inside(Context& ctx, Function&& function) {
  using Answer = decltype(function(ctx));
  const auto guard = calls_.Enter();
  if (!guard.has_value()) return Answer(Fail(guard.error()));
  Context closing = ctx.WithCancellation(calls_.ending());
  return function(closing);
}

Result<std::vector<MessageQueue>> PullConsumer::FetchQueues(Context& ctx,
                                                            const std::string& topic) {
  return Inside(ctx, [&](Context& own) -> Result<std::vector<MessageQueue>> {
    RMQ_TRY(const RoutePtr route, client_.routes().Get(own, topic));
    return route->read_queues();
  });
}

Result<PullResult> PullConsumer::Pull(Context& ctx, const MessageQueue& queue, QueueOffset offset,
                                      const PullOptions& options) {
  return Inside(ctx, [&](Context& own) -> Result<PullResult> {
    RMQ_TRY(const Subscription subscription,
            Subscription::ToTags(queue.topic, options.tags, client_.runtime().clock().WallNow()));
    const auto suggested = suggested_brokers_.find(queue);
    const PullRequest request{
        .group = options_.group,
        .queue = queue,
        .subscription = subscription,
        .offset = offset,
        .max_count = options.max_count,
        .max_bytes = options.max_bytes,
        .suspend = options.suspend,
        .broker_id = suggested == suggested_brokers_.end() ? wire::kMasterId : suggested->second};
    auto result = PullMessages(own, client_, request, options.suspend + options.timeout);
    // A slave that fails is not asked again; the master will say whether it should be.
    suggested_brokers_[queue] = result.has_value() ? result->suggested_broker_id : wire::kMasterId;
    if (!result.has_value()) client_.routes().RefreshSoon(queue.topic);
    return result;
  });
}

Result<QueueOffset> PullConsumer::MinOffset(Context& ctx, const MessageQueue& queue) {
  return Inside(ctx, [&](Context& own) { return GetMinOffset(own, client_, queue); });
}

Result<QueueOffset> PullConsumer::MaxOffset(Context& ctx, const MessageQueue& queue) {
  return Inside(ctx, [&](Context& own) { return GetMaxOffset(own, client_, queue); });
}

Result<QueueOffset> PullConsumer::OffsetByTime(Context& ctx, const MessageQueue& queue,
                                               WallTime time) {
  return Inside(ctx, [&](Context& own) { return SearchOffset(own, client_, queue, time); });
}

Result<std::optional<QueueOffset>> PullConsumer::CommittedOffset(Context& ctx,
                                                                 const MessageQueue& queue) {
  return Inside(ctx,
                [&](Context& own) { return QueryOffset(own, client_, options_.group, queue); });
}

Result<void> PullConsumer::Commit(Context& ctx, const MessageQueue& queue, QueueOffset offset) {
  return Inside(
      ctx, [&](Context& own) { return UpdateOffset(own, client_, options_.group, queue, offset); });
}

wire::ConsumerData PullConsumer::Describe() const {
  return {.consume_type = wire::ConsumeType::kActively, .group_name = options_.group};
}

wire::ConsumeMessageDirectlyResult PullConsumer::ConsumeDirectly(Context&, MessagePtr) {
  return {.consume_result = wire::CMResult::kLater, .remark = "a pull consumer has no listener"};
}

}  // namespace rmq::client
