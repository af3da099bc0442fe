// The name server daemon: which brokers are alive, which topics they hold, and a small key-value
// store. Brokers register with every name server; name servers don't know of each other, and all
// that one knows of routes is in memory: after a restart it learns them again from the brokers'
// next registrations.
//
// apps/mqnamesrv.cc and mqstandalone run it on the real runtime, sim-tests/ on the simulated one.
// Rules: spec/wire/name-server.md.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/runtime.h"

namespace rmq::namesrv {

struct NameServerOptions {
  // A .properties file with the keys of Apache's NamesrvConfig and NettyServerConfig; read by the
  // daemon, and written again by UPDATE_NAMESRV_CONFIG. Empty: none, and updates are written to
  // the key configStorePath.
  std::string config_file;
  // Keys and values that win over the file: what the command line says.
  std::vector<std::pair<std::string, std::string>> overrides;
  // What "~" of the default paths stands for: ~/namesrv/kvConfig.json. An absolute path.
  std::string home = "/";
  // Called once, when the port is open and every stored value is loaded; must not suspend.
  UniqueFunction<void(Endpoint)> started;
};

// Serves until runtime.stop() or ctx is cancelled, then writes what is queued, closes and returns
// success. Fails at start with kInvalidArgument (configuration: the message names file, line and
// key), kAlreadyExists (the port is taken) or the errors of FileSystem.
Result<void> RunNameServer(Context& ctx, runtime::Runtime& runtime, NameServerOptions options);

// The effective configuration, one "key=value  (origin)" a line: what `mqnamesrv -p` prints.
Result<std::string> DescribeNameServerConfig(Context& ctx, runtime::Runtime& runtime,
                                             const NameServerOptions& options);

}  // namespace rmq::namesrv
