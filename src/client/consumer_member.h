// What a ClientInstance needs of the consumers that use it: what to say of them in heartbeats, and
// who answers what brokers ask about them. None of these suspends, but for ConsumeDirectly.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "base/ids.h"
#include "client/message.h"
#include "runtime/context.h"
#include "wire/client_bodies.h"
#include "wire/heartbeat_data.h"

namespace rmq::client {

class ConsumerMember {
 public:
  virtual ~ConsumerMember() = default;

  virtual const std::string& group() const = 0;
  virtual wire::ConsumerData Describe() const = 0;
  // The members of the group, or the route of some topic, are others than before.
  virtual void GroupChanged() = 0;
  // A connection to `peer` ended: a broker there may have forgotten what it had granted us.
  virtual void ConnectionLost(Endpoint peer) = 0;
  virtual wire::ConsumerRunningInfo RunningInfo() const = 0;
  // Where the queues of `topic` that it owns will be committed.
  virtual std::map<MessageQueue, int64_t> Offsets(std::string_view topic) const = 0;
  // Goes on from these offsets in those of the queues that it owns.
  virtual void ResetOffsets(const std::map<MessageQueue, int64_t>& offsets) = 0;
  virtual wire::ConsumeMessageDirectlyResult ConsumeDirectly(Context& ctx, MessagePtr message) = 0;
};

}  // namespace rmq::client
