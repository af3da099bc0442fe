#include "client/queue_table.h"

#include "base/assert.h"
#include "client/queue_locks.h"
#include "client/queue_puller.h"

namespace rmq::client {

void QueueTable::Take(const MessageQueue& queue, QueueOffset from, Tick locked_until) {
  RMQ_ASSERT(!Has(queue));
  auto taken = std::make_shared<ProcessQueue>(queue, from);
  taken->locked_until = locked_until;
  owned_.emplace(queue, taken);
  RMQ_LOG(parts_.runtime().log(), kInfo, "client", "group {}: takes {} queue {} of {} at {}",
          parts_.options.group, queue.topic, queue.queue_id, queue.broker_name, from.value);
  parts_.runtime().executor().Spawn(parts_.gate, "pull", [this, taken](Context& ctx) {
    QueuePuller(parts_, *this, taken).Run(ctx);
  });
}

void QueueTable::GiveUp(const MessageQueue& queue, Leave leave) {
  const auto found = owned_.find(queue);
  if (found == owned_.end()) return;
  const Leaving leaving{.queue = found->second, .leave = leave};
  owned_.erase(found);
  leaving_.emplace(leaving.queue->queue(), leaving);
  leaving.queue->Drop();
  RMQ_LOG(parts_.runtime().log(), kInfo, "client", "group {}: gives up {} queue {} of {} at {}",
          parts_.options.group, queue.topic, queue.queue_id, queue.broker_name,
          leaving.offset().value);
  parts_.runtime().executor().Spawn(parts_.gate, "give up",
                                    [this, leaving](Context& ctx) { PayDebts(ctx, leaving); });
}

// In order, the lock goes last: whoever gets it next finds our offset, and no listener of ours.
void QueueTable::PayDebts(Context& ctx, const Leaving& leaving) {
  const MessageQueue& name = leaving.queue->queue();
  while (parts_.options.orderly && leaving.queue->listening() > 0) {
    if (!leaving.queue->changed().Wait(ctx).has_value()) return;
  }
  if (leaving.leave.kind == Leave::kReset) parts_.offsets->AllowBack(name);
  if (leaving.leave.kind != Leave::kAbandon) parts_.offsets->Save(ctx, {{name, leaving.offset()}});
  if (parts_.locks()) UnlockQueues(ctx, parts_.client, parts_.options.group, {name});
  if (!ctx.Check().has_value()) return;  // Close pays.
  leaving_.erase(name);
  left_();
}

void QueueTable::SaveAll(Context& ctx) {
  std::map<MessageQueue, QueueOffset> offsets;
  for (const auto& [name, queue] : owned_) offsets.emplace(name, queue->committable());
  parts_.offsets->Save(ctx, offsets);
}

void QueueTable::Close(Context& ctx) {
  std::map<MessageQueue, QueueOffset> offsets;
  std::set<MessageQueue> locked;
  for (const auto& [name, leaving] : leaving_) {
    locked.insert(name);
    if (leaving.leave.kind != Leave::kAbandon) offsets.emplace(name, leaving.offset());
  }
  for (const auto& [name, queue] : owned_) {
    locked.insert(name);
    offsets.emplace(name, queue->committable());
    queue->Drop();
  }
  owned_.clear();
  leaving_.clear();
  parts_.offsets->Save(ctx, offsets);
  if (parts_.locks()) UnlockQueues(ctx, parts_.client, parts_.options.group, locked);
}

ProcessQueuePtr QueueTable::Find(const MessageQueue& queue) const {
  const auto found = owned_.find(queue);
  return found == owned_.end() ? nullptr : found->second;
}

std::set<MessageQueue> QueueTable::LockedQueues() const {
  std::set<MessageQueue> queues;
  for (const auto& [name, queue] : owned_) queues.insert(name);
  for (const auto& [name, leaving] : leaving_) queues.insert(name);
  return queues;
}

void QueueTable::WakeAll() {
  for (const auto& [name, queue] : owned_) queue->changed().NotifyAll();
}

}  // namespace rmq::client
