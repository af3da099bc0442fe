// PartRuntime is the world as one of several daemons in a process sees it: everything is shared,
// except that each has a stop() of its own, so that they can be stopped one after the other.
//
// Made by a program's main fiber; outlives the daemon. Belongs to the executor of `world`.
#pragma once

#include "runtime/runtime.h"

namespace rmq::apps {

class PartRuntime final : public runtime::Runtime {
 public:
  explicit PartRuntime(runtime::Runtime& world) : world_(world) {}

  runtime::Clock& clock() override { return world_.clock(); }
  runtime::Random& random() override { return world_.random(); }
  runtime::Network& network() override { return world_.network(); }
  runtime::FileSystem& files() override { return world_.files(); }
  runtime::Log& log() override { return world_.log(); }
  runtime::Executor& executor() override { return world_.executor(); }
  runtime::Executor& AddExecutor(std::string_view name) override {
    return world_.AddExecutor(name);
  }
  runtime::Cancellation& stop() override { return stop_; }
  int32_t process_id() const override { return world_.process_id(); }

 private:
  runtime::Runtime& world_;
  runtime::Cancellation stop_;
};

}  // namespace rmq::apps
