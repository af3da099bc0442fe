#include "apps/standalone.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "broker/broker.h"
#include "client/client_instance.h"
#include "namesrv/name_server.h"

namespace rmq::apps {
namespace {

// The topic that every broker registers, so that a NameServer that knows it knows the broker.
constexpr const char* kTemplateTopic = "TBW102";
constexpr milliseconds kRegistrationPoll{10};
constexpr seconds kRegistrationTimeout{30};

}  // namespace

Standalone::Standalone(runtime::Runtime& world, StandaloneOptions options)
    : world_(world), options_(std::move(options)), name_server_(world), broker_(world) {}

Standalone::~Standalone() {
  RMQ_ASSERT(gate_.fiber_count() == 0);
}

std::string Standalone::name_server() const {
  return fmt::format("127.0.0.1:{}", options_.name_server_port);
}

std::string Standalone::broker() const {
  return fmt::format("{}:{}", options_.broker_ip, options_.broker_port);
}

void Standalone::StartNameServer() {
  namesrv::NameServerOptions options;
  options.home = options_.data;
  options.overrides = {{"listenPort", fmt::to_string(options_.name_server_port)}};
  options.started = [this](Endpoint) {
    name_server_.serves = true;
    changed_.NotifyAll();
  };
  name_server_.started = true;
  world_.executor().Spawn(
      gate_, "name server", [this, options = std::move(options)](Context& ctx) mutable {
        name_server_.ended = namesrv::RunNameServer(ctx, name_server_.runtime, std::move(options));
        changed_.NotifyAll();
      });
}

void Standalone::StartBroker() {
  broker::BrokerOptions options;
  options.home = options_.data;
  options.overrides = {{"brokerName", "broker-a"},
                       {"brokerIP1", options_.broker_ip},
                       {"listenPort", fmt::to_string(options_.broker_port)},
                       {"namesrvAddr", name_server()},
                       {"storePathRootDir", options_.data + "/store"}};
  for (const auto& key : options_.broker_keys) options.overrides.push_back(key);
  options.started = [this](const std::string&, Endpoint) {
    broker_.serves = true;
    changed_.NotifyAll();
  };
  broker_.started = true;
  world_.executor().Spawn(
      gate_, "broker", [this, options = std::move(options)](Context& ctx) mutable {
        broker_.ended = broker::RunBroker(ctx, broker_.runtime, std::move(options));
        changed_.NotifyAll();
      });
}

Result<void> Standalone::Await(Context& ctx, Part& part) {
  while (!part.serves && !part.ended.has_value()) RMQ_TRY(changed_.Wait(ctx));
  return part.ended.value_or(Result<void>());
}

Result<void> Standalone::AwaitRegistration(Context& ctx) {
  RMQ_TRY(const auto client,
          client::ClientInstance::Create(world_, {.name_servers = name_server()}));
  Context limited = ctx.WithTimeout(kRegistrationTimeout);
  Result<void> registered;
  do {
    registered = limited.SleepFor(kRegistrationPoll);
  } while (registered.has_value() &&
           !client->routes().Refresh(limited, kTemplateTopic).has_value());
  client->Close(ctx);
  return registered;
}

Result<void> Standalone::Start(Context& ctx) {
  StartNameServer();
  RMQ_TRY(Await(ctx, name_server_));
  StartBroker();
  RMQ_TRY(Await(ctx, broker_));
  return AwaitRegistration(ctx);
}

Result<void> Standalone::Wait(Context& ctx) {
  while (!name_server_.ended.has_value() && !broker_.ended.has_value()) {
    if (!changed_.Wait(ctx).has_value()) return {};
  }
  const Part& part = broker_.ended.has_value() ? broker_ : name_server_;
  return *part.ended;
}

Result<void> Standalone::Stop(Context& ctx) {
  Result<void> stopped;
  for (Part* part : {&broker_, &name_server_}) {
    part->runtime.stop().Cancel();
    while (part->started && !part->ended.has_value()) RMQ_TRY(changed_.Wait(ctx));
    if (stopped.has_value() && part->ended.has_value()) stopped = *part->ended;
  }
  gate_.Close(ctx);
  return stopped;
}

}  // namespace rmq::apps
