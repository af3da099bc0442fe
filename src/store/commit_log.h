// CommitLog is the sequence of bytes that holds every message of a store, in files of one size:
//
//   commitlog/00000000000000000000   [ record | record | … | blank ]
//   commitlog/00000000001073741824   [ record | record |  zeros    ]   ← the end of the log
//   commitlog/00000000002147483648   [          zeros              ]   made ahead, or not there
//
// It knows files and positions, not messages: MessageStore decides what is written where,
// LogScanner finds records, HotTail keeps the newest bytes in memory. Behind the end of the log
// every file is zeros (STORE-6), so that old records can't come back.
//
// Belongs to MessageStore's executor. One fiber writes; any fiber of the executor may read, sync
// and prepare files meanwhile. Errors name file and offset. Layout: spec/store/commit-log.md.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/file_system.h"
#include "runtime/mutex.h"

namespace rmq::store {

class CommitLog {
 public:
  // Looks at the files in `path`, which is made if it doesn't exist. kCorruption: their names and
  // sizes are no CommitLog of this file size, or a file is missing between two others. The last
  // file may be shorter: a crash interrupted its making.
  static Result<std::unique_ptr<CommitLog>> Open(Context& ctx, runtime::FileSystem& files,
                                                 const std::string& path, int64_t file_size);

  int64_t file_size() const { return file_size_; }
  const std::string& path() const { return directory_->path(); }
  bool empty() const { return files_.empty(); }
  CommitLogOffset min_offset() const { return begin_; }
  // The end of the last file.
  CommitLogOffset end_of_files() const {
    return begin_ + static_cast<int64_t>(files_.size()) * file_size_;
  }
  // Where the bytes ended that Open found: before end_of_files() if the last file was short.
  CommitLogOffset found_end() const { return found_end_; }
  CommitLogOffset FileBegin(CommitLogOffset at) const {
    return CommitLogOffset{at.value - at.value % file_size_};
  }
  // The bytes from `at` to the end of its file.
  int64_t SpaceLeft(CommitLogOffset at) const { return file_size_ - at.value % file_size_; }
  // For messages: "commitlog/00000000000000000000 at 4711".
  std::string Place(CommitLogOffset at) const;

  // Makes the file that holds `at` if it is the next one that is missing: allocated to its full
  // size, and its name durable (STORE-5). kNoSpace leaves nothing behind.
  Result<void> PrepareFile(Context& ctx, CommitLogOffset at);
  bool HasFile(CommitLogOffset at) const { return at >= begin_ && at < end_of_files(); }

  // Writes the slices one after the other. REQUIRES: they fit in the file of `at`, which exists.
  Result<void> Write(Context& ctx, CommitLogOffset at, std::span<const Slice> slices);
  // Makes the bytes in [from, to) durable, the older file first.
  Result<void> Sync(Context& ctx, CommitLogOffset from, CommitLogOffset to);
  // Fills `into` from `at`. REQUIRES: within one file. kNotFound: the file is not there (any
  // more).
  Result<void> Read(Context& ctx, CommitLogOffset at, std::span<std::byte> into);

  // A sync has failed: what was written before it may be lost, whatever later syncs say (STORE-12).
  bool sync_failed() const { return sync_failed_; }

  // Writes [from, to) again as it is, so that the next sync has to bring it to the disk (STORE-71).
  Result<void> Rewrite(Context& ctx, CommitLogOffset from, CommitLogOffset to);
  // Overwrites [from, to) with zeros and syncs them. REQUIRES: within one file.
  Result<void> Blank(Context& ctx, CommitLogOffset from, CommitLogOffset to);
  // Removes what lies behind `end`: later files go away, and the rest of the file of `end` becomes
  // zeros. Durable when it returns.
  Result<void> CutTail(Context& ctx, CommitLogOffset end);

 private:
  CommitLog(std::unique_ptr<runtime::Directory> directory, int64_t file_size)
      : directory_(std::move(directory)), file_size_(file_size) {}
  Result<void> FindFiles(Context& ctx);
  Result<void> CheckSize(Context& ctx, CommitLogOffset begin, bool last);
  Result<void> MakeFile(Context& ctx, CommitLogOffset begin);
  // Opens it on first use.
  Result<std::shared_ptr<runtime::File>> FileOf(Context& ctx, CommitLogOffset at);
  Result<void> Synced(Result<void> result);
  std::unexpected<Error> At(CommitLogOffset at, std::string_view operation, Error error) const;

  const std::unique_ptr<runtime::Directory> directory_;
  const int64_t file_size_;
  CommitLogOffset begin_;  // of the first file
  CommitLogOffset found_end_;
  std::deque<std::shared_ptr<runtime::File>> files_;  // null: not opened yet
  runtime::Mutex making_;
  bool sync_failed_ = false;
};

}  // namespace rmq::store
