#include "store/message_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/message.h"

namespace rmq::store {
namespace {

constexpr int64_t kColdBlockSize = 64 << 10;
constexpr size_t kUnitsPerRead = 64;
constexpr int32_t kLargeMessage = 16 << 20;
// Up to the store time, with IPv6 hosts.
constexpr size_t kTimeHeadSize = 76;
constexpr std::string_view kLightQueuePrefix = "%LMQ%";

}  // namespace

Result<Bytes> MessageReader::Fetch(Context* ctx, CommitLogOffset at, size_t size,
                                   ColdBlock& block) {
  if (std::optional<Bytes> hot = state_.hot.Read(at, size)) return std::move(*hot);
  if (at >= block.begin &&
      at + static_cast<int64_t>(size) <= block.begin + static_cast<int64_t>(block.bytes.size())) {
    return block.bytes.Sub(static_cast<size_t>(at - block.begin), size);
  }
  if (ctx == nullptr) return Fail(ErrorCode::kWouldBlock);
  if (static_cast<int64_t>(size) > state_.log->SpaceLeft(at)) {
    return Fail(ErrorCode::kCorruption, fmt::format("{}: {} bytes run over the end of the file",
                                                    state_.log->Place(at), size));
  }
  // A little more than asked for, but nothing that is not readable yet: it may still change.
  const int64_t wanted = std::max(static_cast<int64_t>(size), kColdBlockSize);
  const int64_t readable = std::max(static_cast<int64_t>(size), state_.readable - at);
  const int64_t length = std::min({wanted, state_.log->SpaceLeft(at), readable});
  ++state_.counters.cold_read_count;
  Result<void> read;
  std::span<std::byte> memory;
  Bytes bytes =
      Bytes::Make(static_cast<size_t>(length), [&](std::span<std::byte> into) { memory = into; });
  RMQ_TRY(state_.log->Read(*ctx, at, memory));
  block = {.begin = at, .bytes = bytes};
  return bytes.Sub(0, size);
}

// A damaged unit must not make us allocate a gigabyte: what looks too large is asked the message.
Result<void> MessageReader::CheckSize(Context* ctx, const ConsumeQueueUnit& unit) {
  if (unit.size <= kLargeMessage) return {};
  ColdBlock block;
  RMQ_TRY(const Bytes head, Fetch(ctx, unit.offset, wire::kMinStoredMessageSize, block));
  const Result<wire::RecordHead> peeked = wire::PeekRecord(head.view());
  if (peeked.has_value() && peeked->total_size == static_cast<uint32_t>(unit.size)) return {};
  return Fail(ErrorCode::kCorruption,
              fmt::format("{}: no message of {} bytes", state_.log->Place(unit.offset), unit.size));
}

// What a unit points to is compared with what is there: the disk may have returned anything.
Result<void> MessageReader::CheckRecord(const GetRequest& request, QueueOffset at,
                                        const ConsumeQueueUnit& unit, Slice record) const {
  const Result<wire::RecordHead> head = wire::PeekRecord(record);
  const bool whole = head.has_value() && head->kind == wire::RecordKind::kMessage &&
                     head->total_size == record.size();
  const auto number = [&](size_t where) { return LoadBigEndian<int64_t>(record.data() + where); };
  if (whole && number(wire::kPhysicalOffsetAt) == unit.offset.value) {
    // Light queues point to messages of other queues.
    if (request.topic.starts_with(kLightQueuePrefix)) return {};
    const auto queue_id = LoadBigEndian<int32_t>(record.data() + wire::kQueueIdAt);
    if (queue_id == request.queue_id && number(wire::kQueueOffsetAt) == at.value) return {};
  }
  return Fail(ErrorCode::kCorruption,
              fmt::format("{}: not message {} of {} queue {}", state_.log->Place(unit.offset),
                          at.value, request.topic, request.queue_id));
}

// Collects the messages of one Get, and knows when it has enough.
class MessageReader::Collector {
 public:
  Collector(const StoreState& state, const GetRequest& request, GetResult& result)
      : state_(state),
        request_(request),
        result_(result),
        max_bytes_(std::clamp<int64_t>(request.max_bytes, 100, int64_t{128} << 20)),
        max_examined_(std::max<int64_t>(
            state.options.max_filter_bytes / static_cast<int64_t>(kUnitSize), request.max_count)) {}

  bool ExaminedEnough(QueueOffset at) const { return at - request_.from >= max_examined_; }

  // Java's isTheBatchFull: a reader of old messages gets fewer of them at a time.
  bool Full(const ConsumeQueueUnit& unit) const {
    const auto count = static_cast<int64_t>(result_.messages.size());
    if (count == 0) return false;
    const StoreOptions& options = state_.options;
    const bool hot = state_.readable - unit.offset <= options.memory_window;
    const int64_t max_bytes =
        hot ? options.max_transfer_bytes_in_memory : options.max_transfer_bytes_in_disk;
    const int64_t max_count =
        hot ? options.max_transfer_count_in_memory : options.max_transfer_count_in_disk;
    const int64_t bytes = result_.total_bytes + unit.size;
    return count >= request_.max_count || bytes > max_bytes_ || bytes > max_bytes ||
           count >= max_count;
  }

  void Add(Bytes record) {
    result_.total_bytes += static_cast<int64_t>(record.size());
    result_.messages.push_back(std::move(record));
  }

 private:
  const StoreState& state_;
  const GetRequest& request_;
  GetResult& result_;
  const int64_t max_bytes_;
  const int64_t max_examined_;
};

Result<GetResult> MessageReader::Get(Context* ctx, const GetRequest& request) {
  RMQ_TRY(state_.CheckUsable());
  GetResult result;
  result.next_begin = request.from;
  const ConsumeQueueStore::QueueRef queue = state_.queues->Find(request.topic, request.queue_id);
  if (queue == nullptr) {
    result.status = GetStatus::kNoMatchedLogicQueue;
    result.next_begin = QueueOffset{0};
    return result;
  }
  result.min = queue->min();
  result.max = queue->max();
  if (result.max.value == 0) {
    result.status = GetStatus::kNoMessageInQueue;
    result.next_begin = QueueOffset{0};
    return result;
  }
  if (request.from < result.min) {
    result.status = GetStatus::kOffsetTooSmall;
    result.next_begin = result.min;
    return result;
  }
  if (request.from >= result.max) {
    result.status = request.from == result.max ? GetStatus::kOffsetOverflowOne
                                               : GetStatus::kOffsetOverflowBadly;
    result.next_begin = result.max;
    return result;
  }

  Collector collector(state_, request, result);
  ColdBlock block;
  std::vector<ConsumeQueueUnit> units;
  CommitLogOffset last;
  GetStatus missed = GetStatus::kNoMatchedMessage;
  bool enough = false;
  while (!enough && result.next_begin < result.max &&
         !collector.ExaminedEnough(result.next_begin)) {
    units.clear();
    const auto wanted = static_cast<size_t>(
        std::clamp<int64_t>(request.max_count - static_cast<int64_t>(result.messages.size()), 1,
                            static_cast<int64_t>(kUnitsPerRead)));
    RMQ_TRY(state_.queues->Read(ctx, queue, result.next_begin, wanted, units));
    if (units.empty()) {  // Deleted meanwhile.
      missed = GetStatus::kOffsetFoundNull;
      break;
    }
    for (const ConsumeQueueUnit& unit : units) {
      enough = collector.ExaminedEnough(result.next_begin) || collector.Full(unit);
      if (enough) break;
      const QueueOffset at = result.next_begin;
      if (!unit.hole()) last = unit.offset;
      const bool matches =
          !unit.hole() && unit.offset >= state_.log->min_offset() &&
          (request.filter == nullptr || request.filter->MatchesTagsCode(unit.tags_code));
      if (!matches) {
        if (unit.hole() || unit.offset < state_.log->min_offset()) {
          missed = GetStatus::kMessageWasRemoving;
        } else {
          ++result.filtered_count;
        }
        result.next_begin = at + 1;
        continue;
      }
      if (unit.size < static_cast<int32_t>(wire::kMinStoredMessageSize)) {
        return Fail(ErrorCode::kCorruption, fmt::format("{} queue {}: unit {} is none",
                                                        request.topic, request.queue_id, at.value));
      }
      RMQ_TRY(CheckSize(ctx, unit));
      RMQ_TRY(Bytes record, Fetch(ctx, unit.offset, static_cast<size_t>(unit.size), block));
      RMQ_TRY(CheckRecord(request, at, unit, record.view()));
      result.next_begin = at + 1;
      if (request.filter != nullptr && !request.filter->MatchesMessage(record.view())) {
        ++result.filtered_count;
        continue;
      }
      collector.Add(std::move(record));
    }
  }
  RMQ_TRY(state_.CheckUsable());
  result.status = result.messages.empty() ? missed : GetStatus::kFound;
  result.bytes_behind = state_.readable - last;
  return result;
}

Result<Bytes> MessageReader::MessageAt(Context& ctx, CommitLogOffset offset) {
  RMQ_TRY(state_.CheckUsable());
  const auto not_found = [&](std::string_view why) {
    return Fail(ErrorCode::kNotFound, fmt::format("no message at {}: {}", offset.value, why));
  };
  if (offset < state_.log->min_offset()) return not_found("expired");
  if (state_.readable - offset < static_cast<int64_t>(wire::kMinStoredMessageSize) ||
      state_.log->SpaceLeft(offset) < static_cast<int64_t>(wire::kMinStoredMessageSize)) {
    return not_found("behind the end");
  }
  ColdBlock block;
  RMQ_TRY(const Bytes head, Fetch(&ctx, offset, wire::kMinStoredMessageSize, block));
  const Result<wire::RecordHead> peeked = wire::PeekRecord(head.view());
  if (!peeked.has_value() || peeked->kind != wire::RecordKind::kMessage) {
    return not_found("no record begins there");
  }
  // Any number may be asked for, so that this may be the middle of a message.
  const bool here = LoadBigEndian<int64_t>(head.data() + wire::kPhysicalOffsetAt) == offset.value;
  if (!here || peeked->total_size > state_.readable - offset ||
      peeked->total_size > state_.log->SpaceLeft(offset)) {
    return not_found("no record begins there");
  }
  RMQ_TRY(Bytes record, Fetch(&ctx, offset, peeked->total_size, block));
  if (!wire::DecodeStoredMessage(record.view()).has_value()) {
    return not_found("no record begins there");
  }
  RMQ_TRY(state_.CheckUsable());
  return record;
}

Result<CommitLogOffset> MessageReader::OffsetOf(Context& ctx, std::string_view topic,
                                                int32_t queue_id, QueueOffset offset) {
  RMQ_TRY(state_.CheckUsable());
  const ConsumeQueueStore::QueueRef queue = state_.queues->Find(topic, queue_id);
  std::vector<ConsumeQueueUnit> units;
  if (queue != nullptr && offset >= queue->min() && offset < queue->max()) {
    RMQ_TRY(state_.queues->Read(&ctx, queue, offset, 1, units));
  }
  if (units.empty() || units[0].hole()) {
    return Fail(ErrorCode::kNotFound,
                fmt::format("{} queue {} has no message {}", topic, queue_id, offset.value));
  }
  return units[0].offset;
}

Result<WallTime> MessageReader::StoreTimeOf(Context& ctx, const ConsumeQueueStore::QueueRef& queue,
                                            QueueOffset offset) {
  RMQ_TRY(const CommitLogOffset at, OffsetOf(ctx, queue->topic(), queue->queue_id(), offset));
  ColdBlock block;
  RMQ_TRY(const Bytes head, Fetch(&ctx, at, kTimeHeadSize, block));
  const auto sys_flag = LoadBigEndian<int32_t>(head.data() + wire::kSysFlagAt);
  return WallTime{LoadBigEndian<int64_t>(head.data() + wire::StoreTimeAt(sys_flag))};
}

// Times usually grow with offsets; when the clock was set back, the answer is one of the places
// where they cross `time` (STORE-28).
Result<QueueOffset> MessageReader::OffsetByTime(Context& ctx, std::string_view topic,
                                                int32_t queue_id, WallTime time,
                                                TimeBoundary boundary) {
  RMQ_TRY(state_.CheckUsable());
  const ConsumeQueueStore::QueueRef queue = state_.queues->Find(topic, queue_id);
  if (queue == nullptr) return QueueOffset{0};
  const QueueOffset min = queue->min();
  const QueueOffset max = queue->max();
  // The first message that lies behind the boundary.
  QueueOffset low = min;
  QueueOffset high = max;
  while (low < high) {
    const QueueOffset middle = low + (high - low) / 2;
    Result<WallTime> stored = StoreTimeOf(ctx, queue, middle);
    if (!stored.has_value() && stored.error().code() != ErrorCode::kNotFound) {
      return Fail(std::move(stored).error());
    }
    const bool before = !stored.has_value() ||
                        (boundary == TimeBoundary::kLower ? *stored < time : *stored <= time);
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (boundary == TimeBoundary::kLower) return low;
  return low == min ? QueueOffset{0} : low + -1;
}

Result<WallTime> MessageReader::FirstStoreTime(Context& ctx) {
  RMQ_TRY(state_.CheckUsable());
  if (state_.log->empty()) return Fail(ErrorCode::kNotFound, "the log is empty");
  RMQ_TRY(const Bytes first, MessageAt(ctx, state_.log->min_offset()));
  RMQ_TRY(const wire::StoredMessage message, wire::DecodeStoredMessage(first.view()));
  return message.store_time;
}

}  // namespace rmq::store
