// Files and directories of one machine, as a database needs them: positional reads and writes,
// explicit syncs of data and of names, no mapping into memory.
//
// All calls check their Context on entry; once submitted, a disk operation runs to its end (it
// can't be called back), so deadlines don't interrupt it. Errors: kIoError (the device),
// kNoSpace, kResourceExhausted (descriptors), kNotFound, kAlreadyExists; the message names the
// path, the operation and the offset.
//
// kInvalidArgument is a bad call: a bad name, a file where a directory is needed or the reverse, a
// directory that is not empty, a write to a file opened with kRead, no permission.
//
// Any fiber of any executor may use a File or a Directory; two writes that overlap in time and
// place have no defined order. None is destroyed while a call on it runs. A File goes on being the
// same file when its name is renamed, replaced or removed, a Directory the same directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/context.h"

namespace rmq::runtime {

class File {
 public:
  virtual ~File() = default;
  // Reads at most into.size() bytes at `at`; a short count is normal, 0 means at or past the end
  // (or that `into` is empty).
  virtual Result<size_t> ReadAt(Context& ctx, uint64_t at, std::span<std::byte> into) = 0;
  // Writes the slices one after the other; a short count is normal, 0 only if they are empty.
  // Writing past the end grows the file; what was never written reads as zeros. Not durable before
  // SyncData.
  virtual Result<size_t> WriteAt(Context& ctx, uint64_t at, std::span<const Slice> from) = 0;
  // Reserves space and grows the file to at + length if it is shorter. Bytes that were there stay,
  // new ones are zeros. REQUIRES: length > 0.
  virtual Result<void> Allocate(Context& ctx, uint64_t at, uint64_t length) = 0;
  // Makes the file `size` bytes long: cuts it, or adds zeros.
  virtual Result<void> Truncate(Context& ctx, uint64_t size) = 0;
  // Makes durable: all bytes written before, and the size needed to read them. After a failure the
  // bytes may be lost although a later call succeeds: never go on as if nothing had happened.
  virtual Result<void> SyncData(Context& ctx) = 0;
  // SyncData and all metadata.
  virtual Result<void> SyncAll(Context& ctx) = 0;
  virtual Result<uint64_t> Size(Context& ctx) = 0;
};

// Loops over short counts. ReadFully: kCorruption if the file ends before `into` is full.
Result<void> ReadFully(Context& ctx, File& file, uint64_t at, std::span<std::byte> into);
Result<void> WriteFully(Context& ctx, File& file, uint64_t at, std::span<const Slice> from);
Result<void> WriteFully(Context& ctx, File& file, uint64_t at, Slice from);

enum class OpenMode {
  kRead,       // must exist
  kReadWrite,  // must exist
  kCreate,     // read and write; made if it doesn't exist
  kCreateNew,  // read and write; kAlreadyExists if it exists, also as a directory
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
  auto operator<=>(const DirectoryEntry&) const = default;
};

// Held until destroyed or until the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Names made, renamed and removed in a directory are durable only after Sync of *this* directory.
// A `name` is one path component of at most 255 bytes: '/' or a zero byte in it, "", "." and ".."
// are kInvalidArgument.
class Directory {
 public:
  virtual ~Directory() = default;
  virtual Result<std::unique_ptr<File>> Open(Context& ctx, std::string_view name,
                                             OpenMode mode) = 0;
  // With `create` it is made if it doesn't exist; without, kNotFound.
  virtual Result<std::unique_ptr<Directory>> OpenDirectory(Context& ctx, std::string_view name,
                                                           bool create) = 0;
  // A file replaces the target file, if there is one, atomically for readers; a directory replaces
  // an empty directory. kNotFound: there is no `from`. Onto itself it does nothing.
  virtual Result<void> Rename(Context& ctx, std::string_view from, Directory& to,
                              std::string_view name) = 0;
  // A file, or an empty directory. kNotFound; kInvalidArgument if the directory is not empty.
  virtual Result<void> Remove(Context& ctx, std::string_view name) = 0;
  // Sorted by name.
  virtual Result<std::vector<DirectoryEntry>> List(Context& ctx) = 0;
  virtual Result<void> Sync(Context& ctx) = 0;
  // Takes an exclusive lock on the file `name` (made if needed); kAlreadyExists if it is held, by
  // another process or by this one. Never waits. The file stays when the lock goes.
  virtual Result<std::unique_ptr<FileLock>> Lock(Context& ctx, std::string_view name) = 0;
  // For messages.
  virtual const std::string& path() const = 0;
};

struct DiskSpace {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;  // to this process
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Opens a directory by path; with `create` all missing ones on the way are made and synced into
  // their parents; without, kNotFound.
  virtual Result<std::unique_ptr<Directory>> OpenDirectory(Context& ctx, std::string_view path,
                                                           bool create) = 0;
  // Of the disk that holds the file or directory `path`. kNotFound.
  virtual Result<DiskSpace> Space(Context& ctx, std::string_view path) = 0;
};

}  // namespace rmq::runtime
