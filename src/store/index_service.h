// IndexService owns the IndexFiles in index/ and knows how far the log is indexed. It follows the
// log: whoever reads it calls Put for each readable message, in order.
//
// All of it is derived from the CommitLog. Belongs to MessageStore's executor; calls exclude one
// another, so that any fiber may make them. Rules: spec/store/index-file.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/clock.h"
#include "runtime/file_system.h"
#include "runtime/mutex.h"
#include "store/checkpoint.h"
#include "store/index_file.h"
#include "wire/message.h"

namespace rmq::store {

class IndexService {
 public:
  struct Options {
    std::string path;
    IndexFile::Options file;
  };

  // Finds the files of an earlier run. What is damaged is removed and indexed again.
  static Result<std::unique_ptr<IndexService>> Open(Context& ctx, runtime::FileSystem& files,
                                                    const runtime::Clock& clock, Options options);

  // Makes the files agree with a log of [log_begin, log_end). `positions` is what the checkpoint
  // says of them; empty: nothing is known, so that everything is checked.
  Result<void> Recover(Context& ctx, CommitLogOffset log_begin, CommitLogOffset log_end,
                       const std::optional<Checkpoint::Positions>& positions);

  // The keys of messages that follow one another in the log.
  struct Keys {
    struct Key {
      uint32_t hash;
      CommitLogOffset offset;
      WallTime stored_at;
    };
    std::vector<Key> keys;
    CommitLogOffset end;  // behind the last message
  };
  static void Collect(const wire::StoredMessage& message, Keys& into);
  // Indexes them. REQUIRES: they begin at indexed(). After a failure collect again from indexed()
  // on: entries that were put already are put twice then.
  Result<void> Put(Context& ctx, const Keys& keys);
  // Messages before this are indexed.
  CommitLogOffset indexed() const { return indexed_; }
  // Skips what is no message.
  void SkipTo(CommitLogOffset at) { indexed_ = at; }

  // Brings entries to disk when they hold much memory.
  Result<void> RelieveMemory(Context& ctx);
  struct Durable {
    CommitLogOffset indexed;
    CommitLogOffset last;  // as Checkpoint::Positions::index_last
    WallTime time;
    uint64_t file_count = 0;
  };
  // Makes everything put so far durable.
  Result<Durable> Flush(Context& ctx);
  bool sync_failed() const { return sync_failed_; }

  // The offsets of at most `limit` messages under the hash of (topic, key), stored in [begin, end]
  // to the second, the newest first. The caller compares topic and key.
  Result<std::vector<CommitLogOffset>> Find(Context& ctx, std::string_view topic,
                                            std::string_view key, WallTime begin, WallTime end,
                                            size_t limit);
  WallTime last_update() const;
  size_t file_count() const { return files_.size(); }

 private:
  IndexService(std::unique_ptr<runtime::Directory> directory, const runtime::Clock& clock,
               Options options)
      : directory_(std::move(directory)), clock_(clock), options_(std::move(options)) {}
  Result<void> PutKey(Context& ctx, const Keys::Key& key);
  Result<void> AddFile(Context& ctx);
  std::string NewName() const;
  Result<void> RemoveLast(Context& ctx);
  Result<Durable> FlushLocked(Context& ctx);
  Result<void> Noted(Result<void> result, const IndexFile& file);

  const std::unique_ptr<runtime::Directory> directory_;
  const runtime::Clock& clock_;
  const Options options_;
  std::vector<std::unique_ptr<IndexFile>> files_;  // the oldest first
  CommitLogOffset indexed_;
  runtime::Mutex busy_;
  bool sync_failed_ = false;
};

// "20240131235959123": the time in UTC to the millisecond. Java takes its local time; the names
// only have to be in order.
std::string IndexFileName(WallTime time);

}  // namespace rmq::store
