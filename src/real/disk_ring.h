// Disk operations through io_uring: one ring per EventLoop, used by the fibers of that loop.
// Operations collect during a turn of the loop and are submitted at its end with one system call.
#pragma once

#include <memory>
#include <span>

#include "real/descriptor.h"
#include "runtime/context.h"

struct io_uring;
struct iovec;

namespace rmq::real {

class EventLoop;

class DiskRing {
 public:
  // Whether the kernel has io_uring with all we need; else kUnavailable and why.
  static Result<void> Probe();
  // Null if it can't be had now (descriptors, locked memory).
  static std::unique_ptr<DiskRing> Create(EventLoop& loop);
  ~DiskRing();  // REQUIRES: nothing is in flight
  DiskRing(const DiskRing&) = delete;
  DiskRing& operator=(const DiskRing&) = delete;

  // Each suspends until the operation has ended, whatever `ctx` says, and returns what the system
  // call of the same name returns, or -errno.
  int Read(Context& ctx, int fd, uint64_t at, std::span<std::byte> into);
  int Write(Context& ctx, int fd, uint64_t at, std::span<const iovec> from);
  int Sync(Context& ctx, int fd, bool data_only);
  int Allocate(Context& ctx, int fd, uint64_t at, uint64_t length);

  // At the end of each turn.
  void SubmitAndReap();
  // Something could not be submitted: the loop must come back without waiting.
  bool unsubmitted() const { return unsubmitted_ > 0; }

 private:
  void Reap();
  struct Operation;
  struct Closes {
    void operator()(io_uring* ring) const;
  };
  using Ring = std::unique_ptr<io_uring, Closes>;

  DiskRing(Ring ring, Descriptor completed);
  static Ring Open();
  void AwaitCompletions();
  template <typename Prepare>
  int Run(Context& ctx, Prepare prepare);

  Ring ring_;
  Descriptor completed_;  // an eventfd
  unsigned unsubmitted_ = 0;
  size_t in_flight_ = 0;
};

}  // namespace rmq::real
