// A File of the operating system. Reads of cached bytes and short writes happen at once, on the
// loop's thread; what would wait for the disk goes to the loop's io_uring, or to the pool.
#pragma once

#include <atomic>
#include <string>

#include "real/worker_pool.h"
#include "runtime/file_system.h"

struct iovec;

namespace rmq::real {

class EventLoop;

// Decides whether writes may run on the loop's thread. A write into the page cache takes a
// microsecond or two, a trip through the kernel's or our threads several times that; but while the
// kernel throttles writers or commits its journal, a write sleeps for milliseconds. So writes run
// in place until two of them slept; then all go away for a while. A write that is merely slow may
// have lost its processor to another thread, and going away would not help. Shared by all files;
// any thread.
class WriteGauge {
 public:
  explicit WriteGauge(bool always_away) : always_away_(always_away) {}
  bool MayWriteInPlace(Tick now, size_t bytes) const;
  // After a slow write, for a while: Record wants to know whether the next ones sleep.
  bool suspicious(Tick now) const { return now.ns < suspicious_until_ns_.load(kRelaxed); }
  void Record(Tick started, Tick ended, bool slept);

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  const bool always_away_;
  std::atomic<int64_t> suspicious_until_ns_ = 0;
  std::atomic<int64_t> away_until_ns_ = 0;
};

struct DiskAccess {
  WorkerPool& pool;
  WriteGauge gauge;
};

class RealFile final : public runtime::File {
 public:
  // Takes `fd` over. `disk` outlives it.
  RealFile(DiskAccess& disk, int fd, std::string path)
      : disk_(disk), fd_(fd), path_(std::move(path)) {}
  ~RealFile() override;

  Result<size_t> ReadAt(Context& ctx, uint64_t at, std::span<std::byte> into) override;
  Result<size_t> WriteAt(Context& ctx, uint64_t at, std::span<const Slice> from) override;
  Result<void> Allocate(Context& ctx, uint64_t at, uint64_t length) override;
  Result<void> Truncate(Context& ctx, uint64_t size) override;
  Result<void> SyncData(Context& ctx) override;
  Result<void> SyncAll(Context& ctx) override;
  Result<uint64_t> Size(Context& ctx) override;

 private:
  Result<void> Sync(Context& ctx, bool data_only);
  int ReadAway(Context& ctx, uint64_t at, std::span<std::byte> into);
  int64_t WriteInPlace(EventLoop& loop, uint64_t at, std::span<const iovec> from);

  DiskAccess& disk_;
  const int fd_;
  const std::string path_;
  std::atomic<bool> reads_in_place_ = true;  // false once the file system refused
};

// Runs a system call that may block on the pool's threads. Returns its result, or -errno.
int64_t CallAway(Context& ctx, UniqueFunction<int64_t()> call);

}  // namespace rmq::real
