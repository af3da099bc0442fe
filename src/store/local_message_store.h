// LocalMessageStore is the MessageStore on the files of this machine: it owns the parts, their
// fibers and the store's directory.
//
// Fibers, all of one gate: append, sync and timeout (Appender); queues (ConsumeQueues to their
// files, checkpoints); index (follows the log).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/gate.h"
#include "runtime/mutex.h"
#include "store/appender.h"
#include "store/message_reader.h"
#include "store/message_store.h"
#include "store/store_state.h"

namespace rmq::store {

class LocalMessageStore final : public MessageStore {
 public:
  // Use MessageStore::Open.
  LocalMessageStore(runtime::Executor& executor, runtime::Runtime& runtime, StoreOptions options);
  ~LocalMessageStore() override = default;
  Result<void> Start(Context& ctx);

  Result<void> Close(Context& ctx) override;
  Result<PutResult> Put(Context& ctx, MessageToStore message) override;
  Result<PutResult> PutBatch(Context& ctx, std::vector<MessageToStore> messages) override;
  void PutAsync(MessageToStore message, PutCallback done) override;
  void PutBatchAsync(std::vector<MessageToStore> messages, PutCallback done) override;

  Result<GetResult> Get(Context& ctx, const GetRequest& request) override;
  Result<GetResult> TryGet(const GetRequest& request) override;
  Result<Bytes> MessageAt(Context& ctx, CommitLogOffset offset) override;
  Result<QueryResult> Query(Context& ctx, std::string_view topic, std::string_view key, int32_t max,
                            WallTime begin, WallTime end) override;

  std::optional<QueueOffset> MinOffset(std::string_view topic, int32_t queue_id) const override;
  std::optional<QueueOffset> MaxOffset(std::string_view topic, int32_t queue_id) const override;
  Result<CommitLogOffset> OffsetOf(Context& ctx, std::string_view topic, int32_t queue_id,
                                   QueueOffset offset) override;
  CommitLogOffset MinCommitLogOffset() const override { return state_.log->min_offset(); }
  CommitLogOffset MaxCommitLogOffset() const override { return state_.readable; }
  Result<WallTime> EarliestStoreTime(Context& ctx, std::string_view topic,
                                     int32_t queue_id) override;
  Result<WallTime> EarliestStoreTime(Context& ctx) override;
  Result<QueueOffset> OffsetByTime(Context& ctx, std::string_view topic, int32_t queue_id,
                                   WallTime time, TimeBoundary boundary) override;

  void OnArrival(ArrivalCallback arrived) override { arrived_.push_back(std::move(arrived)); }
  void SetFlushMode(FlushMode mode) override { appender_.set_flush_mode(mode); }
  Result<void> DeleteTopic(Context& ctx, std::string_view topic) override;
  std::vector<std::string> Topics() const override { return state_.queues->Topics(); }
  std::vector<QueueInfo> Queues(std::string_view topic) const override;
  StoreStats Stats() const override;
  nanoseconds BusyFor() const override { return appender_.BusyFor(); }
  Result<runtime::DiskSpace> Space(Context& ctx) override;
  const std::optional<Error>& failure() const override { return state_.failure; }
  Result<void> WaitForFailure(Context& ctx) override;

 private:
  Result<void> OpenDirectory(Context& ctx);
  Result<void> MarkRunning(Context& ctx);
  Result<void> CloseCleanly(Context& ctx);
  Result<void> SaveQueueSnapshot(Context& ctx);
  Result<void> WriteCheckpoint(Context& ctx, bool clean_exit);
  // Passes a result on, and fails the store if a sync of derived state has failed.
  Result<void> Watch(Result<void> result);
  Result<GetResult> Counted(Result<GetResult> result);

  void QueueLoop(Context& ctx);
  void IndexLoop(Context& ctx);
  Result<void> IndexSome(Context& ctx);
  Result<void> IndexHot(Context& ctx, const Bytes& bytes);
  Result<void> IndexCold(Context& ctx);
  Result<void> WaitForIndex(Context& ctx, CommitLogOffset until);

  StoreState state_;
  Appender appender_;
  MessageReader reader_;
  std::vector<ArrivalCallback> arrived_;

  std::unique_ptr<runtime::Directory> directory_;
  std::unique_ptr<runtime::FileLock> lock_;
  runtime::Mutex checkpointing_;
  CommitLogOffset checkpointed_{-1};  // readable, as of the last checkpoint
  runtime::Condition indexed_;        // the index has come further, or failed
  Result<void> index_trouble_;        // what keeps it from going on
  bool closed_ = false;
  runtime::Gate gate_;
};

}  // namespace rmq::store
