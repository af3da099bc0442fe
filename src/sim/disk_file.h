// FileContent is the bytes and the size of one simulated file: what reads see now, and what a
// power cut may leave (spec/sim/disk.md, SIM-DISK-1 to SIM-DISK-12).
//
//   pages      the newest bytes (the page cache); 512-byte sectors, allocated as they are written
//   versions   for each sector changed since the last sync, what it held before each change, the
//              oldest being the durable one; at most kMaxVersions of them
//   sizes      the same for the size
//
// So a plain write costs a copy of the sectors it touches into one arena per file, and a sync
// forgets the arena. Every change carries the disk's sequence number, which orders it against
// directory operations. Owned by Disk; never fails, never suspends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "sim/draws.h"

namespace rmq::sim {

inline constexpr uint64_t kSectorSize = 512;
inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint64_t kSectorsPerPage = kPageSize / kSectorSize;

// The number of a disk operation, rising. Every mutating operation has its own.
using DiskSequence = uint64_t;
inline constexpr DiskSequence kEverything = ~DiskSequence{0};

using SectorBytes = std::array<std::byte, kSectorSize>;

// What a power cut may do to a file: see DiskPersonality.
struct PowerCutRules {
  // Size changes other than by writing, and truncations, survive exactly up to `journal`; bytes
  // that a write appended are on the disk before the size that covers them.
  bool journaled = false;
  DiskSequence journal = 0;
  // Appended sectors that were not written may hold bytes of deleted files, given here.
  const std::vector<SectorBytes>* stale = nullptr;
  // Sectors may be torn inside.
  bool tear = false;
};

class FileContent {
 public:
  FileContent();
  ~FileContent();
  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;

  uint64_t size() const { return size_; }
  uint64_t durable_size() const { return sizes_.front().size; }

  // --- the cache ---
  // Returns how many bytes of [at, at + into.size()) lie before the end of the file.
  size_t Read(uint64_t at, std::span<std::byte> into) const;
  void Write(uint64_t at, Slice from, DiskSequence sequence);
  // REQUIRES: size >= this->size()
  void Grow(uint64_t size, DiskSequence sequence);
  // REQUIRES: size < this->size(). What is cut off may be copied to `recycled`.
  void Shrink(uint64_t size, DiskSequence sequence, std::vector<SectorBytes>& recycled);

  // --- durability ---
  bool has_pending_bytes() const { return !dirty_pages_.empty(); }
  bool has_pending_size() const { return sizes_.size() > 1; }
  uint64_t pending_page_count() const { return dirty_pages_.size(); }
  // Memory held for old versions.
  uint64_t saved_bytes() const { return saved_.size() * kSectorSize; }

  // What was changed up to `upto` can't be lost any more.
  void MakeDurable(DiskSequence upto);
  // The device refused some pages (drawn): they count as written although the durable bytes are
  // the old ones. With `revert` the cache goes back to them at once, else at the next DropCache.
  void LosePendingPages(bool revert, uint64_t object, Draws& draws);
  void CutPower(const PowerCutRules& rules, uint64_t object, Draws& draws);
  // Forgets what is pending: nothing of it reached the disk.
  void ForgetPending();
  // Clean pages will be read from the device again.
  void DropCache();
  // A file with the durable bytes of this one and nothing pending.
  std::unique_ptr<FileContent> CopyDurable() const;
  std::string DurableBytes() const;

  // --- the medium ---
  bool HasPage(uint64_t page) const { return Find(page) != nullptr; }
  bool IsCached(uint64_t page) const;
  void MarkCached(uint64_t page);
  // Changes what is durable at `at` behind the cache's back: seen once the page has to be read
  // again (at once if it isn't cached). REQUIRES: HasPage(at / kPageSize)
  void ChangeDurableByte(uint64_t at, std::byte mask);
  void ReplaceDurableSector(uint64_t sector, const SectorBytes& bytes);
  // Puts bytes into the cache alone, as a read from a wrong place does.
  void ReplaceCachedSector(uint64_t sector, const SectorBytes& bytes);
  // The newest bytes and the durable ones alike; the range must lie within the file.
  void Overwrite(uint64_t at, Slice bytes);
  SectorBytes NewestSector(uint64_t sector) const;
  SectorBytes DurableSector(uint64_t sector) const;
  // The numbers of the sectors with pending changes, ascending.
  std::vector<uint64_t> PendingSectors() const;
  void CopySome(std::vector<SectorBytes>& recycled) const;

 private:
  static constexpr uint8_t kMaxVersions = 8;
  static constexpr uint64_t kPagesPerChunk = 64;

  // What a sector held until the operation `until` changed it.
  struct Version {
    DiskSequence until = 0;
    int32_t older = -1;      // in versions_
    int32_t slot = -1;       // in saved_; -1: zeros
    bool truncated = false;  // the change was a truncation that freed the page
  };
  struct Page {
    std::unique_ptr<std::byte[]> bytes;  // the first `sectors` ones; the rest are zeros
    uint8_t sectors = 0;
    // Clean in the eyes of the kernel, but the durable bytes differ: a bit for each sector.
    uint8_t lost = 0;
    bool listed = false;  // in dirty_pages_
    uint32_t loaded = 0;  // == load_ if cached
    std::array<uint8_t, kSectorsPerPage> version_count{};
    std::array<int32_t, kSectorsPerPage> newest_version;
    Page() { newest_version.fill(-1); }
  };
  using Chunk = std::array<std::unique_ptr<Page>, kPagesPerChunk>;
  struct SizeChange {
    DiskSequence sequence = 0;
    uint64_t size = 0;
    bool by_write = false;
  };
  struct PowerCut;

  const Page* Find(uint64_t page) const;
  Page* Find(uint64_t page);
  Page& Touch(uint64_t page);
  static void Reserve(Page& page, uint64_t sectors);
  void List(Page& page, uint64_t number);
  void Save(Page& page, uint64_t number, uint64_t sector, DiskSequence sequence, bool truncated);
  void PushVersion(Page& page, uint64_t sector, Version version);
  int32_t SaveBytes(const Page& page, uint64_t sector);
  void ForgetLoss(Page& page);
  void ChangeSize(uint64_t size, DiskSequence sequence, bool by_write);
  void ZeroBehind(uint64_t size);
  void ClearVersions();
  SectorBytes BytesOf(const Version& version) const;
  static SectorBytes NewestOf(const Page& page, uint64_t sector);
  static void SetSector(Page& page, uint64_t sector, const SectorBytes& bytes);
  // Oldest first.
  size_t Chain(const Page& page, uint64_t sector, std::vector<int32_t>& out) const;
  Version& Base(Page& page, uint64_t sector);
  void Rebuild(DiskSequence upto);
  void ChooseSize(PowerCut& cut) const;
  void CutSector(PowerCut& cut, Page& page, uint64_t number, uint64_t sector);

  uint64_t size_ = 0;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  uint32_t load_ = 1;
  std::vector<uint64_t> dirty_pages_;  // all pages with versions, in order of their first change
  std::vector<Version> versions_;
  std::vector<SectorBytes> saved_;
  uint64_t lost_page_count_ = 0;
  DiskSequence last_change_ = 0;
  std::vector<int32_t> chain_;     // scratch
  std::vector<SizeChange> sizes_;  // the first is durable, the last is size_
};

}  // namespace rmq::sim
