#include "store/appender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "store/dispatch.h"
#include "store/log_scanner.h"
#include "wire/checksum.h"
#include "wire/message.h"

namespace rmq::store {
namespace {

// What Java allows a batch beyond the largest body.
constexpr size_t kBatchAllowance = 64 << 10;

wire::MessageToStore ToWire(const MessageToStore& message, const StoreOptions& options) {
  return {.topic = message.topic,
          .body = message.body.view(),
          .properties = message.properties,
          .queue_id = message.queue_id,
          .flag = message.flag,
          .sys_flag = message.sys_flag,
          .reconsume_times = message.reconsume_times,
          .queue_offset = {},
          .physical_offset = {},
          .prepared_transaction_offset = message.prepared_transaction_offset,
          .born_time = message.born_time,
          .store_time = {},
          .born_host = message.born_host,
          .store_host = message.store_host,
          .append_property_crc =
              options.append_property_crc || NeedsSeal(message.topic, message.properties)};
}

}  // namespace

Appender::Appender(StoreState& state, UniqueFunction<void(const MessageArrival&)> arrived)
    : state_(state), arrived_(std::move(arrived)), mode_(state.options.flush_disk_type) {}

void Appender::Start(runtime::Gate& gate) {
  gate_ = &gate;
  state_.executor.Spawn(gate, "store append", [this](Context& ctx) { AppendLoop(ctx); });
  state_.executor.Spawn(gate, "store sync", [this](Context& ctx) { SyncLoop(ctx); });
  state_.executor.Spawn(gate, "store timeout", [this](Context& ctx) { TimeoutLoop(ctx); });
}

// --- requests ---

// The judgements that Java's store makes before it stores, and sums the size up.
std::optional<PutStatus> Appender::Refuse(PutRequest& request) const {
  const auto max_body = static_cast<size_t>(state_.options.max_message_size);
  std::optional<PutStatus> refused;
  request.size_bytes = 0;
  request.ForEach([&](MessageToStore& message) {
    const wire::MessageToStore encoded = ToWire(message, state_.options);
    if (!IsStorableQueue(message.topic, message.queue_id) || message.body.size() > max_body) {
      refused = PutStatus::kMessageIllegal;
    } else if (!wire::CheckStorable(encoded, max_body).has_value()) {
      refused = PutStatus::kPropertiesSizeExceeded;
    } else {
      request.size_bytes += wire::StoredMessageSize(encoded);
    }
  });
  if (refused.has_value()) return refused;
  const auto file_size = static_cast<size_t>(state_.options.commit_log_file_size);
  const bool large_batch = !request.more.empty() && request.size_bytes > max_body + kBatchAllowance;
  if (large_batch || request.size_bytes + wire::kBlankRecordSize > file_size) {
    return PutStatus::kMessageIllegal;
  }
  return std::nullopt;
}

void Appender::Submit(PutRequest request) {
  const auto answer = [&](Result<PutResult> result) {
    state_.executor.Defer([done = std::move(request.done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  };
  if (state_.failure.has_value()) return answer(Fail(*state_.failure));
  if (closing_) return answer(Fail(ErrorCode::kUnavailable, "the store is closing"));
  if (const std::optional<PutStatus> refused = Refuse(request)) {
    return answer(PutResult{.status = *refused,
                            .offset = {},
                            .queue_offset = {},
                            .store_time = {},
                            .batch_offsets = {}});
  }
  waiting_.push_back(std::move(request));
  work_.NotifyOne();
}

PutRequest* Appender::NextWaiting() {
  if (next_taken_ == taken_.size()) {
    taken_.clear();
    next_taken_ = 0;
    std::swap(taken_, waiting_);
  }
  return taken_.empty() ? nullptr : &taken_[next_taken_];
}

// --- the append fiber ---

void Appender::AppendLoop(Context& ctx) {
  for (;;) {
    while (!HasWaiting()) {
      appending_ = false;
      NoteIfIdle();
      if (!work_.Wait(ctx).has_value()) return;
    }
    appending_ = true;
    if (state_.failure.has_value()) {
      FailWaiting(*state_.failure);
      continue;
    }
    const Result<void> prepared = PrepareTail(ctx);
    if (!prepared.has_value()) {
      if (state_.log->sync_failed()) FailStore(prepared.error());
      ++state_.counters.put_failed_count;
      FailWaiting(prepared.error());
      continue;
    }
    AppendBatch(ctx);
    // A disk that answers at once must not keep everybody else from running.
    if (!ctx.Yield().has_value()) return;
  }
}

// What is not synced is bounded: recovery relies on it (STORE-71).
Result<void> Appender::WaitForRoom(Context& ctx) {
  while (UnsyncedBytes() >= state_.options.max_unsynced_bytes) {
    RMQ_TRY(state_.CheckUsable());
    RMQ_TRY(synced_.Wait(ctx));
  }
  return {};
}

// Where a write has failed there are zeros again.
Result<void> Appender::BlankTorn(Context& ctx) {
  if (torn_until_ <= state_.written) return {};
  RMQ_TRY(state_.log->Blank(ctx, state_.written, torn_until_));
  torn_until_ = state_.written;
  return {};
}

// The place of the next batch exists and holds zeros.
Result<void> Appender::PrepareTail(Context& ctx) {
  RMQ_TRY(WaitForRoom(ctx));
  RMQ_TRY(BlankTorn(ctx));
  return state_.log->PrepareFile(ctx, state_.written);
}

void Appender::AppendBatch(Context& ctx) {
  Batch batch;
  Form(batch);
  writing_since_ = ctx.Now();
  const Result<void> written = Write(ctx, batch);
  writing_since_.reset();
  if (written.has_value()) {
    Written(std::move(batch));
  } else {
    TakeBack(batch, written.error());
    // Whoever hears that nothing was stored must be right, even if we are killed then. If the disk
    // does not take this either, the next batch tries again.
    const Result<void> blanked = BlankTorn(ctx);
    if (state_.log->sync_failed()) FailStore(blanked.error());
    Refuse(batch, written.error());
  }
}

void Appender::Form(Batch& batch) {
  RMQ_ASSERT(state_.hot.end() == state_.written);
  batch.begin = state_.written;
  batch.store_time = state_.runtime.clock().WallNow();
  batch.needs_sync = mode_ == FlushMode::kSyncFlush;
  const auto limit = static_cast<int64_t>(state_.options.max_write_bytes);
  while (PutRequest* request = NextWaiting()) {
    if (state_.hot.end() - batch.begin >= limit) break;
    const int64_t left = state_.log->SpaceLeft(state_.hot.end());
    if (static_cast<int64_t>(request->size_bytes + wire::kBlankRecordSize) > left) {
      EndFile();
      break;
    }
    Encode(*request, batch);
    ++next_taken_;
  }
  batch.end = state_.hot.end();
}

void Appender::Encode(PutRequest& request, Batch& batch) {
  Answer answer{.done = std::move(request.done),
                .result = {.offset = state_.hot.end(),
                           .queue_offset = {},
                           .size_bytes = static_cast<int64_t>(request.size_bytes),
                           .store_time = batch.store_time,
                           .batch_offsets = {}},
                .waits_for_sync = false};
  const size_t first_entry = batch.entries.size();
  request.ForEach([&](const MessageToStore& message) {
    const CommitLogOffset offset = EncodeOne(message, batch);
    if (!request.more.empty()) answer.result.batch_offsets.push_back(offset);
    ++answer.result.message_count;
    answer.waits_for_sync = answer.waits_for_sync || message.wait_store_ok;
  });
  answer.result.queue_offset = batch.entries[first_entry].queue_offset;
  batch.answers.push_back(std::move(answer));
}

CommitLogOffset Appender::EncodeOne(const MessageToStore& message, Batch& batch) {
  wire::MessageToStore encoded = ToWire(message, state_.options);
  Entry entry;
  if (wire::EntersConsumeQueue(message.sys_flag)) {
    entry.queue = state_.queues->FindOrMake(message.topic, message.queue_id);
    entry.queue_offset = entry.queue->AssignOffset();
  }
  encoded.queue_offset = entry.queue_offset;
  encoded.physical_offset = state_.hot.end();
  encoded.store_time = batch.store_time;
  encoded.body_crc =
      message.body_crc.has_value() ? *message.body_crc : wire::MessageBodyCrc(message.body.view());
  const std::span<std::byte> record = state_.hot.Extend(wire::StoredMessageSize(encoded));
  wire::EncodeStoredMessage(encoded, record);
  if (encoded.append_property_crc) wire::SealPropertyCrc(record);

  entry.unit = {.offset = encoded.physical_offset,
                .size = static_cast<int32_t>(record.size()),
                .tags_code = UnitTagsCode(message.topic, message.properties, batch.store_time,
                                          state_.options.delay_levels)};
  batch.entries.push_back(std::move(entry));
  return encoded.physical_offset;
}

// The next request doesn't fit: a blank fills the file, and the log goes on in the next one.
void Appender::EndFile() {
  const CommitLogOffset at = state_.hot.end();
  const int64_t left = state_.log->SpaceLeft(at);
  wire::EncodeBlankRecord(static_cast<size_t>(left), state_.hot.Extend(wire::kBlankRecordSize));
  state_.hot.SkipTo(at + left);
}

Result<void> Appender::Write(Context& ctx, const Batch& batch) {
  slices_.clear();
  state_.hot.Gather(batch.begin, slices_);
  return state_.log->Write(ctx, batch.begin, slices_);
}

void Appender::TakeBack(Batch& batch, const Error& error) {
  RMQ_LOG(state_.runtime.log(), kError, "store", "{} messages not stored: {}", batch.entries.size(),
          error.ToString());
  torn_until_ = std::max(torn_until_, batch.end);
  state_.hot.CutTo(batch.begin);
  for (size_t i = batch.entries.size(); i > 0; --i) {
    const Entry& entry = batch.entries[i - 1];
    if (entry.queue != nullptr) entry.queue->TakeBackOffset(entry.queue_offset);
  }
}

void Appender::Refuse(Batch& batch, const Error& error) {
  state_.counters.put_failed_count += batch.answers.size();
  for (Answer& answer : batch.answers) {
    if (answer.done) answer.done(Fail(error));
  }
}

void Appender::Written(Batch batch) {
  if (state_.failure.has_value()) {
    AnswerUnsynced(batch);
    return TakeBack(batch, *state_.failure);
  }
  state_.written = batch.end;
  if (!batch.entries.empty()) state_.written_time = batch.store_time;
  batch.written_at = state_.runtime.clock().Now();
  ++state_.counters.write_count;
  state_.counters.put_count += batch.entries.size();
  state_.counters.put_bytes += static_cast<uint64_t>(batch.end - batch.begin);
  MakeNextFileAhead();
  if (!batch.needs_sync && unsynced_.empty()) {
    Publish(batch);
    AnswerAll(batch);
  } else {
    for (Answer& answer : batch.answers) {
      if (batch.needs_sync && answer.waits_for_sync) continue;
      std::exchange(answer.done, nullptr)(std::move(answer.result));
    }
    unsynced_.push_back(std::move(batch));
    timeout_work_.NotifyOne();
  }
  sync_work_.NotifyOne();
}

// So that the next file's making, which takes syncs, does not hold up the batch that needs it.
void Appender::MakeNextFileAhead() {
  const int64_t left = state_.log->SpaceLeft(state_.written);
  const CommitLogOffset next = state_.written + left;
  if (next == ahead_tried_ || left > state_.log->file_size() / 4 || state_.log->HasFile(next) ||
      !state_.log->HasFile(state_.written)) {
    return;
  }
  ahead_tried_ = next;
  state_.executor.Spawn(*gate_, "store make file", [this, next](Context& ctx) {
    const Result<void> made = state_.log->PrepareFile(ctx, next);
    if (!made.has_value() && state_.log->sync_failed()) FailStore(made.error());
  });
}

nanoseconds Appender::BusyFor() const {
  if (!writing_since_.has_value()) return nanoseconds(0);
  return state_.runtime.clock().Now() - *writing_since_;
}

// --- the sync fiber ---

void Appender::SyncLoop(Context& ctx) {
  Tick last_sync = ctx.Now();
  for (;;) {
    if (state_.failure.has_value()) return;
    if (state_.flushed == state_.written) {
      if (!sync_work_.Wait(ctx).has_value()) return;
      continue;
    }
    const Tick due = last_sync + state_.options.flush_interval;
    const bool much = UnsyncedBytes() >= state_.options.max_unsynced_bytes / 2;
    if (unsynced_.empty() && !much && ctx.Now() < due) {
      Context until_due = ctx.WithDeadline(due);
      static_cast<void>(sync_work_.Wait(until_due));
      if (!ctx.Check().has_value()) return;
      continue;
    }
    if (!SyncLog(ctx).has_value()) return;
    last_sync = ctx.Now();
  }
}

Result<void> Appender::SyncLog(Context& ctx) {
  RMQ_TRY(const auto syncing, syncing_.Lock(ctx));
  RMQ_TRY(state_.CheckUsable());
  if (state_.flushed == state_.written) return {};
  const CommitLogOffset target = state_.written;
  const WallTime time = state_.written_time;
  const Result<void> synced = state_.log->Sync(ctx, state_.flushed, target);
  if (!synced.has_value()) {
    // A cancelled call never reached the disk.
    if (synced.error().code() != ErrorCode::kCancelled &&
        synced.error().code() != ErrorCode::kDeadlineExceeded) {
      FailStore(synced.error());
    }
    return synced;
  }
  ++state_.counters.sync_count;
  state_.flushed = target;
  state_.flushed_time = time;
  synced_.NotifyAll();
  ReleaseSynced();
  return {};
}

void Appender::ReleaseSynced() {
  // In the order of the log: a batch that needs no sync may have to wait for one that does.
  while (!unsynced_.empty()) {
    Batch& oldest = unsynced_.front();
    if (oldest.needs_sync && oldest.end > state_.flushed) break;
    Batch batch = std::move(oldest);
    unsynced_.pop_front();
    Publish(batch);
    AnswerAll(batch);
  }
  NoteIfIdle();
}

void Appender::TimeoutLoop(Context& ctx) {
  for (;;) {
    // The oldest batch with somebody who waits.
    Tick since = kNever;
    for (const Batch& batch : unsynced_) {
      const bool waits = std::ranges::any_of(
          batch.answers, [](const Answer& answer) { return static_cast<bool>(answer.done); });
      if (!waits) continue;
      since = batch.written_at;
      break;
    }
    if (since == kNever) {
      if (!timeout_work_.Wait(ctx).has_value()) return;
      continue;
    }
    if (!ctx.SleepUntil(since + state_.options.sync_flush_timeout).has_value()) return;
    const Tick now = ctx.Now();
    for (size_t i = 0; i < unsynced_.size(); ++i) {
      if (unsynced_[i].written_at + state_.options.sync_flush_timeout > now) break;
      AnswerUnsynced(unsynced_[i]);
    }
  }
}

// Written, and nobody knows whether it will last: the next run may find these messages or not.
void Appender::AnswerUnsynced(Batch& batch) {
  for (Answer& answer : batch.answers) {
    if (!answer.done) continue;
    answer.result.status = PutStatus::kFlushDiskTimeout;
    std::exchange(answer.done, nullptr)(std::move(answer.result));
  }
}

// --- publishing ---

// From here on readers see the batch.
void Appender::Publish(Batch& batch) {
  state_.readable = batch.end;
  if (!batch.entries.empty()) state_.readable_time = batch.store_time;
  for (const Entry& entry : batch.entries) {
    if (entry.queue == nullptr) continue;
    RMQ_ASSERT(entry.queue->max() == entry.queue_offset);
    state_.queues->Append(entry.queue, entry.unit);
  }
  for (const Entry& entry : batch.entries) {
    if (entry.queue == nullptr) continue;
    arrived_(MessageArrival{.topic = entry.queue->topic(),
                            .queue_id = entry.queue->queue_id(),
                            .new_max = entry.queue_offset + 1,
                            .tags_code = entry.unit.tags_code,
                            .offset = entry.unit.offset,
                            .size_bytes = entry.unit.size,
                            .store_time = batch.store_time});
  }
  state_.hot.Trim(batch.begin);
  state_.published.NotifyAll();
}

void Appender::AnswerAll(Batch& batch) {
  for (Answer& answer : batch.answers) {
    if (answer.done) answer.done(std::move(answer.result));
  }
}

// --- the end ---

void Appender::FailWaiting(const Error& error) {
  // Whoever is answered may ask again at once: that is for the next time.
  for (size_t left = pending_count(); left > 0; --left) {
    MessageStore::PutCallback done = std::move(NextWaiting()->done);
    ++next_taken_;
    done(Fail(error));
  }
}

void Appender::FailStore(Error error) {
  if (state_.failure.has_value()) return;
  RMQ_LOG(state_.runtime.log(), kError, "store", "the store has failed: {}", error.ToString());
  state_.failure = std::move(error);
  std::deque<Batch> unsynced = std::move(unsynced_);
  unsynced_.clear();
  for (Batch& batch : unsynced) AnswerUnsynced(batch);
  state_.failed.NotifyAll();
  state_.published.NotifyAll();
  work_.NotifyAll();
  sync_work_.NotifyAll();
  synced_.NotifyAll();
  NoteIfIdle();
}

void Appender::NoteIfIdle() {
  if (!appending_ && !HasWaiting() && unsynced_.empty()) idle_.NotifyAll();
}

Result<void> Appender::Drain(Context& ctx) {
  closing_ = true;
  while (appending_ || HasWaiting() || !unsynced_.empty()) RMQ_TRY(idle_.Wait(ctx));
  return state_.CheckUsable();
}

}  // namespace rmq::store
