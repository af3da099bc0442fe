// IndexFile finds the CommitLog offsets of the messages that carry a given key.
//
//   [ header 40 ][ slot × slot_count, 4 each ][ entry × entry_count, 20 each ]
//
// A slot names the newest entry of its chain and an entry the next older one; entry 0 stays unused,
// so 0 ends a chain. Only the key's hash is kept: Find may answer with other keys' messages, and
// its caller compares.
//
// Puts change memory: pages of slots, loaded as needed, and the newest entries. Flush writes them
// in an order that makes the entries below the header's count durable before that count, so that
// Repair can rebuild everything else from them after a crash (STORE-45).
//
// The index is derived state. After any error of Open or Repair, discard the file and rebuild it
// from the CommitLog. IndexService's fiber puts, flushes and repairs; any fiber of the executor may
// find. Byte layout and recovery: spec/store/index-file.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/file_system.h"

namespace rmq::store {

class IndexFile {
 public:
  struct Options {
    uint32_t slot_count = 5'000'000;
    uint32_t entry_count = 20'000'000;
  };
  struct Header {
    WallTime begin_time;  // of the first entry's message
    WallTime end_time;    // of the last one's
    CommitLogOffset begin_offset;
    CommitLogOffset end_offset;
    uint32_t used_slots = 0;
    uint32_t next_entry = 1;
    bool operator==(const Header&) const = default;
  };

  // Makes `file`, which is empty, an index without entries. Java presets begin and end from the
  // file before; `previous` is null for the first one.
  static Result<std::unique_ptr<IndexFile>> Create(Context& ctx, std::string name,
                                                   std::unique_ptr<runtime::File> file,
                                                   Options options, const Header* previous);
  // Reads the header. kCorruption: it is none, or the file has the wrong size.
  static Result<std::unique_ptr<IndexFile>> Open(Context& ctx, std::string name,
                                                 std::unique_ptr<runtime::File> file,
                                                 Options options);

  // Links the key whose hash is `hash` to the message at `offset`. REQUIRES: !full().
  Result<void> Put(Context& ctx, uint32_t hash, CommitLogOffset offset, WallTime stored_at);

  // Tells the processor that a Put of this hash comes soon.
  void Prefetch(uint32_t hash) const {
    const uint32_t slot = hash % options_.slot_count;
    const SlotPage* page = pages_[slot / kSlotsPerPage].get();
    if (page != nullptr) __builtin_prefetch(&page->slots[slot % kSlotsPerPage], /*write=*/1);
  }

  // Appends to `found` the offsets under `hash` stored in [begin, end], to the second, newest
  // first, until it holds `limit`.
  Result<void> Find(Context& ctx, uint32_t hash, WallTime begin, WallTime end, size_t limit,
                    std::vector<CommitLogOffset>& found);
  // Whether Find can have an answer.
  bool Overlaps(WallTime begin, WallTime end) const;

  // Brings the entries to the file; they hold little memory then. Find reads them there.
  Result<void> WriteEntries(Context& ctx) { return WriteTail(ctx); }
  // Writes everything. Durable after the next Sync.
  Result<void> Flush(Context& ctx);
  Result<void> Sync(Context& ctx);
  bool sync_failed() const { return sync_failed_; }
  // Gives the memory of pages back that Flush has written.
  void DropPages();

  // After a crash: takes the entries, which are in the order of the log, up to the first that is
  // wrong, that lies at or behind `log_end`, or that belongs to the same message as the last one
  // (not all of its keys may be there); and rebuilds slots and header from them. Answers with the
  // offset from which on messages must be put again.
  Result<CommitLogOffset> Repair(Context& ctx, CommitLogOffset log_end);

  const std::string& name() const { return name_; }
  const Header& header() const { return header_; }
  bool empty() const { return header_.next_entry == 1; }
  bool full() const { return header_.next_entry >= options_.entry_count; }
  // Entries in memory that no file has.
  size_t unwritten_bytes() const { return tail_.size(); }

 private:
  struct Entry {
    uint32_t hash = 0;
    CommitLogOffset offset;
    int32_t seconds = 0;  // since the header's begin_time
    uint32_t older = 0;
  };
  static constexpr size_t kSlotsPerPage = 1024;
  struct SlotPage {
    std::array<uint32_t, kSlotsPerPage> slots{};
    bool dirty = false;
  };

  IndexFile(std::string name, std::unique_ptr<runtime::File> file, Options options);
  uint64_t EntryAt(uint32_t number) const;
  uint64_t file_size() const { return EntryAt(options_.entry_count); }
  Result<SlotPage*> PageOf(Context& ctx, uint32_t slot);
  // A number the header does not know is read as "empty chain".
  uint32_t Known(uint32_t number) const { return number < header_.next_entry ? number : 0; }
  Result<Entry> ReadEntry(Context& ctx, uint32_t number);
  void AppendEntry(const Entry& entry);
  int32_t SecondsAfterBegin(WallTime stored_at) const;
  Result<void> WriteTail(Context& ctx);
  Result<void> WriteSlots(Context& ctx);
  Result<void> WriteHeader(Context& ctx);
  Result<void> KeepEntries(Context& ctx, CommitLogOffset log_end);
  Result<void> DropLastMessage(Context& ctx);
  void ResetSlots();
  std::unexpected<Error> At(std::string_view operation, Error error) const;

  const std::string name_;
  const std::unique_ptr<runtime::File> file_;
  const Options options_;
  Header header_;
  std::vector<std::unique_ptr<SlotPage>> pages_;
  bool slots_on_disk_ = true;    // else every slot that isn't in memory is empty
  std::vector<std::byte> tail_;  // entries [tail_begin_, header_.next_entry), encoded
  uint32_t tail_begin_ = 1;
  bool sync_failed_ = false;
};

}  // namespace rmq::store
