#include "store/local_message_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "runtime/channel.h"
#include "store/recovery.h"
#include "wire/message.h"
#include "wire/message_properties.h"

namespace rmq::store {

using runtime::OpenMode;

namespace {

constexpr std::string_view kAbortFile = "abort";
constexpr std::string_view kLockFile = "lock";
constexpr int kIndexSlice = 2048;  // messages indexed before others get their turn
constexpr milliseconds kRetryDelay{1000};

bool HasKey(const wire::StoredMessage& message, std::string_view key) {
  for (const auto [name, value] : wire::PropertiesView(message.properties)) {
    if (name == wire::kPropertyUniqKey && value == key) return true;
    if (name != wire::kPropertyKeys) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(wire::kKeySeparator), rest.size());
      if (rest.substr(0, end) == key) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<MessageStore>> MessageStore::Open(Context& ctx, runtime::Runtime& runtime,
                                                         StoreOptions options) {
  auto store = std::make_unique<LocalMessageStore>(ctx.executor(), runtime, std::move(options));
  RMQ_TRY(store->Start(ctx));
  return std::unique_ptr<MessageStore>(std::move(store));
}

LocalMessageStore::LocalMessageStore(runtime::Executor& executor, runtime::Runtime& runtime,
                                     StoreOptions options)
    : state_(runtime, executor, std::move(options)),
      appender_(state_,
                [this](const MessageArrival& arrival) {
                  for (ArrivalCallback& arrived : arrived_) arrived(arrival);
                }),
      reader_(state_) {}

// --- opening and closing ---

Result<void> LocalMessageStore::Start(Context& ctx) {
  RMQ_TRY(OpenDirectory(ctx));
  RMQ_TRY(auto checkpoint, ReadCheckpoint(ctx, *directory_));
  RMQ_TRY(const auto entries, directory_->List(ctx));
  const bool was_aborted =
      std::ranges::any_of(entries, [](const auto& entry) { return entry.name == kAbortFile; });
  Recovery recovery(state_, *directory_, std::move(checkpoint), was_aborted);
  RMQ_TRY(recovery.Run(ctx));
  RMQ_TRY(state_.checkpoint, CheckpointFile::Open(ctx, *directory_));
  // In this order: a checkpoint that says "clean" must not meet a running store.
  RMQ_TRY(MarkRunning(ctx));
  RMQ_TRY(WriteCheckpoint(ctx, /*clean_exit=*/false));
  RMQ_LOG(state_.runtime.log(), kInfo, "store", "{} is open: log {} to {}, {} queues",
          state_.options.root, state_.log->min_offset().value, state_.readable.value,
          state_.queues->queue_count());

  appender_.Start(gate_);
  state_.executor.Spawn(gate_, "store queues", [this](Context& own) { QueueLoop(own); });
  if (state_.index != nullptr) {
    state_.executor.Spawn(gate_, "store index", [this](Context& own) { IndexLoop(own); });
  }
  return {};
}

Result<void> LocalMessageStore::OpenDirectory(Context& ctx) {
  RMQ_TRY(directory_,
          state_.runtime.files().OpenDirectory(ctx, state_.options.root, /*create=*/true));
  RMQ_TRY(lock_, directory_->Lock(ctx, kLockFile));
  RMQ_TRY(const auto file, directory_->Open(ctx, kLockFile, OpenMode::kCreate));
  return runtime::WriteFully(ctx, *file, 0, AsBytes("lock"));
}

Result<void> LocalMessageStore::MarkRunning(Context& ctx) {
  RMQ_TRY(const auto file, directory_->Open(ctx, kAbortFile, OpenMode::kCreate));
  RMQ_TRY(file->Truncate(ctx, 0));
  const std::string pid = fmt::format("{}", state_.runtime.process_id());
  RMQ_TRY(runtime::WriteFully(ctx, *file, 0, AsBytes(pid)));
  RMQ_TRY(file->SyncAll(ctx));
  return directory_->Sync(ctx);
}

Result<void> LocalMessageStore::Close(Context& ctx) {
  if (closed_) return {};
  closed_ = true;
  const Result<void> result = CloseCleanly(ctx);
  gate_.Close(ctx);
  lock_.reset();
  return result;
}

Result<void> LocalMessageStore::WaitForFailure(Context& ctx) {
  while (!state_.failure.has_value()) RMQ_TRY(state_.failed.Wait(ctx));
  return {};
}

Result<void> LocalMessageStore::CloseCleanly(Context& ctx) {
  RMQ_TRY(appender_.Drain(ctx));
  // What it does not get done now it does after the next start.
  if (state_.index != nullptr) static_cast<void>(WaitForIndex(ctx, state_.readable));
  RMQ_TRY(SaveQueueSnapshot(ctx));
  RMQ_TRY(WriteCheckpoint(ctx, /*clean_exit=*/true));
  RMQ_TRY(directory_->Remove(ctx, kAbortFile));
  return directory_->Sync(ctx);
}

// With few queues the files themselves are looked at in no time, and damage is found at once.
Result<void> LocalMessageStore::SaveQueueSnapshot(Context& ctx) {
  RMQ_TRY(state_.queues->WriteBack(ctx, state_.hot.begin()));
  if (state_.queues->found_damage() ||
      state_.queues->queue_count() < state_.options.queue_snapshot_from) {
    return RemoveQueueSnapshot(ctx, *directory_);
  }
  return WriteQueueSnapshot(ctx, *directory_, state_.readable, state_.queues->Snapshot());
}

// --- checkpoints ---

Result<void> LocalMessageStore::Watch(Result<void> result) {
  const bool sync_failed = state_.queues->sync_failed() ||
                           (state_.index != nullptr && state_.index->sync_failed()) ||
                           (state_.checkpoint != nullptr && state_.checkpoint->sync_failed());
  if (!result.has_value() && sync_failed) appender_.FailStore(result.error());
  return result;
}

Result<void> LocalMessageStore::WriteCheckpoint(Context& ctx, bool clean_exit) {
  RMQ_TRY(const auto checkpointing, checkpointing_.Lock(ctx));
  RMQ_TRY(state_.CheckUsable());
  // What is promised is what is so now; what comes meanwhile may be synced along with it.
  Checkpoint checkpoint;
  Checkpoint::Positions positions;
  positions.queues_durable = state_.readable;
  const ConsumeQueueStore::Totals totals = state_.queues->totals();
  positions.queue_offset_sum = totals.offset_sum;
  positions.queue_first_sum = totals.first_sum;
  positions.queue_count = totals.filled_count;
  positions.clean_exit = clean_exit;
  checkpoint.logics_time = state_.readable_time;

  RMQ_TRY(appender_.SyncLog(ctx));
  positions.log_durable = state_.flushed;
  checkpoint.physic_time = state_.flushed_time;
  RMQ_TRY(state_.queues->WriteBack(ctx, state_.hot.begin()));
  RMQ_TRY(Watch(state_.queues->Sync(ctx)));
  positions.index_last = CommitLogOffset{-1};
  if (state_.index != nullptr) {
    const Result<IndexService::Durable> durable = state_.index->Flush(ctx);
    if (!durable.has_value()) return Watch(Fail(durable.error()));
    positions.indexed = durable->indexed;
    positions.index_last = durable->last;
    positions.index_file_count = durable->file_count;
    checkpoint.index_time = durable->time;
  }
  checkpoint.positions = positions;
  RMQ_TRY(Watch(state_.checkpoint->Write(ctx, checkpoint)));
  checkpointed_ = positions.queues_durable;
  return {};
}

void LocalMessageStore::QueueLoop(Context& ctx) {
  const StoreOptions& options = state_.options;
  Tick next_checkpoint = ctx.Now() + options.checkpoint_interval;
  for (;;) {
    while (state_.readable == checkpointed_ && !state_.failure.has_value()) {
      if (!state_.published.Wait(ctx).has_value()) return;
      next_checkpoint = std::max(next_checkpoint, ctx.Now());
    }
    if (state_.failure.has_value()) return;
    if (!ctx.SleepFor(options.consume_queue_flush_interval).has_value()) return;
    Result<void> written = state_.queues->WriteBack(ctx, state_.hot.begin());
    const bool much = state_.readable - checkpointed_ >= options.checkpoint_bytes;
    if (written.has_value() && (much || ctx.Now() >= next_checkpoint)) {
      written = WriteCheckpoint(ctx, /*clean_exit=*/false);
      if (written.has_value()) next_checkpoint = ctx.Now() + options.checkpoint_interval;
    }
    if (!ctx.Check().has_value()) return;
    // Derived state: what did not get to disk stays in memory, and is tried again.
    if (!written.has_value()) {
      RMQ_LOG(state_.runtime.log(), kWarn, "store", "queues: {}", written.error().ToString());
    }
  }
}

// --- index ---

void LocalMessageStore::IndexLoop(Context& ctx) {
  for (;;) {
    while (state_.index->indexed() >= state_.readable) {
      indexed_.NotifyAll();
      if (state_.failure.has_value() || !state_.published.Wait(ctx).has_value()) return;
    }
    Result<void> indexed = IndexSome(ctx);
    if (indexed.has_value()) indexed = state_.index->RelieveMemory(ctx);
    if (!ctx.Check().has_value() || state_.failure.has_value()) return;
    index_trouble_ = indexed;
    if (indexed.has_value()) {
      if (!ctx.Yield().has_value()) return;
      continue;
    }
    static_cast<void>(Watch(indexed));
    RMQ_LOG(state_.runtime.log(), kWarn, "store", "index: {}", indexed.error().ToString());
    indexed_.NotifyAll();
    if (!ctx.SleepFor(kRetryDelay).has_value()) return;
  }
}

Result<void> LocalMessageStore::IndexSome(Context& ctx) {
  const CommitLogOffset at = state_.index->indexed();
  const Bytes bytes = state_.hot.Share(at);
  return bytes.empty() ? IndexCold(ctx) : IndexHot(ctx, bytes);
}

// `bytes` begin at indexed() and are shared: they stay while a put waits for a page.
Result<void> LocalMessageStore::IndexHot(Context& ctx, const Bytes& bytes) {
  Slice rest = bytes.view();
  IndexService::Keys keys;
  keys.end = state_.index->indexed();
  for (int i = 0; i < kIndexSlice && !rest.empty() && keys.end < state_.readable; ++i) {
    const auto head = wire::PeekRecord(rest);
    RMQ_ASSERT(head.has_value());
    if (head->kind == wire::RecordKind::kBlank) {
      keys.end = keys.end + static_cast<int64_t>(head->total_size);
      break;
    }
    RMQ_TRY(const wire::StoredMessage message, wire::DecodeStoredMessage(rest));
    IndexService::Collect(message, keys);
    rest = rest.subspan(message.total_size);
  }
  return state_.index->Put(ctx, keys);
}

Result<void> LocalMessageStore::IndexCold(Context& ctx) {
  const CommitLogOffset until = state_.readable;
  LogScanner scanner(*state_.log, state_.index->indexed(), until,
                     {.verify_crc = false, .detect_lost_sectors = false});
  IndexService::Keys keys;
  for (int i = 0; i < kIndexSlice; ++i) {
    RMQ_TRY(const std::optional<wire::StoredMessage> message, scanner.Next(ctx));
    if (message.has_value()) {
      IndexService::Collect(*message, keys);
      continue;
    }
    keys.end = scanner.position();
    if (keys.end >= until) break;
    return Fail(ErrorCode::kCorruption,
                fmt::format("{}: {}", state_.log->Place(keys.end), scanner.end_reason()));
  }
  return state_.index->Put(ctx, keys);
}

Result<void> LocalMessageStore::WaitForIndex(Context& ctx, CommitLogOffset until) {
  while (state_.index->indexed() < until) {
    RMQ_TRY(state_.CheckUsable());
    RMQ_TRY(index_trouble_);
    RMQ_TRY(indexed_.Wait(ctx));
  }
  return {};
}

Result<QueryResult> LocalMessageStore::Query(Context& ctx, std::string_view topic,
                                             std::string_view key, int32_t max, WallTime begin,
                                             WallTime end) {
  RMQ_TRY(state_.CheckUsable());
  QueryResult result;
  if (state_.index == nullptr || max <= 0) return result;
  // Whoever has just been told that a message is stored finds it.
  RMQ_TRY(WaitForIndex(ctx, state_.readable));
  const auto wanted = static_cast<size_t>(std::min(max, state_.options.max_query_count));
  // Candidates of other keys with the same hash take places: ask for more until it is enough.
  std::vector<CommitLogOffset> candidates;
  for (size_t limit = wanted;; limit *= 4) {
    RMQ_TRY(candidates, state_.index->Find(ctx, topic, key, begin, end, limit));
    const bool all = candidates.size() < limit;
    // Putting again after a failure can index a message twice.
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
    result.messages.clear();
    for (const CommitLogOffset candidate : candidates) {
      if (result.messages.size() == wanted) break;
      Result<Bytes> record = reader_.MessageAt(ctx, candidate);
      if (!record.has_value()) {
        if (record.error().code() == ErrorCode::kNotFound) continue;  // Expired.
        return Fail(std::move(record).error());
      }
      RMQ_TRY(const wire::StoredMessage message, wire::DecodeStoredMessage(record->view()));
      const bool in_time = message.store_time >= begin && message.store_time <= end;
      if (in_time && message.topic == topic && HasKey(message, key)) {
        result.messages.push_back(std::move(*record));
      }
    }
    if (all || result.messages.size() == wanted) break;
  }
  std::ranges::reverse(result.messages);
  result.indexed_until = state_.index->indexed();
  result.index_last_update = state_.index->last_update();
  return result;
}

// --- putting ---

void LocalMessageStore::PutAsync(MessageToStore message, PutCallback done) {
  appender_.Submit({.first = std::move(message), .more = {}, .done = std::move(done)});
}

void LocalMessageStore::PutBatchAsync(std::vector<MessageToStore> messages, PutCallback done) {
  RMQ_ASSERT(!messages.empty());
  for (const MessageToStore& message : messages) {
    RMQ_ASSERT(message.topic == messages.front().topic);
    RMQ_ASSERT(message.queue_id == messages.front().queue_id);
  }
  PutRequest request{.first = std::move(messages.front()), .more = {}, .done = std::move(done)};
  messages.erase(messages.begin());
  request.more = std::move(messages);
  appender_.Submit(std::move(request));
}

Result<PutResult> LocalMessageStore::Put(Context& ctx, MessageToStore message) {
  std::vector<MessageToStore> messages;
  messages.push_back(std::move(message));
  RMQ_TRY(PutResult result, PutBatch(ctx, std::move(messages)));
  return result;
}

Result<PutResult> LocalMessageStore::PutBatch(Context& ctx, std::vector<MessageToStore> messages) {
  // Outlives a caller that gives up.
  auto answer = std::make_shared<runtime::Future<Result<PutResult>>>();
  PutBatchAsync(std::move(messages),
                [answer](Result<PutResult> result) { answer->Set(std::move(result)); });
  RMQ_TRY(Result<PutResult> * result, answer->Get(ctx));
  return std::move(*result);
}

// --- reading ---

Result<GetResult> LocalMessageStore::Get(Context& ctx, const GetRequest& request) {
  return Counted(reader_.Get(&ctx, request));
}

Result<GetResult> LocalMessageStore::TryGet(const GetRequest& request) {
  return Counted(reader_.Get(nullptr, request));
}

Result<GetResult> LocalMessageStore::Counted(Result<GetResult> result) {
  if (!result.has_value()) return result;
  const bool found = result->status == GetStatus::kFound;
  ++(found ? state_.counters.get_found_count : state_.counters.get_missed_count);
  state_.counters.get_message_count += result->messages.size();
  return result;
}

Result<Bytes> LocalMessageStore::MessageAt(Context& ctx, CommitLogOffset offset) {
  return reader_.MessageAt(ctx, offset);
}

std::optional<QueueOffset> LocalMessageStore::MinOffset(std::string_view topic,
                                                        int32_t queue_id) const {
  const auto queue = state_.queues->Find(topic, queue_id);
  if (queue == nullptr) return std::nullopt;
  return queue->min();
}

std::optional<QueueOffset> LocalMessageStore::MaxOffset(std::string_view topic,
                                                        int32_t queue_id) const {
  const auto queue = state_.queues->Find(topic, queue_id);
  if (queue == nullptr) return std::nullopt;
  return queue->max();
}

Result<CommitLogOffset> LocalMessageStore::OffsetOf(Context& ctx, std::string_view topic,
                                                    int32_t queue_id, QueueOffset offset) {
  return reader_.OffsetOf(ctx, topic, queue_id, offset);
}

Result<WallTime> LocalMessageStore::EarliestStoreTime(Context& ctx, std::string_view topic,
                                                      int32_t queue_id) {
  RMQ_TRY(state_.CheckUsable());
  const auto queue = state_.queues->Find(topic, queue_id);
  if (queue == nullptr || queue->min() == queue->max()) {
    return Fail(ErrorCode::kNotFound, fmt::format("{} queue {} is empty", topic, queue_id));
  }
  return reader_.StoreTimeOf(ctx, queue, queue->min());
}

Result<WallTime> LocalMessageStore::EarliestStoreTime(Context& ctx) {
  return reader_.FirstStoreTime(ctx);
}

Result<QueueOffset> LocalMessageStore::OffsetByTime(Context& ctx, std::string_view topic,
                                                    int32_t queue_id, WallTime time,
                                                    TimeBoundary boundary) {
  return reader_.OffsetByTime(ctx, topic, queue_id, time, boundary);
}

// --- the rest ---

Result<void> LocalMessageStore::DeleteTopic(Context& ctx, std::string_view topic) {
  RMQ_TRY(state_.CheckUsable());
  if (state_.queues->QueuesOf(topic).empty()) return {};
  RMQ_TRY(Watch(state_.queues->RemoveTopic(ctx, topic)));
  // So that recovery does not find the topic's messages behind an older checkpoint (STORE-27).
  return WriteCheckpoint(ctx, /*clean_exit=*/false);
}

std::vector<QueueInfo> LocalMessageStore::Queues(std::string_view topic) const {
  std::vector<QueueInfo> infos;
  for (const auto& queue : state_.queues->QueuesOf(topic)) {
    infos.push_back({.topic = queue->topic(),
                     .queue_id = queue->queue_id(),
                     .min = queue->min(),
                     .max = queue->max()});
  }
  return infos;
}

StoreStats LocalMessageStore::Stats() const {
  StoreStats stats = state_.counters;
  stats.min_offset = state_.log->min_offset();
  stats.written_offset = state_.written;
  stats.flushed_offset = state_.flushed;
  stats.readable_offset = state_.readable;
  stats.indexed_offset = state_.index != nullptr ? state_.index->indexed() : CommitLogOffset{};
  stats.dispatch_behind_bytes = state_.written - state_.readable;
  stats.hot_tail_bytes = state_.hot.allocated_bytes();
  stats.queue_count = state_.queues->queue_count();
  stats.pending_put_count = appender_.pending_count();
  stats.commit_log_disk_bytes = state_.log->end_of_files() - state_.log->min_offset();
  return stats;
}

Result<runtime::DiskSpace> LocalMessageStore::Space(Context& ctx) {
  return state_.runtime.files().Space(ctx, state_.log->path());
}

}  // namespace rmq::store
