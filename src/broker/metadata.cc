#include "broker/metadata.h"

#include <fmt/format.h>

#include <algorithm>

namespace rmq::broker {

Result<std::unique_ptr<Metadata>> Metadata::Load(Context& ctx, runtime::Runtime& runtime,
                                                 const std::string& store_root, Topics& topics,
                                                 SubscriptionGroups& groups,
                                                 ConsumerOffsets& offsets) {
  RMQ_TRY(auto directory, runtime.files().OpenDirectory(ctx, fmt::format("{}/config", store_root),
                                                        /*create=*/true));
  const WallTime now = runtime.clock().WallNow();
  RMQ_TRY(topics.Load(ctx, *directory, now));
  RMQ_TRY(groups.Load(ctx, *directory, now));
  RMQ_TRY(offsets.Load(ctx, *directory));
  return std::unique_ptr<Metadata>(
      new Metadata(runtime, std::move(directory), topics, groups, offsets));
}

void Metadata::AgreeWith(const store::MessageStore& store) {
  const WallTime now = runtime_.clock().WallNow();
  for (const std::string& topic : store.Topics()) {
    int32_t queues = 0;
    for (const store::QueueInfo& queue : store.Queues(topic)) {
      queues = std::max(queues, queue.queue_id + 1);
    }
    topics_.AddStored(topic, queues, now);
  }
  offsets_.ClampTo([&](std::string_view topic, int32_t queue_id) {
    return store.MaxOffset(topic, queue_id).value_or(QueueOffset{});
  });
}

Result<void> Metadata::PersistTopicsAndGroups(Context& ctx) {
  RMQ_TRY(const auto guard, writing_.Lock(ctx));
  RMQ_TRY(topics_.Persist(ctx, *directory_));
  return groups_.Persist(ctx, *directory_);
}

Result<void> Metadata::PersistAll(Context& ctx) {
  RMQ_TRY(PersistTopicsAndGroups(ctx));
  RMQ_TRY(const auto guard, writing_.Lock(ctx));
  return offsets_.Persist(ctx, *directory_);
}

void Metadata::PersistTopicsWhenChanged(Context& ctx) {
  while (topics_.changed().Wait(ctx).has_value()) {
    const Result<void> persisted = PersistTopicsAndGroups(ctx);
    if (!persisted.has_value() && persisted.error().code() != ErrorCode::kCancelled) {
      RMQ_LOG(runtime_.log(), kError, "broker", "persisting topics: {}",
              persisted.error().ToString());
    }
  }
}

void Metadata::PersistPeriodically(Context& ctx, const int64_t& interval_ms) {
  while (ctx.SleepFor(milliseconds(interval_ms)).has_value()) {
    const Result<void> persisted = PersistAll(ctx);
    if (!persisted.has_value() && persisted.error().code() != ErrorCode::kCancelled) {
      RMQ_LOG(runtime_.log(), kError, "broker", "persisting metadata: {}",
              persisted.error().ToString());
    }
  }
}

}  // namespace rmq::broker
