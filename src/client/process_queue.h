// ProcessQueue: one queue that this consumer owns now, with the messages that were pulled and not
// finished yet.
//
//   committed ≤ committable = oldest unfinished message ≤ … ≤ next_offset
//
// What is committed is never beyond the oldest unfinished message: after a crash each message that
// was not finished comes again (CLIENT-44, invariant I6). A queue that is lost is dropped; if it
// comes back, it is a new ProcessQueue. One executor; shared by the fibers that work on it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/message.h"
#include "client/push_options.h"
#include "runtime/mutex.h"

namespace rmq::client {

class ProcessQueue {
 public:
  ProcessQueue(MessageQueue queue, QueueOffset from) : queue_(std::move(queue)), next_(from) {}

  const MessageQueue& queue() const { return queue_; }
  // Where the next pull begins.
  QueueOffset next_offset() const { return next_; }
  // What may be committed.
  QueueOffset committable() const;

  // Takes what a pull from next_offset() brought and moves on to `next`. Returns the messages that
  // are new.
  std::vector<MessagePtr> Put(std::vector<MessagePtr> messages, QueueOffset next);
  // Nothing is there before `next`. Does not go back.
  void SkipTo(QueueOffset next);
  // The listener is through with these, or the broker has them back.
  void Finish(std::span<const MessagePtr> messages);
  // The oldest unfinished messages, at most `count`.
  std::vector<MessagePtr> Oldest(size_t count) const;

  size_t count() const { return unfinished_.size(); }
  size_t bytes() const { return bytes_; }
  // Enough is cached: pull no more (CLIENT-42).
  bool Full(const PushConsumerOptions& options) const;

  // The queue is ours no more: ends its pull, and results of its listeners count no longer.
  void Drop();
  bool dropped() const { return dropping_.cancelled(); }
  runtime::Cancellation& dropping() { return dropping_; }

  // Notified when messages were finished, when a listener call ended, and when it was dropped.
  runtime::Condition& changed() { return changed_; }

  // Listener calls under way.
  void BeginListening() { ++listening_; }
  void EndListening() {
    --listening_;
    changed_.NotifyAll();
  }
  int listening() const { return listening_; }

  // In order: until when we trust our lock.
  Tick locked_until;
  bool consumed_in_order = false;  // a fiber is at it
  Tick last_pull;
  Tick last_consume;

 private:
  const MessageQueue queue_;
  QueueOffset next_;
  std::map<int64_t, MessagePtr> unfinished_;  // by offset
  size_t bytes_ = 0;
  int listening_ = 0;
  runtime::Cancellation dropping_;
  runtime::Condition changed_;
};

using ProcessQueuePtr = std::shared_ptr<ProcessQueue>;

}  // namespace rmq::client
