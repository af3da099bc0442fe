// ConsumeQueueStore owns all ConsumeQueues and their files, consumequeue/{topic}/{queue id}/….
//
// Dispatch appends units in memory and never suspends; WriteBack brings them to their files in
// batches, Sync makes them durable. All of it is derived from the CommitLog: what is lost or wrong
// here is rebuilt from there (spec/store/recovery.md). An idle queue costs its state in memory and
// no descriptor.
//
// Belongs to MessageStore's executor. Any fiber may read; WriteBack, Sync and what removes queues
// exclude one another.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "runtime/file_system.h"
#include "runtime/mutex.h"
#include "store/consume_queue.h"
#include "store/open_files.h"
#include "store/queue_snapshot.h"

namespace rmq::store {

class ConsumeQueueStore {
 public:
  struct Options {
    std::string path;
    int32_t file_units = 300'000;
    size_t max_open_files = 512;
  };
  using QueueRef = std::shared_ptr<ConsumeQueue>;

  // What Load believes of the files.
  struct LoadLimits {
    CommitLogOffset log_begin;  // messages before this are gone
    // Units of messages that end behind this are ignored, …
    CommitLogOffset end;
    // … and with `cut` erased: the files may hold anything behind the units of messages before it.
    bool cut = false;
  };

  ConsumeQueueStore(runtime::FileSystem& files, Options options)
      : files_(files), options_(std::move(options)), open_files_(options_.max_open_files) {}

  // Finds the queues of an earlier run. kCorruption: the files of a queue are no sequence; rebuild.
  Result<void> Load(Context& ctx, const LoadLimits& limits);
  // Takes the queues' state from a snapshot instead, without a look at the files.
  void Restore(const std::vector<QueueState>& queues);
  // What Restore takes. REQUIRES: everything is written back.
  std::vector<QueueState> Snapshot() const;
  // A file was missing or short although it should have been there: Restore was wrong, or the disk
  // is. The next start must look at the files.
  bool found_damage() const { return found_damage_; }

  // Forgets all queues. Their files stay.
  void Forget();
  // Forgets all queues and removes their files, durably.
  Result<void> Clear(Context& ctx);

  // Null if there is none.
  QueueRef Find(std::string_view topic, int32_t queue_id) const;
  QueueRef FindOrMake(std::string_view topic, int32_t queue_id);
  std::vector<QueueRef> QueuesOf(std::string_view topic) const;  // by queue id
  std::vector<std::string> Topics() const;                       // sorted
  size_t queue_count() const { return queue_count_; }
  // The checkpoint keeps them, so that recovery notices files that went missing.
  struct Totals {
    uint64_t offset_sum = 0;    // of the queues' max()
    uint64_t first_sum = 0;     // of the numbers of their first files
    uint64_t filled_count = 0;  // queues with max() > 0
    bool operator==(const Totals&) const = default;
  };
  Totals totals() const;

  // The next unit of `queue`.
  void Append(const QueueRef& queue, const ConsumeQueueUnit& unit);
  size_t dirty_count() const { return dirty_.size(); }

  // Appends units [from, from + count) of `queue` to `out`, fewer at its end. kWouldBlock: they are
  // not in memory and `ctx` is null. REQUIRES: queue->min() <= from.
  Result<void> Read(Context* ctx, const QueueRef& queue, QueueOffset from, size_t count,
                    std::vector<ConsumeQueueUnit>& out);

  // Writes to the files what is only in memory, then drops from memory what points in front of
  // `hot_begin`. What fails stays in memory, for the next time.
  Result<void> WriteBack(Context& ctx, CommitLogOffset hot_begin);
  // Makes durable what WriteBack has written.
  Result<void> Sync(Context& ctx);
  bool sync_failed() const { return sync_failed_; }

  // Removes the queues of a topic and their files. Durable after the next Sync.
  Result<void> RemoveTopic(Context& ctx, std::string_view topic);
  // Empties `queue` and removes its files; its first unit will be `at`.
  Result<void> RestartQueue(Context& ctx, const QueueRef& queue, QueueOffset at);

 private:
  struct Topic {
    std::shared_ptr<const std::string> name;
    std::vector<QueueRef> queues;  // by queue id
  };
  // A file with bytes that are not durable yet.
  struct Unsynced {
    QueueRef queue;
    bool name = false;  // the file's name isn't durable either
  };

  int64_t file_bytes() const { return int64_t{options_.file_units} * int64_t{kUnitSize}; }
  int64_t FileOf(QueueOffset at) const { return at.value / options_.file_units; }
  QueueOffset FileBegin(int64_t file) const { return QueueOffset{file * options_.file_units}; }
  std::string FileName(int64_t file) const;
  std::string QueuePath(const ConsumeQueue& queue) const;

  Result<void> LoadTopic(Context& ctx, const std::string& topic, const LoadLimits& limits);
  Result<void> LoadQueue(Context& ctx, const std::string& topic, int32_t queue_id,
                         const LoadLimits& limits);
  Result<std::vector<int64_t>> FilesOf(Context& ctx, runtime::Directory& directory);
  Result<void> CheckOlderFile(Context& ctx, runtime::Directory& directory, int64_t number,
                              CommitLogOffset end);
  Result<void> CutQueue(Context& ctx, runtime::Directory& directory, const QueueRef& queue,
                        const std::vector<int64_t>& files, QueueOffset end);
  Result<int64_t> CountUnits(Context& ctx, runtime::File& file, CommitLogOffset end);
  Result<QueueOffset> FindMin(Context& ctx, const QueueRef& queue, CommitLogOffset log_begin);

  Result<void> ReadFile(Context& ctx, const ConsumeQueue& queue, int64_t number, QueueOffset from,
                        std::span<std::byte> into);
  Result<std::shared_ptr<runtime::File>> OpenToRead(Context& ctx, const ConsumeQueue& queue,
                                                    int64_t file);
  Result<std::shared_ptr<runtime::File>> OpenToWrite(Context& ctx, const QueueRef& queue,
                                                     int64_t file);
  Result<void> WriteBackQueue(Context& ctx, const QueueRef& queue);
  Result<void> FillHoles(Context& ctx, runtime::File& file, int64_t count);
  Result<void> RemoveFiles(Context& ctx, const std::string& topic, int32_t queue_id);
  Result<void> SyncFile(Context& ctx, const Unsynced& unsynced, int64_t file);
  void TrimIdleQueues(CommitLogOffset hot_begin);
  Result<void> Synced(Result<void> result);

  runtime::FileSystem& files_;
  const Options options_;
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_;
  std::unordered_map<std::string_view, Topic*> by_name_;  // views of the topics' names
  size_t queue_count_ = 0;
  uint64_t next_number_ = 1;

  OpenFiles open_files_;
  std::vector<QueueRef> dirty_;
  IntrusiveList<ConsumeQueue> warm_;  // have units in memory; the longest idle first
  std::map<OpenFiles::Key, Unsynced> unsynced_;
  runtime::Mutex changing_files_;
  bool sync_failed_ = false;
  bool found_damage_ = false;
};

}  // namespace rmq::store
