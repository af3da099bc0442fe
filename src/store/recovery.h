// Recovery brings the files of a store that has ended in any way into one consistent state: it
// finds the end of the log, cuts everything to it, rebuilds the derived state from where the
// checkpoint stops promising it, and makes the result durable (spec/store/recovery.md).
//
// MessageStore::Open runs it once, before anybody else uses the store.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "store/checkpoint.h"
#include "store/log_scanner.h"
#include "store/store_state.h"

namespace rmq::store {

class Recovery {
 public:
  // `checkpoint` is what the earlier run wrote last; `was_aborted`: its mark of a running store is
  // still there.
  Recovery(StoreState& state, runtime::Directory& directory, std::optional<Checkpoint> checkpoint,
           bool was_aborted)
      : state_(state),
        directory_(directory),
        checkpoint_(std::move(checkpoint)),
        was_aborted_(was_aborted) {}

  // Fills in state.log, queues, index and the offsets. kCorruption: bytes that the checkpoint
  // promises are missing or wrong; nothing was changed, unless options allow the loss.
  Result<void> Run(Context& ctx);

 private:
  bool clean() const {
    return !was_aborted_ && checkpoint_.has_value() && checkpoint_->positions.has_value() &&
           checkpoint_->positions->clean_exit;
  }
  ScanOptions scan_options() const;
  Result<CommitLogOffset> ScanStart(Context& ctx);
  Result<CommitLogOffset> ScanStartByTimes(Context& ctx);
  Result<std::optional<wire::StoredMessage>> FirstMessage(Context& ctx, CommitLogOffset file);

  Result<void> CheckPromises(Context& ctx);
  CommitLogOffset DurableUntil() const;
  Result<void> FindEnd(Context& ctx, CommitLogOffset start);
  Result<bool> RestoreQueues(Context& ctx);
  Result<bool> LoadQueues(Context& ctx, CommitLogOffset start);
  ConsumeQueueStore::Totals PromisedTotals() const;
  Result<bool> UnitsMatchLog(Context& ctx);
  Result<void> RebuildAll(Context& ctx);
  Result<bool> Replay(Context& ctx, CommitLogOffset start);
  Result<bool> ReplayOne(Context& ctx, const wire::StoredMessage& message, bool from_the_begin);
  Result<void> RecoverIndex(Context& ctx);

  StoreState& state_;
  runtime::Directory& directory_;  // of the store
  const std::optional<Checkpoint> checkpoint_;
  const bool was_aborted_;
  CommitLogOffset end_;
  WallTime last_time_;
  std::string end_reason_;
};

}  // namespace rmq::store
