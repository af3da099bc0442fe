#include "sim/disk_file.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace rmq::sim {
namespace {

constexpr size_t kMaxRecycled = 64;

}  // namespace

FileContent::FileContent() : sizes_(1) {}
FileContent::~FileContent() = default;

// --- pages ---

const FileContent::Page* FileContent::Find(uint64_t page) const {
  const uint64_t chunk = page / kPagesPerChunk;
  if (chunk >= chunks_.size() || chunks_[chunk] == nullptr) return nullptr;
  return (*chunks_[chunk])[page % kPagesPerChunk].get();
}

FileContent::Page* FileContent::Find(uint64_t page) {
  return const_cast<Page*>(std::as_const(*this).Find(page));
}

FileContent::Page& FileContent::Touch(uint64_t page) {
  const uint64_t chunk = page / kPagesPerChunk;
  if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  if (chunks_[chunk] == nullptr) chunks_[chunk] = std::make_unique<Chunk>();
  std::unique_ptr<Page>& entry = (*chunks_[chunk])[page % kPagesPerChunk];
  if (entry == nullptr) {
    entry = std::make_unique<Page>();
    entry->loaded = load_;
  }
  return *entry;
}

// Small files are common: a page's bytes are allocated in steps of 1, 2, 4, 8 sectors.
void FileContent::Reserve(Page& page, uint64_t sectors) {
  if (sectors <= page.sectors) return;
  uint64_t capacity = std::max<uint64_t>(page.sectors, 1);
  while (capacity < sectors) capacity *= 2;
  auto bytes = std::make_unique<std::byte[]>(capacity * kSectorSize);
  if (page.sectors > 0) std::memcpy(bytes.get(), page.bytes.get(), page.sectors * kSectorSize);
  page.bytes = std::move(bytes);
  page.sectors = static_cast<uint8_t>(capacity);
}

SectorBytes FileContent::NewestOf(const Page& page, uint64_t sector) {
  SectorBytes bytes{};
  if (sector < page.sectors) {
    std::memcpy(bytes.data(), page.bytes.get() + sector * kSectorSize, kSectorSize);
  }
  return bytes;
}

void FileContent::SetSector(Page& page, uint64_t sector, const SectorBytes& bytes) {
  Reserve(page, sector + 1);
  std::memcpy(page.bytes.get() + sector * kSectorSize, bytes.data(), kSectorSize);
}

SectorBytes FileContent::BytesOf(const Version& version) const {
  return version.slot < 0 ? SectorBytes{} : saved_[version.slot];
}

// --- versions ---

void FileContent::List(Page& page, uint64_t number) {
  if (page.listed) return;
  page.listed = true;
  dirty_pages_.push_back(number);
}

int32_t FileContent::SaveBytes(const Page& page, uint64_t sector) {
  if (sector >= page.sectors) return -1;
  saved_.push_back(*reinterpret_cast<const SectorBytes*>(page.bytes.get() + sector * kSectorSize));
  return static_cast<int32_t>(saved_.size() - 1);
}

void FileContent::PushVersion(Page& page, uint64_t sector, Version version) {
  version.older = page.newest_version[sector];
  page.newest_version[sector] = static_cast<int32_t>(versions_.size());
  ++page.version_count[sector];
  versions_.push_back(version);
}

// Keeps what the sector holds before operation `sequence` changes it.
void FileContent::Save(Page& page, uint64_t number, uint64_t sector, DiskSequence sequence,
                       bool truncated) {
  const int32_t newest = page.newest_version[sector];
  if (newest >= 0) {
    Version& last = versions_[newest];
    if (last.until == sequence) return;  // One operation makes one version.
    // A sector written again and again: the version in the middle is the one to forget.
    if (page.version_count[sector] >= kMaxVersions && !truncated && !last.truncated) {
      if (last.slot < 0) {
        last.slot = SaveBytes(page, sector);
      } else {
        saved_[last.slot] = NewestOf(page, sector);
      }
      last.until = sequence;
      return;
    }
  }
  List(page, number);
  Version version;
  version.until = sequence;
  version.slot = SaveBytes(page, sector);
  version.truncated = truncated;
  PushVersion(page, sector, version);
}

size_t FileContent::Chain(const Page& page, uint64_t sector, std::vector<int32_t>& out) const {
  out.clear();
  for (int32_t v = page.newest_version[sector]; v >= 0; v = versions_[v].older) out.push_back(v);
  std::ranges::reverse(out);
  return out.size();
}

FileContent::Version& FileContent::Base(Page& page, uint64_t sector) {
  int32_t v = page.newest_version[sector];
  RMQ_ASSERT(v >= 0);
  while (versions_[v].older >= 0) v = versions_[v].older;
  return versions_[v];
}

// The kernel writes whole pages: what it had lost in this one is pending again.
void FileContent::ForgetLoss(Page& page) {
  if (page.lost == 0) return;
  page.lost = 0;
  --lost_page_count_;
}

void FileContent::ClearVersions() {
  for (const uint64_t number : dirty_pages_) {
    Page& page = *Find(number);
    page.listed = false;
    page.newest_version.fill(-1);
    page.version_count.fill(0);
    ForgetLoss(page);
  }
  dirty_pages_.clear();
  versions_.clear();
  constexpr size_t kKeptSectors = 512;
  if (saved_.capacity() > kKeptSectors) {
    saved_ = {};
  } else {
    saved_.clear();
  }
}

// --- the cache ---

size_t FileContent::Read(uint64_t at, std::span<std::byte> into) const {
  if (at >= size_) return 0;
  const size_t total = std::min<uint64_t>(into.size(), size_ - at);
  size_t done = 0;
  while (done < total) {
    const uint64_t within = (at + done) % kPageSize;
    const size_t part = std::min<size_t>(total - done, kPageSize - within);
    const Page* page = Find((at + done) / kPageSize);
    const uint64_t held = page == nullptr ? 0 : page->sectors * kSectorSize;
    const size_t copied = within >= held ? 0 : std::min<size_t>(part, held - within);
    if (copied > 0) std::memcpy(into.data() + done, page->bytes.get() + within, copied);
    if (copied < part) std::memset(into.data() + done + copied, 0, part - copied);
    done += part;
  }
  return total;
}

void FileContent::Write(uint64_t at, Slice from, DiskSequence sequence) {
  if (from.empty()) return;
  last_change_ = sequence;
  if (at + from.size() > size_) ChangeSize(at + from.size(), sequence, true);
  while (!from.empty()) {
    const uint64_t number = at / kPageSize;
    const uint64_t within = at % kPageSize;
    const size_t part = std::min<size_t>(from.size(), kPageSize - within);
    const uint64_t last_sector = (within + part - 1) / kSectorSize;
    Page& page = Touch(number);
    page.loaded = load_;
    ForgetLoss(page);
    for (uint64_t s = within / kSectorSize; s <= last_sector; ++s) {
      Save(page, number, s, sequence, false);
    }
    Reserve(page, last_sector + 1);
    std::memcpy(page.bytes.get() + within, from.data(), part);
    at += part;
    from = from.subspan(part);
  }
}

void FileContent::ChangeSize(uint64_t size, DiskSequence sequence, bool by_write) {
  size_ = size;
  last_change_ = sequence;
  if (sizes_.back().sequence == sequence && sizes_.size() > 1) {
    sizes_.back().size = size;
    return;
  }
  sizes_.push_back({sequence, size, by_write});
  // Appending without a sync: forget every second size in between.
  constexpr size_t kMaxSizes = 64;
  if (sizes_.size() <= kMaxSizes) return;
  size_t kept = 1;
  for (size_t i = 1; i < sizes_.size(); ++i) {
    if (i % 2 == 0 || i + 1 == sizes_.size() || !sizes_[i].by_write) sizes_[kept++] = sizes_[i];
  }
  sizes_.resize(kept);
}

void FileContent::Grow(uint64_t size, DiskSequence sequence) {
  RMQ_ASSERT(size >= size_);
  if (size > size_) ChangeSize(size, sequence, false);
}

void FileContent::Shrink(uint64_t size, DiskSequence sequence, std::vector<SectorBytes>& recycled) {
  RMQ_ASSERT(size < size_);
  const uint64_t end = std::min<uint64_t>(size_, chunks_.size() * kPagesPerChunk * kPageSize);
  for (uint64_t number = size / kPageSize; number * kPageSize < end; ++number) {
    Page* page = Find(number);
    if (page == nullptr) continue;
    ForgetLoss(*page);
    const bool freed = number * kPageSize >= size;
    const uint64_t cut = freed ? 0 : size % kPageSize;
    for (uint64_t s = cut / kSectorSize; s < page->sectors; ++s) {
      if (freed && recycled.size() < kMaxRecycled) recycled.push_back(NewestOf(*page, s));
      Save(*page, number, s, sequence, freed);
    }
    if (freed) {
      page->bytes.reset();
      page->sectors = 0;
    } else if (cut < page->sectors * kSectorSize) {
      std::memset(page->bytes.get() + cut, 0, page->sectors * kSectorSize - cut);
    }
  }
  ChangeSize(size, sequence, false);
}

// --- durability ---

void FileContent::MakeDurable(DiskSequence upto) {
  if (lost_page_count_ == 0 && upto >= last_change_) {
    ClearVersions();
    sizes_.erase(sizes_.begin(), sizes_.end() - 1);
    sizes_.front() = {0, size_, false};
    return;
  }
  Rebuild(upto);
  size_t first_pending = 1;
  while (first_pending < sizes_.size() && sizes_[first_pending].sequence <= upto) ++first_pending;
  sizes_.erase(sizes_.begin(), sizes_.begin() + static_cast<ptrdiff_t>(first_pending) - 1);
}

// Drops the versions older than `upto`, except those of lost sectors.
void FileContent::Rebuild(DiskSequence upto) {
  const std::vector<Version> versions = std::exchange(versions_, {});
  const std::vector<SectorBytes> saved = std::exchange(saved_, {});
  std::vector<int32_t> chain;
  for (const uint64_t number : std::exchange(dirty_pages_, {})) {
    Page& page = *Find(number);
    page.listed = false;
    for (uint64_t s = 0; s < kSectorsPerPage; ++s) {
      chain.clear();
      for (int32_t v = page.newest_version[s]; v >= 0; v = versions[v].older) chain.push_back(v);
      std::ranges::reverse(chain);
      page.newest_version[s] = -1;
      page.version_count[s] = 0;
      const bool lost = (page.lost >> s & 1) != 0;
      for (const int32_t v : chain) {
        Version version = versions[v];
        if (!lost && version.until <= upto) continue;
        List(page, number);
        if (version.slot >= 0) {
          saved_.push_back(saved[version.slot]);
          version.slot = static_cast<int32_t>(saved_.size() - 1);
        }
        PushVersion(page, s, version);
      }
    }
  }
}

void FileContent::LosePendingPages(bool revert, uint64_t object, Draws& draws) {
  for (const uint64_t number : dirty_pages_) {
    Page& page = *Find(number);
    if (page.lost != 0) continue;
    // 0: the device refused it. Mild for once means simple: a failed sync has lost something.
    const bool written = draws.Draw("disk: page written by a failed sync", object, 4) == 3;
    for (uint64_t s = 0; s < kSectorsPerPage; ++s) {
      if (page.newest_version[s] < 0) continue;
      Version& base = Base(page, s);
      base.older = -1;
      page.version_count[s] = 1;
      page.newest_version[s] = static_cast<int32_t>(&base - versions_.data());
      if (written) {
        base.slot = SaveBytes(page, s);  // Durable and newest are the same now.
      } else if (revert) {
        SetSector(page, s, BytesOf(base));
      }
      page.lost |= static_cast<uint8_t>(1U << s);
    }
    if (page.lost != 0) ++lost_page_count_;
  }
  if (revert) {
    size_ = durable_size();
    sizes_.resize(1);
    ZeroBehind(size_);
  }
}

void FileContent::ForgetPending() {
  for (const uint64_t number : dirty_pages_) {
    Page& page = *Find(number);
    for (uint64_t s = 0; s < kSectorsPerPage; ++s) {
      if (page.newest_version[s] >= 0) SetSector(page, s, BytesOf(Base(page, s)));
    }
  }
  ClearVersions();
  size_ = durable_size();
  sizes_.resize(1);
  ZeroBehind(size_);
}

void FileContent::DropCache() {
  ++load_;
  if (dirty_pages_.empty()) return;
  for (const uint64_t number : dirty_pages_) {
    Page& page = *Find(number);
    bool pending = false;
    for (uint64_t s = 0; s < kSectorsPerPage; ++s) {
      if (page.newest_version[s] < 0) continue;
      if ((page.lost >> s & 1) != 0) {
        SetSector(page, s, BytesOf(Base(page, s)));
        page.newest_version[s] = -1;
        page.version_count[s] = 0;
      } else {
        pending = true;
      }
    }
    ForgetLoss(page);
    if (pending) page.loaded = load_;
  }
  Rebuild(0);
}

// A power cut of one file. What of it survives is drawn once, then sector by sector where that
// says so: whole losses and single losses find more than a coin for each sector.
struct FileContent::PowerCut {
  enum Mode { kAll, kPrefix, kMostly, kMixed, kLittle, kNothing, kModeCount };

  // From the durable version or size, 0, to the newest.
  struct Range {
    size_t low;
    size_t high;
  };

  const PowerCutRules& rules;
  const uint64_t object;
  Draws& draws;
  Mode mode = kAll;
  DiskSequence prefix = 0;    // kPrefix: the operations up to here survive
  SizeChange size;            // the surviving one
  uint64_t bytes_needed = 0;  // from here up to `size` there are no holes (journaled)

  // `sequence_of(i)` is the operation that made version i.
  template <typename SequenceOf>
  size_t Choose(Range range, const SequenceOf& sequence_of) {
    const auto [low, high] = range;
    if (low >= high || mode == kAll) return high;
    if (mode == kNothing) return low;
    if (mode == kPrefix) {
      size_t i = high;
      while (i > low && sequence_of(i) > prefix) --i;
      return i;
    }
    if (mode == kMostly && !draws.Chance("disk: a sector is lost", object, 1, 16)) return high;
    if (mode == kLittle && draws.Chance("disk: a sector is not written", object, 15, 16)) {
      return low;
    }
    return high - draws.Draw("disk: surviving version", object, high - low + 1);
  }

  // SIM-DISK-12: a part of the sector is newer than the rest.
  void MayTear(SectorBytes& bytes, const SectorBytes& newer) {
    if (!rules.tear || !draws.Chance("disk: torn sector", object, 1, 8)) return;
    const uint64_t torn = draws.Draw("disk: tear at", object, kSectorSize);
    const bool front = draws.Draw("disk: tear keeps the end", object, 2) == 0;
    for (uint64_t i = 0; i < kSectorSize; ++i) {
      if ((i < torn) == front) bytes[i] = newer[i];
    }
  }

  // SIM-DISK-8: the size says that the sector was written, but it wasn't.
  bool MayBeStale(SectorBytes& bytes) {
    if (rules.stale == nullptr || rules.stale->empty()) return false;
    if (!draws.Chance("disk: stale bytes", object, 1, 4)) return false;
    bytes = (*rules.stale)[draws.Draw("disk: whose stale bytes", object, rules.stale->size())];
    return true;
  }
};

void FileContent::CutPower(const PowerCutRules& rules, uint64_t object, Draws& draws) {
  ++load_;
  if (dirty_pages_.empty() && sizes_.size() == 1) return;
  PowerCut cut{.rules = rules, .object = object, .draws = draws};
  cut.mode = static_cast<PowerCut::Mode>(
      draws.Draw("disk: what a file keeps", object, PowerCut::kModeCount));
  if (cut.mode == PowerCut::kPrefix) {
    const size_t n = versions_.size();
    const uint64_t back = n == 0 ? 0 : draws.Draw("disk: surviving prefix", object, n);
    cut.prefix = n == 0 ? last_change_ : versions_[n - 1 - back].until;
  }
  ChooseSize(cut);
  std::ranges::sort(dirty_pages_);
  for (const uint64_t number : dirty_pages_) {
    Page& page = *Find(number);
    for (uint64_t s = 0; s < kSectorsPerPage; ++s) {
      if (page.newest_version[s] >= 0) CutSector(cut, page, number, s);
    }
  }
  ClearVersions();
  size_ = cut.size.size;
  sizes_.assign(1, {0, size_, false});
  ZeroBehind(size_);
}

// SIM-DISK-9: with a journal, size changes other than by writing survive up to its end.
void FileContent::ChooseSize(PowerCut& cut) const {
  PowerCut::Range range{0, sizes_.size() - 1};
  for (size_t i = 1; cut.rules.journaled && i < sizes_.size(); ++i) {
    if (sizes_[i].by_write) continue;
    if (sizes_[i].sequence > cut.rules.journal) {
      range.high = i - 1;
      break;
    }
    range.low = i;
  }
  cut.size = sizes_[cut.Choose(range, [&](size_t i) { return sizes_[i].sequence; })];
  cut.bytes_needed =
      cut.rules.journaled && cut.size.by_write ? sizes_[range.low].size : kEverything;
}

// SIM-DISK-5: one of the sector's versions, the newest being what the page holds.
void FileContent::CutSector(PowerCut& cut, Page& page, uint64_t number, uint64_t sector) {
  std::vector<int32_t>& chain = chain_;
  const size_t newest = Chain(page, sector, chain);
  const uint64_t begin = number * kPageSize + sector * kSectorSize;
  PowerCut::Range range{0, newest};
  if ((page.lost >> sector & 1) != 0) range.high = 0;
  for (size_t i = 0; cut.rules.journaled && i < newest; ++i) {
    const Version& version = versions_[chain[i]];
    const bool needed = begin + kSectorSize > cut.bytes_needed;
    if (needed && version.until <= cut.size.sequence) range.low = i + 1;
    if (!version.truncated) continue;
    if (version.until <= cut.rules.journal) {
      range.low = std::max(range.low, i + 1);
    } else {
      range.high = std::min(range.high, i);
    }
  }
  range.low = std::min(range.low, range.high);
  const size_t pick =
      cut.Choose(range, [&](size_t i) { return i == 0 ? 0 : versions_[chain[i - 1]].until; });
  if (pick == newest) return;
  const Version& version = versions_[chain[pick]];
  SectorBytes bytes = BytesOf(version);
  const bool hole = pick == 0 && version.slot < 0 && begin >= durable_size();
  if (!hole || !cut.MayBeStale(bytes)) cut.MayTear(bytes, NewestOf(page, sector));
  SetSector(page, sector, bytes);
}

// What lies behind the end reads as zeros when the file grows again.
void FileContent::ZeroBehind(uint64_t size) {
  const uint64_t end = chunks_.size() * kPagesPerChunk * kPageSize;
  for (uint64_t number = size / kPageSize; number * kPageSize < end; ++number) {
    Page* page = Find(number);
    if (page == nullptr) continue;
    const uint64_t cut = number * kPageSize >= size ? 0 : size % kPageSize;
    if (cut == 0) {
      page->bytes.reset();
      page->sectors = 0;
    } else if (cut < page->sectors * kSectorSize) {
      std::memset(page->bytes.get() + cut, 0, page->sectors * kSectorSize - cut);
    }
  }
}

std::unique_ptr<FileContent> FileContent::CopyDurable() const {
  auto copy = std::make_unique<FileContent>();
  for (uint64_t number = 0; number < chunks_.size() * kPagesPerChunk; ++number) {
    if (chunks_[number / kPagesPerChunk] == nullptr) number |= kPagesPerChunk - 1;
    const Page* page = Find(number);
    if (page == nullptr) continue;
    Page& to = copy->Touch(number);
    to.loaded = 0;
    for (uint64_t s = 0; s < kSectorsPerPage; ++s) {
      if (s >= page->sectors && page->newest_version[s] < 0) continue;
      SetSector(to, s, DurableSector(number * kSectorsPerPage + s));
    }
  }
  copy->size_ = durable_size();
  copy->sizes_.assign(1, {0, copy->size_, false});
  copy->ZeroBehind(copy->size_);
  return copy;
}

std::string FileContent::DurableBytes() const {
  const std::unique_ptr<FileContent> copy = CopyDurable();
  std::string bytes(copy->size_, '\0');
  copy->Read(0, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
  return bytes;
}

// --- the medium ---

bool FileContent::IsCached(uint64_t page) const {
  const Page* found = Find(page);
  return found == nullptr || found->loaded == load_;
}

void FileContent::MarkCached(uint64_t page) {
  Touch(page).loaded = load_;
}

SectorBytes FileContent::NewestSector(uint64_t sector) const {
  const Page* page = Find(sector / kSectorsPerPage);
  return page == nullptr ? SectorBytes{} : NewestOf(*page, sector % kSectorsPerPage);
}

SectorBytes FileContent::DurableSector(uint64_t sector) const {
  const Page* page = Find(sector / kSectorsPerPage);
  if (page == nullptr) return SectorBytes{};
  int32_t v = page->newest_version[sector % kSectorsPerPage];
  if (v < 0) return NewestOf(*page, sector % kSectorsPerPage);
  while (versions_[v].older >= 0) v = versions_[v].older;
  return BytesOf(versions_[v]);
}

void FileContent::ReplaceDurableSector(uint64_t sector, const SectorBytes& bytes) {
  const uint64_t number = sector / kSectorsPerPage;
  const uint64_t s = sector % kSectorsPerPage;
  Page& page = Touch(number);
  if (page.newest_version[s] < 0) {
    if (page.loaded != load_) {
      SetSector(page, s, bytes);
      return;
    }
    List(page, number);
    PushVersion(page, s, Version{});
    if (page.lost == 0) ++lost_page_count_;
    page.lost |= static_cast<uint8_t>(1U << s);
  }
  Version& base = Base(page, s);
  if (base.slot < 0) {
    base.slot = static_cast<int32_t>(saved_.size());
    saved_.push_back(bytes);
  } else {
    saved_[base.slot] = bytes;
  }
}

void FileContent::ChangeDurableByte(uint64_t at, std::byte mask) {
  SectorBytes bytes = DurableSector(at / kSectorSize);
  bytes[at % kSectorSize] ^= mask;
  ReplaceDurableSector(at / kSectorSize, bytes);
}

void FileContent::ReplaceCachedSector(uint64_t sector, const SectorBytes& bytes) {
  const uint64_t number = sector / kSectorsPerPage;
  const uint64_t s = sector % kSectorsPerPage;
  Page& page = Touch(number);
  page.loaded = load_;
  if (page.newest_version[s] < 0) {
    List(page, number);
    Version right;
    right.slot = SaveBytes(page, s);
    PushVersion(page, s, right);
    if (page.lost == 0) ++lost_page_count_;
    page.lost |= static_cast<uint8_t>(1U << s);
  }
  SetSector(page, s, bytes);
}

void FileContent::Overwrite(uint64_t at, Slice bytes) {
  RMQ_ASSERT(at + bytes.size() <= size_);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const uint64_t sector = (at + i) / kSectorSize;
    const uint64_t within = (at + i) % kSectorSize;
    Page& page = Touch(sector / kSectorsPerPage);
    const uint64_t s = sector % kSectorsPerPage;
    if (page.newest_version[s] >= 0) {
      SectorBytes durable = DurableSector(sector);
      durable[within] = bytes[i];
      ReplaceDurableSector(sector, durable);
    }
    Reserve(page, s + 1);
    page.bytes[s * kSectorSize + within] = bytes[i];
  }
}

std::vector<uint64_t> FileContent::PendingSectors() const {
  std::vector<uint64_t> sectors;
  for (const uint64_t number : dirty_pages_) {
    const Page& page = *Find(number);
    for (uint64_t s = 0; s < kSectorsPerPage; ++s) {
      const bool lost = (page.lost >> s & 1) != 0;
      if (page.newest_version[s] >= 0 && !lost) sectors.push_back(number * kSectorsPerPage + s);
    }
  }
  std::ranges::sort(sectors);
  return sectors;
}

void FileContent::CopySome(std::vector<SectorBytes>& recycled) const {
  if (recycled.size() >= kMaxRecycled) return;
  for (const auto& chunk : chunks_) {
    if (chunk == nullptr) continue;
    for (const auto& page : *chunk) {
      for (uint64_t s = 0; page != nullptr && s < page->sectors; ++s) {
        if (recycled.size() >= kMaxRecycled) return;
        recycled.push_back(NewestOf(*page, s));
      }
    }
  }
}

}  // namespace rmq::sim
