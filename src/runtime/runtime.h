// Everything a daemon gets from the world. A daemon is a function
// `Result<void> RunBroker(Context&, Runtime&, BrokerOptions)`; apps/ calls it with the real
// Runtime, the simulator with a simulated one, and the code in between can't tell which.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/context.h"
#include "runtime/executor.h"
#include "runtime/file_system.h"
#include "runtime/gate.h"
#include "runtime/log.h"
#include "runtime/network.h"
#include "runtime/random.h"

namespace rmq::runtime {

class Runtime {
 public:
  virtual ~Runtime() = default;

  virtual Clock& clock() = 0;
  virtual Random& random() = 0;
  virtual Network& network() = 0;
  virtual FileSystem& files() = 0;
  virtual Log& log() = 0;

  // The executor that the daemon's function runs on.
  virtual Executor& executor() = 0;
  // One more thread, named uniquely; it lives until the process ends. Reach it by Post.
  virtual Executor& AddExecutor(std::string_view name) = 0;

  // Cancelled by SIGTERM or SIGINT, or by the simulator's graceful stop. Belongs to executor().
  virtual Cancellation& stop() = 0;
  // The number of this process, for ids and for the abort file.
  virtual int32_t process_id() const = 0;
};

}  // namespace rmq::runtime
