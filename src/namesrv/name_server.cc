#include "namesrv/name_server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "namesrv/name_server_config.h"
#include "namesrv/name_server_handler.h"
#include "remoting/server.h"
#include "runtime/replace_file.h"
#include "wire/config_schema.h"

namespace rmq::namesrv {
namespace {

using wire::ConfigOrigin;
using wire::ConfigSchema;

constexpr uint64_t kMaxConfigFile = 1024 * 1024;

Result<void> TakeConfigFile(Context& ctx, runtime::Runtime& runtime, const std::string& path,
                            ConfigSchema& schema) {
  const auto text = runtime::ReadWholeFile(ctx, runtime.files(), path, kMaxConfigFile);
  if (!text.has_value()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("config file {}: {}", path, text.error().ToString()));
  }
  RMQ_TRY(const auto unknown, schema.SetFromFile(path, *text));
  for (const std::string& line : unknown) RMQ_LOG(runtime.log(), kWarn, "namesrv", "{}", line);
  // Updates over the network go to the file that the next start reads.
  return schema.Set("configStorePath", path, ConfigOrigin::kFile);
}

Result<void> TakeConfig(Context& ctx, runtime::Runtime& runtime, const NameServerOptions& options,
                        ConfigSchema& schema) {
  if (!options.config_file.empty()) {
    RMQ_TRY(TakeConfigFile(ctx, runtime, options.config_file, schema));
  }
  for (const auto& [key, value] : options.overrides) {
    RMQ_TRY(schema.Set(key, value, ConfigOrigin::kFlag));
  }
  return {};
}

void WarnOfIgnoredKeys(runtime::Runtime& runtime, const ConfigSchema& schema) {
  const std::vector<std::string_view> ignored = schema.IgnoredButSet();
  if (ignored.empty()) return;
  RMQ_LOG(runtime.log(), kWarn, "namesrv", "these keys are accepted but have no effect: {}",
          fmt::join(ignored, ", "));
}

Result<Endpoint> BindEndpoint(Context& ctx, runtime::Runtime& runtime,
                              const NameServerConfig& config) {
  const auto ips = runtime.network().Resolve(ctx, config.bind_address);
  if (!ips.has_value() || ips->empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("bindAddress {}: no such address", config.bind_address));
  }
  return Endpoint{.ip = ips->front(), .port = static_cast<uint16_t>(config.listen_port)};
}

// Until somebody wants it to end. The interval may change meanwhile.
void ScanUntilStopped(Context& ctx, const NameServerConfig& config, NameServerHandler& handler) {
  while (ctx.SleepFor(milliseconds(config.scan_interval_ms)).has_value()) handler.RemoveExpired();
}

Result<void> Serve(Context& ctx, runtime::Runtime& runtime, const NameServerConfig& config,
                   NameServerHandler& handler, UniqueFunction<void(Endpoint)> started) {
  RMQ_TRY(handler.Load(ctx));
  RMQ_TRY(const Endpoint at, BindEndpoint(ctx, runtime, config));
  remoting::ServerOptions options;
  options.connection.idle_timeout = seconds(config.idle_seconds);
  RMQ_TRY(const auto server, remoting::Server::Listen(ctx, runtime, at, handler, options));
  RMQ_LOG(runtime.log(), kInfo, "namesrv", "serving on {}", server->local().ToString());
  if (started) started(server->local());

  Context serving = ctx.WithCancellation(runtime.stop());
  ScanUntilStopped(serving, config, handler);
  server->Close(ctx);
  return {};
}

}  // namespace

Result<void> RunNameServer(Context& ctx, runtime::Runtime& runtime, NameServerOptions options) {
  NameServerConfig config(options.home);
  ConfigSchema schema;
  DescribeKeys(config, schema);
  RMQ_TRY(TakeConfig(ctx, runtime, options, schema));
  WarnOfIgnoredKeys(runtime, schema);

  NameServerHandler handler(runtime, config, schema);
  Result<void> served = Serve(ctx, runtime, config, handler, std::move(options.started));
  handler.Close(ctx);
  RMQ_LOG(runtime.log(), kInfo, "namesrv", "stopped");
  return served;
}

Result<std::string> DescribeNameServerConfig(Context& ctx, runtime::Runtime& runtime,
                                             const NameServerOptions& options) {
  NameServerConfig config(options.home);
  ConfigSchema schema;
  DescribeKeys(config, schema);
  RMQ_TRY(TakeConfig(ctx, runtime, options, schema));
  return schema.TextWithOrigins();
}

}  // namespace rmq::namesrv
