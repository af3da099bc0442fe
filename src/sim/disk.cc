#include "sim/disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace rmq::sim {

using runtime::OpenMode;

// Part of the trace hash: never renumbered.
enum class Disk::Operation : uint8_t {
  kOpen = 1,
  kMake = 2,
  kRename = 3,
  kRemove = 4,
  kSyncDirectory = 5,
  kRead = 6,
  kWrite = 7,
  kAllocate = 8,
  kTruncate = 9,
  kSyncFile = 10,
  kCutPower = 11,
  kLock = 12,
};

namespace {

constexpr uint64_t kMaxFileSize = uint64_t{1} << 40;

bool IsValidName(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         !name.contains('/') && !name.contains('\0');
}

// The components of a path; empty ones and "." don't count.
std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.push_back(part);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

}  // namespace

Disk::Disk(std::string_view name, DiskOptions options, DiskHost& host)
    : id_(StableHash(name)),
      options_(options),
      host_(host),
      account_(std::make_shared<DiskAccount>()),
      root_(std::make_shared<DiskInode>(account_, id_, true)) {}

Disk::~Disk() = default;

bool Disk::journaled() const {
  return options_.personality == DiskPersonality::kExt4 ||
         options_.personality == DiskPersonality::kXfs;
}

uint64_t Disk::limit_bytes() const {
  return std::min(options_.capacity_bytes, quota_bytes_);
}

bool Disk::OneIn(runtime::Site site, uint32_t n) {
  return n > 0 && draws().Chance(site, id_, 1, n);
}

void Disk::Record(Operation what, const DiskInode& inode, uint64_t at, uint64_t value) {
  host_.hash().Add(TraceKind::kDisk, inode.id + static_cast<uint64_t>(what), at, value);
}

// --- handles ---

DiskHandle Disk::MakeHandle(InodeRef inode, bool writable) const {
  const uint64_t seen = inode->sync_errors;
  return {.inode = std::move(inode),
          .power_cycle = power_cycle_,
          .errors_seen = seen,
          .writable = writable};
}

// SIM-DISK-19.
Result<void> Disk::CheckHandle(const DiskHandle& handle) const {
  if (handle.power_cycle != power_cycle_) {
    return Fail(ErrorCode::kIoError, "opened before the power was cut");
  }
  return {};
}

Result<void> Disk::CheckWritable(const DiskHandle& handle) const {
  RMQ_TRY(CheckHandle(handle));
  if (!handle.writable) return Fail(ErrorCode::kInvalidArgument, "opened for reading only");
  if (read_only_) return Fail(ErrorCode::kIoError, "read-only file system");
  return {};
}

Result<void> Disk::CheckNameChange(const DiskHandle& directory, std::string_view name) {
  RMQ_TRY(CheckHandle(directory));
  if (!IsValidName(name)) {
    return Fail(ErrorCode::kInvalidArgument, "not the name of a file");
  }
  if (directory.inode->removed) return Fail(ErrorCode::kNotFound, "the directory was removed");
  return {};
}

// --- names ---

// SIM-DISK-6: the names of a directory are pending until it is synced.
void Disk::ChangeNames(std::vector<NameChange> changes) {
  NameOperation operation{.sequence = ++sequence_, .changes = std::move(changes)};
  for (const NameChange& change : operation.changes) {
    if (change.target == nullptr) {
      change.directory->entries.erase(change.name);
    } else {
      change.directory->entries.insert_or_assign(change.name, change.target);
      change.target->metadata_sequence = sequence_;
    }
    change.directory->metadata_sequence = sequence_;
  }
  names_.push_back(std::move(operation));
  if (journaled()) journal_.push_back(sequence_);

  constexpr size_t kMaxPending = 4096;
  if (names_.size() <= kMaxPending) return;
  if (journaled()) {
    Commit(names_.front().sequence);
  } else {
    ApplyDurably(names_.front());
    names_.pop_front();
  }
}

void Disk::ApplyDurably(const NameOperation& operation) {
  for (const NameChange& change : operation.changes) {
    if (change.target == nullptr) {
      change.directory->durable_entries.erase(change.name);
    } else {
      change.directory->durable_entries.insert_or_assign(change.name, change.target);
    }
  }
}

void Disk::NoteMetadata(DiskInode& inode) {
  inode.metadata_sequence = sequence_;
  if (journaled()) journal_.push_back(sequence_);
}

Disk::InodeRef Disk::Create(const InodeRef& directory, std::string_view name, bool is_directory) {
  auto inode = std::make_shared<DiskInode>(account_, MixBits(directory->id ^ StableHash(name)),
                                           is_directory);
  ChangeNames({{.directory = directory, .name = std::string(name), .target = inode}});
  Record(Operation::kMake, *inode, is_directory, 0);
  return inode;
}

Result<DiskHandle> Disk::OpenPath(std::string_view path, bool create) {
  DiskHandle at = MakeHandle(root_, true);
  for (const std::string_view part : Split(path)) {
    const bool exists = at.inode->entries.contains(part);
    RMQ_TRY(DiskHandle next, OpenDirectory(at, part, create));
    if (!exists) RMQ_TRY(SyncDirectory(at));
    at = std::move(next);
  }
  return at;
}

Result<DiskHandle> Disk::OpenDirectory(const DiskHandle& directory, std::string_view name,
                                       bool create) {
  RMQ_TRY(CheckNameChange(directory, name));
  const auto found = directory.inode->entries.find(name);
  if (found != directory.inode->entries.end()) {
    if (!found->second->directory) return Fail(ErrorCode::kInvalidArgument, "not a directory");
    return MakeHandle(found->second, true);
  }
  if (!create) return Fail(ErrorCode::kNotFound, "no such directory");
  if (read_only_) return Fail(ErrorCode::kIoError, "read-only file system");
  return MakeHandle(Create(directory.inode, name, true), true);
}

Result<DiskHandle> Disk::OpenFile(const DiskHandle& directory, std::string_view name,
                                  OpenMode mode) {
  RMQ_TRY(CheckNameChange(directory, name));
  const bool writable = mode != OpenMode::kRead;
  if (writable && read_only_) return Fail(ErrorCode::kIoError, "read-only file system");
  const auto found = directory.inode->entries.find(name);
  if (found == directory.inode->entries.end()) {
    if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite) {
      return Fail(ErrorCode::kNotFound, "no such file");
    }
    if (OneIn("disk: create fails", options_.faults.write_error_one_in)) {
      return Fail(ErrorCode::kIoError, "EIO");
    }
    return MakeHandle(Create(directory.inode, name, false), true);
  }
  if (mode == OpenMode::kCreateNew) return Fail(ErrorCode::kAlreadyExists, "it exists");
  if (found->second->directory) return Fail(ErrorCode::kInvalidArgument, "a directory");
  Record(Operation::kOpen, *found->second, static_cast<uint64_t>(mode), 0);
  return MakeHandle(found->second, writable);
}

Result<void> Disk::Rename(const DiskHandle& from_directory, std::string_view from,
                          const DiskHandle& to_directory, std::string_view to) {
  RMQ_TRY(CheckNameChange(from_directory, from));
  RMQ_TRY(CheckNameChange(to_directory, to));
  if (read_only_) return Fail(ErrorCode::kIoError, "read-only file system");
  const InodeRef& source = from_directory.inode;
  const InodeRef& target = to_directory.inode;
  const auto moved = source->entries.find(from);
  if (moved == source->entries.end()) return Fail(ErrorCode::kNotFound, "no such file");
  const InodeRef inode = moved->second;
  if (inode->directory && source != target) {
    return Fail(ErrorCode::kInvalidArgument, "the simulated disk moves no directory to another");
  }
  if (const auto old = target->entries.find(to); old != target->entries.end()) {
    const DiskInode& replaced = *old->second;
    if (&replaced == inode.get()) return {};
    if (replaced.directory != inode->directory) {
      return Fail(ErrorCode::kInvalidArgument, "a directory and a file");
    }
    if (!replaced.entries.empty()) {
      return Fail(ErrorCode::kInvalidArgument, "the directory is not empty");
    }
    old->second->removed = true;
  }
  if (OneIn("disk: rename fails", options_.faults.write_error_one_in)) {
    return Fail(ErrorCode::kIoError, "EIO");
  }
  const NameChange added{.directory = target, .name = std::string(to), .target = inode};
  const NameChange gone{.directory = source, .name = std::string(from), .target = nullptr};
  if (source == target || journaled()) {
    ChangeNames({gone, added});
  } else {  // SIM-DISK-7: each directory keeps its half until it is synced.
    ChangeNames({added});
    ChangeNames({gone});
  }
  Record(Operation::kRename, *inode, StableHash(to), target->id);
  return {};
}

Result<void> Disk::Remove(const DiskHandle& directory, std::string_view name) {
  RMQ_TRY(CheckNameChange(directory, name));
  if (read_only_) return Fail(ErrorCode::kIoError, "read-only file system");
  const auto found = directory.inode->entries.find(name);
  if (found == directory.inode->entries.end()) return Fail(ErrorCode::kNotFound, "no such file");
  const InodeRef inode = found->second;
  if (!inode->entries.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "the directory is not empty");
  }
  if (OneIn("disk: remove fails", options_.faults.write_error_one_in)) {
    return Fail(ErrorCode::kIoError, "EIO");
  }
  inode->removed = true;
  ChangeNames({{.directory = directory.inode, .name = std::string(name), .target = nullptr}});
  Record(Operation::kRemove, *inode, 0, 0);
  return {};
}

Result<std::vector<runtime::DirectoryEntry>> Disk::List(const DiskHandle& directory) {
  RMQ_TRY(CheckHandle(directory));
  std::vector<runtime::DirectoryEntry> entries;
  entries.reserve(directory.inode->entries.size());
  for (const auto& [name, inode] : directory.inode->entries) {
    entries.push_back({.name = name, .is_directory = inode->directory});
  }
  return entries;
}

Result<void> Disk::SyncDirectory(const DiskHandle& directory) {
  RMQ_TRY(CheckHandle(directory));
  if (OneIn("disk: directory sync fails", options_.faults.sync_failure_one_in)) {
    return Fail(ErrorCode::kIoError, "EIO");
  }
  MakeDurable(directory.inode, true);
  Record(Operation::kSyncDirectory, *directory.inode, 0, 0);
  return {};
}

Result<DiskHandle> Disk::Lock(const DiskHandle& directory, std::string_view name) {
  RMQ_TRY(DiskHandle file, OpenFile(directory, name, OpenMode::kCreate));
  if (file.inode->locked) return Fail(ErrorCode::kAlreadyExists, "locked");
  file.inode->locked = true;
  Record(Operation::kLock, *file.inode, 0, 0);
  return file;
}

void Disk::Unlock(const DiskHandle& lock) {
  if (lock.power_cycle == power_cycle_) lock.inode->locked = false;
}

// --- files ---

// Reserves pages for [at, at + length). Returns for how many bytes of it there was space.
uint64_t Disk::ReserveSpace(DiskInode& inode, uint64_t at, uint64_t length) {
  const uint64_t first = at / kPageSize;
  const uint64_t last = (at + length + kPageSize - 1) / kPageSize;
  const uint64_t limit = limit_bytes() / kPageSize;
  const uint64_t missing = inode.extents.CountMissing(first, last);
  if (account_->used_pages + missing <= limit || missing == 0) {
    inode.extents.Add(first, last);
    account_->used_pages += missing;
    return length;
  }
  uint64_t page = first;
  for (; page < last; ++page) {
    const uint64_t needed = inode.extents.CountMissing(page, page + 1);
    if (account_->used_pages + needed > limit && needed > 0) break;
    inode.extents.Add(page, page + 1);
    account_->used_pages += needed;
  }
  return page == first ? 0 : std::min(page * kPageSize - at, length);
}

Result<size_t> Disk::Write(const DiskHandle& file, uint64_t at, std::span<const Slice> from,
                           uint64_t limit) {
  RMQ_TRY(CheckWritable(file));
  uint64_t length = 0;
  for (const Slice slice : from) length += slice.size();
  length = std::min(length, limit);
  if (length == 0) return 0;
  if (at > kMaxFileSize || length > kMaxFileSize - at) {
    return Fail(ErrorCode::kInvalidArgument, "file too large");
  }
  if (OneIn("disk: write fails", options_.faults.write_error_one_in)) {
    return Fail(ErrorCode::kIoError, "EIO");
  }
  DiskInode& inode = *file.inode;
  const bool refused = OneIn("disk: no space", options_.faults.no_space_one_in);
  length = refused ? 0 : ReserveSpace(inode, at, length);
  if (length == 0) return Fail(ErrorCode::kNoSpace, "ENOSPC");

  const DiskSequence sequence = ++sequence_;
  uint64_t hash = 0;
  uint64_t done = 0;
  for (const Slice slice : from) {
    const Slice part = slice.first(std::min<uint64_t>(slice.size(), length - done));
    inode.content->Write(at + done, part, sequence);
    hash = HashBytes(part, hash);
    done += part.size();
  }
  if (!inode.bad_sectors.empty()) {  // A write moves the sector to a good place.
    inode.bad_sectors.erase(inode.bad_sectors.lower_bound(at / kSectorSize),
                            inode.bad_sectors.upper_bound((at + length - 1) / kSectorSize));
  }
  Record(Operation::kWrite, inode, at, hash);
  LimitMemory(file.inode);
  return length;
}

Result<size_t> Disk::Read(const DiskHandle& file, uint64_t at, std::span<std::byte> into) {
  RMQ_TRY(CheckHandle(file));
  DiskInode& inode = *file.inode;
  RMQ_TRY(LoadPages(inode, at, into.size()));
  const size_t read = inode.content->Read(at, into);
  Record(Operation::kRead, inode, at, HashBytes(into.first(read)));
  return read;
}

Result<void> Disk::Allocate(const DiskHandle& file, uint64_t at, uint64_t length) {
  RMQ_TRY(CheckWritable(file));
  if (at > kMaxFileSize || length > kMaxFileSize - at) {
    return Fail(ErrorCode::kInvalidArgument, "file too large");
  }
  if (length == 0) return Fail(ErrorCode::kInvalidArgument, "nothing to allocate");
  if (OneIn("disk: allocate fails", options_.faults.write_error_one_in)) {
    return Fail(ErrorCode::kIoError, "EIO");
  }
  DiskInode& inode = *file.inode;
  const bool refused = OneIn("disk: no space", options_.faults.no_space_one_in);
  if (refused || ReserveSpace(inode, at, length) < length) {
    return Fail(ErrorCode::kNoSpace, "ENOSPC");
  }
  if (at + length > inode.content->size()) {
    inode.content->Grow(at + length, ++sequence_);
    NoteMetadata(inode);
  }
  Record(Operation::kAllocate, inode, at, length);
  return {};
}

Result<void> Disk::Truncate(const DiskHandle& file, uint64_t size) {
  RMQ_TRY(CheckWritable(file));
  if (size > kMaxFileSize) return Fail(ErrorCode::kInvalidArgument, "file too large");
  if (OneIn("disk: truncate fails", options_.faults.write_error_one_in)) {
    return Fail(ErrorCode::kIoError, "EIO");
  }
  DiskInode& inode = *file.inode;
  Record(Operation::kTruncate, inode, size, 0);
  const uint64_t old_pages = inode.extents.page_count();
  inode.extents.CutAt((size + kPageSize - 1) / kPageSize);
  account_->used_pages -= old_pages - inode.extents.page_count();
  if (size == inode.content->size()) return {};
  ++sequence_;
  if (size < inode.content->size()) {
    inode.content->Shrink(size, sequence_, account_->recycled);
  } else {
    inode.content->Grow(size, sequence_);
  }
  NoteMetadata(inode);
  LimitMemory(file.inode);
  return {};
}

Result<uint64_t> Disk::Size(const DiskHandle& file) {
  RMQ_TRY(CheckHandle(file));
  return file.inode->content->size();
}

Result<runtime::DiskSpace> Disk::Space(std::string_view path) const {
  if (Walk(path, false) == nullptr) return Fail(ErrorCode::kNotFound, "no such file or directory");
  const uint64_t used = used_bytes();
  const uint64_t limit = limit_bytes();
  return runtime::DiskSpace{.total_bytes = options_.capacity_bytes,
                            .available_bytes = limit > used ? limit - used : 0};
}

bool Disk::IsCached(const DiskHandle& file, uint64_t at, uint64_t length) const {
  const FileContent& content = *file.inode->content;
  if (at >= content.size()) return true;
  length = std::min(length, content.size() - at);
  for (uint64_t page = at / kPageSize; page * kPageSize < at + length; ++page) {
    if (!content.IsCached(page)) return false;
  }
  return true;
}

uint64_t Disk::PendingBytes(const DiskHandle& file) const {
  return file.inode->content->pending_page_count() * kPageSize;
}

// --- durability ---

Result<void> Disk::SyncFile(DiskHandle& file, bool all_metadata) {
  RMQ_TRY(CheckHandle(file));
  DiskInode& inode = *file.inode;
  Record(Operation::kSyncFile, inode, all_metadata, inode.content->pending_page_count());
  if (!sync_failures_.empty()) {
    const SyncFailure how = sync_failures_.front();
    sync_failures_.pop_front();
    return FailSync(file, how);
  }
  if (OneIn("disk: sync fails", options_.faults.sync_failure_one_in)) {
    return FailSync(file, static_cast<SyncFailure>(draws().Draw("disk: how it fails", id_, 4)));
  }
  MisdirectWrite(inode);
  MakeDurable(file.inode, all_metadata);
  const bool late = std::exchange(inode.late_sync_error, false);
  const bool unseen = std::exchange(file.errors_seen, inode.sync_errors) != inode.sync_errors;
  if (late || unseen) return Fail(ErrorCode::kIoError, "EIO of an earlier sync");
  return {};
}

// SIM-DISK-13: the four behaviours.
Result<void> Disk::FailSync(DiskHandle& file, SyncFailure how) {
  DiskInode& inode = *file.inode;
  inode.content->LosePendingPages(how == SyncFailure::kRevertCache, inode.id, draws());
  if (how == SyncFailure::kReportLate) {
    inode.late_sync_error = true;
    return {};
  }
  if (how != SyncFailure::kOneHandleOnly) file.errors_seen = ++inode.sync_errors;
  return Fail(ErrorCode::kIoError, "EIO");
}

void Disk::MakeDurable(const InodeRef& inode, bool all_metadata) {
  if (options_.personality == DiskPersonality::kLying) {
    lies_.push_back({.at = host_.Now(), .inode = inode, .upto = sequence_});
    SettleLies();
    return;
  }
  if (inode->directory) {
    if (journaled()) {
      Commit(options_.personality == DiskPersonality::kXfs ? inode->metadata_sequence : sequence_);
    } else {
      SyncNames(*inode, sequence_);
    }
    return;
  }
  const bool resized = inode->content->has_pending_size();
  inode->content->MakeDurable(kEverything);
  if (!journaled()) return;
  if (options_.personality == DiskPersonality::kXfs) {
    Commit(inode->metadata_sequence);
  } else if (all_metadata || resized ||
             (!journal_.empty() && inode->metadata_sequence >= journal_.front())) {
    Commit(sequence_);
  }
}

// SIM-DISK-9: the journal commits from its front.
void Disk::Commit(DiskSequence upto) {
  while (!names_.empty() && names_.front().sequence <= upto) {
    ApplyDurably(names_.front());
    names_.pop_front();
  }
  while (!journal_.empty() && journal_.front() <= upto) journal_.pop_front();
}

void Disk::SyncNames(const DiskInode& directory, DiskSequence upto) {
  std::erase_if(names_, [&](const NameOperation& operation) {
    const bool here = operation.changes.front().directory.get() == &directory;
    if (!here || operation.sequence > upto) return false;
    ApplyDurably(operation);
    return true;
  });
}

// SIM-DISK-10: what a lying disk has confirmed becomes true later.
void Disk::SettleLies() {
  while (!lies_.empty() && lies_.front().at + options_.lie <= host_.Now()) {
    const Lie& lie = lies_.front();
    if (lie.inode->directory) {
      SyncNames(*lie.inode, lie.upto);
    } else {
      lie.inode->content->MakeDurable(lie.upto);
    }
    lies_.pop_front();
  }
}

// SIM-DISK-11: the kernel writes back by itself what has been pending in great amounts.
void Disk::LimitMemory(const InodeRef& inode) {
  constexpr uint64_t kMaxSavedBytes = uint64_t{4} << 20;
  if (inode->content->saved_bytes() <= kMaxSavedBytes) return;
  inode->content->MakeDurable(kEverything);
  if (journaled()) Commit(sequence_);
}

// --- power ---

void Disk::CutPower() {
  host_.hash().Add(TraceKind::kDisk, id_ + static_cast<uint64_t>(Operation::kCutPower));
  SettleLies();
  PowerCutRules rules;
  rules.tear = options_.faults.torn_sectors;
  if (journaled()) {
    rules.journaled = true;
    rules.journal = CutJournal();
  } else {
    CutNames();
    rules.stale = &account_->recycled;
  }
  CutTree(*root_, [&](DiskInode& file) { file.content->CutPower(rules, file.id, draws()); });
  AfterPowerCut();
}

void Disk::CutPowerLosingEverythingPending() {
  host_.hash().Add(TraceKind::kDisk, id_ + static_cast<uint64_t>(Operation::kCutPower), 1);
  SettleLies();
  CutTree(*root_, [](DiskInode& file) { file.content->ForgetPending(); });
  AfterPowerCut();
}

void Disk::SyncEverything() {
  Commit(kEverything);
  lies_.clear();
  const auto sync = [](DiskInode& file) { file.content->MakeDurable(kEverything); };
  CutTree(*root_, sync);
}

// Returns up to where the journal has survived.
DiskSequence Disk::CutJournal() {
  const uint64_t lost = draws().Draw("disk: journal entries lost", id_, journal_.size() + 1);
  const DiskSequence upto = lost == 0 ? kEverything : journal_[journal_.size() - lost] - 1;
  Commit(upto);
  return upto;
}

// SIM-DISK-7: any subset of the pending operations survives.
void Disk::CutNames() {
  enum Mode { kAll, kPrefix, kSubset, kNothing, kModeCount };
  const uint64_t mode = draws().Draw("disk: what of the names survives", id_, kModeCount);
  size_t upto = names_.size();
  if (mode == kNothing) upto = 0;
  if (mode == kPrefix) upto -= draws().Draw("disk: names lost", id_, names_.size() + 1);
  for (size_t i = 0; i < upto; ++i) {
    if (mode == kSubset && draws().Chance("disk: a name is lost", id_, 1, 2)) continue;
    ApplyDurably(names_[i]);
  }
  names_.clear();
}

template <typename CutFile>
void Disk::CutTree(DiskInode& directory, const CutFile& cut_file) {
  directory.entries = directory.durable_entries;
  directory.removed = false;
  for (const auto& [name, inode] : directory.entries) {
    if (inode->directory) {
      CutTree(*inode, cut_file);
      continue;
    }
    cut_file(*inode);
    const uint64_t pages = inode->extents.page_count();
    inode->extents.CutAt((inode->content->size() + kPageSize - 1) / kPageSize);
    account_->used_pages -= pages - inode->extents.page_count();
    inode->removed = false;
  }
}

void Disk::AfterPowerCut() {
  names_.clear();
  journal_.clear();
  lies_.clear();
  sync_failures_.clear();
  misdirections_.clear();
  ++power_cycle_;
  fail_at_ = 0;
  Thaw();
  busy_until_ = stalled_until_ = host_.Now();
  const auto forget = [](DiskInode& file) {
    file.locked = false;
    file.late_sync_error = false;
    file.content->DropCache();
  };
  CutTree(*root_, forget);
}

}  // namespace rmq::sim
