#include "client/route_cache.h"

#include <fmt/format.h>

#include "client/answer_error.h"
#include "wire/json_bean.h"
#include "wire/name_rules.h"
#include "wire/namesrv_headers.h"

namespace rmq::client {
namespace {

constexpr seconds kRefreshPause{1};

}  // namespace

RouteCache::RouteCache(runtime::Runtime& runtime, NameServers& name_servers,
                       const ClientOptions& options,
                       UniqueFunction<void(const std::string& topic)> changed)
    : runtime_(runtime),
      name_servers_(name_servers),
      options_(options),
      changed_(std::move(changed)) {}

Result<RoutePtr> RouteCache::Get(Context& ctx, const std::string& topic) {
  if (RoutePtr known = Find(topic)) return known;
  return Refresh(ctx, topic);
}

Result<RoutePtr> RouteCache::GetForSend(Context& ctx, const std::string& topic,
                                        int32_t max_queues) {
  if (RoutePtr known = Find(topic); known && !known->write_queues().empty()) return known;
  const Tick now = ctx.Now();
  const auto made = new_topics_.find(topic);
  if (made != new_topics_.end() && now - made->second.made < options_.route_interval) {
    return made->second.route;
  }
  Result<RoutePtr> own = Refresh(ctx, topic);
  if (own.has_value()) new_topics_.erase(topic);
  if (own.has_value() || own.error().code() != ErrorCode::kNotFound) return own;
  const Result<RoutePtr> basis = Get(ctx, std::string(wire::kAutoCreateTopicKeyTopic));
  if (!basis.has_value()) return basis.error().code() == ErrorCode::kNotFound ? own : basis;
  RoutePtr route = TopicRoute::ForNewTopic(**basis, topic, max_queues);
  new_topics_[topic] = {.route = route, .made = now};
  return route;
}

RoutePtr RouteCache::Find(std::string_view topic) {
  const auto found = routes_.find(topic);
  if (found == routes_.end()) return nullptr;
  found->second.asked_for = runtime_.clock().Now();
  return found->second.route;
}

Result<RoutePtr> RouteCache::Refresh(Context& ctx, const std::string& topic) {
  RMQ_TRY(ctx.Check());
  std::shared_ptr<Fetch>& slot = fetches_[topic];
  if (!slot) {
    slot = std::make_shared<Fetch>();
    const bool started =
        runtime_.executor().Spawn(gate_, "fetch route", [this, fetch = slot, topic](Context& own) {
          Context limited = own.WithTimeout(options_.call_timeout);
          fetch->result = FetchRoute(limited, topic);
          fetches_.erase(topic);
          fetch->ended.NotifyAll();
        });
    if (!started) {
      fetches_.erase(topic);
      return Fail(ErrorCode::kClosed, "the client is closed");
    }
  }
  const std::shared_ptr<Fetch> fetch = slot;
  while (!fetch->result.has_value()) RMQ_TRY(fetch->ended.Wait(ctx));
  return *fetch->result;
}

Result<RoutePtr> RouteCache::FetchRoute(Context& ctx, const std::string& topic) {
  wire::RemotingCommand request = wire::MakeRequest(
      wire::RequestCode::kGetRouteInfoByTopic, wire::GetRouteInfoRequestHeader{.topic = topic});
  request.header_type = options_.header_type;
  RMQ_TRY(const wire::RemotingCommand answer, name_servers_.Call(ctx, request));
  const std::string what = fmt::format("route of topic {}", topic);
  if (answer.response_code() == wire::ResponseCode::kTopicNotExist) {
    return Fail(ErrorCode::kNotFound, fmt::format("no route info of topic {}", topic));
  }
  if (!Succeeded(answer)) return Fail(AnswerError(what, answer));
  auto data = wire::FromJson<wire::TopicRouteData>(answer.body);
  if (!data.has_value()) return Fail(WithContext(std::move(data).error(), what));
  auto route = std::make_shared<const TopicRoute>(topic, *std::move(data));
  Take(topic, route);
  return route;
}

void RouteCache::Take(const std::string& topic, RoutePtr route) {
  UpdateBrokers(*route);
  new_topics_.erase(topic);
  Entry& entry = routes_[topic];
  const bool same = entry.route && entry.route->data() == route->data();
  if (!entry.route) entry.asked_for = runtime_.clock().Now();
  if (same) return;
  entry.route = std::move(route);
  changed_(topic);
}

void RouteCache::UpdateBrokers(const TopicRoute& route) {
  for (const auto& [name, addresses] : route.brokers()) brokers_[name] = addresses;
}

void RouteCache::RefreshSoon(const std::string& topic) {
  wanted_.insert(topic);
  wake_.NotifyAll();
}

std::optional<std::string> RouteCache::Address(std::string_view broker_name, int64_t id,
                                               bool only_this) const {
  const auto broker = brokers_.find(std::string(broker_name));
  if (broker == brokers_.end() || broker->second.empty()) return std::nullopt;
  const auto found = broker->second.find(id);
  if (found != broker->second.end()) return found->second;
  if (only_this) return std::nullopt;
  return broker->second.begin()->second;
}

void RouteCache::Run(Context& ctx) {
  Tick next = ctx.Now() + options_.route_interval;
  while (ctx.Check().has_value()) {
    Context until = ctx.WithDeadline(next);
    if (wanted_.empty() && ctx.Now() < next) static_cast<void>(wake_.Wait(until));
    for (const std::string& topic : std::exchange(wanted_, {})) {
      static_cast<void>(Refresh(ctx, topic));  // The old route stays.
    }
    if (ctx.Now() >= next) {
      RefreshAll(ctx);
      next = ctx.Now() + options_.route_interval;
    }
    if (!ctx.SleepFor(kRefreshPause).has_value()) return;
  }
}

void RouteCache::RefreshAll(Context& ctx) {
  DropUnused();
  std::vector<std::string> topics;
  for (const auto& [topic, entry] : routes_) topics.push_back(topic);
  for (const std::string& topic : topics) {
    if (!ctx.Check().has_value()) return;
    const Result<RoutePtr> fetched = Refresh(ctx, topic);
    if (fetched.has_value() || fetched.error().code() == ErrorCode::kCancelled) continue;
    RMQ_LOG(runtime_.log(), kWarn, "client", "the route of {} stays as it was: {}", topic,
            fetched.error().ToString());
  }
}

void RouteCache::DropUnused() {
  const Tick now = runtime_.clock().Now();
  std::erase_if(routes_, [&](const auto& route) {
    return now - route.second.asked_for > options_.route_lifetime;
  });
  std::erase_if(new_topics_, [&](const auto& topic) {
    return now - topic.second.made > options_.route_interval;
  });
  std::set<std::string> named;
  for (const auto& [topic, entry] : routes_) {
    for (const auto& [name, addresses] : entry.route->brokers()) named.insert(name);
  }
  std::erase_if(brokers_, [&](const auto& broker) { return !named.contains(broker.first); });
}

}  // namespace rmq::client
