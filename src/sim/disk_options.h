// What kind of disk a simulated machine has, and what may go wrong with it by itself.
// Rules: spec/sim/disk.md.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace rmq::sim {

// What a power cut does to changes that were not synced.
enum class DiskPersonality : uint8_t {
  kStrict,  // what POSIX allows at worst: any subset of anything
  kExt4,    // ordered mode, delayed allocation: metadata in the order of one journal
  kXfs,     // like ext4, but a sync commits the journal only as far as the file needs
  kLying,   // strict, and what was synced within the last `lie` may be lost too
};

// How fast it is.
enum class DiskClass : uint8_t { kNvme, kSata, kNetwork, kFailing };

// What a failing sync of a file does (Rebello and others, ATC 2020: "Can applications recover from
// fsync failures?").
enum class SyncFailure : uint8_t {
  kKeepCache,      // (a) EIO once for every open handle; reads see the new bytes, the disk has the
                   //     old ones, and later syncs succeed (ext4, XFS)
  kRevertCache,    // (b) EIO once, and reads see the old bytes again (Btrfs)
  kReportLate,     // (c) success now, EIO at the next sync; otherwise as (a) (ext4, data=journal)
  kOneHandleOnly,  // (d) as (a), but no other handle ever hears of it
};

// Faults that the disk draws by itself. One in n operations of the kind; 0 is never.
struct DiskFaultOptions {
  uint32_t short_count_one_in = 0;   // reads and writes do less than they were asked to
  uint32_t read_error_one_in = 0;    // EIO, once or for ever
  uint32_t write_error_one_in = 0;   // EIO of write, allocate, truncate and of directory operations
  uint32_t no_space_one_in = 0;      // ENOSPC of write and allocate, without a full disk
  uint32_t sync_failure_one_in = 0;  // one of SyncFailure
  uint32_t stall_one_in = 0;         // the device does nothing for 1 ms to 60 s
  uint32_t eviction_one_in = 0;      // a read finds all clean pages gone from the cache

  // Bit rot, misdirected writes and reads: at most this many over the disk's life.
  uint32_t media_faults_at_most = 0;
  uint32_t media_fault_one_in = 64;  // of the pages read from the device, of the syncs

  bool torn_sectors = false;  // a power cut may tear a sector inside
};

struct DiskOptions {
  DiskPersonality personality = DiskPersonality::kStrict;
  DiskClass device = DiskClass::kNvme;
  uint64_t capacity_bytes = uint64_t{1} << 40;
  nanoseconds lie = std::chrono::milliseconds(500);  // kLying only
  DiskFaultOptions faults;
};

}  // namespace rmq::sim
