#include "store/consume_queue_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/assert.h"
#include "store/concurrently.h"
#include "store/file_name.h"

namespace rmq::store {

using runtime::Directory;
using runtime::DirectoryEntry;
using runtime::File;
using runtime::OpenMode;

namespace {

constexpr size_t kFilesAtATime = 32;
// Units of one read while looking for the end of a queue.
constexpr int64_t kBlockUnits = 204;

bool IsUnitBefore(const ConsumeQueueUnit& unit, CommitLogOffset end) {
  if (unit.hole()) return true;
  return unit.offset.value >= 0 && unit.size > 0 && unit.offset + unit.size <= end;
}

std::optional<int32_t> ParseQueueId(std::string_view name) {
  int32_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc{} || end != name.data() + name.size() || id < 0) return std::nullopt;
  return id;
}

// Reads units that may lie behind the end of a file whose making was interrupted: zeros.
Result<void> ReadUnits(Context& ctx, File& file, int64_t at, std::span<std::byte> into) {
  auto position = static_cast<uint64_t>(at) * kUnitSize;
  while (!into.empty()) {
    RMQ_TRY(const size_t read, file.ReadAt(ctx, position, into));
    if (read == 0) break;
    position += read;
    into = into.subspan(read);
  }
  std::ranges::fill(into, std::byte{0});
  return {};
}

Result<ConsumeQueueUnit> ReadUnit(Context& ctx, File& file, int64_t at) {
  std::array<std::byte, kUnitSize> raw{};
  RMQ_TRY(ReadUnits(ctx, file, at, raw));
  return DecodeUnit(raw.data());
}

}  // namespace

// --- finding queues ---

ConsumeQueueStore::QueueRef ConsumeQueueStore::Find(std::string_view topic,
                                                    int32_t queue_id) const {
  const auto found = by_name_.find(topic);
  if (found == by_name_.end() || queue_id < 0) return nullptr;
  const std::vector<QueueRef>& queues = found->second->queues;
  // Queue ids are 0, 1, 2, … in nearly every topic.
  const auto guess = static_cast<size_t>(queue_id);
  if (guess < queues.size() && queues[guess]->queue_id() == queue_id) return queues[guess];
  const auto at = std::ranges::lower_bound(queues, queue_id, {}, &ConsumeQueue::queue_id);
  return at != queues.end() && (*at)->queue_id() == queue_id ? *at : nullptr;
}

ConsumeQueueStore::QueueRef ConsumeQueueStore::FindOrMake(std::string_view topic,
                                                          int32_t queue_id) {
  if (QueueRef found = Find(topic, queue_id)) return found;
  RMQ_ASSERT(queue_id >= 0);
  auto known = topics_.find(topic);
  if (known == topics_.end()) {
    auto made = std::make_unique<Topic>();
    made->name = std::make_shared<const std::string>(topic);
    known = topics_.emplace(std::string(topic), std::move(made)).first;
    by_name_.emplace(*known->second->name, known->second.get());
  }
  Topic& owner = *known->second;
  const auto at = std::ranges::lower_bound(owner.queues, queue_id, {}, &ConsumeQueue::queue_id);
  ++queue_count_;
  return *owner.queues.insert(at,
                              std::make_shared<ConsumeQueue>(owner.name, queue_id, next_number_++));
}

std::vector<ConsumeQueueStore::QueueRef> ConsumeQueueStore::QueuesOf(std::string_view topic) const {
  const auto found = by_name_.find(topic);
  return found == by_name_.end() ? std::vector<QueueRef>() : found->second->queues;
}

std::vector<std::string> ConsumeQueueStore::Topics() const {
  std::vector<std::string> names;
  names.reserve(topics_.size());
  for (const auto& [name, topic] : topics_) names.push_back(name);
  return names;
}

ConsumeQueueStore::Totals ConsumeQueueStore::totals() const {
  Totals totals;
  for (const auto& [name, topic] : topics_) {
    for (const QueueRef& queue : topic->queues) {
      totals.offset_sum += static_cast<uint64_t>(queue->max().value);
      totals.first_sum += static_cast<uint64_t>(FileOf(queue->first()));
      if (queue->max().value > 0) ++totals.filled_count;
    }
  }
  return totals;
}

std::string ConsumeQueueStore::FileName(int64_t file) const {
  return OffsetFileName(file * file_bytes());
}

std::string ConsumeQueueStore::QueuePath(const ConsumeQueue& queue) const {
  return fmt::format("{}/{}/{}", options_.path, queue.topic(), queue.queue_id());
}

// --- loading ---

Result<void> ConsumeQueueStore::Load(Context& ctx, const LoadLimits& limits) {
  RMQ_ASSERT(topics_.empty());
  RMQ_TRY(const auto directory, files_.OpenDirectory(ctx, options_.path, /*create=*/true));
  RMQ_TRY(const auto entries, directory->List(ctx));
  std::vector<std::string> topics;
  for (const DirectoryEntry& entry : entries) {
    if (entry.is_directory) topics.push_back(entry.name);
  }
  return Concurrently(ctx, kFilesAtATime, topics, [&](Context& own, const std::string& topic) {
    return LoadTopic(own, topic, limits);
  });
}

Result<void> ConsumeQueueStore::LoadTopic(Context& ctx, const std::string& topic,
                                          const LoadLimits& limits) {
  const std::string path = fmt::format("{}/{}", options_.path, topic);
  RMQ_TRY(const auto directory, files_.OpenDirectory(ctx, path, /*create=*/false));
  RMQ_TRY(const auto entries, directory->List(ctx));
  for (const DirectoryEntry& entry : entries) {
    const std::optional<int32_t> queue_id = ParseQueueId(entry.name);
    if (!entry.is_directory || !queue_id.has_value()) continue;
    RMQ_TRY(LoadQueue(ctx, topic, *queue_id, limits));
  }
  return {};
}

// The numbers of the files, in order.
Result<std::vector<int64_t>> ConsumeQueueStore::FilesOf(Context& ctx, Directory& directory) {
  RMQ_TRY(const auto entries, directory.List(ctx));
  std::vector<int64_t> files;
  for (const DirectoryEntry& entry : entries) {
    const std::optional<int64_t> begin = ParseOffsetFileName(entry.name);
    if (!begin.has_value() || entry.is_directory) continue;
    const bool follows = files.empty() || *begin == (files.back() + 1) * file_bytes();
    if (*begin % file_bytes() != 0 || !follows) {
      return Fail(ErrorCode::kCorruption, fmt::format("{}/{}: not the next file of {} bytes",
                                                      directory.path(), entry.name, file_bytes()));
    }
    files.push_back(*begin / file_bytes());
  }
  return files;
}

Result<void> ConsumeQueueStore::LoadQueue(Context& ctx, const std::string& topic, int32_t queue_id,
                                          const LoadLimits& limits) {
  const std::string path = fmt::format("{}/{}/{}", options_.path, topic, queue_id);
  RMQ_TRY(const auto directory, files_.OpenDirectory(ctx, path, /*create=*/false));
  RMQ_TRY(const std::vector<int64_t> files, FilesOf(ctx, *directory));
  // From the newest file to the first that has a unit.
  for (size_t left = files.size(); left > 0; --left) {
    const int64_t number = files[left - 1];
    RMQ_TRY(auto file, directory->Open(ctx, FileName(number), OpenMode::kReadWrite));
    RMQ_TRY(const uint64_t size, file->Size(ctx));
    if (size > static_cast<uint64_t>(file_bytes())) {
      return Fail(ErrorCode::kCorruption, fmt::format("{}/{}: {} bytes, expected {}", path,
                                                      FileName(number), size, file_bytes()));
    }
    RMQ_TRY(const int64_t count, CountUnits(ctx, *file, limits.end));
    if (count == 0) continue;

    if (limits.log_begin.value == 0 && files.front() > 0) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("{}: the first file is missing, and nothing has expired", path));
    }
    for (size_t i = 0; i + 1 < left; ++i) {
      RMQ_TRY(CheckOlderFile(ctx, *directory, files[i], limits.end));
    }
    const QueueRef queue = FindOrMake(topic, queue_id);
    const QueueOffset end = FileBegin(number) + count;
    RMQ_TRY(const ConsumeQueueUnit last, ReadUnit(ctx, *file, count - 1));
    open_files_.Add({.owner = queue->number(), .number = number}, std::move(file));
    const CommitLogOffset last_end = last.hole() ? CommitLogOffset{} : last.offset + last.size;
    const QueueOffset first = FileBegin(files.front());
    queue->Loaded(first, first, end, last_end);
    RMQ_TRY(const QueueOffset min, FindMin(ctx, queue, limits.log_begin));
    queue->Loaded(first, min, end, last_end);
    if (limits.cut) RMQ_TRY(CutQueue(ctx, *directory, queue, files, end));
    return {};
  }
  // It has no message that can be believed. Its files would hide those that are to come.
  if (limits.cut && !files.empty()) {
    for (const int64_t number : files) RMQ_TRY(directory->Remove(ctx, FileName(number)));
    RMQ_TRY(Synced(directory->Sync(ctx)));
  }
  return {};
}

// Older files are full.
Result<void> ConsumeQueueStore::CheckOlderFile(Context& ctx, Directory& directory, int64_t number,
                                               CommitLogOffset end) {
  RMQ_TRY(const auto file, directory.Open(ctx, FileName(number), OpenMode::kRead));
  RMQ_TRY(const uint64_t size, file->Size(ctx));
  RMQ_TRY(const ConsumeQueueUnit first, ReadUnit(ctx, *file, 0));
  RMQ_TRY(const ConsumeQueueUnit last, ReadUnit(ctx, *file, options_.file_units - 1));
  if (size == static_cast<uint64_t>(file_bytes()) && IsUnitBefore(first, end) &&
      IsUnitBefore(last, end)) {
    return {};
  }
  return Fail(ErrorCode::kCorruption, fmt::format("{}/{}: not full, although a later file exists",
                                                  directory.path(), FileName(number)));
}

// The number of units in front of the first that is none, or whose message ends behind `end`.
Result<int64_t> ConsumeQueueStore::CountUnits(Context& ctx, File& file, CommitLogOffset end) {
  std::array<std::byte, kBlockUnits * kUnitSize> block{};
  int64_t low = 0;  // All units in front of it count.
  int64_t high = options_.file_units;
  bool first_block = true;
  while (low < high) {
    // Most queues are small: look into the first block before searching.
    if (first_block || high - low <= kBlockUnits) {
      const int64_t size = std::min(kBlockUnits, high - low);
      RMQ_TRY(
          ReadUnits(ctx, file, low, std::span(block).first(static_cast<size_t>(size) * kUnitSize)));
      int64_t good = 0;
      while (good < size &&
             IsUnitBefore(DecodeUnit(block.data() + static_cast<size_t>(good) * kUnitSize), end)) {
        ++good;
      }
      low += good;
      if (good < size || !first_block) return low;
      first_block = false;
      continue;
    }
    const int64_t middle = low + (high - low) / 2;
    RMQ_TRY(const ConsumeQueueUnit unit, ReadUnit(ctx, file, middle));
    if (IsUnitBefore(unit, end)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The first unit whose message is still in the log.
Result<QueueOffset> ConsumeQueueStore::FindMin(Context& ctx, const QueueRef& queue,
                                               CommitLogOffset log_begin) {
  QueueOffset low = queue->first();
  QueueOffset high = queue->max();
  bool first = true;
  std::vector<ConsumeQueueUnit> units;
  while (low < high) {
    // Usually nothing has expired.
    const QueueOffset middle = first ? low : low + (high - low) / 2;
    first = false;
    units.clear();
    RMQ_TRY(Read(&ctx, queue, middle, 1, units));
    if (units.empty()) break;
    if (units[0].hole() || units[0].offset < log_begin) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Makes everything behind `end` zeros: whole sectors of it may be left from before a crash, and
// would count as units again when the queue has grown up to them (STORE-24).
Result<void> ConsumeQueueStore::CutQueue(Context& ctx, Directory& directory, const QueueRef& queue,
                                         const std::vector<int64_t>& files, QueueOffset end) {
  bool removed = false;
  for (size_t i = files.size(); i > 0 && FileBegin(files[i - 1]) >= end; --i) {
    open_files_.Forget({.owner = queue->number(), .number = files[i - 1]});
    RMQ_TRY(directory.Remove(ctx, FileName(files[i - 1])));
    removed = true;
  }
  if (removed) RMQ_TRY(Synced(directory.Sync(ctx)));
  const int64_t number = FileOf(end);
  if (FileBegin(number) == end) return {};
  RMQ_TRY(const auto file, OpenToRead(ctx, *queue, number));
  unsynced_[{.owner = queue->number(), .number = number}].queue = queue;
  RMQ_TRY(file->Truncate(ctx, static_cast<uint64_t>(end - FileBegin(number)) * kUnitSize));
  return file->Truncate(ctx, static_cast<uint64_t>(file_bytes()));
}

void ConsumeQueueStore::Restore(const std::vector<QueueState>& queues) {
  for (const QueueState& state : queues) {
    FindOrMake(state.topic, state.queue_id)
        ->Loaded(state.first, state.min, state.max, state.last_offset);
  }
}

std::vector<QueueState> ConsumeQueueStore::Snapshot() const {
  std::vector<QueueState> states;
  states.reserve(queue_count_);
  for (const auto& [name, topic] : topics_) {
    for (const QueueRef& queue : topic->queues) {
      RMQ_ASSERT(!queue->dirty());
      if (queue->max().value == 0) continue;
      states.push_back({.topic = name,
                        .queue_id = queue->queue_id(),
                        .first = FileBegin(FileOf(queue->first())),
                        .min = queue->min(),
                        .max = queue->max(),
                        .last_offset = queue->last_offset()});
    }
  }
  return states;
}

void ConsumeQueueStore::Forget() {
  for (const auto& [name, topic] : topics_) {
    for (const QueueRef& queue : topic->queues) {
      queue->removed = true;
      queue->Unlink();
      open_files_.ForgetOwner(queue->number());
    }
  }
  by_name_.clear();
  topics_.clear();
  dirty_.clear();
  unsynced_.clear();
  queue_count_ = 0;
}

Result<void> ConsumeQueueStore::Clear(Context& ctx) {
  RMQ_TRY(const auto changing, changing_files_.Lock(ctx));
  Forget();
  RMQ_TRY(const auto directory, files_.OpenDirectory(ctx, options_.path, /*create=*/true));
  RMQ_TRY(const auto entries, directory->List(ctx));
  for (const DirectoryEntry& topic : entries) {
    if (!topic.is_directory) continue;
    RMQ_TRY(const auto queues, directory->OpenDirectory(ctx, topic.name, /*create=*/false));
    RMQ_TRY(const auto ids, queues->List(ctx));
    for (const DirectoryEntry& id : ids) {
      const std::optional<int32_t> queue_id = ParseQueueId(id.name);
      if (id.is_directory && queue_id.has_value()) {
        RMQ_TRY(RemoveFiles(ctx, topic.name, *queue_id));
      }
    }
  }
  return {};
}

// Removes the files of a queue, durably. The directory stays.
Result<void> ConsumeQueueStore::RemoveFiles(Context& ctx, const std::string& topic,
                                            int32_t queue_id) {
  const std::string path = fmt::format("{}/{}/{}", options_.path, topic, queue_id);
  Result<std::unique_ptr<Directory>> directory = files_.OpenDirectory(ctx, path, /*create=*/false);
  if (!directory.has_value()) {
    if (directory.error().code() == ErrorCode::kNotFound) return {};
    return Fail(std::move(directory).error());
  }
  RMQ_TRY(const auto entries, (*directory)->List(ctx));
  bool removed = false;
  for (const DirectoryEntry& entry : entries) {
    if (entry.is_directory || !ParseOffsetFileName(entry.name).has_value()) continue;
    RMQ_TRY((*directory)->Remove(ctx, entry.name));
    removed = true;
  }
  if (!removed) return {};
  return Synced((*directory)->Sync(ctx));
}

// --- units ---

void ConsumeQueueStore::Append(const QueueRef& queue, const ConsumeQueueUnit& unit) {
  queue->Append(unit);
  if (queue->removed) return;
  queue->Unlink();
  warm_.PushBack(*queue);
  if (queue->listed_dirty) return;
  queue->listed_dirty = true;
  dirty_.push_back(queue);
}

Result<void> ConsumeQueueStore::Read(Context* ctx, const QueueRef& queue, QueueOffset from,
                                     size_t count, std::vector<ConsumeQueueUnit>& out) {
  const QueueOffset end = std::min(queue->max(), from + static_cast<int64_t>(count));
  while (from < end && from < queue->window().begin()) {
    if (ctx == nullptr) return Fail(ErrorCode::kWouldBlock);
    const int64_t number = FileOf(from);
    // Units in front of the window are in files. The window may move while the disk is read.
    const QueueOffset file_end = FileBegin(number + 1);
    const QueueOffset to = std::min({end, queue->written(), file_end});
    std::vector<std::byte> raw(static_cast<size_t>(to - from) * kUnitSize);
    Result<void> read = ReadFile(*ctx, *queue, number, from, raw);
    if (queue->removed) return {};
    if (!read.has_value()) {
      found_damage_ = found_damage_ || read.error().code() == ErrorCode::kNotFound ||
                      read.error().code() == ErrorCode::kCorruption;
      return Fail(WithContext(
          std::move(read).error(),
          fmt::format("{}/{}: read unit {}", QueuePath(*queue), FileName(number), from.value)));
    }
    for (size_t i = 0; i < raw.size(); i += kUnitSize) out.push_back(DecodeUnit(raw.data() + i));
    from = to;
  }
  // Deleted or started over meanwhile.
  if (queue->removed || queue->max() < end) return {};
  for (; from < end; from = from + 1) {
    if (from < queue->window().begin())
      return Read(ctx, queue, from, static_cast<size_t>(end - from), out);
    out.push_back(queue->window().At(from));
  }
  return {};
}

Result<void> ConsumeQueueStore::ReadFile(Context& ctx, const ConsumeQueue& queue, int64_t number,
                                         QueueOffset from, std::span<std::byte> into) {
  RMQ_TRY(const auto file, OpenToRead(ctx, queue, number));
  const auto at = static_cast<uint64_t>(from - FileBegin(number)) * kUnitSize;
  return runtime::ReadFully(ctx, *file, at, into);
}

// --- files ---

Result<std::shared_ptr<File>> ConsumeQueueStore::OpenToRead(Context& ctx, const ConsumeQueue& queue,
                                                            int64_t file) {
  const OpenFiles::Key key{.owner = queue.number(), .number = file};
  if (auto open = open_files_.Find(key)) return open;
  RMQ_TRY(const auto directory, files_.OpenDirectory(ctx, QueuePath(queue), /*create=*/false));
  RMQ_TRY(auto opened, directory->Open(ctx, FileName(file), OpenMode::kReadWrite));
  return open_files_.Add(key, std::move(opened));
}

// Makes the file if it doesn't exist: full size at once, as Java expects it, but without taking the
// space, since a store may have a hundred thousand of them.
Result<std::shared_ptr<File>> ConsumeQueueStore::OpenToWrite(Context& ctx, const QueueRef& queue,
                                                             int64_t file) {
  const OpenFiles::Key key{.owner = queue->number(), .number = file};
  Unsynced& unsynced = unsynced_[key];
  unsynced.queue = queue;
  if (auto open = open_files_.Find(key)) return open;
  RMQ_TRY(const auto directory, files_.OpenDirectory(ctx, QueuePath(*queue), /*create=*/true));
  RMQ_TRY(auto opened, directory->Open(ctx, FileName(file), OpenMode::kCreate));
  RMQ_TRY(const uint64_t size, opened->Size(ctx));
  if (size < static_cast<uint64_t>(file_bytes())) {
    unsynced_[key].name = true;
    RMQ_TRY(opened->Truncate(ctx, static_cast<uint64_t>(file_bytes())));
  }
  return open_files_.Add(key, std::move(opened));
}

Result<void> ConsumeQueueStore::FillHoles(Context& ctx, File& file, int64_t count) {
  std::vector<std::byte> holes(static_cast<size_t>(std::min<int64_t>(count, 1024)) * kUnitSize);
  for (size_t at = 0; at < holes.size(); at += kUnitSize) {
    EncodeUnit(ConsumeQueueUnit::Hole(), holes.data() + at);
  }
  const auto end = static_cast<uint64_t>(count) * kUnitSize;
  for (uint64_t at = 0; at < end;) {
    const Slice part = Slice(holes).first(std::min<size_t>(holes.size(), end - at));
    RMQ_TRY(runtime::WriteFully(ctx, file, at, part));
    at += part.size();
  }
  return {};
}

Result<void> ConsumeQueueStore::WriteBackQueue(Context& ctx, const QueueRef& queue) {
  while (queue->dirty() && !queue->removed) {
    const QueueOffset from = queue->written();
    const int64_t number = FileOf(from);
    RMQ_TRY(const auto file, OpenToWrite(ctx, queue, number));
    // Readers count on every unit of a file: those in front of the first are holes (STORE-22).
    if (from == queue->first() && from > FileBegin(number)) {
      RMQ_TRY(FillHoles(ctx, *file, from - FileBegin(number)));
    }
    const QueueOffset to = std::min(queue->max(), FileBegin(number + 1));
    // A copy: the window may grow, and so move, during the write.
    const Slice units = queue->window().Range(from, to);
    const std::vector<std::byte> raw(units.begin(), units.end());
    const auto at = static_cast<uint64_t>(from - FileBegin(number)) * kUnitSize;
    Result<void> written = runtime::WriteFully(ctx, *file, at, Slice(raw));
    if (!written.has_value()) {
      return Fail(WithContext(
          std::move(written).error(),
          fmt::format("{}/{}: write unit {}", QueuePath(*queue), FileName(number), from.value)));
    }
    queue->set_written(to);
  }
  return {};
}

Result<void> ConsumeQueueStore::WriteBack(Context& ctx, CommitLogOffset hot_begin) {
  RMQ_TRY(const auto changing, changing_files_.Lock(ctx));
  std::vector<QueueRef> dirty = std::move(dirty_);
  dirty_.clear();
  for (const QueueRef& queue : dirty) queue->listed_dirty = false;
  const Result<void> result =
      Concurrently(ctx, kFilesAtATime, dirty, [&](Context& own, const QueueRef& queue) {
        return queue->removed ? Result<void>() : WriteBackQueue(own, queue);
      });
  for (const QueueRef& queue : dirty) {
    if (queue->dirty() && !queue->listed_dirty && !queue->removed) {
      queue->listed_dirty = true;
      dirty_.push_back(queue);
    }
    queue->Trim(hot_begin);
  }
  TrimIdleQueues(hot_begin);
  return result;
}

// A queue that got nothing new since its newest message left the memory needs its units there no
// more either.
void ConsumeQueueStore::TrimIdleQueues(CommitLogOffset hot_begin) {
  while (!warm_.empty()) {
    ConsumeQueue& longest_idle = warm_.front();
    if (longest_idle.dirty() || longest_idle.last_offset() > hot_begin) return;
    longest_idle.Trim(hot_begin);
    longest_idle.Unlink();
  }
}

Result<void> ConsumeQueueStore::Sync(Context& ctx) {
  RMQ_TRY(const auto changing, changing_files_.Lock(ctx));
  std::vector<std::pair<OpenFiles::Key, Unsynced>> unsynced(unsynced_.begin(), unsynced_.end());
  return Concurrently(ctx, kFilesAtATime, unsynced, [&](Context& own, const auto& file) {
    const auto& [key, what] = file;
    Result<void> synced;
    if (!what.queue->removed) synced = SyncFile(own, what, key.number);
    if (synced.has_value()) unsynced_.erase(key);
    return synced;
  });
}

Result<void> ConsumeQueueStore::SyncFile(Context& ctx, const Unsynced& unsynced, int64_t file) {
  RMQ_TRY(const auto opened, OpenToRead(ctx, *unsynced.queue, file));
  Result<void> synced = Synced(opened->SyncData(ctx));
  if (synced.has_value() && unsynced.name) {
    RMQ_TRY(const auto directory,
            files_.OpenDirectory(ctx, QueuePath(*unsynced.queue), /*create=*/false));
    synced = Synced(directory->Sync(ctx));
  }
  if (synced.has_value()) return {};
  return Fail(WithContext(std::move(synced).error(),
                          fmt::format("{}/{}: sync", QueuePath(*unsynced.queue), FileName(file))));
}

Result<void> ConsumeQueueStore::Synced(Result<void> result) {
  // A cancelled call never reached the disk.
  if (!result.has_value() && result.error().code() != ErrorCode::kCancelled &&
      result.error().code() != ErrorCode::kDeadlineExceeded) {
    sync_failed_ = true;
  }
  return result;
}

// --- removing ---

Result<void> ConsumeQueueStore::RemoveTopic(Context& ctx, std::string_view topic) {
  RMQ_TRY(const auto changing, changing_files_.Lock(ctx));
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return {};
  const std::unique_ptr<Topic> removed = std::move(found->second);
  by_name_.erase(*removed->name);
  topics_.erase(found);
  queue_count_ -= removed->queues.size();
  for (const QueueRef& queue : removed->queues) {
    queue->removed = true;
    queue->Unlink();
    open_files_.ForgetOwner(queue->number());
  }
  for (const QueueRef& queue : removed->queues) {
    RMQ_TRY(RemoveFiles(ctx, *removed->name, queue->queue_id()));
  }
  RMQ_TRY(const auto all, files_.OpenDirectory(ctx, options_.path, /*create=*/true));
  Result<std::unique_ptr<Directory>> directory =
      all->OpenDirectory(ctx, *removed->name, /*create=*/false);
  if (!directory.has_value()) return {};  // Nothing of it had been written yet.
  for (const QueueRef& queue : removed->queues) {
    static_cast<void>((*directory)->Remove(ctx, fmt::format("{}", queue->queue_id())));
  }
  // New queues of the topic, or foreign files, may keep it from being empty: then it stays.
  static_cast<void>(all->Remove(ctx, *removed->name));
  return Synced(all->Sync(ctx));
}

Result<void> ConsumeQueueStore::RestartQueue(Context& ctx, const QueueRef& queue, QueueOffset at) {
  RMQ_TRY(const auto changing, changing_files_.Lock(ctx));
  open_files_.ForgetOwner(queue->number());
  queue->Restart(at);
  queue->Unlink();
  auto next = unsynced_.lower_bound({.owner = queue->number(), .number = 0});
  while (next != unsynced_.end() && next->first.owner == queue->number()) {
    next = unsynced_.erase(next);
  }
  return RemoveFiles(ctx, queue->topic(), queue->queue_id());
}

}  // namespace rmq::store
