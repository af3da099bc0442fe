// Standalone is a whole cluster in one process: a NameServer and a broker that registers with it,
// on one executor, their files in one directory.
//
// A program's main fiber starts it, uses it and stops it. Belongs to the executor of its runtime.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/part_runtime.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "runtime/channel.h"
#include "runtime/gate.h"

namespace rmq::apps {

struct StandaloneOptions {
  std::string data;  // an absolute path; holds store/ and namesrv/
  uint16_t name_server_port = 9876;
  uint16_t broker_port = 10911;  // the broker also takes the one two below
  std::string broker_ip = "127.0.0.1";
  // Keys of broker.conf and their values.
  std::vector<std::pair<std::string, std::string>> broker_keys;
};

class Standalone {
 public:
  Standalone(runtime::Runtime& world, StandaloneOptions options);
  ~Standalone();  // REQUIRES: stopped
  Standalone(const Standalone&) = delete;
  Standalone& operator=(const Standalone&) = delete;

  // Returns when both serve and a client that asks the NameServer is sent to the broker. Fails with
  // what RunNameServer or RunBroker failed with; kAlreadyExists names the port or the store that is
  // taken. Stop it in any case.
  Result<void> Start(Context& ctx);
  // Waits until `ctx` ends (success) or one of the two ended by itself (its error).
  Result<void> Wait(Context& ctx);
  // The broker first, which takes leave of the NameServer, then the NameServer. What either failed
  // with. REQUIRES: `ctx` does not end.
  Result<void> Stop(Context& ctx);

  std::string name_server() const;
  std::string broker() const;

 private:
  struct Part {
    explicit Part(runtime::Runtime& world) : runtime(world) {}
    PartRuntime runtime;
    bool started = false;
    bool serves = false;
    std::optional<Result<void>> ended;
  };

  void StartNameServer();
  void StartBroker();
  // Until it serves, or the error it ended with.
  Result<void> Await(Context& ctx, Part& part);
  Result<void> AwaitRegistration(Context& ctx);

  runtime::Runtime& world_;
  const StandaloneOptions options_;
  Part name_server_;
  Part broker_;
  runtime::Condition changed_;
  runtime::Gate gate_;
};

}  // namespace rmq::apps
