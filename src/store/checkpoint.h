// Checkpoint is the page in the file `checkpoint` that says how far the files of a store are
// durable, so that recovery need not begin at the first message.
//
// The first 40 bytes are Java's and hold times of messages; ours follow them in the same sector and
// hold positions, since times don't order messages when the clock has been set back. Ours are only
// valid next to the times they were written with: Java doesn't know them and leaves them behind.
// Layout: spec/store/recovery.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/file_system.h"

namespace rmq::store {

struct Checkpoint {
  // Store times of the newest durable message, of the newest whose ConsumeQueue unit is durable,
  // and of the newest whose index entries are. 0: none.
  WallTime physic_time;
  WallTime logics_time;
  WallTime index_time;
  int64_t master_flushed_offset = 0;
  int64_t confirm_offset = 0;

  // What Java doesn't know.
  struct Positions {
    CommitLogOffset log_durable;     // everything before it can be read
    CommitLogOffset queues_durable;  // every unit of messages before it is in its file
    uint64_t queue_offset_sum = 0;   // of the queues' max(), as of queues_durable
    uint64_t queue_first_sum = 0;    // likewise, of the numbers of the queues' first files
    uint64_t queue_count = 0;        // likewise, of queues with max() > 0
    CommitLogOffset indexed;         // every index entry of messages before it is in its file
    CommitLogOffset index_last;      // the offset of the newest of those entries; -1: none
    uint64_t index_file_count = 0;
    bool clean_exit = false;
    bool operator==(const Positions&) const = default;
  };
  std::optional<Positions> positions;  // empty: the page was last written by Java
  bool operator==(const Checkpoint&) const = default;
};

// Empty if the file doesn't exist or nothing was ever written to it.
Result<std::optional<Checkpoint>> ReadCheckpoint(Context& ctx, runtime::Directory& directory);

// The page as it is on disk.
std::string EncodeCheckpoint(const Checkpoint& checkpoint);
std::optional<Checkpoint> DecodeCheckpoint(Slice page);

// Writes the checkpoint of one store. One fiber at a time.
class CheckpointFile {
 public:
  static Result<std::unique_ptr<CheckpointFile>> Open(Context& ctx, runtime::Directory& directory);
  // Durable when it returns. What it promises is durable before.
  Result<void> Write(Context& ctx, const Checkpoint& checkpoint);
  // A failed sync, as CommitLog::sync_failed.
  bool sync_failed() const { return sync_failed_; }

 private:
  explicit CheckpointFile(std::unique_ptr<runtime::File> file) : file_(std::move(file)) {}
  const std::unique_ptr<runtime::File> file_;
  bool sync_failed_ = false;
};

}  // namespace rmq::store
