// What the parts of one MessageStore share: the files, and how far the log has come.
//
//   min ≤ … ≤ readable ≤ written          flushed ≤ written
//
// Fields change between suspensions only; whoever suspends reads them again.
#pragma once

#include <memory>
#include <optional>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/mutex.h"
#include "runtime/runtime.h"
#include "store/checkpoint.h"
#include "store/commit_log.h"
#include "store/consume_queue_store.h"
#include "store/hot_tail.h"
#include "store/index_service.h"
#include "store/message_store.h"
#include "store/store_options.h"

namespace rmq::store {

struct StoreState {
  // `own` is the executor that the store belongs to.
  StoreState(runtime::Runtime& world, runtime::Executor& own, StoreOptions chosen)
      : runtime(world),
        executor(own),
        options(std::move(chosen)),
        hot(options.hot_tail_size, options.hot_segment_size) {}

  runtime::Runtime& runtime;
  runtime::Executor& executor;
  const StoreOptions options;

  std::unique_ptr<CommitLog> log;
  HotTail hot;
  std::unique_ptr<ConsumeQueueStore> queues;
  std::unique_ptr<IndexService> index;  // null: not enabled
  std::unique_ptr<CheckpointFile> checkpoint;

  CommitLogOffset written;   // end of what is in the page cache
  CommitLogOffset flushed;   // end of what is synced
  CommitLogOffset readable;  // end of what is dispatched, and so visible
  WallTime written_time;     // store times of the newest messages before these
  WallTime flushed_time;
  WallTime readable_time;

  // After this nothing succeeds any more (STORE-12).
  std::optional<Error> failure;
  runtime::Condition failed;
  runtime::Condition published;  // readable has moved, or the store has failed

  StoreStats counters;  // only what is counted; Stats() fills in the rest

  Result<void> CheckUsable() const {
    if (failure.has_value()) return Fail(*failure);
    return {};
  }
};

}  // namespace rmq::store
