#include "store/queue_snapshot.h"

#include <limits>
#include <utility>

#include "wire/checksum.h"

namespace rmq::store {

using runtime::Directory;
using runtime::File;
using runtime::OpenMode;

namespace {

constexpr std::string_view kName = "queuesnapshot";
constexpr uint64_t kMagic = 0x726d712d71732d31;  // "rmq-qs-1"

// Reads numbers one after another; after the end everything is 0 and ok() is false.
class Cursor {
 public:
  explicit Cursor(Slice bytes) : bytes_(bytes) {}

  template <std::integral T>
  T Take() {
    if (bytes_.size() < sizeof(T)) return Overrun<T>();
    const T value = LoadBigEndian<T>(bytes_.data());
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }
  std::string_view TakeText(size_t size) {
    if (bytes_.size() < size) return Overrun<int>(), std::string_view();
    const std::string_view text = AsText(bytes_.first(size));
    bytes_ = bytes_.subspan(size);
    return text;
  }
  bool ok() const { return ok_; }
  bool done() const { return bytes_.empty(); }

 private:
  template <typename T>
  T Overrun() {
    ok_ = false;
    bytes_ = {};
    return T{};
  }
  Slice bytes_;
  bool ok_ = true;
};

}  // namespace

std::string EncodeQueueSnapshot(CommitLogOffset position, const std::vector<QueueState>& queues) {
  std::string bytes;
  AppendBigEndian(bytes, kMagic);
  AppendBigEndian(bytes, position.value);
  AppendBigEndian(bytes, static_cast<uint64_t>(queues.size()));
  for (const QueueState& queue : queues) {
    AppendBigEndian(bytes, static_cast<uint16_t>(queue.topic.size()));
    bytes += queue.topic;
    AppendBigEndian(bytes, queue.queue_id);
    AppendBigEndian(bytes, queue.first.value);
    AppendBigEndian(bytes, queue.min.value);
    AppendBigEndian(bytes, queue.max.value);
    AppendBigEndian(bytes, queue.last_offset.value);
  }
  AppendBigEndian(bytes, wire::Crc32(AsBytes(bytes)));
  return bytes;
}

std::optional<std::vector<QueueState>> DecodeQueueSnapshot(Slice bytes, CommitLogOffset position) {
  if (bytes.size() < sizeof(uint32_t)) return std::nullopt;
  const Slice covered = bytes.first(bytes.size() - sizeof(uint32_t));
  if (LoadBigEndian<uint32_t>(bytes.data() + covered.size()) != wire::Crc32(covered)) {
    return std::nullopt;
  }
  Cursor from(covered);
  if (from.Take<uint64_t>() != kMagic || from.Take<int64_t>() != position.value) {
    return std::nullopt;
  }
  std::vector<QueueState> queues;
  for (auto count = from.Take<uint64_t>(); count > 0 && from.ok(); --count) {
    QueueState queue;
    queue.topic = from.TakeText(from.Take<uint16_t>());
    queue.queue_id = from.Take<int32_t>();
    queue.first.value = from.Take<int64_t>();
    queue.min.value = from.Take<int64_t>();
    queue.max.value = from.Take<int64_t>();
    queue.last_offset.value = from.Take<int64_t>();
    queues.push_back(std::move(queue));
  }
  if (!from.ok() || !from.done()) return std::nullopt;
  return queues;
}

Result<void> WriteQueueSnapshot(Context& ctx, Directory& directory, CommitLogOffset position,
                                const std::vector<QueueState>& queues) {
  RMQ_TRY(const auto file, directory.Open(ctx, kName, OpenMode::kCreate));
  const std::string bytes = EncodeQueueSnapshot(position, queues);
  RMQ_TRY(file->Truncate(ctx, 0));
  RMQ_TRY(runtime::WriteFully(ctx, *file, 0, AsBytes(bytes)));
  RMQ_TRY(file->SyncAll(ctx));
  return directory.Sync(ctx);
}

Result<std::optional<std::vector<QueueState>>> ReadQueueSnapshot(Context& ctx, Directory& directory,
                                                                 CommitLogOffset position) {
  Result<std::unique_ptr<File>> file = directory.Open(ctx, kName, OpenMode::kRead);
  if (!file.has_value()) {
    if (file.error().code() == ErrorCode::kNotFound) return std::nullopt;
    return Fail(std::move(file).error());
  }
  RMQ_TRY(const uint64_t size, (*file)->Size(ctx));
  if (size > uint64_t{1} << 30) return std::nullopt;
  std::vector<std::byte> bytes(size);
  RMQ_TRY(runtime::ReadFully(ctx, **file, 0, bytes));
  return DecodeQueueSnapshot(bytes, position);
}

Result<void> RemoveQueueSnapshot(Context& ctx, Directory& directory) {
  Result<void> removed = directory.Remove(ctx, kName);
  if (!removed.has_value() && removed.error().code() == ErrorCode::kNotFound) return {};
  if (removed.has_value()) removed = directory.Sync(ctx);
  return removed;
}

}  // namespace rmq::store
