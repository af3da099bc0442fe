// TopicRoute: where a topic's queues are, as one answer of a NameServer said. Immutable and shared:
// whoever works with a route keeps it, a newer one replaces it in the RouteCache.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "wire/route_data.h"

namespace rmq::client {

// Addresses of one broker name by broker id: 0 is the master.
using BrokerAddresses = std::map<int64_t, std::string>;

class TopicRoute {
 public:
  TopicRoute(std::string topic, wire::TopicRouteData data);

  const std::string& topic() const { return topic_; }
  // Writable and with a master, by broker name, then queue id: the same order in every client.
  const std::vector<MessageQueue>& write_queues() const { return write_queues_; }
  // Readable, in the same order.
  const std::vector<MessageQueue>& read_queues() const { return read_queues_; }
  const std::map<std::string, BrokerAddresses>& brokers() const { return brokers_; }
  const wire::TopicRouteData& data() const { return data_; }

  // What a client sends a new topic's first messages by: the writable queues of the default
  // topic's brokers, at most `max_queues` on each (CLIENT-5).
  static std::shared_ptr<const TopicRoute> ForNewTopic(const TopicRoute& default_topic,
                                                       std::string topic, int32_t max_queues);

 private:
  void AddWriteQueues();
  void AddReadQueues();

  const std::string topic_;
  const wire::TopicRouteData data_;
  std::map<std::string, BrokerAddresses> brokers_;
  std::vector<MessageQueue> write_queues_;
  std::vector<MessageQueue> read_queues_;
};

using RoutePtr = std::shared_ptr<const TopicRoute>;

}  // namespace rmq::client
