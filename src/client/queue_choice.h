// QueueChoice picks the queue of each attempt to send: round robin over the topic's writable
// queues, preferring brokers that were not tried yet for this message and are not to be avoided.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "client/broker_faults.h"
#include "runtime/random.h"

namespace rmq::client {

class QueueChoice {
 public:
  explicit QueueChoice(runtime::Random& random) : random_(random) {}

  // REQUIRES: queues is not empty; all of one topic.
  const MessageQueue& Next(const std::vector<MessageQueue>& queues,
                           const std::set<std::string>& tried, const BrokerFaults& faults,
                           Tick now);

 private:
  runtime::Random& random_;
  std::map<std::string, uint64_t> turns_;  // by topic
};

// CLIENT-26: the queue for a sharding key, as Java's SelectMessageQueueByHash picks it. REQUIRES:
// queues is not empty.
const MessageQueue& QueueForKey(const std::vector<MessageQueue>& queues, std::string_view key);

}  // namespace rmq::client
