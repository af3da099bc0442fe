#include "sim/sim_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "runtime/context.h"

namespace rmq::sim {

using runtime::Directory;
using runtime::File;
using runtime::FileLock;
using runtime::OpenMode;

// One operation under way. On the stack of the fiber that waits for it.
class SimFileSystem::Operation : public ListNode {
 public:
  Operation(SimFileSystem& owner, Context& ctx) : owner_(owner), waiter_(ctx) {}
  virtual ~Operation() = default;

  void Await(Context& ctx, Load load) {
    const nanoseconds delay = owner_.disk_.DrawDelay(load.on_device, load.bytes);
    const bool early = owner_.draws_.Draw("files: carried out at once", owner_.id_, 2) == 1;
    if (!early || TryApply()) {
      if (!early) owner_.under_way_.PushBack(*this);
      owner_.host_.CompleteAfter(ctx.executor(), delay, [this] { End(); });
    }
    waiter_.WaitForWake();
  }

  // The process died: nobody will look at the result.
  void Orphan() {
    Unlink();
    if (owner_.disk_.frozen()) return;
    // 0: not carried out.
    const uint64_t fate = owner_.draws_.Draw("files: fate of an operation at death", owner_.id_, 3);
    if (fate > 0) Apply(/*partly=*/fate == 2);
  }

 private:
  // Carries it out on the disk, once. With `partly` a write may stop in the middle.
  virtual void Apply(bool partly) = 0;

  bool TryApply() {
    if (!owner_.disk_.BeginOperation()) return false;
    Apply(false);
    applied_ = true;
    return true;
  }

  // A frozen disk ends nothing.
  void End() {
    Unlink();
    if (!applied_ && !TryApply()) return;
    if (!owner_.disk_.frozen()) waiter_.Wake();
  }

  SimFileSystem& owner_;
  runtime::Waiter waiter_;
  bool applied_ = false;
};

// What a process holds open.
class SimFileSystem::Handle {
 public:
  Handle(SimFileSystem& owner, DiskHandle handle, std::string path)
      : owner_(owner), handle_(std::move(handle)), path_(std::move(path)) {
    ++owner_.open_count_;
  }
  ~Handle() { --owner_.open_count_; }

  SimFileSystem& owner() { return owner_; }
  DiskHandle& handle() { return handle_; }
  const std::string& path() const { return path_; }

 private:
  SimFileSystem& owner_;
  DiskHandle handle_;
  const std::string path_;
};

template <typename Call>
class SimFileSystem::CallOperation final : public Operation {
 public:
  using Outcome = std::invoke_result_t<Call&, bool>;

  CallOperation(SimFileSystem& owner, Context& ctx, Call& call)
      : Operation(owner, ctx), disk_(owner.disk_), call_(call) {}

  Outcome& outcome() { return *outcome_; }

 private:
  void Apply(bool partly) override {
    Result<void> planned = disk_.PlannedFailure();
    if (planned.has_value()) {
      outcome_.emplace(call_(partly));
    } else {
      outcome_.emplace(Fail(std::move(planned).error()));
    }
  }

  Disk& disk_;
  Call& call_;
  std::optional<Outcome> outcome_;
};

template <typename What, typename Call>
auto SimFileSystem::Run(Context& ctx, Load load, const What& what, Call&& call)
    -> decltype(call(false)) {
  RMQ_TRY(ctx.Check());
  CallOperation<std::remove_reference_t<Call>> operation(*this, ctx, call);
  operation.Await(ctx, load);
  auto& outcome = operation.outcome();
  if (!outcome.has_value()) return Fail(WithContext(std::move(outcome).error(), what()));
  return std::move(outcome);
}

namespace {

// "path: write at 4096", made only if the operation fails.
struct OperationName {
  const std::string& path;
  std::string_view operation;
  std::optional<uint64_t> at;

  std::string operator()() const {
    return at.has_value() ? fmt::format("{}: {} at {}", path, operation, *at)
                          : fmt::format("{}: {}", path, operation);
  }
};

class SimFile final : public File {
 public:
  SimFile(SimFileSystem& owner, DiskHandle handle, std::string path)
      : open_(owner, std::move(handle), std::move(path)) {}

  Result<size_t> ReadAt(Context& ctx, uint64_t at, std::span<std::byte> into) override {
    const uint64_t count = disk().DrawShortCount(into.size());
    const bool cached = disk().IsCached(handle(), at, count);
    return open_.owner().Run(ctx, {.on_device = !cached, .bytes = count}, Named("read", at),
                             [&](bool) { return disk().Read(handle(), at, into.first(count)); });
  }

  Result<size_t> WriteAt(Context& ctx, uint64_t at, std::span<const Slice> from) override {
    uint64_t length = 0;
    for (const Slice slice : from) length += slice.size();
    const uint64_t count = disk().DrawShortCount(length);
    return open_.owner().Run(ctx, {.bytes = count}, Named("write", at), [&](bool partly) {
      const uint64_t limit = partly ? open_.owner().DrawPart(count) : count;
      return disk().Write(handle(), at, from, limit);
    });
  }

  Result<void> Allocate(Context& ctx, uint64_t at, uint64_t length) override {
    return open_.owner().Run(ctx, {.on_device = true}, Named("allocate", at),
                             [&](bool) { return disk().Allocate(handle(), at, length); });
  }

  Result<void> Truncate(Context& ctx, uint64_t size) override {
    return open_.owner().Run(ctx, {.on_device = true}, Named("truncate", size),
                             [&](bool) { return disk().Truncate(handle(), size); });
  }

  Result<void> SyncData(Context& ctx) override { return Sync(ctx, false); }
  Result<void> SyncAll(Context& ctx) override { return Sync(ctx, true); }

  Result<uint64_t> Size(Context& ctx) override {
    return open_.owner().Run(ctx, {}, Named("size"), [&](bool) { return disk().Size(handle()); });
  }

 private:
  Disk& disk() { return open_.owner().disk(); }
  DiskHandle& handle() { return open_.handle(); }

  Result<void> Sync(Context& ctx, bool all_metadata) {
    const uint64_t bytes = disk().PendingBytes(handle());
    return open_.owner().Run(ctx, {.on_device = true, .bytes = bytes}, Named("sync"),
                             [&](bool) { return disk().SyncFile(handle(), all_metadata); });
  }

  OperationName Named(std::string_view operation, std::optional<uint64_t> at = {}) {
    return {.path = open_.path(), .operation = operation, .at = at};
  }

  SimFileSystem::Handle open_;
};

class SimFileLock final : public FileLock {
 public:
  SimFileLock(SimFileSystem& owner, DiskHandle handle, std::string path)
      : open_(owner, std::move(handle), std::move(path)) {}
  ~SimFileLock() override { open_.owner().Unlock(open_.handle()); }

 private:
  SimFileSystem::Handle open_;
};

class SimDirectory final : public Directory {
 public:
  SimDirectory(SimFileSystem& owner, DiskHandle handle, std::string path)
      : open_(owner, std::move(handle), std::move(path)) {}

  Result<std::unique_ptr<File>> Open(Context& ctx, std::string_view name, OpenMode mode) override {
    RMQ_TRY(open_.owner().CheckOpenCount());
    RMQ_TRY(DiskHandle file,
            Change(ctx, "open", name, [&] { return disk().OpenFile(handle(), name, mode); }));
    return std::make_unique<SimFile>(open_.owner(), std::move(file), PathOf(name));
  }

  Result<std::unique_ptr<Directory>> OpenDirectory(Context& ctx, std::string_view name,
                                                   bool create) override {
    RMQ_TRY(open_.owner().CheckOpenCount());
    RMQ_TRY(DiskHandle directory, Change(ctx, "open directory", name, [&] {
              return disk().OpenDirectory(handle(), name, create);
            }));
    return std::make_unique<SimDirectory>(open_.owner(), std::move(directory), PathOf(name));
  }

  Result<void> Rename(Context& ctx, std::string_view from, Directory& to,
                      std::string_view name) override {
    auto& target = static_cast<SimDirectory&>(to);
    RMQ_ASSERT(&target.open_.owner() == &open_.owner());
    return Change(ctx, "rename", from,
                  [&] { return disk().Rename(handle(), from, target.handle(), name); });
  }

  Result<void> Remove(Context& ctx, std::string_view name) override {
    return Change(ctx, "remove", name, [&] { return disk().Remove(handle(), name); });
  }

  Result<std::vector<runtime::DirectoryEntry>> List(Context& ctx) override {
    return open_.owner().Run(
        ctx, {}, [&] { return fmt::format("{}: list", path()); },
        [&](bool) { return disk().List(handle()); });
  }

  Result<void> Sync(Context& ctx) override {
    return open_.owner().Run(
        ctx, {.on_device = true, .bytes = kPageSize},
        [&] { return fmt::format("{}: sync directory", path()); },
        [&](bool) { return disk().SyncDirectory(handle()); });
  }

  Result<std::unique_ptr<FileLock>> Lock(Context& ctx, std::string_view name) override {
    RMQ_TRY(open_.owner().CheckOpenCount());
    RMQ_TRY(DiskHandle lock,
            Change(ctx, "lock", name, [&] { return open_.owner().Lock(handle(), name); }));
    return std::make_unique<SimFileLock>(open_.owner(), std::move(lock), PathOf(name));
  }

  const std::string& path() const override { return open_.path(); }

 private:
  Disk& disk() { return open_.owner().disk(); }
  DiskHandle& handle() { return open_.handle(); }
  std::string PathOf(std::string_view name) const { return fmt::format("{}/{}", path(), name); }

  template <typename Call>
  auto Change(Context& ctx, std::string_view operation, std::string_view name, const Call& call)
      -> decltype(call()) {
    return open_.owner().Run(
        ctx, {}, [&] { return fmt::format("{}: {}", PathOf(name), operation); },
        [&](bool) { return call(); });
  }

  SimFileSystem::Handle open_;
};

}  // namespace

SimFileSystem::SimFileSystem(std::string_view name, Disk& disk, FileSystemHost& host, Draws& draws,
                             Options options)
    : id_(StableHash(name)), disk_(disk), host_(host), draws_(draws), options_(options) {}

SimFileSystem::~SimFileSystem() = default;

Result<void> SimFileSystem::CheckOpenCount() const {
  if (open_count_ < options_.max_open) return {};
  return Fail(ErrorCode::kResourceExhausted, fmt::format("{} files are open", open_count_));
}

Result<std::unique_ptr<Directory>> SimFileSystem::OpenDirectory(Context& ctx, std::string_view path,
                                                                bool create) {
  RMQ_TRY(CheckOpenCount());
  RMQ_TRY(DiskHandle directory, Run(
                                    ctx, {.on_device = create, .bytes = kPageSize},
                                    [&] { return fmt::format("{}: open directory", path); },
                                    [&](bool) { return disk_.OpenPath(path, create); }));
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::make_unique<SimDirectory>(*this, std::move(directory), std::string(path));
}

Result<runtime::DiskSpace> SimFileSystem::Space(Context& ctx, std::string_view path) {
  return Run(
      ctx, {}, [&] { return fmt::format("{}: free space", path); },
      [&](bool) { return disk_.Space(path); });
}

// The process may die before the fiber sees that it has the lock.
Result<DiskHandle> SimFileSystem::Lock(const DiskHandle& directory, std::string_view name) {
  RMQ_TRY(DiskHandle lock, disk_.Lock(directory, name));
  locks_.push_back(lock);
  return lock;
}

void SimFileSystem::Unlock(const DiskHandle& lock) {
  const auto held = std::ranges::find_if(locks_, [&](const DiskHandle& h) {
    return h.inode == lock.inode && h.power_cycle == lock.power_cycle;
  });
  if (held == locks_.end()) return;  // Released by the death of the process.
  disk_.Unlock(lock);
  locks_.erase(held);
}

uint64_t SimFileSystem::DrawPart(uint64_t count) {
  return count == 0 ? 0 : draws_.Draw("files: part of a write at death", id_, count);
}

// SIM-DISK-2, SIM-DISK-4.
void SimFileSystem::Die() {
  while (!under_way_.empty()) under_way_.front().Orphan();
  for (const DiskHandle& lock : locks_) disk_.Unlock(lock);
  locks_.clear();
}

}  // namespace rmq::sim
