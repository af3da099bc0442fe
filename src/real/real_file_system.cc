#include "real/real_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "real/system_error.h"

namespace rmq::real {
namespace {

using runtime::Directory;
using runtime::DirectoryEntry;
using runtime::File;
using runtime::FileLock;
using runtime::OpenMode;

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

std::unexpected<Error> Failed(int64_t negative_errno, std::string_view path,
                              std::string_view operation) {
  return Fail(
      SystemError(static_cast<int>(-negative_errno), fmt::format("{}: {}", path, operation)));
}

Result<void> CheckName(std::string_view directory, std::string_view name) {
  const bool component = !name.empty() && name != "." && name != ".." &&
                         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
  if (component) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{}: \"{}\" is not a file's name", directory, name));
}

class Closer {
 public:
  explicit Closer(int fd) : fd_(fd) {}
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;
  ~Closer() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Replace(int fd) {
    ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

class RealLock final : public FileLock {
 public:
  explicit RealLock(int fd) : fd_(fd) {}

 private:
  const Closer fd_;  // Closing gives the lock back.
};

class RealDirectory final : public Directory {
 public:
  RealDirectory(DiskAccess& disk, int fd, std::string path)
      : disk_(disk), fd_(fd), path_(std::move(path)) {}

  Result<std::unique_ptr<File>> Open(Context& ctx, std::string_view name, OpenMode mode) override;
  Result<std::unique_ptr<Directory>> OpenDirectory(Context& ctx, std::string_view name,
                                                   bool create) override;
  Result<void> Rename(Context& ctx, std::string_view from, Directory& to,
                      std::string_view name) override;
  Result<void> Remove(Context& ctx, std::string_view name) override;
  Result<std::vector<DirectoryEntry>> List(Context& ctx) override;
  Result<void> Sync(Context& ctx) override;
  Result<std::unique_ptr<FileLock>> Lock(Context& ctx, std::string_view name) override;
  const std::string& path() const override { return path_; }

 private:
  int fd() const { return fd_.get(); }
  std::string PathOf(std::string_view name) const { return fmt::format("{}/{}", path_, name); }
  Result<void> Check(Context& ctx, std::string_view name) const {
    RMQ_TRY(ctx.Check());
    return CheckName(path_, name);
  }

  DiskAccess& disk_;
  const Closer fd_;
  const std::string path_;
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

// Regular files only. O_NONBLOCK keeps a pipe of that name from holding us.
int OpenRegular(int directory, const char* name, int flags) {
  Closer fd(::openat(directory, name, flags | O_CLOEXEC | O_NONBLOCK, kFileMode));
  struct stat status{};
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return -1;
  if (S_ISREG(status.st_mode)) return fd.Release();
  errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  return -1;
}

int OpenDirectoryAt(int directory, const char* name, bool create) {
  if (create && ::mkdirat(directory, name, kDirectoryMode) != 0 && errno != EEXIST) return -1;
  return ::openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

Result<std::unique_ptr<File>> RealDirectory::Open(Context& ctx, std::string_view name,
                                                  OpenMode mode) {
  RMQ_TRY(Check(ctx, name));
  const std::string terminated(name);
  const int64_t opened =
      CallAway(ctx, [&] { return OpenRegular(fd(), terminated.c_str(), FlagsOf(mode)); });
  if (opened < 0) return Failed(opened, PathOf(name), "open");
  return std::make_unique<RealFile>(disk_, static_cast<int>(opened), PathOf(name));
}

Result<std::unique_ptr<Directory>> RealDirectory::OpenDirectory(Context& ctx, std::string_view name,
                                                                bool create) {
  RMQ_TRY(Check(ctx, name));
  const std::string terminated(name);
  const int64_t opened =
      CallAway(ctx, [&] { return OpenDirectoryAt(fd(), terminated.c_str(), create); });
  if (opened < 0) return Failed(opened, PathOf(name), "open directory");
  return std::make_unique<RealDirectory>(disk_, static_cast<int>(opened), PathOf(name));
}

Result<void> RealDirectory::Rename(Context& ctx, std::string_view from, Directory& to,
                                   std::string_view name) {
  RMQ_TRY(Check(ctx, from));
  auto& target = static_cast<RealDirectory&>(to);
  RMQ_TRY(CheckName(target.path_, name));
  const std::string terminated_from(from);
  const std::string terminated_name(name);
  const int64_t renamed = CallAway(ctx, [&] {
    return ::renameat(fd(), terminated_from.c_str(), target.fd(), terminated_name.c_str());
  });
  if (renamed >= 0) return {};
  return Failed(renamed, PathOf(from), fmt::format("rename to {}", target.PathOf(name)));
}

Result<void> RealDirectory::Remove(Context& ctx, std::string_view name) {
  RMQ_TRY(Check(ctx, name));
  const std::string terminated(name);
  const int64_t removed = CallAway(ctx, [&] {
    const int file = ::unlinkat(fd(), terminated.c_str(), 0);
    return file == 0 || errno != EISDIR ? file : ::unlinkat(fd(), terminated.c_str(), AT_REMOVEDIR);
  });
  if (removed < 0) return Failed(removed, PathOf(name), "remove");
  return {};
}

bool IsDirectory(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) return entry.d_type == DT_DIR;
  struct stat status{};
  return ::fstatat(directory, entry.d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

// 0, or -1 and errno.
int ListInto(std::vector<DirectoryEntry>& entries, int directory) {
  // A descriptor of its own: the position in the list belongs to the open directory.
  const int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = own < 0 ? nullptr : ::fdopendir(own);
  if (stream == nullptr) return -1;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({.name = std::string(name), .is_directory = IsDirectory(own, *entry)});
    errno = 0;
  }
  const int failed = errno;
  ::closedir(stream);
  errno = failed;
  return failed == 0 ? 0 : -1;
}

Result<std::vector<DirectoryEntry>> RealDirectory::List(Context& ctx) {
  RMQ_TRY(ctx.Check());
  std::vector<DirectoryEntry> entries;
  const int64_t listed = CallAway(ctx, [&] { return ListInto(entries, fd()); });
  if (listed < 0) return Failed(listed, path_, "list");
  std::ranges::sort(entries);
  return entries;
}

Result<void> RealDirectory::Sync(Context& ctx) {
  RMQ_TRY(ctx.Check());
  const int64_t synced = CallAway(ctx, [&] { return ::fsync(fd()); });
  if (synced < 0) return Failed(synced, path_, "sync directory");
  return {};
}

// Locks of open file descriptions: they meet those of Java's FileChannel.tryLock, and also a second
// one of this process.
int LockAt(int directory, const char* name) {
  Closer fd(OpenRegular(directory, name, O_RDWR | O_CREAT));
  if (fd.get() < 0) return -1;
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(fd.get(), F_OFD_SETLK, &whole) == 0 ? fd.Release() : -1;
}

Result<std::unique_ptr<FileLock>> RealDirectory::Lock(Context& ctx, std::string_view name) {
  RMQ_TRY(Check(ctx, name));
  const std::string terminated(name);
  const int64_t locked = CallAway(ctx, [&] {
    const int fd = LockAt(this->fd(), terminated.c_str());
    if (fd < 0 && (errno == EAGAIN || errno == EACCES)) errno = EEXIST;
    return fd;
  });
  if (locked == -EEXIST) {
    return Fail(ErrorCode::kAlreadyExists, fmt::format("{}: lock: taken", PathOf(name)));
  }
  if (locked < 0) return Failed(locked, PathOf(name), "lock");
  return std::make_unique<RealLock>(static_cast<int>(locked));
}

// Makes what is missing on the way to `path`, each synced into its parent. A descriptor of the last
// one, or -1 and errno.
int MakeAll(std::string_view path) {
  Closer at(::open(path.starts_with('/') ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (at.get() >= 0) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (path.empty()) break;
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(name.size());
    const bool made = ::mkdirat(at.get(), name.c_str(), kDirectoryMode) == 0;
    if (!made && errno != EEXIST) return -1;
    if (made && ::fsync(at.get()) != 0) return -1;
    const int next = ::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (next < 0) return -1;
    at.Replace(next);
  }
  return at.Release();
}

}  // namespace

Result<std::unique_ptr<Directory>> RealFileSystem::OpenDirectory(Context& ctx,
                                                                 std::string_view path,
                                                                 bool create) {
  RMQ_TRY(ctx.Check());
  const std::string terminated(path);
  const int64_t opened = CallAway(ctx, [&] {
    return create ? MakeAll(path) : ::open(terminated.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  });
  if (opened < 0) return Failed(opened, path, "open directory");
  return std::make_unique<RealDirectory>(disk_, static_cast<int>(opened), terminated);
}

Result<runtime::DiskSpace> RealFileSystem::Space(Context& ctx, std::string_view path) {
  RMQ_TRY(ctx.Check());
  const std::string terminated(path);
  struct statvfs space{};
  const int64_t asked = CallAway(ctx, [&] { return ::statvfs(terminated.c_str(), &space); });
  if (asked < 0) return Failed(asked, path, "ask for space");
  return runtime::DiskSpace{.total_bytes = uint64_t{space.f_blocks} * space.f_frsize,
                            .available_bytes = uint64_t{space.f_bavail} * space.f_frsize};
}

}  // namespace rmq::real
