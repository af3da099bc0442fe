// RouteCache keeps the routes of the topics a client uses and the addresses of their brokers.
//
// Routes are fetched on first use, again every route_interval, and soon after somebody reported a
// failure. A route that can't be fetched again, or that a NameServer no longer knows, stays as it
// was: its brokers may well be alive (CLIENT-6). One fetch per topic at a time, on a fiber of its
// own, so that a caller that gives up takes nobody else's fetch along. One executor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "client/client_options.h"
#include "client/name_servers.h"
#include "client/topic_route.h"
#include "runtime/gate.h"
#include "runtime/mutex.h"
#include "runtime/runtime.h"

namespace rmq::client {

class RouteCache {
 public:
  // `changed` is called, from the fiber that fetched, for each topic whose route is new or other.
  RouteCache(runtime::Runtime& runtime, NameServers& name_servers, const ClientOptions& options,
             UniqueFunction<void(const std::string& topic)> changed);

  // The route, fetched if it is not known. kNotFound: no NameServer knows the topic.
  Result<RoutePtr> Get(Context& ctx, const std::string& topic);
  // The same for a producer: of a topic that does not exist yet, the route by which sending
  // creates it, with at most `max_queues` on a broker.
  Result<RoutePtr> GetForSend(Context& ctx, const std::string& topic, int32_t max_queues);
  // What is known; null.
  RoutePtr Find(std::string_view topic);
  // Asks a NameServer in any case.
  Result<RoutePtr> Refresh(Context& ctx, const std::string& topic);
  // Something failed that the route had promised: fetches it again soon, at most once a second.
  void RefreshSoon(const std::string& topic);

  // Of all routes. By broker name.
  const std::map<std::string, BrokerAddresses>& brokers() const { return brokers_; }
  // The address of broker `id` of that name; of another one of that name unless `only_this`, the
  // master first. Nothing: unknown.
  std::optional<std::string> Address(std::string_view broker_name, int64_t id,
                                     bool only_this) const;

  // Refreshes until ctx ends.
  void Run(Context& ctx);
  // No fetch is under way afterwards.
  void Close(Context& ctx) { gate_.Close(ctx); }

 private:
  struct Fetch {
    std::optional<Result<RoutePtr>> result;
    runtime::Condition ended;
  };
  struct Entry {
    RoutePtr route;
    Tick asked_for;  // when somebody last wanted it
  };
  struct NewTopic {
    RoutePtr route;
    Tick made;
  };

  Result<RoutePtr> FetchRoute(Context& ctx, const std::string& topic);
  void Take(const std::string& topic, RoutePtr route);
  void DropUnused();
  void RefreshAll(Context& ctx);
  void UpdateBrokers(const TopicRoute& route);

  runtime::Runtime& runtime_;
  NameServers& name_servers_;
  const ClientOptions& options_;
  UniqueFunction<void(const std::string&)> changed_;
  std::map<std::string, Entry, std::less<>> routes_;
  std::map<std::string, NewTopic, std::less<>> new_topics_;
  std::map<std::string, std::shared_ptr<Fetch>, std::less<>> fetches_;
  std::map<std::string, BrokerAddresses> brokers_;
  std::set<std::string> wanted_;  // by RefreshSoon
  runtime::Condition wake_;
  runtime::Gate gate_;
};

}  // namespace rmq::client
