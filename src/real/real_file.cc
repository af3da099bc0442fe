#include "real/real_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "real/disk_ring.h"
#include "real/event_loop.h"
#include "real/system_clock.h"
#include "real/system_error.h"

namespace rmq::real {
namespace {

constexpr size_t kInPlaceBytes = 256 * 1024;
constexpr nanoseconds kSlowWrite = milliseconds(1);
constexpr nanoseconds kAwayTime = milliseconds(200);
constexpr nanoseconds kSuspiciousTime = seconds(1);
constexpr size_t kSlicesPerCall = 128;  // They are copied onto the fiber's stack.
constexpr uint64_t kMaxOffset = std::numeric_limits<int64_t>::max();

class Vectors {
 public:
  explicit Vectors(std::span<const Slice> slices) {
    for (const Slice slice : slices) {
      if (slice.empty()) continue;
      vectors_[count_++] = {.iov_base = const_cast<std::byte*>(slice.data()),
                            .iov_len = slice.size()};
      bytes_ += slice.size();
      if (count_ == vectors_.size()) break;
    }
  }
  std::span<const iovec> get() const { return {vectors_.data(), count_}; }
  size_t bytes() const { return bytes_; }

 private:
  std::array<iovec, kSlicesPerCall> vectors_;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

int64_t OrErrno(int64_t result) {
  return result < 0 ? -errno : result;
}

int64_t WriteNow(int fd, uint64_t at, std::span<const iovec> from) {
  return OrErrno(::pwritev(fd, from.data(), static_cast<int>(from.size()), static_cast<off_t>(at)));
}

// File systems without fallocate (EOPNOTSUPP) at least get the size.
int AllocateNow(int fd, uint64_t at, uint64_t length) {
  if (::fallocate(fd, 0, static_cast<off_t>(at), static_cast<off_t>(length)) == 0) return 0;
  if (errno != EOPNOTSUPP) return -errno;
  struct stat status{};
  if (::fstat(fd, &status) != 0) return -errno;
  const auto end = static_cast<off_t>(at + length);
  return status.st_size >= end || ::ftruncate(fd, end) == 0 ? 0 : -errno;
}

// How often it gave its processor up because it had to wait.
int64_t SleepsOfThisThread() {
  rusage usage{};
  (void)::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

}  // namespace

bool WriteGauge::MayWriteInPlace(Tick now, size_t bytes) const {
  return !always_away_ && bytes <= kInPlaceBytes && now.ns >= away_until_ns_.load(kRelaxed);
}

void WriteGauge::Record(Tick started, Tick ended, bool slept) {
  if (ended - started < kSlowWrite) return;
  suspicious_until_ns_.store((ended + kSuspiciousTime).ns, kRelaxed);
  if (slept) away_until_ns_.store((ended + kAwayTime).ns, kRelaxed);
}

int64_t CallAway(Context& ctx, UniqueFunction<int64_t()> call) {
  int64_t result = 0;
  ctx.executor().Offload(ctx, [&result, &call] {
    do {
      result = OrErrno(call());
    } while (result == -EINTR);
  });
  return result;
}

// Closing the last descriptor of a removed file frees its blocks, which takes a while.
RealFile::~RealFile() {
  struct stat status{};
  if (::fstat(fd_, &status) == 0 && status.st_nlink == 0) {
    disk_.pool.Submit([fd = fd_] { ::close(fd); });
  } else {
    ::close(fd_);
  }
}

Result<size_t> RealFile::ReadAt(Context& ctx, uint64_t at, std::span<std::byte> into) {
  RMQ_TRY(ctx.Check());
  if (into.empty() || at > kMaxOffset) return 0;
  int64_t read = -EAGAIN;
  if (reads_in_place_.load(std::memory_order_relaxed)) {
    const iovec vector{.iov_base = into.data(), .iov_len = into.size()};
    read = OrErrno(::preadv2(fd_, &vector, 1, static_cast<off_t>(at), RWF_NOWAIT));
    if (read == -EOPNOTSUPP) reads_in_place_.store(false, std::memory_order_relaxed);
  }
  if (read == -EAGAIN || read == -EOPNOTSUPP || read == -EINTR) read = ReadAway(ctx, at, into);
  if (read >= 0) return static_cast<size_t>(read);
  return Fail(SystemError(static_cast<int>(-read), fmt::format("{}: read at {}", path_, at)));
}

int RealFile::ReadAway(Context& ctx, uint64_t at, std::span<std::byte> into) {
  for (;;) {
    DiskRing* ring = EventLoop::Of(ctx).ring();
    const int64_t read = ring != nullptr ? ring->Read(ctx, fd_, at, into) : CallAway(ctx, [&] {
      return ::pread(fd_, into.data(), into.size(), static_cast<off_t>(at));
    });
    if (read != -EINTR && read != -EAGAIN) return static_cast<int>(read);
  }
}

Result<size_t> RealFile::WriteAt(Context& ctx, uint64_t at, std::span<const Slice> from) {
  RMQ_TRY(ctx.Check());
  const Vectors vectors(from);
  if (vectors.bytes() == 0) return 0;
  EventLoop& loop = EventLoop::Of(ctx);
  int64_t written = 0;
  do {
    if (disk_.gauge.MayWriteInPlace(loop.Now(), vectors.bytes())) {
      written = WriteInPlace(loop, at, vectors.get());
    } else if (DiskRing* ring = loop.ring(); ring != nullptr) {
      written = ring->Write(ctx, fd_, at, vectors.get());
    } else {
      written = CallAway(ctx, [&] { return WriteNow(fd_, at, vectors.get()); });
    }
  } while (written == -EINTR || written == -EAGAIN);
  if (written >= 0) return static_cast<size_t>(written);
  return Fail(SystemError(static_cast<int>(-written), fmt::format("{}: write at {}", path_, at)));
}

int64_t RealFile::WriteInPlace(EventLoop& loop, uint64_t at, std::span<const iovec> from) {
  const Tick started = loop.FreshNow();
  const bool watched = disk_.gauge.suspicious(started);
  const int64_t sleeps = watched ? SleepsOfThisThread() : 0;
  const int64_t written = WriteNow(fd_, at, from);
  const bool slept = watched && SleepsOfThisThread() != sleeps;
  disk_.gauge.Record(started, loop.FreshNow(), slept);
  return written;
}

Result<void> RealFile::Allocate(Context& ctx, uint64_t at, uint64_t length) {
  RMQ_TRY(ctx.Check());
  const std::string what = fmt::format("{}: allocate {} bytes at {}", path_, length, at);
  if (at > kMaxOffset || length > kMaxOffset - at) return Fail(SystemError(EFBIG, what));
  DiskRing* ring = EventLoop::Of(ctx).ring();
  int64_t done = ring != nullptr ? ring->Allocate(ctx, fd_, at, length) : -EOPNOTSUPP;
  if (done == -EOPNOTSUPP || done == -EINTR) {
    done = CallAway(ctx, [&] { return AllocateNow(fd_, at, length); });
  }
  if (done < 0) return Fail(SystemError(static_cast<int>(-done), what));
  return {};
}

Result<void> RealFile::Truncate(Context& ctx, uint64_t size) {
  RMQ_TRY(ctx.Check());
  const int64_t done =
      size > kMaxOffset ? -EFBIG
                        : CallAway(ctx, [&] { return ::ftruncate(fd_, static_cast<off_t>(size)); });
  if (done >= 0) return {};
  return Fail(SystemError(static_cast<int>(-done), fmt::format("{}: truncate to {}", path_, size)));
}

Result<void> RealFile::SyncData(Context& ctx) {
  return Sync(ctx, /*data_only=*/true);
}
Result<void> RealFile::SyncAll(Context& ctx) {
  return Sync(ctx, /*data_only=*/false);
}

// Not retried, whatever it says: after a failure the next one may succeed although bytes are lost.
Result<void> RealFile::Sync(Context& ctx, bool data_only) {
  RMQ_TRY(ctx.Check());
  DiskRing* ring = EventLoop::Of(ctx).ring();
  int64_t done = 0;
  if (ring != nullptr) {
    done = ring->Sync(ctx, fd_, data_only);
  } else {
    done = CallAway(ctx, [&] { return data_only ? ::fdatasync(fd_) : ::fsync(fd_); });
  }
  if (done >= 0) return {};
  return Fail(SystemError(static_cast<int>(-done), fmt::format("{}: sync", path_)));
}

Result<uint64_t> RealFile::Size(Context& ctx) {
  RMQ_TRY(ctx.Check());
  struct stat status{};
  if (::fstat(fd_, &status) != 0) return Fail(SystemError(errno, fmt::format("{}: stat", path_)));
  return static_cast<uint64_t>(status.st_size);
}

}  // namespace rmq::real
