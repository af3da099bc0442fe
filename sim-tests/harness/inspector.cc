#include "harness/inspector.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "client/client_instance.h"
#include "harness/broker_view.h"
#include "harness/queue_reader.h"
#include "harness/retry.h"

namespace rmq::simtest {
namespace {

// A client of the test process, closed when `inspect` has returned.
template <typename Inspect>
void WithClient(Context& ctx, sim::Simulation& sim, const std::string& name_servers,
                const std::string& name, Inspect inspect) {
  auto client = client::ClientInstance::Create(
      sim.runtime(), {.name_servers = name_servers, .instance_name = name});
  inspect(**client);
  (*client)->Close(ctx);
}

template <typename Inspect>
void WithReader(Context& ctx, sim::Simulation& sim, const std::string& name_servers,
                const std::string& name, Inspect inspect) {
  WithClient(ctx, sim, name_servers, name, [&](client::ClientInstance& client) {
    auto reader = client::PullConsumer::Create(client, {.group = "inspector"});
    inspect(**reader);
    (*reader)->Close(ctx);
  });
}

// Calls `fault` every second until it returns an empty text or the time is up. Returns the last.
template <typename Fault>
std::string WaitUntilFine(Context& ctx, nanoseconds at_most, Fault fault) {
  const Tick deadline = ctx.Now() + at_most;
  std::string text = fault();
  while (!text.empty() && ctx.Now() < deadline) {
    (void)ctx.SleepFor(seconds(1));
    text = fault();
  }
  return text;
}

}  // namespace

Inspector::Inspector(Cluster& cluster, Oracle& oracle, std::vector<std::string> topics,
                     std::vector<std::string> groups)
    : cluster_(cluster),
      sim_(cluster.sim()),
      oracle_(oracle),
      topics_(std::move(topics)),
      groups_(std::move(groups)) {}

void Inspector::WaitForRoutes(Context& ctx, nanoseconds at_most) {
  for (int i = 0; i < cluster_.name_server_count(); ++i) {
    WithReader(ctx, sim_, cluster_.name_server_address(i), fmt::format("router-{}", i),
               [&](client::PullConsumer& reader) {
                 const std::string fault =
                     WaitUntilFine(ctx, at_most, [&] { return RouteFault(ctx, reader, i); });
                 if (!fault.empty()) oracle_.Report("I12", fault);
               });
  }
}

// What is wrong with the routes of a NameServer; empty if nothing. A broker that is down must not
// be shown, one that serves must be.
std::string Inspector::RouteFault(Context& ctx, client::PullConsumer& reader, int name_server) {
  std::map<std::string, std::set<std::string>> shown;
  for (const std::string& topic : topics_) {
    Context timed = ctx.WithTimeout(seconds(10));
    const auto queues = reader.FetchQueues(timed, topic);
    if (!queues.has_value()) continue;
    for (const MessageQueue& queue : *queues) shown[topic].insert(queue.broker_name);
  }
  for (int b = 0; b < cluster_.broker_count(); ++b) {
    const std::string broker = Cluster::BrokerName(b);
    for (const std::string& topic : topics_) {
      const bool is_shown = shown[topic].contains(broker);
      if (is_shown && !cluster_.BrokerServes(b)) {
        return fmt::format("ns-{} shows {}, which does not serve", name_server, broker);
      }
      if (!is_shown && cluster_.BrokerServes(b) &&
          oracle_.AckedPlaces(/*doubtful_too=*/false).contains({topic, broker})) {
        return fmt::format("ns-{} does not show topic {} on {}", name_server, topic, broker);
      }
    }
  }
  return {};
}

// Of all brokers that hold acked messages: a NameServer whose connection to a broker has just been
// torn shows a part of the route until the broker is back.
Result<std::vector<MessageQueue>> Inspector::FetchAllQueues(Context& ctx,
                                                            client::PullConsumer& reader,
                                                            const std::string& topic,
                                                            bool doubtful_too) {
  RMQ_TRY(auto queues, reader.FetchQueues(ctx, topic));
  for (const auto& [acked_topic, broker] : oracle_.AckedPlaces(doubtful_too)) {
    const bool shown = std::ranges::any_of(
        queues, [&](const MessageQueue& queue) { return queue.broker_name == broker; });
    if (acked_topic == topic && !shown) {
      return Fail(ErrorCode::kUnavailable, fmt::format("{} is not shown", broker));
    }
  }
  return queues;
}

Result<std::vector<MessageQueue>> Inspector::AwaitAllQueues(Context& ctx,
                                                            client::PullConsumer& reader,
                                                            const std::string& topic) {
  auto queues = WithRetries(ctx, [&] { return FetchAllQueues(ctx, reader, topic, true); });
  if (queues.has_value()) return queues;
  // A broker that lost all of a topic does not know it either.
  return WithRetries(ctx, [&] { return FetchAllQueues(ctx, reader, topic, false); });
}

void Inspector::CheckContents(Context& ctx) {
  contents_.clear();
  const auto read_topic = [&](client::PullConsumer& reader, const std::string& topic) {
    Context timed = ctx.WithTimeout(minutes(10));
    const auto queues = AwaitAllQueues(timed, reader, topic);
    if (!queues.has_value() && oracle_.acked() > 0) {
      oracle_.Report("I12",
                     fmt::format("no route of topic {}: {}", topic, queues.error().ToString()));
    }
    if (!queues.has_value()) return;
    for (const MessageQueue& queue : *queues) {
      auto held = ReadQueue(timed, reader, queue, oracle_);
      if (held.has_value()) {
        contents_[queue] = std::move(*held);
      } else {
        oracle_.Report("I15",
                       fmt::format("{} can't be read: {}", Text(queue), held.error().ToString()));
      }
    }
  };
  WithReader(ctx, sim_, cluster_.name_server_list(), "verifier", [&](client::PullConsumer& reader) {
    for (const std::string& topic : topics_) read_topic(reader, topic);
  });
  oracle_.CheckDurable(contents_);
}

Oracle::CommittedOffsets Inspector::FetchAllCommitted(Context& ctx,
                                                      client::ClientInstance& client) {
  Oracle::CommittedOffsets all;
  for (int b = 0; b < cluster_.broker_count(); ++b) {
    const BrokerAt broker{.name = Cluster::BrokerName(b), .address = cluster_.broker_address(b)};
    auto committed = WithRetries(ctx, [&] { return FetchCommitted(ctx, client, broker); });
    if (committed.has_value()) {
      all.merge(*committed);
    } else {
      oracle_.Report("I15", fmt::format("{} can't be asked for offsets: {}", broker.name,
                                        committed.error().ToString()));
    }
  }
  std::erase_if(all, [&](const auto& entry) {
    return std::ranges::find(groups_, entry.first.first) == groups_.end() ||
           !contents_.contains(entry.first.second);
  });
  return all;
}

Oracle::CommittedOffsets Inspector::Committed(Context& ctx) {
  Oracle::CommittedOffsets committed;
  WithClient(ctx, sim_, cluster_.name_server_list(), "auditor",
             [&](client::ClientInstance& client) { committed = FetchAllCommitted(ctx, client); });
  return committed;
}

std::string Inspector::CommitFault(const Oracle::CommittedOffsets& committed) const {
  for (const std::string& group : groups_) {
    for (const auto& [queue, held] : contents_) {
      const auto found = committed.find({group, queue});
      const int64_t offset = found == committed.end() ? 0 : found->second;
      if (offset == held.max) continue;
      return fmt::format("group {} has consumed all {} of {}, but its committed offset stays at {}",
                         group, held.max, Text(queue), offset);
    }
  }
  return {};
}

void Inspector::WaitForCommits(Context& ctx, nanoseconds at_most) {
  Oracle::CommittedOffsets committed;
  std::string fault;
  WithClient(ctx, sim_, cluster_.name_server_list(), "auditor",
             [&](client::ClientInstance& client) {
               fault = WaitUntilFine(ctx, at_most, [&] {
                 committed = FetchAllCommitted(ctx, client);
                 return CommitFault(committed);
               });
             });
  if (!fault.empty()) oracle_.Report("I15", fault);
  for (const auto& [place, offset] : committed) {
    oracle_.CheckCommitted(place.first, place.second, offset, contents_.at(place.second).max);
  }
}

}  // namespace rmq::simtest
