#include "client/client_instance.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"

namespace rmq::client {

using wire::RemotingCommand;

Result<std::unique_ptr<ClientInstance>> ClientInstance::Create(runtime::Runtime& runtime,
                                                               ClientOptions options) {
  RMQ_TRY(auto name_servers, NameServers::Parse(options.name_servers));
  std::unique_ptr<ClientInstance> made(
      new ClientInstance(runtime, std::move(options), std::move(name_servers)));
  made->Start();
  return made;
}

ClientInstance::ClientInstance(runtime::Runtime& runtime, ClientOptions options,
                               std::vector<std::string> name_servers)
    : runtime_(runtime),
      options_(std::move(options)),
      client_id_(MakeClientId(runtime, options_.instance_name)),
      uniq_ids_(runtime),
      server_requests_(runtime),
      remoting_(std::make_unique<remoting::Client>(runtime, &server_requests_)) {
  const size_t first = static_cast<size_t>(runtime.random().Draw(
      "client: first NameServer", StableHash(options_.name_servers), name_servers.size()));
  name_servers_ = std::make_unique<NameServers>(*remoting_, std::move(name_servers), first);
  routes_ = std::make_unique<RouteCache>(runtime, *name_servers_, options_,
                                         [this](const std::string&) { RouteChanged(); });
  membership_ = std::make_unique<Membership>(runtime, *remoting_, *routes_, options_, client_id_);
  server_requests_.Serve(*membership_);
}

ClientInstance::~ClientInstance() {
  RMQ_ASSERT(closed_ || runtime_.executor().dead());
}

void ClientInstance::Start() {
  runtime::Executor& executor = runtime_.executor();
  executor.Spawn(gate_, "refresh routes", [this](Context& ctx) { routes_->Run(ctx); });
  executor.Spawn(gate_, "heartbeats", [this](Context& ctx) { membership_->Run(ctx); });
}

// New brokers must know us before we ask them for anything that depends on it.
void ClientInstance::RouteChanged() {
  membership_->AnnounceSoon();
  for (const auto& [group, consumer] : membership_->consumers()) consumer->GroupChanged();
}

void ClientInstance::Close(Context& ctx) {
  if (closed_) return;
  RMQ_ASSERT(membership_->empty());
  closed_ = true;
  server_requests_.Close(ctx);
  gate_.Close(ctx);
  routes_->Close(ctx);
  remoting_->Close(ctx);
}

Result<RemotingCommand> ClientInstance::Call(Context& ctx, std::string_view address,
                                             RemotingCommand request,
                                             std::optional<nanoseconds> timeout) {
  request.header_type = options_.header_type;
  Context limited = ctx.WithTimeout(timeout.value_or(options_.call_timeout));
  auto answer = remoting_->Call(limited, address, request);
  if (!answer.has_value() || answer->response_code() != wire::ResponseCode::kGoAway) return answer;
  remoting_->Disconnect(address);
  return remoting_->Call(limited, address, std::move(request));
}

Result<RemotingCommand> ClientInstance::CallBroker(Context& ctx, const MessageQueue& queue,
                                                   RemotingCommand request, int64_t id,
                                                   bool only_this) {
  RMQ_TRY(const std::string address,
          BrokerAddress(ctx, queue.topic, queue.broker_name, id, only_this));
  auto answer = Call(ctx, address, std::move(request));
  if (!answer.has_value()) routes_->RefreshSoon(queue.topic);
  return answer;
}

Result<RemotingCommand> ClientInstance::CallNameServer(Context& ctx, RemotingCommand request) {
  request.header_type = options_.header_type;
  Context limited = ctx.WithTimeout(options_.call_timeout);
  return name_servers_->Call(limited, request);
}

Result<void> ClientInstance::SendOneway(Context& ctx, std::string_view address,
                                        RemotingCommand request) {
  request.header_type = options_.header_type;
  Context limited = ctx.WithTimeout(options_.call_timeout);
  return remoting_->SendOneway(limited, address, std::move(request));
}

Result<std::string> ClientInstance::BrokerAddress(Context& ctx, const std::string& topic,
                                                  std::string_view broker_name, int64_t id,
                                                  bool only_this) {
  if (auto known = routes_->Address(broker_name, id, only_this)) return *std::move(known);
  RMQ_TRY(routes_->Refresh(ctx, topic));
  if (auto known = routes_->Address(broker_name, id, only_this)) return *std::move(known);
  return Fail(ErrorCode::kUnavailable,
              fmt::format("no address of broker {} with id {} is known", broker_name, id));
}

}  // namespace rmq::client
