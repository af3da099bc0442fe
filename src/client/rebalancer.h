// The Rebalancer decides which queues this consumer owns: every 20 s, and when it is woken because
// the group, a route or a subscription changed. As long as something is amiss (no route, no list of
// members, a lock that somebody else holds) it looks again after 1 s, then 2 s, and so on.
//
// What can't be found out changes nothing: the queues stay as they are (CLIENT-40). One fiber runs
// it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/consumer_parts.h"
#include "client/queue_table.h"

namespace rmq::client {

class Rebalancer {
 public:
  Rebalancer(ConsumerParts& parts, QueueTable& table) : parts_(parts), table_(table) {}

  void Wake() {
    woken_ = true;
    wake_.NotifyAll();
  }
  // Until ctx ends.
  void Run(Context& ctx);

 private:
  // Lets the brokers know us before they are asked for our group.
  void Introduce(Context& ctx);
  // True: everything is as it should be.
  bool RebalanceAll(Context& ctx);
  bool RebalanceTopic(Context& ctx, const std::string& topic);
  void DropUnsubscribed();
  std::vector<std::string> Topics() const;

  Result<std::set<MessageQueue>> OurQueues(Context& ctx, const std::string& topic);
  // The members of our group, sorted.
  Result<std::vector<std::string>> Members(Context& ctx, const TopicRoute& route);
  Result<std::vector<std::string>> MembersAt(Context& ctx, const std::string& address);

  bool TakeNew(Context& ctx, const std::set<MessageQueue>& queues);
  bool TakeAtBroker(Context& ctx, const std::set<MessageQueue>& queues);
  Result<QueueOffset> StartOffset(Context& ctx, const MessageQueue& queue);
  Result<QueueOffset> FirstOffset(Context& ctx, const MessageQueue& queue);

  ConsumerParts& parts_;
  QueueTable& table_;
  bool woken_ = false;
  runtime::Condition wake_;
};

}  // namespace rmq::client
