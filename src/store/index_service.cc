#include "store/index_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "wire/java_hash.h"
#include "wire/message_properties.h"

namespace rmq::store {

using runtime::OpenMode;

namespace {

constexpr size_t kNameSize = 17;
constexpr size_t kMuchMemory = 4 << 20;
constexpr size_t kLookAhead = 8;  // keys

bool IsIndexName(std::string_view name) {
  return name.size() == kNameSize &&
         std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string IndexFileName(WallTime time) {
  using std::chrono::days;
  const std::chrono::sys_time<milliseconds> at{milliseconds(time.ms)};
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<milliseconds> clock(at - day);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}{:03}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<std::unique_ptr<IndexService>> IndexService::Open(Context& ctx, runtime::FileSystem& files,
                                                         const runtime::Clock& clock,
                                                         Options options) {
  RMQ_TRY(auto directory, files.OpenDirectory(ctx, options.path, /*create=*/true));
  std::unique_ptr<IndexService> service(
      new IndexService(std::move(directory), clock, std::move(options)));
  RMQ_TRY(const auto entries, service->directory_->List(ctx));
  for (const runtime::DirectoryEntry& entry : entries) {  // Sorted, and so by age.
    if (entry.is_directory || !IsIndexName(entry.name)) continue;
    RMQ_TRY(auto file, service->directory_->Open(ctx, entry.name, OpenMode::kReadWrite));
    Result<std::unique_ptr<IndexFile>> opened =
        IndexFile::Open(ctx, entry.name, std::move(file), service->options_.file);
    if (!opened.has_value() && opened.error().code() != ErrorCode::kCorruption) {
      return Fail(std::move(opened).error());
    }
    const IndexFile* before = service->files_.empty() ? nullptr : service->files_.back().get();
    const bool follows =
        opened.has_value() &&
        (before == nullptr ||
         (before->full() && (*opened)->header().begin_offset >= before->header().end_offset));
    if (!follows) {
      // Everything from here on is indexed again.
      for (auto later = std::ranges::find(entries, entry); later != entries.end(); ++later) {
        if (!later->is_directory && IsIndexName(later->name)) {
          RMQ_TRY(service->directory_->Remove(ctx, later->name));
        }
      }
      RMQ_TRY(service->directory_->Sync(ctx));
      break;
    }
    service->files_.push_back(std::move(*opened));
  }
  return service;
}

Result<void> IndexService::RemoveLast(Context& ctx) {
  const std::string name = files_.back()->name();
  files_.pop_back();
  RMQ_TRY(directory_->Remove(ctx, name));
  return directory_->Sync(ctx);
}

Result<void> IndexService::Recover(Context& ctx, CommitLogOffset log_begin, CommitLogOffset log_end,
                                   const std::optional<Checkpoint::Positions>& positions) {
  RMQ_TRY(const auto busy, busy_.Lock(ctx));
  const auto last = [&] {
    return files_.empty() ? CommitLogOffset{-1} : files_.back()->header().end_offset;
  };
  if (positions.has_value() && positions->clean_exit && positions->index_last == last() &&
      positions->index_file_count == files_.size() && positions->indexed <= log_end) {
    indexed_ = std::max(log_begin, positions->indexed);
    return {};
  }
  indexed_ = log_begin;
  // Files of a promised number are missing: the rest would answer as if it were all.
  if (positions.has_value() && files_.size() < positions->index_file_count) {
    while (!files_.empty()) RMQ_TRY(RemoveLast(ctx));
  }
  while (!files_.empty()) {
    IndexFile& newest = *files_.back();
    if (newest.header().begin_offset < log_end) {
      RMQ_TRY(const CommitLogOffset resume, newest.Repair(ctx, log_end));
      if (!newest.empty()) {
        indexed_ = std::max(log_begin, resume);
        RMQ_TRY(FlushLocked(ctx));
        newest.DropPages();
        break;
      }
    }
    // Nothing of it is left: its messages follow those of the file before.
    RMQ_TRY(RemoveLast(ctx));
  }
  // Messages without keys leave no trace in the files: the checkpoint knows more, if all that it
  // promises is there.
  if (positions.has_value() && positions->indexed <= log_end && last() >= positions->index_last &&
      files_.size() >= positions->index_file_count) {
    indexed_ = std::max(indexed_, positions->indexed);
  }
  return {};
}

// --- putting ---

void IndexService::Collect(const wire::StoredMessage& message, Keys& into) {
  into.end = message.physical_offset + message.total_size;
  if (wire::TransactionTypeOf(message.sys_flag) == wire::TransactionType::kRollback) return;
  const auto add = [&](std::string_view key) {
    into.keys.push_back({.hash = wire::IndexKeyHash(message.topic, key),
                         .offset = message.physical_offset,
                         .stored_at = message.store_time});
  };
  // One pass over the properties for both.
  std::string_view unique_key;
  std::string_view keys;
  for (const auto [name, value] : wire::PropertiesView(message.properties)) {
    if (name == wire::kPropertyUniqKey) unique_key = value;
    if (name == wire::kPropertyKeys) keys = value;
  }
  if (!unique_key.empty()) add(unique_key);
  while (!keys.empty()) {
    const size_t end = std::min(keys.find(wire::kKeySeparator), keys.size());
    if (end > 0) add(keys.substr(0, end));
    keys.remove_prefix(std::min(end + 1, keys.size()));
  }
}

Result<void> IndexService::Put(Context& ctx, const Keys& keys) {
  RMQ_TRY(const auto busy, busy_.Lock(ctx));
  for (size_t i = 0; i < keys.keys.size(); ++i) {
    // Slots lie anywhere in 20 MB: without looking ahead, each waits for the memory.
    if (!files_.empty() && i + kLookAhead < keys.keys.size()) {
      files_.back()->Prefetch(keys.keys[i + kLookAhead].hash);
    }
    Result<void> put = PutKey(ctx, keys.keys[i]);
    if (!put.has_value()) {
      indexed_ = keys.keys[i].offset;
      return put;
    }
  }
  indexed_ = keys.end;
  return {};
}

Result<void> IndexService::PutKey(Context& ctx, const Keys::Key& key) {
  if (files_.empty() || files_.back()->full()) RMQ_TRY(AddFile(ctx));
  return files_.back()->Put(ctx, key.hash, key.offset, key.stored_at);
}

Result<void> IndexService::AddFile(Context& ctx) {
  // Recovery repairs the newest file alone: older ones must be durable before it exists.
  if (!files_.empty()) {
    RMQ_TRY(FlushLocked(ctx));
    files_.back()->DropPages();
  }
  const std::string name = NewName();
  RMQ_TRY(auto file, directory_->Open(ctx, name, OpenMode::kCreate));
  const IndexFile::Header* previous = files_.empty() ? nullptr : &files_.back()->header();
  RMQ_TRY(auto added, IndexFile::Create(ctx, name, std::move(file), options_.file, previous));
  RMQ_TRY(Noted(added->Sync(ctx), *added));
  RMQ_TRY(directory_->Sync(ctx));
  files_.push_back(std::move(added));
  return {};
}

// Later than the newest name, whatever the clock says.
std::string IndexService::NewName() const {
  std::string name = IndexFileName(clock_.WallNow());
  if (files_.empty() || name > files_.back()->name()) return name;
  name = files_.back()->name();
  for (size_t i = name.size(); i > 0; --i) {
    if (name[i - 1] < '9') {
      ++name[i - 1];
      break;
    }
    name[i - 1] = '0';
  }
  return name;
}

// --- flushing ---

Result<void> IndexService::Noted(Result<void> result, const IndexFile& file) {
  sync_failed_ = sync_failed_ || file.sync_failed();
  return result;
}

Result<void> IndexService::RelieveMemory(Context& ctx) {
  if (files_.empty() || files_.back()->unwritten_bytes() < kMuchMemory) return {};
  RMQ_TRY(const auto busy, busy_.Lock(ctx));
  return files_.back()->WriteEntries(ctx);
}

Result<IndexService::Durable> IndexService::Flush(Context& ctx) {
  RMQ_TRY(const auto busy, busy_.Lock(ctx));
  return FlushLocked(ctx);
}

Result<IndexService::Durable> IndexService::FlushLocked(Context& ctx) {
  if (files_.empty()) return Durable{.indexed = indexed_, .last = {-1}, .time = {}};
  IndexFile& newest = *files_.back();
  RMQ_TRY(Noted(newest.Flush(ctx), newest));
  RMQ_TRY(Noted(newest.Sync(ctx), newest));
  return Durable{.indexed = indexed_,
                 .last = newest.header().end_offset,
                 .time = newest.header().end_time,
                 .file_count = files_.size()};
}

// --- finding ---

Result<std::vector<CommitLogOffset>> IndexService::Find(Context& ctx, std::string_view topic,
                                                        std::string_view key, WallTime begin,
                                                        WallTime end, size_t limit) {
  RMQ_TRY(const auto busy, busy_.Lock(ctx));
  std::vector<CommitLogOffset> found;
  const uint32_t hash = wire::IndexKeyHash(topic, key);
  for (size_t i = files_.size(); i > 0 && found.size() < limit; --i) {
    IndexFile& file = *files_[i - 1];
    if (!file.Overlaps(begin, end)) continue;
    RMQ_TRY(file.Find(ctx, hash, begin, end, limit, found));
    // Old files are asked rarely: one page of slots each would stay for ever.
    if (i < files_.size()) file.DropPages();
  }
  return found;
}

WallTime IndexService::last_update() const {
  return files_.empty() ? WallTime{} : files_.back()->header().end_time;
}

}  // namespace rmq::store
