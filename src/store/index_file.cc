#include "store/index_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"

namespace rmq::store {

using runtime::File;

namespace {

constexpr uint64_t kHeaderSize = 40;
constexpr uint64_t kSlotSize = 4;
constexpr uint64_t kEntrySize = 20;
// Entries of one read while repairing.
constexpr uint32_t kChunkEntries = 16 << 10;
// Slices of one gather write; POSIX guarantees 16, everybody has 1024.
constexpr size_t kMaxSlices = 256;

void EncodeHeader(const IndexFile::Header& header, std::byte* to) {
  StoreBigEndian(to, header.begin_time.ms);
  StoreBigEndian(to + 8, header.end_time.ms);
  StoreBigEndian(to + 16, header.begin_offset.value);
  StoreBigEndian(to + 24, header.end_offset.value);
  StoreBigEndian(to + 32, header.used_slots);
  StoreBigEndian(to + 36, header.next_entry);
}

IndexFile::Header DecodeHeader(const std::byte* from) {
  return {.begin_time = {LoadBigEndian<int64_t>(from)},
          .end_time = {LoadBigEndian<int64_t>(from + 8)},
          .begin_offset = {LoadBigEndian<int64_t>(from + 16)},
          .end_offset = {LoadBigEndian<int64_t>(from + 24)},
          .used_slots = LoadBigEndian<uint32_t>(from + 32),
          // A file that Java has made and never flushed has 0 here.
          .next_entry = std::max<uint32_t>(LoadBigEndian<uint32_t>(from + 36), 1)};
}

}  // namespace

IndexFile::IndexFile(std::string name, std::unique_ptr<File> file, Options options)
    : name_(std::move(name)), file_(std::move(file)), options_(options) {
  pages_.resize((options_.slot_count + kSlotsPerPage - 1) / kSlotsPerPage);
}

uint64_t IndexFile::EntryAt(uint32_t number) const {
  return kHeaderSize + kSlotSize * options_.slot_count + kEntrySize * number;
}

std::unexpected<Error> IndexFile::At(std::string_view operation, Error error) const {
  return Fail(WithContext(std::move(error), fmt::format("index {}: {}", name_, operation)));
}

Result<std::unique_ptr<IndexFile>> IndexFile::Create(Context& ctx, std::string name,
                                                     std::unique_ptr<File> file, Options options,
                                                     const Header* previous) {
  std::unique_ptr<IndexFile> index(new IndexFile(std::move(name), std::move(file), options));
  // Full size at once, as Java expects it, but without taking the space.
  RMQ_TRY(index->file_->Truncate(ctx, 0));
  RMQ_TRY(index->file_->Truncate(ctx, index->file_size()));
  if (previous != nullptr) {
    index->header_.begin_time = index->header_.end_time = previous->end_time;
    index->header_.begin_offset = index->header_.end_offset = previous->end_offset;
  }
  index->slots_on_disk_ = false;
  return index;
}

Result<std::unique_ptr<IndexFile>> IndexFile::Open(Context& ctx, std::string name,
                                                   std::unique_ptr<File> file, Options options) {
  std::unique_ptr<IndexFile> index(new IndexFile(std::move(name), std::move(file), options));
  RMQ_TRY(const uint64_t size, index->file_->Size(ctx));
  if (size != index->file_size()) {
    return Fail(ErrorCode::kCorruption, fmt::format("index {}: {} bytes, expected {}", index->name_,
                                                    size, index->file_size()));
  }
  std::array<std::byte, kHeaderSize> raw{};
  Result<void> read = runtime::ReadFully(ctx, *index->file_, 0, raw);
  if (!read.has_value()) return index->At("read the header", std::move(read).error());
  index->header_ = DecodeHeader(raw.data());
  const Header& header = index->header_;
  if (header.next_entry > options.entry_count || header.begin_offset > header.end_offset ||
      header.begin_offset.value < 0) {
    return Fail(ErrorCode::kCorruption,
                fmt::format("index {}: header with {} entries for messages {} to {}", index->name_,
                            header.next_entry, header.begin_offset.value, header.end_offset.value));
  }
  index->tail_begin_ = header.next_entry;
  return index;
}

// --- slots ---

Result<IndexFile::SlotPage*> IndexFile::PageOf(Context& ctx, uint32_t slot) {
  const size_t number = slot / kSlotsPerPage;
  if (pages_[number] != nullptr) return pages_[number].get();
  auto page = std::make_unique<SlotPage>();
  if (slots_on_disk_) {
    const size_t first = number * kSlotsPerPage;
    const size_t count = std::min<size_t>(kSlotsPerPage, options_.slot_count - first);
    std::array<std::byte, kSlotsPerPage * kSlotSize> raw;
    Result<void> read = runtime::ReadFully(ctx, *file_, kHeaderSize + first * kSlotSize,
                                           std::span(raw).first(count * kSlotSize));
    if (!read.has_value()) {
      return At(fmt::format("read slot {}", slot), std::move(read).error());
    }
    for (size_t i = 0; i < count; ++i) {
      page->slots[i] = LoadBigEndian<uint32_t>(raw.data() + i * kSlotSize);
    }
  }
  // Another fiber may have been faster, and a put may have changed its page since.
  if (pages_[number] == nullptr) pages_[number] = std::move(page);
  return pages_[number].get();
}

void IndexFile::ResetSlots() {
  for (auto& page : pages_) {
    page = std::make_unique<SlotPage>();
    page->dirty = true;
  }
  header_.used_slots = 0;
}

void IndexFile::DropPages() {
  for (auto& page : pages_) {
    if (page != nullptr && !page->dirty) page.reset();
  }
}

// --- entries ---

Result<IndexFile::Entry> IndexFile::ReadEntry(Context& ctx, uint32_t number) {
  std::array<std::byte, kEntrySize> raw{};
  const std::byte* from = raw.data();
  if (number >= tail_begin_) {
    const size_t at = size_t{number - tail_begin_} * kEntrySize;
    RMQ_ASSERT(at + kEntrySize <= tail_.size());
    from = tail_.data() + at;
  } else {
    Result<void> read = runtime::ReadFully(ctx, *file_, EntryAt(number), raw);
    if (!read.has_value()) {
      return At(fmt::format("read entry {}", number), std::move(read).error());
    }
  }
  return Entry{.hash = LoadBigEndian<uint32_t>(from),
               .offset = {LoadBigEndian<int64_t>(from + 4)},
               .seconds = LoadBigEndian<int32_t>(from + 12),
               .older = LoadBigEndian<uint32_t>(from + 16)};
}

void IndexFile::AppendEntry(const Entry& entry) {
  const size_t at = tail_.size();
  tail_.resize(at + kEntrySize);
  StoreBigEndian(tail_.data() + at, entry.hash);
  StoreBigEndian(tail_.data() + at + 4, entry.offset.value);
  StoreBigEndian(tail_.data() + at + 12, entry.seconds);
  StoreBigEndian(tail_.data() + at + 16, entry.older);
}

// As Java computes it, to the bit: the first entry of a file is measured from the end of the file
// before, which Create has preset.
int32_t IndexFile::SecondsAfterBegin(WallTime stored_at) const {
  if (header_.begin_time.ms <= 0) return 0;
  const int64_t seconds = (stored_at.ms - header_.begin_time.ms) / 1000;
  return static_cast<int32_t>(std::clamp<int64_t>(seconds, 0, std::numeric_limits<int32_t>::max()));
}

Result<void> IndexFile::Put(Context& ctx, uint32_t hash, CommitLogOffset offset,
                            WallTime stored_at) {
  RMQ_ASSERT(!full());
  const uint32_t slot = hash % options_.slot_count;
  RMQ_TRY(SlotPage * page, PageOf(ctx, slot));
  const uint32_t number = header_.next_entry;
  uint32_t& newest = page->slots[slot % kSlotsPerPage];
  const uint32_t older = Known(newest);

  AppendEntry(
      {.hash = hash, .offset = offset, .seconds = SecondsAfterBegin(stored_at), .older = older});
  newest = number;
  page->dirty = true;

  if (number == 1) {
    header_.begin_offset = offset;
    header_.begin_time = stored_at;
  }
  if (older == 0) ++header_.used_slots;
  header_.end_offset = offset;
  header_.end_time = stored_at;
  header_.next_entry = number + 1;
  return {};
}

bool IndexFile::Overlaps(WallTime begin, WallTime end) const {
  // To the second, and no order of times is certain: the clock may have been set back.
  const int64_t low = std::min(header_.begin_time.ms, header_.end_time.ms) - 1000;
  const int64_t high = std::max(header_.begin_time.ms, header_.end_time.ms) + 1000;
  return begin.ms <= high && end.ms >= low;
}

Result<void> IndexFile::Find(Context& ctx, uint32_t hash, WallTime begin, WallTime end,
                             size_t limit, std::vector<CommitLogOffset>& found) {
  const uint32_t slot = hash % options_.slot_count;
  RMQ_TRY(const SlotPage* page, PageOf(ctx, slot));
  uint32_t number = Known(page->slots[slot % kSlotsPerPage]);
  while (number != 0 && found.size() < limit) {
    RMQ_TRY(const Entry entry, ReadEntry(ctx, number));
    const int64_t stored_ms = header_.begin_time.ms + int64_t{entry.seconds} * 1000;
    // An entry knows its time to the second only; whoever reads the message compares exactly.
    const bool in_time = stored_ms + 1000 > begin.ms && stored_ms <= end.ms;
    if (entry.hash == hash && in_time) found.push_back(entry.offset);
    // Damaged bytes must not lead in circles.
    number = entry.older < number ? entry.older : 0;
  }
  return {};
}

// --- writing ---

Result<void> IndexFile::WriteTail(Context& ctx) {
  if (tail_.empty()) return {};
  Result<void> written = runtime::WriteFully(ctx, *file_, EntryAt(tail_begin_), Slice(tail_));
  if (!written.has_value()) {
    return At(fmt::format("write entry {}", tail_begin_), std::move(written).error());
  }
  tail_begin_ = header_.next_entry;
  std::vector<std::byte>().swap(tail_);
  return {};
}

Result<void> IndexFile::WriteSlots(Context& ctx) {
  std::vector<std::byte> raw;
  for (size_t i = 0; i < pages_.size();) {
    if (pages_[i] == nullptr || !pages_[i]->dirty) {
      ++i;
      continue;
    }
    // Neighbours go out together.
    const size_t first = i;
    raw.clear();
    for (; i < pages_.size() && i - first < kMaxSlices && pages_[i] != nullptr && pages_[i]->dirty;
         ++i) {
      const size_t count = std::min<size_t>(kSlotsPerPage, options_.slot_count - i * kSlotsPerPage);
      const size_t at = raw.size();
      raw.resize(at + count * kSlotSize);
      for (size_t k = 0; k < count; ++k) {
        StoreBigEndian(raw.data() + at + k * kSlotSize, pages_[i]->slots[k]);
      }
      pages_[i]->dirty = false;
    }
    Result<void> written = runtime::WriteFully(
        ctx, *file_, kHeaderSize + first * kSlotsPerPage * kSlotSize, Slice(raw));
    if (!written.has_value()) {
      for (size_t k = first; k < i; ++k) pages_[k]->dirty = true;
      return At(fmt::format("write slot {}", first * kSlotsPerPage), std::move(written).error());
    }
  }
  return {};
}

Result<void> IndexFile::WriteHeader(Context& ctx) {
  std::array<std::byte, kHeaderSize> raw{};
  EncodeHeader(header_, raw.data());
  Result<void> written = runtime::WriteFully(ctx, *file_, 0, Slice(raw));
  if (!written.has_value()) return At("write the header", std::move(written).error());
  return {};
}

Result<void> IndexFile::Flush(Context& ctx) {
  RMQ_TRY(WriteTail(ctx));
  RMQ_TRY(Sync(ctx));  // The entries first: the header's count promises them.
  slots_on_disk_ = true;
  RMQ_TRY(WriteSlots(ctx));
  return WriteHeader(ctx);
}

Result<void> IndexFile::Sync(Context& ctx) {
  Result<void> synced = file_->SyncData(ctx);
  if (synced.has_value()) return {};
  sync_failed_ = sync_failed_ || (synced.error().code() != ErrorCode::kCancelled &&
                                  synced.error().code() != ErrorCode::kDeadlineExceeded);
  return At("sync", std::move(synced).error());
}

// --- repairing ---

Result<CommitLogOffset> IndexFile::Repair(Context& ctx, CommitLogOffset log_end) {
  RMQ_TRY(KeepEntries(ctx, log_end));
  const CommitLogOffset resume = header_.end_offset;
  RMQ_TRY(DropLastMessage(ctx));
  return resume;
}

// Counts the good entries and rebuilds the slots from them.
Result<void> IndexFile::KeepEntries(Context& ctx, CommitLogOffset log_end) {
  const uint32_t count = header_.next_entry;
  header_.next_entry = 1;
  tail_.clear();
  tail_begin_ = 1;
  ResetSlots();
  slots_on_disk_ = true;
  CommitLogOffset last = header_.begin_offset;
  std::vector<std::byte> chunk;
  for (uint32_t first = 1; first < count; first += kChunkEntries) {
    const uint32_t size = std::min(kChunkEntries, count - first);
    chunk.resize(size_t{size} * kEntrySize);
    Result<void> read = runtime::ReadFully(ctx, *file_, EntryAt(first), chunk);
    if (!read.has_value()) {
      return At(fmt::format("read entry {}", first), std::move(read).error());
    }
    for (uint32_t i = 0; i < size; ++i) {
      const std::byte* from = chunk.data() + size_t{i} * kEntrySize;
      const auto hash = LoadBigEndian<uint32_t>(from);
      const CommitLogOffset offset{LoadBigEndian<int64_t>(from + 4)};
      const auto seconds = LoadBigEndian<int32_t>(from + 12);
      const auto older = LoadBigEndian<uint32_t>(from + 16);
      const uint32_t slot = hash % options_.slot_count;
      SlotPage& page = *pages_[slot / kSlotsPerPage];
      uint32_t& newest = page.slots[slot % kSlotsPerPage];
      const bool good = offset >= last && offset < log_end && seconds >= 0 && older == newest;
      if (!good) return {};
      if (newest == 0) ++header_.used_slots;
      newest = first + i;
      last = offset;
      header_.end_offset = offset;
      header_.end_time = WallTime{header_.begin_time.ms + int64_t{seconds} * 1000};
      header_.next_entry = first + i + 1;
      tail_begin_ = header_.next_entry;
    }
  }
  return {};
}

Result<void> IndexFile::DropLastMessage(Context& ctx) {
  const CommitLogOffset last = header_.end_offset;
  while (header_.next_entry > 1) {
    const uint32_t number = header_.next_entry - 1;
    tail_begin_ = header_.next_entry;  // All of them are in the file.
    RMQ_TRY(const Entry entry, ReadEntry(ctx, number));
    header_.end_offset = entry.offset;
    header_.end_time = WallTime{header_.begin_time.ms + int64_t{entry.seconds} * 1000};
    if (entry.offset != last) break;
    const uint32_t slot = entry.hash % options_.slot_count;
    pages_[slot / kSlotsPerPage]->slots[slot % kSlotsPerPage] = entry.older;
    if (entry.older == 0) --header_.used_slots;
    header_.next_entry = number;
  }
  tail_begin_ = header_.next_entry;
  return {};
}

}  // namespace rmq::store
