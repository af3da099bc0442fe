// A file or directory of a Disk. Shared by the names that lead to it (now, durably or pending) and
// by the handles of processes; its space is free once the last of them is gone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/disk_extents.h"
#include "sim/disk_file.h"

namespace rmq::sim {

// What a Disk's inodes share, so that they may outlive it.
struct DiskAccount {
  uint64_t used_pages = 0;
  // A few sectors of deleted files: what a sector that was never written may hold.
  std::vector<SectorBytes> recycled;
};

struct DiskInode {
  DiskInode(std::shared_ptr<DiskAccount> shared, uint64_t stable_id, bool is_directory)
      : account(std::move(shared)), id(stable_id), directory(is_directory) {}
  ~DiskInode() {
    account->used_pages -= extents.page_count();
    content->CopySome(account->recycled);
  }
  DiskInode(const DiskInode&) = delete;
  DiskInode& operator=(const DiskInode&) = delete;

  using Entries = std::map<std::string, std::shared_ptr<DiskInode>, std::less<>>;

  const std::shared_ptr<DiskAccount> account;
  const uint64_t id;  // a hash of the path it was made under: the object of its draws
  const bool directory;

  // The last metadata operation on it: made, renamed, truncated, … For a directory: any of its
  // names changed.
  DiskSequence metadata_sequence = 0;

  // Directories.
  Entries entries;
  Entries durable_entries;
  bool removed = false;

  // Files.
  std::unique_ptr<FileContent> content = std::make_unique<FileContent>();
  DiskExtents extents;
  std::set<uint64_t> bad_sectors;
  bool locked = false;
  uint64_t sync_errors = 0;  // handles compare it with what they have seen
  bool late_sync_error = false;
};

}  // namespace rmq::sim
