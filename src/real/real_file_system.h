// Files and directories of the operating system. Any executor's fibers may use them.
#pragma once

#include "real/real_file.h"
#include "runtime/file_system.h"

namespace rmq::real {

class RealFileSystem final : public runtime::FileSystem {
 public:
  // `always_away`: no write runs on a loop's thread. `pool` outlives it.
  RealFileSystem(WorkerPool& pool, bool always_away)
      : disk_{.pool = pool, .gauge = WriteGauge(always_away)} {}

  Result<std::unique_ptr<runtime::Directory>> OpenDirectory(Context& ctx, std::string_view path,
                                                            bool create) override;
  Result<runtime::DiskSpace> Space(Context& ctx, std::string_view path) override;

 private:
  DiskAccess disk_;
};

}  // namespace rmq::real
