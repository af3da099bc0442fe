// The faults of Disk: planned ones, time, and the medium.
#include <algorithm>

#include "base/hash.h"
#include "sim/disk.h"

namespace rmq::sim {

// --- planned: SIM-DISK-18 ---

void Disk::FailNthOperation(uint64_t nth) {
  fail_at_ = nth == 0 ? 0 : operation_count_ + nth;
}

void Disk::CrashBefore(uint64_t nth) {
  freeze_at_ = nth == 0 ? 0 : operation_count_ + nth;
}

void Disk::Thaw() {
  frozen_ = false;
  freeze_at_ = 0;
}

bool Disk::BeginOperation() {
  if (frozen_) return false;
  ++operation_count_;
  frozen_ = operation_count_ == freeze_at_;
  return !frozen_;
}

Result<void> Disk::PlannedFailure() {
  if (operation_count_ != fail_at_) return {};
  return Fail(ErrorCode::kIoError, "EIO, as planned by the test");
}

void Disk::CancelPlannedFailures() {
  fail_at_ = 0;
  sync_failures_.clear();
}

void Disk::FailNextSync(SyncFailure how) {
  sync_failures_.push_back(how);
}

// --- time: SIM-DISK-17 ---

namespace {

// Nanoseconds; the rest of each latency is drawn.
struct DeviceSpeed {
  int64_t access;     // at best
  int64_t jitter;     // the mean of what comes on top
  int64_t operation;  // the device is busy this long, whatever the size
  uint64_t bytes_per_second;
};

constexpr DeviceSpeed SpeedOf(DiskClass device) {
  switch (device) {
    case DiskClass::kNvme:
      return {60'000, 40'000, 2'000, 2'000'000'000};
    case DiskClass::kSata:
      return {300'000, 700'000, 50'000, 400'000'000};
    case DiskClass::kNetwork:
      return {800'000, 3'000'000, 100'000, 120'000'000};
    case DiskClass::kFailing:
      return {5'000'000, 60'000'000, 5'000'000, 10'000'000};
  }
  return {};
}

constexpr int64_t kCachedNs = 1'000;
constexpr int64_t kCachedJitterNs = 1'000;
constexpr uint64_t kCachedBytesPerSecond = 8'000'000'000;

int64_t TransferNs(uint64_t bytes, uint64_t bytes_per_second) {
  return static_cast<int64_t>(static_cast<unsigned __int128>(bytes) * 1'000'000'000 /
                              bytes_per_second);
}

}  // namespace

void Disk::StallFor(nanoseconds duration) {
  stalled_until_ = std::max(stalled_until_, host_.Now() + duration);
}

void Disk::SetThrottle(uint64_t operations_per_second, uint64_t bytes_per_second) {
  throttle_operation_ns_ = operations_per_second == 0 ? 0 : 1'000'000'000 / operations_per_second;
  throttle_bytes_per_second_ = bytes_per_second;
}

nanoseconds Disk::DrawDelay(bool on_device, uint64_t bytes) {
  const Tick now = host_.Now();
  if (OneIn("disk: stall", options_.faults.stall_one_in)) {
    StallFor(milliseconds(int64_t{1} << draws().Draw("disk: stall length", id_, 17)));
  }
  nanoseconds delay(kCachedNs + TransferNs(bytes, kCachedBytesPerSecond) +
                    draws().Exponential("disk: cache latency", id_, kCachedJitterNs));
  if (on_device) {
    const DeviceSpeed speed = SpeedOf(options_.device);
    int64_t busy = speed.operation + static_cast<int64_t>(throttle_operation_ns_) +
                   TransferNs(bytes, speed.bytes_per_second);
    if (throttle_bytes_per_second_ > 0) busy += TransferNs(bytes, throttle_bytes_per_second_);
    busy_until_ = std::max(busy_until_, now) + nanoseconds(busy);
    delay += (busy_until_ - now) + nanoseconds(speed.access) +
             nanoseconds(draws().Exponential("disk: device latency", id_, speed.jitter));
  }
  return std::max(delay, stalled_until_ - now);
}

uint64_t Disk::DrawShortCount(uint64_t count) {
  if (count <= 1 || !OneIn("disk: short count", options_.faults.short_count_one_in)) return count;
  return count - 1 - draws().Draw("disk: how short", id_, count - 1);
}

// --- the medium ---

void Disk::DropCache() {
  const auto drop = [](auto&& self, const DiskInode& directory) -> void {
    for (const auto& [name, inode] : directory.entries) {
      inode->directory ? self(self, *inode) : inode->content->DropCache();
    }
  };
  drop(drop, *root_);
}

// SIM-DISK-14, SIM-DISK-16: what a read from the device may meet.
Result<void> Disk::LoadPages(DiskInode& inode, uint64_t at, uint64_t length) {
  FileContent& content = *inode.content;
  if (OneIn("disk: eviction", options_.faults.eviction_one_in)) DropCache();
  if (OneIn("disk: read fails", options_.faults.read_error_one_in)) {
    const bool for_ever = draws().Chance("disk: sector broken for ever", id_, 1, 2);
    if (for_ever) inode.bad_sectors.insert(at / kSectorSize);
    return Fail(ErrorCode::kIoError, "EIO");
  }
  if (at >= content.size()) return {};
  const uint64_t end = at + std::min(length, content.size() - at);
  for (uint64_t page = at / kPageSize; page * kPageSize < end; ++page) {
    if (content.IsCached(page)) continue;
    const auto bad = inode.bad_sectors.lower_bound(page * kSectorsPerPage);
    if (bad != inode.bad_sectors.end() && *bad < (page + 1) * kSectorsPerPage) {
      return Fail(ErrorCode::kIoError, "EIO: unreadable sector");
    }
    DrawMediaFaultOfPage(inode, page);
    content.MarkCached(page);
  }
  return {};
}

void Disk::DrawMediaFaultOfPage(DiskInode& inode, uint64_t page) {
  if (media_fault_count_ >= options_.faults.media_faults_at_most) return;
  if (!OneIn("disk: media fault", options_.faults.media_fault_one_in)) return;
  ++media_fault_count_;
  FileContent& content = *inode.content;
  const uint64_t begin = page * kPageSize;
  const uint64_t length = std::min(kPageSize, content.size() - begin);
  const uint64_t place = begin + draws().Draw("disk: place of a media fault", inode.id, length);
  if (draws().Draw("disk: kind of media fault", id_, 2) == 0) {  // Bit rot; it stays.
    const uint64_t bit = draws().Draw("disk: rotten bit", inode.id, 8);
    content.ChangeDurableByte(place, std::byte{1} << bit);
    return;
  }
  // The device returns another sector of the file; the medium itself is right.
  const uint64_t sectors = (content.size() + kSectorSize - 1) / kSectorSize;
  const uint64_t other = draws().Draw("disk: misdirected read", inode.id, sectors);
  content.ReplaceCachedSector(place / kSectorSize, content.DurableSector(other));
}

Result<void> Disk::MisdirectNextSync(std::string_view path, std::string_view victim, uint64_t at) {
  RMQ_TRY(InodeRef from, FindFile(path));
  RMQ_TRY(InodeRef to, FindFile(victim));
  misdirections_.push_back(
      {.from = std::move(from), .to = std::move(to), .sector = at / kSectorSize});
  return {};
}

// SIM-DISK-15: a sector that should be written here goes elsewhere, whole.
void Disk::MisdirectWrite(DiskInode& inode) {
  Misdirection plan;
  const auto planned = std::ranges::find_if(
      misdirections_, [&](const Misdirection& m) { return m.from.get() == &inode; });
  if (planned != misdirections_.end()) {
    plan = *planned;
    misdirections_.erase(planned);
  } else if (media_fault_count_ >= options_.faults.media_faults_at_most ||
             !OneIn("disk: misdirected write", options_.faults.media_fault_one_in)) {
    return;
  }
  const std::vector<uint64_t> pending = inode.content->PendingSectors();
  if (pending.empty()) return;
  ++media_fault_count_;
  const uint64_t sector =
      pending[draws().Draw("disk: which sector is misdirected", inode.id, pending.size())];
  const SectorBytes bytes = inode.content->NewestSector(sector);
  const SectorBytes old = inode.content->DurableSector(sector);
  DiskInode* victim = &inode;
  uint64_t place = 0;
  if (plan.to != nullptr) {
    victim = plan.to.get();
    place = plan.sector;
  } else {
    const uint64_t sectors = (inode.content->size() + kSectorSize - 1) / kSectorSize;
    place = draws().Draw("disk: misdirected to", inode.id, sectors);
  }
  // The sync succeeds; then the medium differs from the cache in two places.
  inode.content->MakeDurable(kEverything);
  inode.content->ReplaceDurableSector(sector, old);
  victim->content->ReplaceDurableSector(place, bytes);
}

Result<void> Disk::BreakSector(std::string_view path, uint64_t at) {
  RMQ_TRY(const InodeRef file, FindFile(path));
  file->bad_sectors.insert(at / kSectorSize);
  return {};
}

Result<void> Disk::RotBit(std::string_view path, uint64_t at, unsigned bit) {
  RMQ_TRY(const InodeRef file, FindFile(path));
  if (at >= file->content->durable_size() || bit > 7) {
    return Fail(ErrorCode::kInvalidArgument, "no such durable bit");
  }
  file->content->ChangeDurableByte(at, std::byte{1} << bit);
  return {};
}

}  // namespace rmq::sim
