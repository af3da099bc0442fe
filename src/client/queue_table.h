// QueueTable: the queues this consumer owns, each with the fiber that pulls it. What a queue that
// is given up still owes (its offset, its lock) is paid by a fiber of its own, so that nobody waits
// for it. One executor.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "client/consumer_parts.h"
#include "client/process_queue.h"

namespace rmq::client {

// What becomes of the offset of a queue that is given up.
struct Leave {
  enum Kind {
    kCommit,   // committed as far as it is finished
    kAbandon,  // somebody else may have it already: nothing is committed
    kReset,    // `reset_to` is committed, backwards too
  };
  Kind kind = kCommit;
  QueueOffset reset_to;
};

class QueueTable {
 public:
  // `left` is called when a queue that was given up could be taken again.
  QueueTable(ConsumerParts& parts, UniqueFunction<void()> left)
      : parts_(parts), left_(std::move(left)) {}

  // REQUIRES: !Has(queue).
  void Take(const MessageQueue& queue, QueueOffset from, Tick locked_until);
  // Nothing happens if it is not ours.
  void GiveUp(const MessageQueue& queue, Leave leave);
  // Commits all of them as far as they are finished.
  void SaveAll(Context& ctx);
  // The end of a consumer whose listeners are done: pays all debts and owns nothing any more.
  void Close(Context& ctx);

  // Ours, or just being given up.
  bool Has(const MessageQueue& queue) const {
    return owned_.contains(queue) || leaving_.contains(queue);
  }
  ProcessQueuePtr Find(const MessageQueue& queue) const;
  const std::map<MessageQueue, ProcessQueuePtr>& owned() const { return owned_; }
  // Whose locks we still need: listeners may be at work on what is being given up.
  std::set<MessageQueue> LockedQueues() const;
  void WakeAll();

 private:
  struct Leaving {
    ProcessQueuePtr queue;
    Leave leave;
    QueueOffset offset() const {
      return leave.kind == Leave::kReset ? leave.reset_to : queue->committable();
    }
  };
  void PayDebts(Context& ctx, const Leaving& leaving);

  ConsumerParts& parts_;
  UniqueFunction<void()> left_;
  std::map<MessageQueue, ProcessQueuePtr> owned_;
  std::map<MessageQueue, Leaving> leaving_;
};

}  // namespace rmq::client
