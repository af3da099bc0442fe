// OrderlyService: one listener call at a time for each queue, in the queue's order, and only while
// the queue's lock is ours (CLIENT-50 to CLIENT-54). At most `concurrency` calls over all queues.
// One executor.
#pragma once

#include <vector>

#include "client/consumer_parts.h"

namespace rmq::client {

class OrderlyService final : public ConsumeService {
 public:
  explicit OrderlyService(ConsumerParts& parts);

  void Arrived(const ProcessQueuePtr& queue, std::vector<MessagePtr> messages) override;
  void Close(Context& ctx, nanoseconds grace) override;

 private:
  void ConsumeAll(Context& ctx, const ProcessQueuePtr& queue);
  Result<void> ConsumeNext(Context& ctx, const ProcessQueuePtr& queue);
  Result<void> Retry(Context& ctx, ProcessQueue& queue, const std::vector<MessagePtr>& messages,
                     int32_t delay_level);
  bool Exhausted(const MessageExt& message) const;
  bool MayConsume(const ProcessQueue& queue) const;

  ConsumerParts& parts_;
  runtime::Semaphore calls_;
  int fibers_ = 0;
  bool closing_ = false;
  runtime::Condition idle_;
  runtime::Cancellation stopping_;  // of waits between listener calls
  runtime::Gate gate_;
};

}  // namespace rmq::client
