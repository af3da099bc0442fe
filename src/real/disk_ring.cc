#include "real/disk_ring.h"

#include <fmt/format.h>
#include <liburing.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <initializer_list>

#include "base/assert.h"
#include "real/event_loop.h"

namespace rmq::real {
namespace {

constexpr unsigned kEntries = 256;

void WaitATurn(Context& ctx) {
  runtime::Waiter waiter(ctx);
  ctx.executor().Defer([&waiter] { waiter.Wake(); });
  waiter.WaitForWake();
}

}  // namespace

struct DiskRing::Operation {
  runtime::Waiter waiter;
  int result = 0;
};

void DiskRing::Closes::operator()(io_uring* ring) const {
  io_uring_queue_exit(ring);
  delete ring;
}

DiskRing::Ring DiskRing::Open() {
  auto* ring = new io_uring{};
  const int failed = io_uring_queue_init(kEntries, ring, 0);
  if (failed == 0) return Ring(ring);
  delete ring;
  errno = -failed;
  return nullptr;
}

Result<void> DiskRing::Probe() {
  const Ring ring = Open();
  if (ring == nullptr) return Fail(ErrorCode::kUnavailable, ::strerrorname_np(errno));
  io_uring_probe* probe = io_uring_get_probe_ring(ring.get());
  if (probe == nullptr) return Fail(ErrorCode::kUnavailable, "the kernel is too old");
  bool complete = (ring->features & IORING_FEAT_NODROP) != 0;
  for (const int operation :
       {IORING_OP_READ, IORING_OP_WRITEV, IORING_OP_FSYNC, IORING_OP_FALLOCATE}) {
    complete = complete && io_uring_opcode_supported(probe, operation);
  }
  io_uring_free_probe(probe);
  if (!complete) return Fail(ErrorCode::kUnavailable, "the kernel is too old");
  return {};
}

std::unique_ptr<DiskRing> DiskRing::Create(EventLoop& loop) {
  Ring ring = Open();
  if (ring == nullptr) return nullptr;
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) return nullptr;
  Result<Descriptor> completed = Descriptor::Watch(loop, fd);
  if (!completed.has_value() || io_uring_register_eventfd(ring.get(), fd) != 0) {
    return nullptr;
  }
  return std::unique_ptr<DiskRing>(new DiskRing(std::move(ring), *std::move(completed)));
}

DiskRing::DiskRing(Ring ring, Descriptor completed)
    : ring_(std::move(ring)), completed_(std::move(completed)) {
  AwaitCompletions();
}

DiskRing::~DiskRing() = default;

void DiskRing::AwaitCompletions() {
  completed_.When(Descriptor::kRead, [this] {
    uint64_t count = 0;
    (void)!::read(completed_.fd(), &count, sizeof count);
    SubmitAndReap();
    AwaitCompletions();
  });
}

template <typename Prepare>
int DiskRing::Run(Context& ctx, Prepare prepare) {
  io_uring_sqe* entry = io_uring_get_sqe(ring_.get());
  while (entry == nullptr) {  // Submitting empties the queue, but for a kernel short of memory.
    SubmitAndReap();
    entry = io_uring_get_sqe(ring_.get());
    if (entry == nullptr) WaitATurn(ctx);
  }
  Operation operation{.waiter = runtime::Waiter(ctx)};
  prepare(entry);
  io_uring_sqe_set_data(entry, &operation);
  ++unsubmitted_;
  ++in_flight_;
  operation.waiter.WaitForWake();
  return operation.result;
}

int DiskRing::Read(Context& ctx, int fd, uint64_t at, std::span<std::byte> into) {
  const auto count = static_cast<unsigned>(std::min<size_t>(into.size(), 1U << 30));
  return Run(ctx,
             [&](io_uring_sqe* entry) { io_uring_prep_read(entry, fd, into.data(), count, at); });
}

int DiskRing::Write(Context& ctx, int fd, uint64_t at, std::span<const iovec> from) {
  return Run(ctx, [&](io_uring_sqe* entry) {
    io_uring_prep_writev(entry, fd, from.data(), static_cast<unsigned>(from.size()), at);
  });
}

int DiskRing::Sync(Context& ctx, int fd, bool data_only) {
  return Run(ctx, [&](io_uring_sqe* entry) {
    io_uring_prep_fsync(entry, fd, data_only ? IORING_FSYNC_DATASYNC : 0);
  });
}

int DiskRing::Allocate(Context& ctx, int fd, uint64_t at, uint64_t length) {
  return Run(ctx, [&](io_uring_sqe* entry) {
    io_uring_prep_fallocate(entry, fd, 0, static_cast<off_t>(at), static_cast<off_t>(length));
  });
}

// What completes while it is submitted needs no event: it is reaped here. (The kernel's own
// "async" eventfd is no way to say so: it also leaves out reads that wait for a page and are then
// completed on our thread.) Reaping again after the events are back on closes the gap.
void DiskRing::SubmitAndReap() {
  (void)io_uring_cq_eventfd_toggle(ring_.get(), false);
  while (unsubmitted_ > 0) {
    const int submitted = io_uring_submit(ring_.get());
    // EAGAIN, EBUSY: the kernel is short of memory or wants completions taken first. Next turn.
    if (submitted <= 0) break;
    unsubmitted_ -= static_cast<unsigned>(submitted);
  }
  Reap();
  (void)io_uring_cq_eventfd_toggle(ring_.get(), true);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  Reap();
}

void DiskRing::Reap() {
  io_uring_cqe* completion = nullptr;
  while (in_flight_ > 0 && io_uring_peek_cqe(ring_.get(), &completion) == 0) {
    auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(completion));
    operation->result = completion->res;
    io_uring_cqe_seen(ring_.get(), completion);
    --in_flight_;
    operation->waiter.Wake();
  }
}

}  // namespace rmq::real
