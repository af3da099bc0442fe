#include "store/commit_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "store/file_name.h"

namespace rmq::store {

using runtime::Directory;
using runtime::File;
using runtime::OpenMode;

namespace {

constexpr int64_t kRewriteChunk = 1 << 20;

// With `zeros`, a file that ends early reads as if it had been allocated to its full size.
Result<void> ReadOrZeros(Context& ctx, File& file, uint64_t at, std::span<std::byte> into,
                         bool zeros) {
  if (!zeros) return runtime::ReadFully(ctx, file, at, into);
  while (!into.empty()) {
    RMQ_TRY(const size_t read, file.ReadAt(ctx, at, into));
    if (read == 0) {
      std::ranges::fill(into, std::byte{0});
      return {};
    }
    at += read;
    into = into.subspan(read);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<CommitLog>> CommitLog::Open(Context& ctx, runtime::FileSystem& files,
                                                   const std::string& path, int64_t file_size) {
  RMQ_TRY(std::unique_ptr<Directory> directory, files.OpenDirectory(ctx, path, /*create=*/true));
  std::unique_ptr<CommitLog> log(new CommitLog(std::move(directory), file_size));
  RMQ_TRY(log->FindFiles(ctx));
  return log;
}

Result<void> CommitLog::FindFiles(Context& ctx) {
  RMQ_TRY(const auto entries, directory_->List(ctx));
  std::optional<CommitLogOffset> next;
  for (const runtime::DirectoryEntry& entry : entries) {  // Sorted: names sort as their numbers.
    const std::optional<int64_t> offset = ParseOffsetFileName(entry.name);
    if (!offset.has_value() || entry.is_directory) continue;
    if (*offset % file_size_ != 0) {
      return Fail(ErrorCode::kCorruption, fmt::format("{}/{}: no file of {} bytes begins there",
                                                      path(), entry.name, file_size_));
    }
    if (!next.has_value()) begin_ = CommitLogOffset{*offset};
    if (next.has_value() && next->value != *offset) {
      return Fail(ErrorCode::kCorruption,
                  fmt::format("{}/{}: missing, although a later file exists", path(),
                              OffsetFileName(next->value)));
    }
    files_.push_back(nullptr);
    next = CommitLogOffset{*offset} + file_size_;
  }
  for (size_t i = 0; i < files_.size(); ++i) {
    const CommitLogOffset begin = begin_ + static_cast<int64_t>(i) * file_size_;
    RMQ_TRY(CheckSize(ctx, begin, /*last=*/i + 1 == files_.size()));
  }
  return {};
}

Result<void> CommitLog::CheckSize(Context& ctx, CommitLogOffset begin, bool last) {
  RMQ_TRY(const auto file, FileOf(ctx, begin));
  RMQ_TRY(const uint64_t size, file->Size(ctx));
  const auto expected = static_cast<uint64_t>(file_size_);
  found_end_ = begin + static_cast<int64_t>(size);
  if (size == expected || (last && size < expected)) return {};
  return Fail(ErrorCode::kCorruption,
              fmt::format("{}/{}: {} bytes, but CommitLog files have {}", path(),
                          OffsetFileName(begin.value), size, file_size_));
}

std::string CommitLog::Place(CommitLogOffset at) const {
  return fmt::format("{}/{} at {}", path(), OffsetFileName(FileBegin(at).value),
                     at.value % file_size_);
}

std::unexpected<Error> CommitLog::At(CommitLogOffset at, std::string_view operation,
                                     Error error) const {
  return Fail(WithContext(std::move(error), fmt::format("{}: {}", Place(at), operation)));
}

Result<std::shared_ptr<File>> CommitLog::FileOf(Context& ctx, CommitLogOffset at) {
  if (!HasFile(at)) return Fail(ErrorCode::kNotFound, fmt::format("{}: no such file", Place(at)));
  const auto slot = [&]() -> std::shared_ptr<File>& {
    return files_[static_cast<size_t>((at - begin_) / file_size_)];
  };
  if (slot() != nullptr) return slot();
  RMQ_TRY(auto opened,
          directory_->Open(ctx, OffsetFileName(FileBegin(at).value), OpenMode::kReadWrite));
  // Another fiber may have been faster, or retention may have taken the file away.
  if (!HasFile(at)) return Fail(ErrorCode::kNotFound, fmt::format("{}: no such file", Place(at)));
  if (slot() == nullptr) slot() = std::move(opened);
  return slot();
}

Result<void> CommitLog::PrepareFile(Context& ctx, CommitLogOffset at) {
  if (HasFile(at)) return {};
  RMQ_TRY(const auto making, making_.Lock(ctx));
  if (HasFile(at)) return {};
  const CommitLogOffset begin = FileBegin(at);
  RMQ_ASSERT(files_.empty() || begin == end_of_files());
  return MakeFile(ctx, begin);
}

Result<void> CommitLog::MakeFile(Context& ctx, CommitLogOffset begin) {
  const std::string name = OffsetFileName(begin.value);
  // What an earlier attempt left behind holds nothing.
  RMQ_TRY(std::unique_ptr<File> file, directory_->Open(ctx, name, OpenMode::kCreate));
  Result<void> made = file->Truncate(ctx, 0);
  if (made.has_value()) made = file->Allocate(ctx, 0, static_cast<uint64_t>(file_size_));
  // The size must survive as well as the name: recovery believes that older files are complete.
  if (made.has_value()) made = Synced(file->SyncAll(ctx));
  if (made.has_value()) made = Synced(directory_->Sync(ctx));
  if (!made.has_value()) {
    file.reset();
    static_cast<void>(directory_->Remove(ctx, name));
    return At(begin, "make the file", std::move(made).error());
  }
  if (files_.empty()) begin_ = begin;
  files_.push_back(std::move(file));
  return {};
}

Result<void> CommitLog::Write(Context& ctx, CommitLogOffset at, std::span<const Slice> slices) {
  RMQ_TRY(const auto file, FileOf(ctx, at));
  const auto position = static_cast<uint64_t>(at.value % file_size_);
  Result<void> written = runtime::WriteFully(ctx, *file, position, slices);
  if (!written.has_value()) return At(at, "write", std::move(written).error());
  return {};
}

Result<void> CommitLog::Sync(Context& ctx, CommitLogOffset from, CommitLogOffset to) {
  for (CommitLogOffset at = FileBegin(from); at < to; at = at + file_size_) {
    RMQ_TRY(const auto file, FileOf(ctx, at));
    Result<void> synced = Synced(file->SyncData(ctx));
    if (!synced.has_value()) return At(at, "sync", std::move(synced).error());
  }
  return {};
}

Result<void> CommitLog::Read(Context& ctx, CommitLogOffset at, std::span<std::byte> into) {
  RMQ_ASSERT(static_cast<int64_t>(into.size()) <= SpaceLeft(at));
  RMQ_TRY(const auto file, FileOf(ctx, at));
  const auto position = static_cast<uint64_t>(at.value % file_size_);
  const bool last = FileBegin(at) + file_size_ == end_of_files();
  Result<void> read = ReadOrZeros(ctx, *file, position, into, last);
  if (!read.has_value()) return At(at, "read", std::move(read).error());
  return {};
}

Result<void> CommitLog::Synced(Result<void> result) {
  // A cancelled call never reached the disk.
  if (!result.has_value() && result.error().code() != ErrorCode::kCancelled &&
      result.error().code() != ErrorCode::kDeadlineExceeded) {
    sync_failed_ = true;
  }
  return result;
}

Result<void> CommitLog::Blank(Context& ctx, CommitLogOffset from, CommitLogOffset to) {
  static constexpr std::array<std::byte, 4096> kZeros{};
  for (CommitLogOffset at = from; at < to;) {
    const auto size = std::min<int64_t>(to - at, static_cast<int64_t>(kZeros.size()));
    const Slice zeros(kZeros.data(), static_cast<size_t>(size));
    RMQ_TRY(Write(ctx, at, std::span(&zeros, 1)));
    at = at + size;
  }
  return Sync(ctx, from, to);
}

Result<void> CommitLog::Rewrite(Context& ctx, CommitLogOffset from, CommitLogOffset to) {
  std::vector<std::byte> chunk;
  while (from < to) {
    const int64_t size = std::min({kRewriteChunk, to - from, SpaceLeft(from)});
    chunk.resize(static_cast<size_t>(size));
    RMQ_TRY(Read(ctx, from, chunk));
    const Slice bytes(chunk);
    RMQ_TRY(Write(ctx, from, std::span(&bytes, 1)));
    from = from + size;
  }
  return {};
}

Result<void> CommitLog::CutTail(Context& ctx, CommitLogOffset end) {
  // Later files first and the newest of them first: whenever the power goes, what is left is still
  // one sequence without a gap.
  while (!files_.empty()) {
    const CommitLogOffset last = end_of_files() + -file_size_;
    if (last < end) break;
    if (last == end && files_.size() == 1) break;  // An empty log keeps its position.
    files_.pop_back();
    RMQ_TRY(directory_->Remove(ctx, OffsetFileName(last.value)));
    RMQ_TRY(Synced(directory_->Sync(ctx)));
  }
  if (!HasFile(end)) return {};
  RMQ_TRY(const auto file, FileOf(ctx, end));
  // Shrinking and growing makes zeros of any number of bytes at once.
  Result<void> cut = file->Truncate(ctx, static_cast<uint64_t>(end.value % file_size_));
  if (cut.has_value()) cut = file->Allocate(ctx, 0, static_cast<uint64_t>(file_size_));
  if (cut.has_value()) cut = Synced(file->SyncAll(ctx));
  if (!cut.has_value()) return At(end, "cut", std::move(cut).error());
  return {};
}

}  // namespace rmq::store
