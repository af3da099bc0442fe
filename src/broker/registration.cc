#include "broker/registration.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/checksum.h"
#include "wire/json_bean.h"
#include "wire/namesrv_headers.h"
#include "wire/register_broker_body.h"

namespace rmq::broker {
namespace {

// How soon a failed registration is tried again.
constexpr seconds kRetryAfterFailure{1};

}  // namespace

std::vector<std::string> SplitAddresses(std::string_view text) {
  std::vector<std::string> addresses;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(";,"), text.size());
    std::string_view address = text.substr(0, end);
    while (address.starts_with(' ')) address.remove_prefix(1);
    while (address.ends_with(' ')) address.remove_suffix(1);
    if (!address.empty()) addresses.emplace_back(address);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return addresses;
}

Registration::Registration(BrokerParts& parts, remoting::Client& client, NameServerLink& link,
                           std::vector<std::string> name_servers)
    : parts_(parts), client_(client), link_(link), name_servers_(std::move(name_servers)) {}

void Registration::Start(runtime::Gate& gate) {
  for (const std::string& name_server : name_servers_) {
    parts_.runtime.executor().Spawn(gate, "registration", [this, &name_server](Context& ctx) {
      KeepRegistered(ctx, name_server);
    });
  }
  parts_.runtime.executor().Spawn(gate, "name server link",
                                  [this](Context& ctx) { NotifyWhenLost(ctx); });
}

// A lost connection is as good a reason to register anew as a changed topic.
void Registration::NotifyWhenLost(Context& ctx) {
  while (link_.lost().Wait(ctx).has_value()) parts_.topics.changed().NotifyAll();
}

void Registration::KeepRegistered(Context& ctx, const std::string& name_server) {
  bool was_registered = false;
  while (ctx.Check().has_value()) {
    const Result<void> registered = RegisterOnce(ctx, name_server);
    if (registered.has_value() != was_registered) {
      was_registered = registered.has_value();
      RMQ_LOG(parts_.runtime.log(), kInfo, "broker", "NameServer {}: {}", name_server,
              was_registered ? "registered" : registered.error().ToString());
    }
    // Apache bounds the period to 10 s … 60 s.
    const milliseconds period(
        std::clamp(parts_.config.register_name_server_period_ms, 10'000, 60'000));
    Context until = ctx.WithTimeout(was_registered ? period : milliseconds(kRetryAfterFailure));
    (void)parts_.topics.changed().Wait(until);
  }
}

wire::RemotingCommand Registration::RegisterRequest() const {
  const wire::TopicConfigSerializeWrapper topics = parts_.topics.ForRegistration();
  wire::RegisterBrokerBody body;
  body.topic_config_serialize_wrapper.data_version = topics.data_version;
  body.topic_config_serialize_wrapper.topic_config_table = topics.topic_config_table;
  const std::string text = wire::ToJson(body);
  wire::RegisterBrokerRequestHeader header;
  header.broker_name = parts_.config.broker_name;
  header.broker_addr = parts_.store_host.ToString();
  header.cluster_name = parts_.config.cluster_name;
  header.ha_server_addr =
      Endpoint{parts_.store_host.ip, static_cast<uint16_t>(parts_.store_host.port + 1)}.ToString();
  header.broker_id = parts_.config.broker_id;
  header.heartbeat_timeout_millis = parts_.config.broker_heartbeat_timeout_ms;
  header.enable_acting_master = false;
  header.compressed = false;
  header.body_crc32 = static_cast<int32_t>(wire::MessageBodyCrc(AsBytes(text)));
  wire::RemotingCommand request = wire::MakeRequest(wire::RequestCode::kRegisterBroker, header);
  request.body = Bytes::Copy(text);
  return request;
}

Result<void> Registration::RegisterOnce(Context& ctx, const std::string& name_server) {
  Context timed = ctx.WithTimeout(milliseconds(parts_.config.register_broker_timeout_ms));
  RMQ_TRY(const auto response, client_.Call(timed, name_server, RegisterRequest()));
  if (response.response_code() == wire::ResponseCode::kSuccess) return {};
  return Fail(ErrorCode::kRejected, fmt::format("{}: {}", response.code, response.remark));
}

void Registration::UnregisterEverywhere(Context& ctx) {
  runtime::TaskGroup group(ctx);
  for (const std::string& name_server : name_servers_) {
    group.Spawn("unregister", [this, &name_server](Context& own) {
      wire::UnRegisterBrokerRequestHeader header;
      header.broker_name = parts_.config.broker_name;
      header.broker_addr = parts_.store_host.ToString();
      header.cluster_name = parts_.config.cluster_name;
      header.broker_id = parts_.config.broker_id;
      (void)client_.Call(own, name_server,
                         wire::MakeRequest(wire::RequestCode::kUnregisterBroker, header));
    });
  }
  group.Wait();
}

}  // namespace rmq::broker
