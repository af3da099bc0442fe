#include "client/membership.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "client/answer_error.h"
#include "runtime/gate.h"
#include "wire/client_headers.h"
#include "wire/json_bean.h"

namespace rmq::client {
namespace {

constexpr seconds kHeartbeatPause{1};

}  // namespace

Membership::Membership(runtime::Runtime& runtime, remoting::Client& client, RouteCache& routes,
                       const ClientOptions& options, const std::string& client_id)
    : runtime_(runtime),
      client_(client),
      routes_(routes),
      options_(options),
      client_id_(client_id) {}

void Membership::AddProducer(const std::string& group) {
  ++producers_[group];
  AnnounceSoon();
}

Result<void> Membership::AddConsumer(ConsumerMember& consumer) {
  if (!consumers_.try_emplace(consumer.group(), &consumer).second) {
    return Fail(ErrorCode::kAlreadyExists,
                fmt::format("this client has a consumer of group {} already", consumer.group()));
  }
  AnnounceSoon();
  return {};
}

void Membership::RemoveProducer(Context& ctx, const std::string& group) {
  const auto found = producers_.find(group);
  RMQ_ASSERT(found != producers_.end());
  if (--found->second > 0) return;
  producers_.erase(found);
  Unregister(ctx, group, {});
}

void Membership::RemoveConsumer(Context& ctx, ConsumerMember& consumer) {
  const std::string group = consumer.group();
  RMQ_ASSERT(FindConsumer(group) == &consumer);
  consumers_.erase(group);
  Unregister(ctx, {}, group);
}

ConsumerMember* Membership::FindConsumer(std::string_view group) const {
  const auto found = consumers_.find(group);
  return found == consumers_.end() ? nullptr : found->second;
}

void Membership::AnnounceSoon() {
  wanted_ = true;
  wake_.NotifyAll();
}

std::vector<std::string> Membership::BrokerAddressList(bool masters_only) const {
  std::vector<std::string> list;
  for (const auto& [name, addresses] : routes_.brokers()) {
    for (const auto& [id, address] : addresses) {
      if (id == wire::kMasterId || !masters_only) list.push_back(address);
    }
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

wire::RemotingCommand Membership::MakeHeartbeat() const {
  wire::HeartbeatData data;
  data.client_id = client_id_;
  for (const auto& [group, count] : producers_) data.producer_data_set.push_back({group});
  for (const auto& [group, consumer] : consumers_) {
    data.consumer_data_set.push_back(consumer->Describe());
  }
  wire::RemotingCommand request = wire::MakeRequest(wire::RequestCode::kHeartBeat);
  request.header_type = options_.header_type;
  request.body = Bytes::Copy(wire::ToJson(data));
  return request;
}

int Membership::Broadcast(Context& ctx, const std::vector<std::string>& addresses,
                          const wire::RemotingCommand& request) {
  Context limited = ctx.WithTimeout(options_.call_timeout);
  runtime::TaskGroup group(limited);
  int failed = 0;
  for (const std::string& address : addresses) {
    group.Spawn("tell broker", [&](Context& own) {
      const auto answer = client_.Call(own, address, request);
      if (answer.has_value() && Succeeded(*answer)) return;
      ++failed;
      RMQ_LOG(runtime_.log(), kInfo, "client", "{} to {}: {}", wire::RequestCodeName(request.code),
              address, answer.has_value() ? answer->remark : answer.error().ToString());
    });
  }
  group.Wait();
  return failed;
}

Result<void> Membership::Announce(Context& ctx) {
  if (empty()) return {};
  const std::vector<std::string> addresses = BrokerAddressList(consumers_.empty());
  const int failed = Broadcast(ctx, addresses, MakeHeartbeat());
  if (failed == 0) return {};
  return Fail(ErrorCode::kUnavailable,
              fmt::format("{} of {} brokers took no heartbeat", failed, addresses.size()));
}

void Membership::Unregister(Context& ctx, const std::string& producer_group,
                            const std::string& consumer_group) {
  wire::RemotingCommand request =
      wire::MakeRequest(wire::RequestCode::kUnregisterClient,
                        wire::UnregisterClientRequestHeader{.client_id = client_id_,
                                                            .producer_group = producer_group,
                                                            .consumer_group = consumer_group});
  request.header_type = options_.header_type;
  Broadcast(ctx, BrokerAddressList(consumer_group.empty()), request);
}

void Membership::Run(Context& ctx) {
  Tick next = ctx.Now() + options_.heartbeat_interval;
  while (ctx.Check().has_value()) {
    Context until = ctx.WithDeadline(next);
    if (!wanted_ && ctx.Now() < next) static_cast<void>(wake_.Wait(until));
    if (!wanted_ && ctx.Now() < next) continue;
    wanted_ = false;
    const bool all = Announce(ctx).has_value();
    next = ctx.Now() + (all ? options_.heartbeat_interval : options_.heartbeat_retry);
    // However often it is wanted; but what went to no broker was none.
    if (routes_.brokers().empty()) continue;
    if (!ctx.SleepFor(kHeartbeatPause).has_value()) return;
  }
}

}  // namespace rmq::client
