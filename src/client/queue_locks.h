// The locks of ordered consumption: a broker gives a queue to one member of a group at a time.
// Rules: CLIENT-50 to CLIENT-54.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/ids.h"
#include "client/client_instance.h"

namespace rmq::client {

// Locks or renews queues of one broker for this client; returns those that are ours now. Errors:
// those of ClientInstance::CallBroker, and kRejected.
Result<std::set<MessageQueue>> LockQueues(Context& ctx, ClientInstance& client,
                                          const std::string& group,
                                          const std::set<MessageQueue>& queues);
// Queues of any brokers. What fails is logged: the locks expire by themselves.
void UnlockQueues(Context& ctx, ClientInstance& client, const std::string& group,
                  const std::set<MessageQueue>& queues);

std::map<std::string, std::set<MessageQueue>> ByBroker(const std::set<MessageQueue>& queues);

}  // namespace rmq::client
