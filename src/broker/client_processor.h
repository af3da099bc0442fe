// ClientProcessor: heartbeats (34), leaving (35), member lists (38), subscription checks (46), and
// the locks of orderly consumption (41, 42). Rules: spec/wire/broker.md.
#pragma once

#include "broker/broker_parts.h"

namespace rmq::broker {

class ClientProcessor {
 public:
  explicit ClientProcessor(BrokerParts& parts) : parts_(parts) {}

  void Heartbeat(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void Unregister(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void ListConsumers(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void CheckConfig(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void LockQueues(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void UnlockQueues(const ConnectionPtr& connection, const wire::RemotingCommand& request);

 private:
  void RegisterConsumer(const ClientChannel& channel, const wire::ConsumerData& consumer,
                        const wire::HeartbeatData& heartbeat, bool& subscriptions_changed);

  BrokerParts& parts_;
  QueueLocks locks_;
};

}  // namespace rmq::broker
