#include "store/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/dispatch.h"
#include "wire/message.h"

namespace rmq::store {
namespace {

// Java starts this much before the times of its checkpoint.
constexpr int64_t kTimeMarginMs = 3000;
// Light queues point to messages of other queues.
constexpr std::string_view kLightQueuePrefix = "%LMQ%";
// How much is replayed before its units go to their files.
constexpr int64_t kReplayChunk = 64 << 20;

}  // namespace

ScanOptions Recovery::scan_options() const {
  return {.verify_crc = state_.options.check_crc_on_recover,
          .verify_property_crc = state_.options.force_verify_property_crc,
          .detect_lost_sectors = true};
}

Result<void> Recovery::Run(Context& ctx) {
  const StoreOptions& options = state_.options;
  runtime::FileSystem& files = state_.runtime.files();
  const std::string log_path =
      options.commit_log_path.empty() ? options.root + "/commitlog" : options.commit_log_path;
  RMQ_TRY(state_.log, CommitLog::Open(ctx, files, log_path, options.commit_log_file_size));
  state_.queues = std::make_unique<ConsumeQueueStore>(
      files, ConsumeQueueStore::Options{.path = options.root + "/consumequeue",
                                        .file_units = options.consume_queue_file_units,
                                        .max_open_files = options.max_open_queue_files});

  RMQ_TRY(const CommitLogOffset start, ScanStart(ctx));
  RMQ_TRY(FindEnd(ctx, start));
  RMQ_TRY(CheckPromises(ctx));

  // From here on files change.
  const bool cut_log = !clean();
  if (cut_log) RMQ_TRY(state_.log->CutTail(ctx, end_));
  RMQ_TRY(bool loaded, RestoreQueues(ctx));
  if (!loaded) {
    RMQ_TRY(loaded, LoadQueues(ctx, std::min(start, end_)));
  }
  bool replayed = false;
  if (loaded) {
    RMQ_TRY(replayed, Replay(ctx, std::min(start, end_)));
  }
  if (!replayed) RMQ_TRY(RebuildAll(ctx));

  if (cut_log) {
    // Two: a failed sync may be reported by the next one.
    const CommitLogOffset rewritten = end_ + -2 * options.max_unsynced_bytes;
    RMQ_TRY(state_.log->Rewrite(ctx, std::max(DurableUntil(), rewritten), end_));
    RMQ_TRY(state_.log->Sync(ctx, DurableUntil(), end_));
  }
  state_.written = state_.flushed = state_.readable = end_;
  state_.written_time = state_.flushed_time = state_.readable_time = last_time_;
  state_.hot.Reset(end_);
  RMQ_TRY(state_.queues->WriteBack(ctx, end_));
  return RecoverIndex(ctx);
}

// --- where to begin ---

Result<CommitLogOffset> Recovery::ScanStart(Context& ctx) {
  const CommitLogOffset begin = state_.log->min_offset();
  if (!checkpoint_.has_value()) return begin;
  if (checkpoint_->positions.has_value()) {
    return std::max(begin, checkpoint_->positions->queues_durable);
  }
  return ScanStartByTimes(ctx);
}

Result<std::optional<wire::StoredMessage>> Recovery::FirstMessage(Context& ctx,
                                                                  CommitLogOffset file) {
  LogScanner scanner(*state_.log, file, file + state_.log->file_size(), scan_options());
  return scanner.Next(ctx);
}

// The checkpoint is Java's: a file is a safe start if all that its first message follows had been
// dispatched and synced (STORE-64).
Result<CommitLogOffset> Recovery::ScanStartByTimes(Context& ctx) {
  const CommitLogOffset begin = state_.log->min_offset();
  const int64_t safe_ms =
      std::min(checkpoint_->physic_time.ms, checkpoint_->logics_time.ms) - kTimeMarginMs;
  for (CommitLogOffset file = state_.log->end_of_files() + -state_.log->file_size(); file > begin;
       file = file + -state_.log->file_size()) {
    RMQ_TRY(const auto first, FirstMessage(ctx, file));
    if (!first.has_value()) continue;
    // After a clean exit everything was synced; the newest file is as good as any.
    if (!was_aborted_ || first->store_time.ms <= safe_ms) return file;
  }
  return begin;
}

// --- the end of the log ---

Result<void> Recovery::FindEnd(Context& ctx, CommitLogOffset start) {
  LogScanner scanner(*state_.log, start, state_.log->end_of_files(), scan_options());
  last_time_ = checkpoint_.has_value() ? checkpoint_->physic_time : WallTime{};
  if (start > state_.log->end_of_files()) {
    end_ = state_.log->end_of_files();
    end_reason_ = "no more files";
    return {};
  }
  for (;;) {
    RMQ_TRY(const std::optional<wire::StoredMessage> message, scanner.Next(ctx));
    if (!message.has_value()) break;
    last_time_ = message->store_time;
  }
  end_ = scanner.position();
  end_reason_ = scanner.end_reason();
  return {};
}

// What the checkpoint promises was synced before it: if it is not there, this is no crash but a
// damaged disk or a file that somebody has removed, and messages that were answered are gone.
Result<void> Recovery::CheckPromises(Context& ctx) {
  if (!checkpoint_.has_value() || !checkpoint_->positions.has_value()) return {};
  const CommitLogOffset promised = checkpoint_->positions->log_durable;
  if (end_ >= promised && state_.log->found_end() >= promised) return {};
  // After a clean exit nobody has looked at what lies before the promised end.
  if (end_ >= promised) {
    end_ = state_.log->found_end();
    end_reason_ = "the file ends";
  }
  const std::string lost =
      fmt::format("{}: the log ends here ({}), but the checkpoint promises it up to {}",
                  state_.log->Place(end_), end_reason_, promised.value);
  if (!state_.options.accept_data_loss) return Fail(ErrorCode::kCorruption, lost);
  RMQ_LOG(state_.runtime.log(), kError, "store", "{}; going on without", lost);
  // The start of the scan may lie behind what is left: everything is looked at again.
  if (state_.log->empty()) return {};
  return FindEnd(ctx, state_.log->min_offset());
}

CommitLogOffset Recovery::DurableUntil() const {
  const CommitLogOffset begin = state_.log->min_offset();
  if (!checkpoint_.has_value() || !checkpoint_->positions.has_value()) return begin;
  return std::clamp(checkpoint_->positions->log_durable, begin, std::max(begin, end_));
}

// --- queues ---

// After a clean exit a snapshot may say what the files would (STORE-70).
Result<bool> Recovery::RestoreQueues(Context& ctx) {
  if (!clean() || end_ != checkpoint_->positions->queues_durable) return false;
  RMQ_TRY(const auto snapshot, ReadQueueSnapshot(ctx, directory_, end_));
  if (!snapshot.has_value()) return false;
  state_.queues->Restore(*snapshot);
  if (state_.queues->totals() == PromisedTotals()) return true;
  state_.queues->Forget();
  return false;
}

ConsumeQueueStore::Totals Recovery::PromisedTotals() const {
  return {.offset_sum = checkpoint_->positions->queue_offset_sum,
          .first_sum = checkpoint_->positions->queue_first_sum,
          .filled_count = checkpoint_->positions->queue_count};
}

// False: the files can't be believed.
Result<bool> Recovery::LoadQueues(Context& ctx, CommitLogOffset start) {
  Result<void> loaded = state_.queues->Load(
      ctx, {.log_begin = state_.log->min_offset(), .end = clean() ? end_ : start, .cut = !clean()});
  if (!loaded.has_value()) {
    if (loaded.error().code() != ErrorCode::kCorruption) return Fail(std::move(loaded).error());
    RMQ_LOG(state_.runtime.log(), kWarn, "store", "rebuilding all queues: {}",
            loaded.error().message());
    return false;
  }
  if (checkpoint_.has_value() && checkpoint_->positions.has_value() &&
      start == checkpoint_->positions->queues_durable) {
    const ConsumeQueueStore::Totals totals = state_.queues->totals();
    const ConsumeQueueStore::Totals promised = PromisedTotals();
    if (totals == promised) return true;
    RMQ_LOG(state_.runtime.log(), kWarn, "store",
            "rebuilding all queues: {} hold {} offsets, the checkpoint promises {} with {}",
            totals.filled_count, totals.offset_sum, promised.filled_count, promised.offset_sum);
    return false;
  }
  return UnitsMatchLog(ctx);
}

// Without a sum to compare with, the last unit of each queue is compared with the log. A unit can
// be half lost, and then points anywhere.
Result<bool> Recovery::UnitsMatchLog(Context& ctx) {
  std::vector<ConsumeQueueUnit> units;
  for (const std::string& topic : state_.queues->Topics()) {
    for (const auto& queue : state_.queues->QueuesOf(topic)) {
      if (queue->min() == queue->max() || topic.starts_with(kLightQueuePrefix)) continue;
      const QueueOffset last = queue->max() + -1;
      units.clear();
      RMQ_TRY(state_.queues->Read(&ctx, queue, last, 1, units));
      LogScanner scanner(*state_.log, units[0].offset, units[0].offset + units[0].size,
                         {.verify_crc = false, .detect_lost_sectors = false});
      if (units[0].offset < state_.log->min_offset()) return false;
      RMQ_TRY(const auto message, scanner.Next(ctx));
      if (message.has_value() && message->topic == topic &&
          message->queue_id == queue->queue_id() && message->queue_offset == last) {
        continue;
      }
      RMQ_LOG(state_.runtime.log(), kWarn, "store",
              "rebuilding all queues: unit {} of {} queue {} does not match the log", last.value,
              topic, queue->queue_id());
      return false;
    }
  }
  return true;
}

Result<void> Recovery::RebuildAll(Context& ctx) {
  RMQ_TRY(state_.queues->Clear(ctx));
  RMQ_TRY(const bool replayed, Replay(ctx, state_.log->min_offset()));
  if (replayed) return {};
  return Fail(ErrorCode::kCorruption, "the queues can't be rebuilt");
}

// Dispatches [start, end_) again. False: the queues lack units from before `start`.
Result<bool> Recovery::Replay(Context& ctx, CommitLogOffset start) {
  if (start >= end_) return true;
  const bool from_the_begin = start == state_.log->min_offset();
  // FindEnd has checked the records, if it came by here.
  LogScanner scanner(*state_.log, start, end_, {.verify_crc = false, .detect_lost_sectors = false});
  CommitLogOffset written = start;
  for (;;) {
    RMQ_TRY(const std::optional<wire::StoredMessage> message, scanner.Next(ctx));
    if (!message.has_value()) break;
    RMQ_TRY(const bool fits, ReplayOne(ctx, *message, from_the_begin));
    if (!fits) return false;
    if (scanner.position() - written > kReplayChunk) {
      written = scanner.position();
      RMQ_TRY(state_.queues->WriteBack(ctx, end_));
    }
  }
  if (scanner.position() == end_) return true;
  // Damage in front of `start`, which FindEnd didn't read: everything behind it would be lost.
  return Fail(ErrorCode::kCorruption,
              fmt::format("{}: {}, although the log goes on to {}",
                          state_.log->Place(scanner.position()), scanner.end_reason(), end_.value));
}

Result<bool> Recovery::ReplayOne(Context& ctx, const wire::StoredMessage& message,
                                 bool from_the_begin) {
  if (!wire::EntersConsumeQueue(message.sys_flag) ||
      (message.sys_flag & wire::kInnerBatchFlag) != 0 ||
      !IsStorableQueue(message.topic, message.queue_id)) {
    return true;
  }
  const ConsumeQueueStore::QueueRef queue =
      state_.queues->FindOrMake(message.topic, message.queue_id);
  const QueueOffset offset = message.queue_offset;
  const bool fresh = queue->max() == QueueOffset{0} && queue->first() == QueueOffset{0};
  if (offset > queue->max()) {
    // Units in front of it are missing: they expired, or they should be in files that are not
    // there.
    if (!from_the_begin) return false;
    if (fresh) {
      RMQ_TRY(state_.queues->RestartQueue(ctx, queue, offset));
    } else {
      while (queue->max() < offset) state_.queues->Append(queue, ConsumeQueueUnit::Hole());
    }
  } else if (offset < queue->max()) {
    // The topic was deleted in between, and this is the first message of its next life (STORE-27).
    RMQ_TRY(state_.queues->RestartQueue(ctx, queue, offset));
  }
  state_.queues->Append(
      queue, {.offset = message.physical_offset,
              .size = static_cast<int32_t>(message.total_size),
              .tags_code = UnitTagsCode(message.topic, message.properties, message.store_time,
                                        state_.options.delay_levels)});
  return true;
}

// --- index ---

Result<void> Recovery::RecoverIndex(Context& ctx) {
  const StoreOptions& options = state_.options;
  if (!options.index_enabled) return {};
  RMQ_TRY(state_.index, IndexService::Open(ctx, state_.runtime.files(), state_.runtime.clock(),
                                           {.path = options.root + "/index",
                                            .file = {.slot_count = options.index_slot_count,
                                                     .entry_count = options.index_entry_count}}));
  std::optional<Checkpoint::Positions> positions;
  if (checkpoint_.has_value()) positions = checkpoint_->positions;
  if (positions.has_value()) positions->clean_exit = clean();
  return state_.index->Recover(ctx, state_.log->min_offset(), end_, positions);
}

}  // namespace rmq::store
