#include "broker/broker.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "broker/broker_service.h"
#include "broker/metadata.h"
#include "broker/registration.h"
#include "remoting/server.h"
#include "runtime/replace_file.h"
#include "wire/client_headers.h"

namespace rmq::broker {
namespace {

using wire::ConfigOrigin;

constexpr seconds kUnregisterTimeout{3};
constexpr seconds kDrainTimeout{10};
constexpr seconds kClientScanInterval{10};
constexpr seconds kSamplePeriod{10};

// Reads `path` into the schema and warns of unknown keys; a bad value names file and line.
Result<void> ReadConfigFile(Context& ctx, runtime::Runtime& runtime, const std::string& path,
                            wire::ConfigSchema& schema) {
  RMQ_TRY(const std::string text, runtime::ReadWholeFile(ctx, runtime.files(), path));
  RMQ_TRY(const auto unknown, schema.SetFromFile(path, text));
  for (const std::string& line : unknown) RMQ_LOG(runtime.log(), kWarn, "broker", "{}", line);
  return {};
}

// What would change a promise if it were only accepted.
Result<void> RefuseUnsupported(const wire::ConfigSchema& schema) {
  static constexpr std::pair<std::string_view, std::string_view> kOnly[] = {
      {"brokerRole", "ASYNC_MASTER"},     {"storeType", "default"},
      {"enableDLegerCommitLog", "false"}, {"enableControllerMode", "false"},
      {"authenticationEnabled", "false"}, {"authorizationEnabled", "false"},
      {"enableMultiDispatch", "false"},   {"enableConsumeQueueExt", "false"}};
  for (const auto& [name, supported] : kOnly) {
    const wire::ConfigKey* key = schema.Find(name);
    if (key != nullptr && key->text != supported) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}={}: this broker supports {} alone", name, key->text, supported));
    }
  }
  return {};
}

Result<void> ReadConfig(Context& ctx, runtime::Runtime& runtime, const BrokerOptions& options,
                        wire::ConfigSchema& schema) {
  if (!options.config_file.empty()) {
    RMQ_TRY(ReadConfigFile(ctx, runtime, options.config_file, schema));
  }
  if (schema.Find("namesrvAddr")->text.empty() && !options.environment_name_servers.empty()) {
    RMQ_TRY(
        schema.Set("namesrvAddr", options.environment_name_servers, ConfigOrigin::kEnvironment));
  }
  for (const auto& [key, value] : options.overrides) {
    RMQ_TRY(schema.Set(key, value, ConfigOrigin::kFlag));
  }
  RMQ_TRY(RefuseUnsupported(schema));
  const auto ignored = schema.IgnoredButSet();
  if (!ignored.empty()) {
    RMQ_LOG(runtime.log(), kWarn, "broker", "keys without effect here: {}",
            fmt::join(ignored, " "));
  }
  return {};
}

std::string DefaultStoreRoot(std::string_view home) {
  if (home.ends_with('/')) home.remove_suffix(1);
  return fmt::format("{}/store", home);
}

// The address clients are told: brokerIP1, else the machine's own.
Result<IpAddress> AdvertisedAddress(runtime::Runtime& runtime, const BrokerConfig& config) {
  if (config.broker_ip.empty()) return runtime.network().LocalAddress();
  auto parsed = IpAddress::Parse(config.broker_ip);
  if (!parsed.has_value()) return Fail(WithContext(parsed.error(), "brokerIP1"));
  return *parsed;
}

// Whether the last run ended without saying so: Apache's mark is the file `abort`.
Result<bool> WasAborted(Context& ctx, runtime::Runtime& runtime, const std::string& store_root) {
  const auto directory = runtime.files().OpenDirectory(ctx, store_root, /*create=*/false);
  if (!directory.has_value()) {
    if (directory.error().code() == ErrorCode::kNotFound) return false;
    return Fail(directory.error());
  }
  RMQ_TRY(const auto entries, (*directory)->List(ctx));
  return std::ranges::any_of(entries, [](const auto& entry) { return entry.name == "abort"; });
}

// Tells the members of a group that it has changed.
void NotifyMembers(runtime::Runtime& runtime, const BrokerConfig& config,
                   const SubscriptionGroups& groups, std::string_view name,
                   const ConsumerGroup& group) {
  const wire::SubscriptionGroupConfig* settings = groups.Find(name);
  const bool wanted = config.notify_consumer_ids_changed_enable &&
                      (settings == nullptr || settings->notify_consumer_ids_changed_enable);
  if (!wanted) return;
  wire::NotifyConsumerIdsChangedRequestHeader header;
  header.consumer_group = name;
  for (const auto& [client_id, channel] : group.members) {
    const auto sent = channel.connection->SendOneway(
        wire::MakeRequest(wire::RequestCode::kNotifyConsumerIdsChanged, header));
    if (!sent.has_value()) {
      RMQ_LOG(runtime.log(), kDebug, "broker", "notify {}: {}", client_id, sent.error().ToString());
    }
  }
}

// What has to be closed in order, whether serving ended well or not.
struct Listeners {
  std::unique_ptr<remoting::Server> main;
  std::unique_ptr<remoting::Server> fast;  // listenPort - 2, Apache's "VIP channel"

  void Close(Context& ctx) {
    Context timed = ctx.WithTimeout(kDrainTimeout);
    if (fast) fast->Close(timed);
    if (main) main->Close(timed);
  }
};

Result<Listeners> Listen(Context& ctx, BrokerParts& parts, BrokerService& service) {
  RMQ_TRY(const IpAddress ip, IpAddress::Parse(parts.config.bind_address));
  const auto port = static_cast<uint16_t>(parts.config.listen_port);
  const remoting::ServerOptions options{
      .connection = {.idle_timeout = seconds(parts.config.idle_seconds)},
      .max_connections = static_cast<size_t>(parts.config.max_connections)};
  Listeners listeners;
  RMQ_TRY(listeners.main,
          remoting::Server::Listen(ctx, parts.runtime, {ip, port}, service, options));
  parts.store_host.port = listeners.main->local().port;
  if (port > 2) {
    auto fast = remoting::Server::Listen(ctx, parts.runtime, {ip, static_cast<uint16_t>(port - 2)},
                                         service, options);
    if (!fast.has_value()) {
      listeners.Close(ctx);
      return Fail(fast.error());
    }
    listeners.fast = std::move(*fast);
  }
  return listeners;
}

void SampleStats(Context& ctx, BrokerParts& parts) {
  do {
    parts.stats.Sample(parts.store.Stats(), ctx.Now(), parts.runtime.clock().WallNow());
  } while (ctx.SleepFor(kSamplePeriod).has_value());
}

void ExpireClients(Context& ctx, BrokerParts& parts) {
  while (ctx.SleepFor(kClientScanInterval).has_value()) {
    const milliseconds limit(parts.config.channel_expired_timeout_ms);
    const Tick now = ctx.Now();
    if (now - Tick{} > limit) parts.clients.ExpireBefore(Tick{(now - Tick{} - limit).count()});
  }
}

// Serves from an open store until told to stop, or until the store has failed, and leaves in order.
Result<void> Serve(Context& ctx, BrokerParts& parts, BrokerService& service,
                   BrokerOptions& options) {
  RMQ_TRY(Listeners listeners, Listen(ctx, parts, service));
  NameServerLink link;
  remoting::Client client(parts.runtime, &link);
  Registration registration(parts, client, link, SplitAddresses(parts.config.namesrv_addr));
  runtime::Gate background;
  runtime::Executor& executor = parts.runtime.executor();
  registration.Start(background);
  executor.Spawn(background, "persist metadata", [&parts](Context& own) {
    parts.metadata.PersistPeriodically(own, parts.config.flush_consumer_offset_interval_ms);
  });
  executor.Spawn(background, "persist topics",
                 [&parts](Context& own) { parts.metadata.PersistTopicsWhenChanged(own); });
  executor.Spawn(background, "expire clients",
                 [&parts](Context& own) { ExpireClients(own, parts); });
  executor.Spawn(background, "sample stats", [&parts](Context& own) { SampleStats(own, parts); });
  if (options.started) options.started(parts.config.broker_name, parts.store_host);

  {
    Context serving = ctx.WithCancellation(parts.runtime.stop());
    (void)parts.store.WaitForFailure(serving);
  }

  // Leaving: nobody is sent here any more, then those who are here are sent away, then what was
  // accepted is finished and answered.
  background.Close(ctx);
  {
    Context timed = ctx.WithTimeout(kUnregisterTimeout);
    registration.UnregisterEverywhere(timed);
  }
  service.SendClientsAway();
  parts.gate.Close(ctx);
  {
    Context timed = ctx.WithTimeout(kDrainTimeout);
    service.WaitForSends(timed);
  }
  listeners.Close(ctx);
  client.Close(ctx);
  return parts.metadata.PersistAll(ctx);
}

}  // namespace

Result<std::string> DescribeBrokerConfig(Context& ctx, runtime::Runtime& runtime,
                                         const BrokerOptions& options, bool important_only) {
  BrokerConfig config;
  config.store_root = DefaultStoreRoot(options.home);
  wire::ConfigSchema schema;
  AddBrokerKeys(schema, config);
  RMQ_TRY(ReadConfig(ctx, runtime, options, schema));
  return schema.TextWithOrigins(important_only);
}

Result<void> RunBroker(Context& ctx, runtime::Runtime& runtime, BrokerOptions options) {
  BrokerConfig config;
  config.store_root = DefaultStoreRoot(options.home);
  wire::ConfigSchema schema;
  AddBrokerKeys(schema, config);
  RMQ_TRY(ReadConfig(ctx, runtime, options, schema));
  RMQ_TRY(const IpAddress address, AdvertisedAddress(runtime, config));

  RMQ_TRY(const bool aborted, WasAborted(ctx, runtime, config.store_root));
  RMQ_TRY(const auto store, store::MessageStore::Open(ctx, runtime, config.ToStoreOptions()));
  Topics topics(config);
  SubscriptionGroups groups(config);
  ConsumerOffsets offsets;
  ClientTable clients([&](std::string_view name, const ConsumerGroup& group) {
    NotifyMembers(runtime, config, groups, name, group);
  });
  RecoveredEnds recovered_ends(*store, aborted && !config.sync_flush(), ctx.Now());
  BrokerStats stats(ctx.Now(), runtime.clock().WallNow());
  runtime::Gate gate;
  std::unique_ptr<Metadata> metadata;
  std::optional<BrokerParts> parts;
  std::optional<BrokerService> service;  // The store answers into it until it is closed.
  const auto run = [&]() -> Result<void> {
    RMQ_TRY(metadata, Metadata::Load(ctx, runtime, config.store_root, topics, groups, offsets));
    metadata->AgreeWith(*store);
    // Before anybody is served: a second crash must not find the offsets that were taken back.
    RMQ_TRY(metadata->PersistAll(ctx));
    parts.emplace(BrokerParts{.runtime = runtime,
                              .config = config,
                              .schema = schema,
                              .store = *store,
                              .topics = topics,
                              .groups = groups,
                              .offsets = offsets,
                              .clients = clients,
                              .recovered_ends = recovered_ends,
                              .stats = stats,
                              .metadata = *metadata,
                              .gate = gate,
                              .store_host = {address, static_cast<uint16_t>(config.listen_port)}});
    service.emplace(*parts);
    return Serve(ctx, *parts, *service, options);
  };
  const Result<void> served = run();
  const Result<void> closed = store->Close(ctx);
  return served.has_value() ? closed : served;
}

}  // namespace rmq::broker
