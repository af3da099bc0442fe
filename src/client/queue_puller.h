// QueuePuller pulls one queue until it is dropped: waits for room, asks the broker, hands over what
// came. It gives up on no error: it waits a little and tries again (CLIENT-43, museum M30). The
// body of one fiber.
#pragma once

#include "client/consumer_parts.h"
#include "client/process_queue.h"
#include "client/pull_call.h"

namespace rmq::client {

class QueueTable;

class QueuePuller {
 public:
  QueuePuller(ConsumerParts& parts, QueueTable& table, ProcessQueuePtr queue)
      : parts_(parts), table_(table), queue_(std::move(queue)) {}

  // Until the queue is dropped or ctx ends.
  void Run(Context& ctx);

 private:
  bool MustWait() const;
  // False: nothing is to be pulled any more.
  bool PullOnce(Context& ctx);
  void Take(PullResult result);
  bool Correct(const PullResult& result);
  void NoteFailure(const Error& error);
  nanoseconds PauseAfter(const PullResult& result, nanoseconds took);

  ConsumerParts& parts_;
  QueueTable& table_;
  const ProcessQueuePtr queue_;
  int64_t broker_id_ = wire::kMasterId;
  int failures_ = 0;
  int quick_empties_ = 0;
};

}  // namespace rmq::client
