// Appender brings messages into the CommitLog: the requests that arrive while it is busy form the
// next batch, which is encoded into the hot tail, written with one gather write, synced if the
// flush mode promises that, dispatched to its queues and answered (spec/store/commit-log.md).
//
//   Submit ─► waiting ─► [append fiber: assign, encode, write] ─► unsynced ─► [sync fiber] ─►
//   publish
//                                                            └─────── async flush ────────────┘
//
// A batch lies in one file. If its write fails, its offsets were never used and what it left behind
// is overwritten with zeros before anything else is written there (STORE-8, STORE-9). If a sync
// fails, the store has failed.
//
// Part of one MessageStore, on its executor.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/result.h"
#include "runtime/gate.h"
#include "runtime/mutex.h"
#include "store/consume_queue_store.h"
#include "store/message_store.h"
#include "store/store_state.h"

namespace rmq::store {

// One Put or PutBatch.
struct PutRequest {
  MessageToStore first;
  std::vector<MessageToStore> more;
  MessageStore::PutCallback done;
  size_t size_bytes = 0;  // encoded; set by Submit

  template <typename Visit>
  void ForEach(Visit&& visit) {
    visit(first);
    for (MessageToStore& message : more) visit(message);
  }
};

class Appender {
 public:
  // `state` outlives it. `arrived` is called for each message that becomes readable.
  Appender(StoreState& state, UniqueFunction<void(const MessageArrival&)> arrived);

  // Starts the fibers, after recovery.
  void Start(runtime::Gate& gate);

  // Answers through the run queue.
  void Submit(PutRequest request);
  void set_flush_mode(FlushMode mode) { mode_ = mode; }
  size_t pending_count() const { return waiting_.size() + (taken_.size() - next_taken_); }

  // As MessageStore::BusyFor.
  nanoseconds BusyFor() const;

  // Refuses what is submitted from now on and waits until everything before is answered and
  // readable. Fails if the store has failed.
  Result<void> Drain(Context& ctx);

  // Makes the log durable up to written.
  Result<void> SyncLog(Context& ctx);

  // The store has failed: answers everything with `error`, now and from now on; what is written but
  // not synced as a sync that takes too long.
  void FailStore(Error error);

 private:
  // A message on its way from the write to its queue.
  struct Entry {
    ConsumeQueueStore::QueueRef queue;  // null: enters none
    QueueOffset queue_offset;
    ConsumeQueueUnit unit;
  };
  struct Answer {
    MessageStore::PutCallback done;  // empty: answered already
    PutResult result;
    bool waits_for_sync = true;
  };
  struct Batch {
    CommitLogOffset begin;
    CommitLogOffset end;
    WallTime store_time;
    Tick written_at;
    bool needs_sync = false;
    std::vector<Entry> entries;
    std::vector<Answer> answers;
  };

  std::optional<PutStatus> Refuse(PutRequest& request) const;
  void AppendLoop(Context& ctx);
  void SyncLoop(Context& ctx);
  void TimeoutLoop(Context& ctx);

  int64_t UnsyncedBytes() const { return state_.written - state_.flushed; }
  Result<void> WaitForRoom(Context& ctx);
  bool HasWaiting() const { return next_taken_ < taken_.size() || !waiting_.empty(); }
  PutRequest* NextWaiting();
  Result<void> PrepareTail(Context& ctx);
  void AppendBatch(Context& ctx);
  void Form(Batch& batch);
  void Encode(PutRequest& request, Batch& batch);
  CommitLogOffset EncodeOne(const MessageToStore& message, Batch& batch);
  void EndFile();
  Result<void> Write(Context& ctx, const Batch& batch);
  void TakeBack(Batch& batch, const Error& error);
  Result<void> BlankTorn(Context& ctx);
  void Refuse(Batch& batch, const Error& error);
  void Written(Batch batch);
  void MakeNextFileAhead();
  void ReleaseSynced();
  void AnswerUnsynced(Batch& batch);
  void Publish(Batch& batch);
  void AnswerAll(Batch& batch);
  void FailWaiting(const Error& error);
  void NoteIfIdle();

  StoreState& state_;
  UniqueFunction<void(const MessageArrival&)> arrived_;
  FlushMode mode_;
  runtime::Gate* gate_ = nullptr;

  std::vector<PutRequest> waiting_;
  std::vector<PutRequest> taken_;  // what the append fiber works on, from next_taken_
  size_t next_taken_ = 0;
  bool appending_ = false;
  bool closing_ = false;
  std::optional<Tick> writing_since_;
  CommitLogOffset ahead_tried_;  // the file made ahead last, or tried to
  CommitLogOffset torn_until_;   // bytes from written to here may be left from a failed write

  std::deque<Batch> unsynced_;  // written and not readable yet, in order
  runtime::Mutex syncing_;
  runtime::Condition work_;          // for the append fiber
  runtime::Condition sync_work_;     // for the sync fiber
  runtime::Condition timeout_work_;  // for the timeout fiber
  runtime::Condition synced_;        // for the append fiber that waits for room
  runtime::Condition idle_;          // for Drain
  std::vector<Slice> slices_;
};

}  // namespace rmq::store
