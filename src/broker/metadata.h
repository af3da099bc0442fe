// Metadata keeps the broker's tables (topics, groups, offsets) in storePathRootDir/config: loaded
// at start, persisted at once when an operator changes something, in the background otherwise.
#pragma once

#include <memory>

#include "base/result.h"
#include "broker/consumer_offsets.h"
#include "broker/subscription_groups.h"
#include "broker/topics.h"
#include "runtime/mutex.h"
#include "runtime/runtime.h"
#include "store/message_store.h"

namespace rmq::broker {

class Metadata {
 public:
  static Result<std::unique_ptr<Metadata>> Load(Context& ctx, runtime::Runtime& runtime,
                                                const std::string& store_root, Topics& topics,
                                                SubscriptionGroups& groups,
                                                ConsumerOffsets& offsets);

  // Brings topics and offsets in line with what the store has recovered.
  void AgreeWith(const store::MessageStore& store);

  // Durable when it returns. What has not changed is not written.
  Result<void> PersistTopicsAndGroups(Context& ctx);
  Result<void> PersistAll(Context& ctx);
  // Persists everything every `interval_ms` until cancelled; failures are logged and tried again.
  void PersistPeriodically(Context& ctx, const int64_t& interval_ms);
  // Persists topics as soon as one has changed, until cancelled.
  void PersistTopicsWhenChanged(Context& ctx);

 private:
  Metadata(runtime::Runtime& runtime, std::unique_ptr<runtime::Directory> directory, Topics& topics,
           SubscriptionGroups& groups, ConsumerOffsets& offsets)
      : runtime_(runtime),
        directory_(std::move(directory)),
        topics_(topics),
        groups_(groups),
        offsets_(offsets) {}

  runtime::Runtime& runtime_;
  std::unique_ptr<runtime::Directory> directory_;
  Topics& topics_;
  SubscriptionGroups& groups_;
  ConsumerOffsets& offsets_;
  runtime::Mutex writing_;  // ReplaceFile allows one caller for each name
};

}  // namespace rmq::broker
