#include "client/topic_route.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace rmq::client {
namespace {

// A NameServer's number is taken with care: it sizes our tables.
constexpr int32_t kMaxQueues = 65'536;

void AddQueues(const std::string& topic, const std::string& broker, int32_t count,
               std::vector<MessageQueue>& to) {
  for (int32_t id = 0; id < std::min(count, kMaxQueues); ++id) {
    to.push_back({.topic = topic, .broker_name = broker, .queue_id = id});
  }
}

// "broker-a:4;broker-b:4": the queues of a topic in global order, whatever else the route says.
void AddOrderedQueues(const std::string& topic, std::string_view conf,
                      std::vector<MessageQueue>& to) {
  while (!conf.empty()) {
    const size_t end = std::min(conf.find(';'), conf.size());
    const std::string_view part = conf.substr(0, end);
    conf.remove_prefix(std::min(end + 1, conf.size()));
    const size_t colon = part.find(':');
    if (colon == std::string_view::npos) continue;
    int32_t count = 0;
    std::from_chars(part.data() + colon + 1, part.data() + part.size(), count);
    AddQueues(topic, std::string(part.substr(0, colon)), count, to);
  }
}

std::vector<const wire::QueueData*> ByBrokerName(const wire::TopicRouteData& data) {
  std::vector<const wire::QueueData*> sorted;
  for (const wire::QueueData& queues : data.queue_datas) sorted.push_back(&queues);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->broker_name < b->broker_name; });
  return sorted;
}

}  // namespace

TopicRoute::TopicRoute(std::string topic, wire::TopicRouteData data)
    : topic_(std::move(topic)), data_(std::move(data)) {
  for (const wire::BrokerData& broker : data_.broker_datas) {
    brokers_[broker.broker_name] = broker.broker_addrs;
  }
  AddWriteQueues();
  AddReadQueues();
}

void TopicRoute::AddWriteQueues() {
  if (data_.order_topic_conf.has_value() && !data_.order_topic_conf->empty()) {
    return AddOrderedQueues(topic_, *data_.order_topic_conf, write_queues_);
  }
  for (const wire::QueueData* queues : ByBrokerName(data_)) {
    if ((queues->perm & wire::kPermWrite) == 0) continue;
    const auto broker = brokers_.find(queues->broker_name);
    if (broker == brokers_.end() || !broker->second.contains(wire::kMasterId)) continue;
    AddQueues(topic_, queues->broker_name, queues->write_queue_nums, write_queues_);
  }
}

void TopicRoute::AddReadQueues() {
  for (const wire::QueueData* queues : ByBrokerName(data_)) {
    if ((queues->perm & wire::kPermRead) == 0) continue;
    AddQueues(topic_, queues->broker_name, queues->read_queue_nums, read_queues_);
  }
}

RoutePtr TopicRoute::ForNewTopic(const TopicRoute& default_topic, std::string topic,
                                 int32_t max_queues) {
  wire::TopicRouteData data = default_topic.data();
  data.order_topic_conf.reset();
  for (wire::QueueData& queues : data.queue_datas) {
    const int32_t count = std::min({max_queues, queues.read_queue_nums, queues.write_queue_nums});
    queues.read_queue_nums = queues.write_queue_nums = count;
  }
  return std::make_shared<const TopicRoute>(std::move(topic), std::move(data));
}

}  // namespace rmq::client
