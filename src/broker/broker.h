// The broker daemon: it stores messages and hands them out, keeps the offsets of consumer groups,
// knows its clients, and registers with every NameServer.
//
// apps/mqbroker.cc and mqstandalone run it on the real runtime, sim-tests/ on the simulated one.
// Rules: spec/wire/broker.md.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/runtime.h"

namespace rmq::broker {

struct BrokerOptions {
  // broker.conf: a .properties file with Apache's keys, read by the daemon. Empty: none.
  std::string config_file;
  // Keys and values that win over the file: what the command line says.
  std::vector<std::pair<std::string, std::string>> overrides;
  // NAMESRV_ADDR: counts where neither file nor command line names a NameServer.
  std::string environment_name_servers;
  // What "~" of the default paths stands for: ~/store. An absolute path.
  std::string home = "/";
  // Called once, when requests are served; must not suspend. `at` is the address clients use.
  UniqueFunction<void(const std::string& broker_name, Endpoint at)> started;
};

// Recovers the store, serves until runtime.stop() or ctx is cancelled or the store has failed, then
// leaves in order:
// NameServers are told, clients sent away (GO_AWAY), what is accepted is stored and answered,
// offsets persisted. Fails at start with kInvalidArgument (configuration: the message names file,
// line and key), kAlreadyExists (port or store in use), kCorruption (the store can't be opened
// without loss), or the errors of FileSystem; later with the error of the store's disk.
Result<void> RunBroker(Context& ctx, runtime::Runtime& runtime, BrokerOptions options);

// The effective configuration, one "key=value" a line with its origin: `mqbroker -p`, and -m for
// the important keys alone.
Result<std::string> DescribeBrokerConfig(Context& ctx, runtime::Runtime& runtime,
                                         const BrokerOptions& options, bool important_only);

}  // namespace rmq::broker
