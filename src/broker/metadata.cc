#include "broker/metadata.h"

#include <fmt/format.h>

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
