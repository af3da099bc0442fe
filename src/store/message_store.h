// MessageStore keeps messages in topics' queues on one machine's disk, in Apache RocketMQ's format:
// the CommitLog holds the messages, and ConsumeQueues and IndexFiles, both derived from it, find
// them by (topic, queue, offset) and by (topic, key).
//
//   Put ──► batch ──► one gather write ──► [one sync] ──► dispatch ──► readable, OnArrival
//                                              │              ├─► ConsumeQueue units (memory, disk)
//                                              └─► answer     └─► index (follows the log)
//
// Promises (STORE-1 … in spec/store/):
//   kAsyncFlush  an answered message survives a crash of the process; it is readable once written
//   kSyncFlush   an answered message survives a power cut; it is readable once synced
//   a queue's offsets are dense and never change once anybody was told about one
// After a failed sync nothing succeeds any more: every call fails with the error of that sync. Puts
// that wait for it are answered kFlushDiskTimeout.
//
// The broker's store processors call it. It belongs to the executor of the fiber that opened it;
// everything is called there, and callbacks and answers come there. Errors of Result: kIoError,
// kNoSpace, kCorruption (they name file and offset), kUnavailable (closed, closing). What Java
// judges about a request is in PutResult::status and GetResult::status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "base/unique_function.h"
#include "runtime/runtime.h"
#include "store/store_options.h"

namespace rmq::store {

// One message on its way in. The store assigns queue offset, position and store time.
struct MessageToStore {
  std::string topic;
  std::string properties;  // see wire/message_properties.h
  Bytes body;              // as it is stored: compressed if sys_flag says so
  int32_t queue_id = 0;
  int32_t flag = 0;
  int32_t sys_flag = 0;
  int32_t reconsume_times = 0;
  CommitLogOffset prepared_transaction_offset;
  WallTime born_time;
  Endpoint born_host;
  Endpoint store_host;
  // wire::MessageBodyCrc(body), if somebody with more time has computed it already.
  std::optional<uint32_t> body_crc;
  // The property WAIT: false is answered once written, whatever the flush mode.
  bool wait_store_ok = true;
};

// Java's PutMessageStatus, as far as a store decides it.
enum class PutStatus : uint8_t {
  kPutOk,
  kFlushDiskTimeout,        // written, the sync takes longer than sync_flush_timeout or has failed
  kMessageIllegal,          // too large, or a topic or queue id that can't be stored
  kPropertiesSizeExceeded,  // properties beyond 32,767 bytes
};

struct PutResult {
  PutStatus status = PutStatus::kPutOk;
  CommitLogOffset offset;    // of the first message
  QueueOffset queue_offset;  // of the first message
  int32_t message_count = 0;
  int64_t size_bytes = 0;
  WallTime store_time;
  std::vector<CommitLogOffset> batch_offsets;  // of each message, for PutBatch alone
};

// Decides which messages of a queue a reader gets. Called within Get and TryGet; must not suspend.
class MessageFilter {
 public:
  virtual ~MessageFilter() = default;
  // By what a ConsumeQueue unit knows. Hash collisions pass: clients compare the tag itself.
  virtual bool MatchesTagsCode(int64_t tags_code) const = 0;
  // By the stored message, for those that passed.
  virtual bool MatchesMessage(Slice record) const {
    static_cast<void>(record);
    return true;
  }
};

// Java's GetMessageStatus.
enum class GetStatus : uint8_t {
  kFound,
  kNoMatchedMessage,
  kMessageWasRemoving,
  kOffsetFoundNull,
  kOffsetOverflowBadly,
  kOffsetOverflowOne,
  kOffsetTooSmall,
  kNoMatchedLogicQueue,
  kNoMessageInQueue,
};

struct GetRequest {
  std::string_view topic;
  int32_t queue_id = 0;
  QueueOffset from;
  int32_t max_count = 32;
  // The first message is returned whatever its size. The transfer limits of StoreOptions apply too.
  int64_t max_bytes = int64_t{128} << 20;
  const MessageFilter* filter = nullptr;  // null: all messages
};

struct GetResult {
  GetStatus status = GetStatus::kNoMessageInQueue;
  QueueOffset next_begin;
  QueueOffset min;
  QueueOffset max;
  std::vector<Bytes> messages;  // stored messages, in the order of the queue
  int64_t total_bytes = 0;
  int32_t filtered_count = 0;  // examined, and not for this reader
  int64_t bytes_behind = 0;    // from the last examined message to the end of the log
};

// A message has become readable.
struct MessageArrival {
  std::string_view topic;
  int32_t queue_id = 0;
  QueueOffset new_max;  // the message's offset + 1
  int64_t tags_code = 0;
  CommitLogOffset offset;
  int32_t size_bytes = 0;
  WallTime store_time;
};

enum class TimeBoundary : uint8_t {
  kLower,  // the first message stored at or after the time
  kUpper,  // the last message stored at or before it
};

struct QueryResult {
  std::vector<Bytes> messages;    // oldest first
  CommitLogOffset indexed_until;  // messages before this are indexed
  WallTime index_last_update;
};

struct QueueInfo {
  std::string topic;
  int32_t queue_id = 0;
  QueueOffset min;
  QueueOffset max;
};

struct StoreStats {
  CommitLogOffset min_offset;
  CommitLogOffset written_offset;   // end of what is in the page cache
  CommitLogOffset flushed_offset;   // end of what is synced
  CommitLogOffset readable_offset;  // end of what readers see
  CommitLogOffset indexed_offset;
  int64_t dispatch_behind_bytes = 0;
  uint64_t put_count = 0;
  uint64_t put_bytes = 0;
  uint64_t put_failed_count = 0;
  uint64_t write_count = 0;  // gather writes
  uint64_t sync_count = 0;   // of the CommitLog
  uint64_t get_found_count = 0;
  uint64_t get_missed_count = 0;
  uint64_t get_message_count = 0;
  uint64_t cold_read_count = 0;
  int64_t hot_tail_bytes = 0;
  size_t queue_count = 0;
  size_t pending_put_count = 0;
  int64_t commit_log_disk_bytes = 0;
};

class MessageStore {
 public:
  using PutCallback = UniqueFunction<void(Result<PutResult>)>;
  using ArrivalCallback = UniqueFunction<void(const MessageArrival&)>;

  // Locks the directory, recovers what an earlier run left (spec/store/recovery.md) and starts the
  // store's fibers. kAlreadyExists: another process has the store open. kCorruption: bytes that had
  // been promised are gone or wrong; the message names file, offset and reason, and nothing was
  // changed. `runtime` outlives the store.
  static Result<std::unique_ptr<MessageStore>> Open(Context& ctx, runtime::Runtime& runtime,
                                                    StoreOptions options);
  // REQUIRES: Close was called, or the process is dead.
  virtual ~MessageStore() = default;

  // Stores what was accepted, brings derived state and checkpoint to disk and leaves the mark of a
  // clean exit. Puts fail from now on. Fails if that did not work out, for instance because `ctx`
  // was cancelled: then the store is closed anyway, and the next start recovers it.
  virtual Result<void> Close(Context& ctx) = 0;

  // --- writing ---
  // Appends one message and waits for the promise of the flush mode. Cancelled or expired: the
  // message may be stored nevertheless.
  virtual Result<PutResult> Put(Context& ctx, MessageToStore message) = 0;
  // Several messages of one topic and queue, next to each other in one CommitLog file: all of them
  // are stored or none. REQUIRES: not empty, same topic and queue id.
  virtual Result<PutResult> PutBatch(Context& ctx, std::vector<MessageToStore> messages) = 0;
  // The same without a fiber. `done` is called once, later, through the run queue.
  virtual void PutAsync(MessageToStore message, PutCallback done) = 0;
  virtual void PutBatchAsync(std::vector<MessageToStore> messages, PutCallback done) = 0;

  // --- reading ---
  virtual Result<GetResult> Get(Context& ctx, const GetRequest& request) = 0;
  // Never suspends: kWouldBlock if it needs the disk. Messages are views into the tail in memory.
  virtual Result<GetResult> TryGet(const GetRequest& request) = 0;
  // One stored message. kNotFound: no readable message begins there.
  virtual Result<Bytes> MessageAt(Context& ctx, CommitLogOffset offset) = 0;
  // At most `max` messages of `topic` under `key`, stored in [begin, end], by the index: the newest
  // ones. Each is compared with topic and key.
  virtual Result<QueryResult> Query(Context& ctx, std::string_view topic, std::string_view key,
                                    int32_t max, WallTime begin, WallTime end) = 0;

  // --- offsets ---
  // Empty: there is no such queue. max is the offset of the next readable message.
  virtual std::optional<QueueOffset> MinOffset(std::string_view topic, int32_t queue_id) const = 0;
  virtual std::optional<QueueOffset> MaxOffset(std::string_view topic, int32_t queue_id) const = 0;
  // The position of a message of a queue. kNotFound outside of [min, max).
  virtual Result<CommitLogOffset> OffsetOf(Context& ctx, std::string_view topic, int32_t queue_id,
                                           QueueOffset offset) = 0;
  virtual CommitLogOffset MinCommitLogOffset() const = 0;
  virtual CommitLogOffset MaxCommitLogOffset() const = 0;  // end of what is readable
  // Store time of the oldest message of a queue, or of the whole log. kNotFound: there is none.
  virtual Result<WallTime> EarliestStoreTime(Context& ctx, std::string_view topic,
                                             int32_t queue_id) = 0;
  virtual Result<WallTime> EarliestStoreTime(Context& ctx) = 0;
  // As Java answers it: beyond the last message kLower gives max, before the first kUpper gives 0,
  // and an unknown queue gives 0.
  virtual Result<QueueOffset> OffsetByTime(Context& ctx, std::string_view topic, int32_t queue_id,
                                           WallTime time, TimeBoundary boundary) = 0;

  // --- the rest ---
  // `arrived` is called for every message that becomes readable, in the order of the log; it must
  // not suspend, and may call Try… and PutAsync. It lives as long as the store.
  virtual void OnArrival(ArrivalCallback arrived) = 0;
  // Messages written from now on follow this mode.
  virtual void SetFlushMode(FlushMode mode) = 0;

  // Forgets the queues of a topic; its messages stay in the log until they expire. A later message
  // of the topic starts with queue offset 0.
  virtual Result<void> DeleteTopic(Context& ctx, std::string_view topic) = 0;
  virtual std::vector<std::string> Topics() const = 0;                      // sorted
  virtual std::vector<QueueInfo> Queues(std::string_view topic) const = 0;  // by queue id

  virtual StoreStats Stats() const = 0;
  // How long the batch that is being written has been under way; 0: none is. The broker refuses
  // sends when this is long: the page cache is busy.
  virtual nanoseconds BusyFor() const = 0;
  // Free space of the CommitLog's disk.
  virtual Result<runtime::DiskSpace> Space(Context& ctx) = 0;
  // The error after which nothing succeeds any more, if there was one.
  virtual const std::optional<Error>& failure() const = 0;
  // Returns when there is one. kCancelled.
  virtual Result<void> WaitForFailure(Context& ctx) = 0;
};

}  // namespace rmq::store
