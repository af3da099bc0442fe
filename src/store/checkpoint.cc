#include "store/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "wire/checksum.h"

namespace rmq::store {

using runtime::Directory;
using runtime::File;
using runtime::OpenMode;

namespace {

constexpr std::string_view kName = "checkpoint";
constexpr size_t kPageSize = 4096;
constexpr size_t kJavaSize = 40;
constexpr uint64_t kMagic = 0x726d712d63702d31;  // "rmq-cp-1"

// All of it lies in the first sector, which disks write as a whole.
//   0 Java's five numbers, 40 magic, 48 eight numbers, 112 clean exit, 120 CRC of 0..119
constexpr size_t kMagicAt = kJavaSize;
constexpr size_t kPositionsAt = 48;
constexpr size_t kCleanAt = 112;
constexpr size_t kCrcAt = 120;

uint32_t PageCrc(Slice page) {
  return wire::Crc32(page.first(kCrcAt));
}

bool IsZero(Slice bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  std::string page;
  for (const int64_t number :
       {checkpoint.physic_time.ms, checkpoint.logics_time.ms, checkpoint.index_time.ms,
        checkpoint.master_flushed_offset, checkpoint.confirm_offset}) {
    AppendBigEndian(page, number);
  }
  if (checkpoint.positions.has_value()) {
    const Checkpoint::Positions& positions = *checkpoint.positions;
    AppendBigEndian(page, kMagic);
    AppendBigEndian(page, positions.log_durable.value);
    AppendBigEndian(page, positions.queues_durable.value);
    AppendBigEndian(page, positions.queue_offset_sum);
    AppendBigEndian(page, positions.queue_first_sum);
    AppendBigEndian(page, positions.queue_count);
    AppendBigEndian(page, positions.indexed.value);
    AppendBigEndian(page, positions.index_last.value);
    AppendBigEndian(page, positions.index_file_count);
    AppendBigEndian(page, static_cast<uint64_t>(positions.clean_exit));
    AppendBigEndian(page, PageCrc(AsBytes(page)));
  }
  page.resize(kPageSize);
  return page;
}

std::optional<Checkpoint> DecodeCheckpoint(Slice page) {
  if (page.size() < kJavaSize || IsZero(page)) return std::nullopt;
  const auto number = [&](size_t at) { return LoadBigEndian<int64_t>(page.data() + at); };
  Checkpoint checkpoint{.physic_time = {number(0)},
                        .logics_time = {number(8)},
                        .index_time = {number(16)},
                        .master_flushed_offset = number(24),
                        .confirm_offset = number(32),
                        .positions = {}};
  if (page.size() < kPageSize || LoadBigEndian<uint64_t>(page.data() + kMagicAt) != kMagic) {
    return checkpoint;
  }
  // Java has written over the times, or the page was damaged: which of the two can't be told, but
  // times that Java has written are plausible in themselves, so that the caller may go by them.
  if (LoadBigEndian<uint32_t>(page.data() + kCrcAt) != PageCrc(page)) return checkpoint;
  checkpoint.positions =
      Checkpoint::Positions{.log_durable = {number(kPositionsAt)},
                            .queues_durable = {number(kPositionsAt + 8)},
                            .queue_offset_sum = static_cast<uint64_t>(number(kPositionsAt + 16)),
                            .queue_first_sum = static_cast<uint64_t>(number(kPositionsAt + 24)),
                            .queue_count = static_cast<uint64_t>(number(kPositionsAt + 32)),
                            .indexed = {number(kPositionsAt + 40)},
                            .index_last = {number(kPositionsAt + 48)},
                            .index_file_count = static_cast<uint64_t>(number(kPositionsAt + 56)),
                            .clean_exit = number(kCleanAt) != 0};
  return checkpoint;
}

Result<std::optional<Checkpoint>> ReadCheckpoint(Context& ctx, Directory& directory) {
  Result<std::unique_ptr<File>> file = directory.Open(ctx, kName, OpenMode::kRead);
  if (!file.has_value()) {
    if (file.error().code() == ErrorCode::kNotFound) return std::nullopt;
    return Fail(std::move(file).error());
  }
  RMQ_TRY(const uint64_t size, (*file)->Size(ctx));
  std::vector<std::byte> page(std::min<uint64_t>(size, kPageSize));
  RMQ_TRY(runtime::ReadFully(ctx, **file, 0, page));
  return DecodeCheckpoint(page);
}

Result<std::unique_ptr<CheckpointFile>> CheckpointFile::Open(Context& ctx, Directory& directory) {
  RMQ_TRY(auto file, directory.Open(ctx, kName, OpenMode::kCreate));
  RMQ_TRY(const uint64_t size, file->Size(ctx));
  if (size < kPageSize) RMQ_TRY(file->Truncate(ctx, kPageSize));
  RMQ_TRY(directory.Sync(ctx));
  return std::unique_ptr<CheckpointFile>(new CheckpointFile(std::move(file)));
}

Result<void> CheckpointFile::Write(Context& ctx, const Checkpoint& checkpoint) {
  Result<void> written = runtime::WriteFully(ctx, *file_, 0, AsBytes(EncodeCheckpoint(checkpoint)));
  if (written.has_value()) {
    written = file_->SyncData(ctx);
    // A cancelled call never reached the disk.
    sync_failed_ = !written.has_value() && written.error().code() != ErrorCode::kCancelled &&
                   written.error().code() != ErrorCode::kDeadlineExceeded;
  }
  if (!written.has_value()) return Fail(WithContext(std::move(written).error(), "checkpoint"));
  return {};
}

}  // namespace rmq::store
