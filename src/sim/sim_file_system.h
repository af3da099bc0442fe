// SimFileSystem is runtime::FileSystem for one process of a simulated machine: it gives the
// operations of the machine's Disk their time, and lets them fail.
//
// An operation is applied to the Disk at one instant: when it is submitted or when it ends, drawn.
// So it can end after a later one that overtook it, and if the process dies in between, it is
// drawn whether it was carried out, in part for a write (SIM-DISK-3, SIM-DISK-4).
//
// Owned by the process; outlives its fibers. Whoever kills the process calls Die() before it
// disposes of the fibers: from then on files and locks held by them are inert.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "runtime/file_system.h"
#include "sim/disk.h"
#include "sim/disk_host.h"

namespace rmq::sim {

class SimFileSystem final : public runtime::FileSystem {
 public:
  struct Options {
    // Files, directories and locks open at once; then kResourceExhausted.
    uint64_t max_open = 65'536;
  };

  // `name` is the process's: decisions are drawn under it.
  SimFileSystem(std::string_view name, Disk& disk, FileSystemHost& host, Draws& draws)
      : SimFileSystem(name, disk, host, draws, Options{}) {}
  SimFileSystem(std::string_view name, Disk& disk, FileSystemHost& host, Draws& draws,
                Options options);
  ~SimFileSystem() override;

  Result<std::unique_ptr<runtime::Directory>> OpenDirectory(Context& ctx, std::string_view path,
                                                            bool create) override;
  Result<runtime::DiskSpace> Space(Context& ctx, std::string_view path) override;

  // The process is dead: operations under way are carried out or not, locks are released. Before
  // Disk::CutPower, if that is the cause.
  void Die();

  uint64_t open_count() const { return open_count_; }

  // --- for its files and directories ---
  class Handle;
  // What an operation moves; decides its time.
  struct Load {
    bool on_device = false;
    uint64_t bytes = 0;
  };
  // Suspends until the operation has ended. `call(partly)` carries it out and returns a Result<T>;
  // the text `what()` is put in front of its error.
  template <typename What, typename Call>
  auto Run(Context& ctx, Load load, const What& what, Call&& call) -> decltype(call(false));
  Disk& disk() { return disk_; }
  Result<void> CheckOpenCount() const;
  // How much of a write of `count` bytes a dying process gets done.
  uint64_t DrawPart(uint64_t count);
  Result<DiskHandle> Lock(const DiskHandle& directory, std::string_view name);
  void Unlock(const DiskHandle& lock);

 private:
  class Operation;
  template <typename Call>
  class CallOperation;

  const uint64_t id_;
  Disk& disk_;
  FileSystemHost& host_;
  Draws& draws_;
  const Options options_;
  uint64_t open_count_ = 0;
  IntrusiveList<Operation> under_way_;  // not applied yet, in order of submission
  std::vector<DiskHandle> locks_;
};

}  // namespace rmq::sim
