// Disk is one simulated machine's disk: a tree of files in three layers (spec/sim/disk.md).
//
//   cache    what every read and listing sees; survives the death of a process
//   pending  what was changed since the last sync, in order
//   durable  what a power cut can't take
//
// It belongs to the machine, not to a process: files live on when a process dies. Processes use it
// through a SimFileSystem each, which adds time; scenarios and tests use the parts "power",
// "faults" and "inspection" below directly, between any two steps of the simulation. Nothing here
// suspends or takes simulated time, and operations fail as runtime/file_system.h says, with
// messages that only name the cause.
//
// All chance comes from the host's Draws: two runs with equal draws leave equal disks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/file_system.h"
#include "sim/disk_extents.h"
#include "sim/disk_file.h"
#include "sim/disk_host.h"
#include "sim/disk_inode.h"
#include "sim/disk_options.h"

namespace rmq::sim {

// A file or directory opened by a process. Inert after a power cut.
struct DiskHandle {
  std::shared_ptr<DiskInode> inode;
  uint64_t power_cycle = 0;
  uint64_t errors_seen = 0;
  bool writable = false;
};

// The durable content of a disk at some time: a backup, an old disk put back, a template.
struct DiskImage {
  struct File {
    uint64_t size = 0;
    std::shared_ptr<const FileContent> content;
  };
  std::vector<std::string> directories;  // parents first
  std::map<std::string, File> files;     // by path
};

class Disk {
 public:
  // `name` is the machine's: decisions are drawn under it. The disk is empty.
  Disk(std::string_view name, DiskOptions options, DiskHost& host);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  const DiskOptions& options() const { return options_; }

  // --- power ---

  // The machine loses power: pending changes survive or not, as the personality allows. The caller
  // kills the machine's processes first; handles still held fail with kIoError from now on.
  void CutPower();
  // Nothing pending survives: the plainest power cut, without draws.
  void CutPowerLosingEverythingPending();
  // The machine is switched off in order: everything pending becomes durable.
  void SyncEverything();

  // --- faults ---

  // The nth operation from now fails with kIoError and has no effect; 0: none.
  void FailNthOperation(uint64_t nth);
  // From the nth operation from now on, which is not applied, no operation is applied or ends,
  // until CutPower or Thaw: the state of the disk at that point stays as it is while the scenario
  // kills processes. 0: none.
  void CrashBefore(uint64_t nth);
  bool frozen() const { return frozen_; }
  void Thaw();
  // Operations of processes so far.
  uint64_t operation_count() const { return operation_count_; }

  void FailNextSync(SyncFailure how);
  // What FailNthOperation and FailNextSync have planned does not come any more.
  void CancelPlannedFailures();
  // While set, everything that changes the disk fails with kIoError (EROFS).
  void SetReadOnly(bool read_only) { read_only_ = read_only; }
  void SetCapacity(uint64_t bytes) { options_.capacity_bytes = bytes; }
  // A limit below the capacity, as a user's quota.
  void SetQuota(uint64_t bytes) { quota_bytes_ = bytes; }
  // No operation ends before `duration` from now is over.
  void StallFor(nanoseconds duration);
  // 0: no limit.
  void SetThrottle(uint64_t operations_per_second, uint64_t bytes_per_second);
  void SetFaults(const DiskFaultOptions& faults) { options_.faults = faults; }
  // Clean pages are read from the device again; what a failed sync lost comes to light.
  void DropCache();
  // Reading the sector from the device fails until it is written again.
  Result<void> BreakSector(std::string_view path, uint64_t at);
  // One bit of the durable bytes flips; seen when the page is next read from the device.
  Result<void> RotBit(std::string_view path, uint64_t at, unsigned bit);
  // The next sync of `path` writes one pending sector to the place of another sector, of the same
  // file or of `victim`. Its own place keeps the old bytes. The cache shows neither.
  Result<void> MisdirectNextSync(std::string_view path, std::string_view victim, uint64_t at);
  uint64_t media_fault_count() const { return media_fault_count_; }

  // Another disk is put in. The machine is off.
  void Wipe();
  DiskImage Image() const;  // of what is durable
  void Restore(const DiskImage& image);

  // --- inspection, without a fiber ---

  Result<std::string> ReadFile(std::string_view path) const;         // as a process sees it
  Result<std::string> ReadDurableFile(std::string_view path) const;  // if nothing pending survived
  std::vector<std::string> ListFiles() const;                        // paths, sorted
  std::vector<std::string> ListDurableFiles() const;
  bool HasFile(std::string_view path) const;
  // Makes or replaces a durable file, and its directories.
  void WriteFile(std::string_view path, Slice bytes);
  void WriteFile(std::string_view path, std::string_view text) { WriteFile(path, AsBytes(text)); }
  Result<void> RemoveFile(std::string_view path);  // durably
  // Replaces bytes in the cache and on the medium. kNotFound; kInvalidArgument beyond the end.
  Result<void> Corrupt(std::string_view path, uint64_t at, Slice bytes);
  uint64_t used_bytes() const { return account_->used_pages * kPageSize; }

  // --- operations, for SimFileSystem ---

  // Counts one operation. False: the disk is frozen, the operation is not applied and never ends.
  bool BeginOperation();
  // The failure planned by FailNthOperation for the operation begun last.
  Result<void> PlannedFailure();
  // How long an operation takes that moves `bytes`; `on_device`: not just in the cache.
  nanoseconds DrawDelay(bool on_device, uint64_t bytes);
  uint64_t DrawShortCount(uint64_t count);  // in [1, count], usually `count`
  bool IsCached(const DiskHandle& file, uint64_t at, uint64_t length) const;
  uint64_t PendingBytes(const DiskHandle& file) const;

  Result<DiskHandle> OpenPath(std::string_view path, bool create);
  Result<DiskHandle> OpenDirectory(const DiskHandle& directory, std::string_view name, bool create);
  Result<DiskHandle> OpenFile(const DiskHandle& directory, std::string_view name,
                              runtime::OpenMode mode);
  Result<void> Rename(const DiskHandle& from_directory, std::string_view from,
                      const DiskHandle& to_directory, std::string_view to);
  Result<void> Remove(const DiskHandle& directory, std::string_view name);
  Result<std::vector<runtime::DirectoryEntry>> List(const DiskHandle& directory);
  Result<void> SyncDirectory(const DiskHandle& directory);
  // The caller unlocks.
  Result<DiskHandle> Lock(const DiskHandle& directory, std::string_view name);
  void Unlock(const DiskHandle& lock);
  Result<size_t> Read(const DiskHandle& file, uint64_t at, std::span<std::byte> into);
  // `limit`: how many bytes at most, of those in `from`.
  Result<size_t> Write(const DiskHandle& file, uint64_t at, std::span<const Slice> from,
                       uint64_t limit);
  Result<void> Allocate(const DiskHandle& file, uint64_t at, uint64_t length);
  Result<void> Truncate(const DiskHandle& file, uint64_t size);
  Result<void> SyncFile(DiskHandle& file, bool all_metadata);
  Result<uint64_t> Size(const DiskHandle& file);
  Result<runtime::DiskSpace> Space(std::string_view path) const;

 private:
  using InodeRef = std::shared_ptr<DiskInode>;
  // The name `name` of `directory` now means `target`, or nothing.
  struct NameChange {
    InodeRef directory;
    std::string name;
    InodeRef target;
  };
  struct NameOperation {
    DiskSequence sequence = 0;
    std::vector<NameChange> changes;
  };
  // A sync that a lying disk confirmed but has not carried out.
  struct Lie {
    Tick at;
    InodeRef inode;
    DiskSequence upto;
  };
  enum class Operation : uint8_t;

  bool journaled() const;
  uint64_t limit_bytes() const;
  Draws& draws() const { return host_.draws(); }
  bool OneIn(runtime::Site site, uint32_t n);
  void Record(Operation what, const DiskInode& inode, uint64_t at, uint64_t value);

  Result<void> CheckHandle(const DiskHandle& handle) const;
  Result<void> CheckWritable(const DiskHandle& handle) const;
  Result<void> CheckNameChange(const DiskHandle& directory, std::string_view name);
  DiskHandle MakeHandle(InodeRef inode, bool writable) const;
  InodeRef MakeInode(const DiskInode& parent, std::string_view name, bool directory);
  InodeRef Create(const InodeRef& directory, std::string_view name, bool is_directory);
  void ChangeNames(std::vector<NameChange> changes);
  void NoteMetadata(DiskInode& inode);
  static void ApplyDurably(const NameOperation& operation);

  void Commit(DiskSequence upto);
  void SyncNames(const DiskInode& directory, DiskSequence upto);
  void MakeDurable(const InodeRef& inode, bool all_metadata);
  void SettleLies();
  void LimitMemory(const InodeRef& inode);
  DiskSequence CutJournal();
  void CutNames();
  template <typename CutFile>
  void CutTree(DiskInode& directory, const CutFile& cut_file);
  void AfterPowerCut();

  Result<void> LoadPages(DiskInode& inode, uint64_t at, uint64_t length);
  void DrawMediaFaultOfPage(DiskInode& inode, uint64_t page);
  void MisdirectWrite(DiskInode& inode);
  Result<void> FailSync(DiskHandle& file, SyncFailure how);
  uint64_t ReserveSpace(DiskInode& inode, uint64_t at, uint64_t length);

  InodeRef Walk(std::string_view path, bool durable) const;
  Result<InodeRef> FindFile(std::string_view path, bool durable = false) const;
  void ListInto(const DiskInode& directory, const std::string& path, bool durable,
                std::vector<std::string>& out) const;
  void ImageInto(const DiskInode& directory, const std::string& path, DiskImage& out) const;
  InodeRef MakeDurableDirectory(std::string_view path);
  void ForgetPendingName(const DiskInode& directory, std::string_view name);

  const uint64_t id_;
  DiskOptions options_;
  DiskHost& host_;
  std::shared_ptr<DiskAccount> account_;
  InodeRef root_;
  DiskSequence sequence_ = 0;
  uint64_t power_cycle_ = 1;

  std::deque<NameOperation> names_;   // pending, in order
  std::deque<DiskSequence> journal_;  // journaled: all pending metadata operations
  std::deque<Lie> lies_;              // kLying

  uint64_t operation_count_ = 0;
  uint64_t fail_at_ = 0;  // operation counts; 0: never
  uint64_t freeze_at_ = 0;
  bool frozen_ = false;
  bool read_only_ = false;
  uint64_t quota_bytes_ = ~uint64_t{0};
  std::deque<SyncFailure> sync_failures_;
  struct Misdirection {
    InodeRef from;
    InodeRef to;
    uint64_t sector = 0;
  };
  std::vector<Misdirection> misdirections_;
  uint64_t media_fault_count_ = 0;

  Tick busy_until_;
  Tick stalled_until_;
  uint64_t throttle_operation_ns_ = 0;
  uint64_t throttle_bytes_per_second_ = 0;
};

}  // namespace rmq::sim
