// MessageReader answers what MessageStore is asked about stored messages: by queue and offset, by
// position, by time. Hot data comes from memory without suspending, as views of the hot tail; the
// rest is read from the CommitLog's files.
//
// Readers see nothing at or behind StoreState::readable (invariant I4). Part of one MessageStore,
// on its executor; any number of fibers may call.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/consume_queue_store.h"
#include "store/message_store.h"
#include "store/store_state.h"

namespace rmq::store {

class MessageReader {
 public:
  explicit MessageReader(StoreState& state) : state_(state) {}

  // `ctx` null: never suspends, kWouldBlock instead.
  Result<GetResult> Get(Context* ctx, const GetRequest& request);
  // As MessageStore::MessageAt.
  Result<Bytes> MessageAt(Context& ctx, CommitLogOffset offset);
  Result<CommitLogOffset> OffsetOf(Context& ctx, std::string_view topic, int32_t queue_id,
                                   QueueOffset offset);
  Result<WallTime> StoreTimeOf(Context& ctx, const ConsumeQueueStore::QueueRef& queue,
                               QueueOffset offset);
  Result<QueueOffset> OffsetByTime(Context& ctx, std::string_view topic, int32_t queue_id,
                                   WallTime time, TimeBoundary boundary);
  // Of the first message of the log.
  Result<WallTime> FirstStoreTime(Context& ctx);

 private:
  // The disk's part of one Get: neighbours in a queue are often neighbours in the log.
  struct ColdBlock {
    CommitLogOffset begin;
    Bytes bytes;
  };
  class Collector;

  // The bytes [at, at + size), from memory or, with `ctx`, from the disk.
  Result<Bytes> Fetch(Context* ctx, CommitLogOffset at, size_t size, ColdBlock& block);
  Result<void> CheckSize(Context* ctx, const ConsumeQueueUnit& unit);
  Result<void> CheckRecord(const GetRequest& request, QueueOffset at, const ConsumeQueueUnit& unit,
                           Slice record) const;

  StoreState& state_;
};

}  // namespace rmq::store
