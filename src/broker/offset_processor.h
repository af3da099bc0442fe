// OffsetProcessor: consumer offsets (14, 15), and the offsets of queues: max (30), min (31), by
// time (29), earliest store time (32). Rules: spec/wire/broker.md.
#pragma once

#include "broker/broker_parts.h"

namespace rmq::broker {

// Commits what may count of `offset` (BROKER-21, BROKER-54). kInvalidArgument if it lies outside of
// the queue.
Result<void> CommitOffset(BrokerParts& parts, uint64_t connection, std::string_view group,
                          std::string_view topic, int32_t queue_id, int64_t offset);

class OffsetProcessor {
 public:
  explicit OffsetProcessor(BrokerParts& parts) : parts_(parts) {}

  void QueryConsumerOffset(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void UpdateConsumerOffset(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void GetMaxOffset(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  void GetMinOffset(const ConnectionPtr& connection, const wire::RemotingCommand& request);
  // These two read the disk.
  void SearchOffset(Context& ctx, const ConnectionPtr& connection,
                    const wire::RemotingCommand& request);
  void GetEarliestStoreTime(Context& ctx, const ConnectionPtr& connection,
                            const wire::RemotingCommand& request);

 private:
  BrokerParts& parts_;
};

}  // namespace rmq::broker
