#include "client/orderly_service.h"

#include <algorithm>

namespace rmq::client {
namespace {

// How often a queue without a lock looks whether it has one.
constexpr milliseconds kLockPause{100};

}  // namespace

OrderlyService::OrderlyService(ConsumerParts& parts)
    : parts_(parts), calls_(static_cast<size_t>(std::max(parts.options.concurrency, 1))) {}

// The messages are in the queue already; what is needed is somebody who is at it.
void OrderlyService::Arrived(const ProcessQueuePtr& queue, std::vector<MessagePtr>) {
  if (closing_ || queue->consumed_in_order) return;
  queue->consumed_in_order = true;
  ++fibers_;
  parts_.runtime().executor().Spawn(gate_, "consume in order", [this, queue](Context& ctx) {
    ConsumeAll(ctx, queue);
    queue->consumed_in_order = false;
    if (--fibers_ == 0) idle_.NotifyAll();
  });
}

void OrderlyService::ConsumeAll(Context& ctx, const ProcessQueuePtr& queue) {
  while (!closing_ && !queue->dropped() && queue->count() > 0) {
    if (!ConsumeNext(ctx, queue).has_value()) return;
  }
}

// The waits end when the queue is lost or the consumer closes; the listener call does not.
Result<void> OrderlyService::ConsumeNext(Context& ctx, const ProcessQueuePtr& queue) {
  Context own = ctx.WithCancellation(queue->dropping());
  Context waiting = own.WithCancellation(stopping_);
  while (!MayConsume(*queue)) RMQ_TRY(waiting.SleepFor(kLockPause));
  RMQ_TRY(calls_.Acquire(waiting));
  // The wait for our turn may have taken long.
  if (queue->dropped() || closing_ || !MayConsume(*queue)) {
    calls_.Release();
    return {};
  }
  const std::vector<MessagePtr> messages =
      queue->Oldest(std::max<size_t>(parts_.options.consume_batch, 1));
  ConsumeContext consume{.queue = queue->queue()};
  const ConsumeResult result = Listen(ctx, parts_, *queue, messages, consume);
  calls_.Release();
  // It counts also if the queue is being given up: that waits for us, and commits afterwards.
  if (result == ConsumeResult::kSuccess) queue->Finish(messages);
  if (result == ConsumeResult::kSuccess || queue->dropped()) return {};
  return Retry(waiting, *queue, messages, consume.delay_level);
}

// CLIENT-53: the queue stands still until its oldest messages are done, or have been tried often
// enough to go to the dead-letter topic.
Result<void> OrderlyService::Retry(Context& ctx, ProcessQueue& queue,
                                   const std::vector<MessagePtr>& messages, int32_t delay_level) {
  for (const MessagePtr& message : messages) {
    if (parts_.clustering() && (delay_level < 0 || Exhausted(*message))) {
      const Result<void> back = SendBack(ctx, parts_, *message, /*delay_level=*/-1);
      if (back.has_value()) {
        queue.Finish({&message, 1});
        continue;
      }
      RMQ_LOG(parts_.runtime().log(), kInfo, "client", "{}", back.error().ToString());
    }
    ++message->reconsume_times;
  }
  return ctx.SleepFor(parts_.options.order_pause);
}

bool OrderlyService::Exhausted(const MessageExt& message) const {
  const int32_t max = parts_.options.max_reconsume;
  return max >= 0 && message.reconsume_times >= max;
}

bool OrderlyService::MayConsume(const ProcessQueue& queue) const {
  return !parts_.locks() || parts_.runtime().clock().Now() < queue.locked_until;
}

void OrderlyService::Close(Context& ctx, nanoseconds grace) {
  closing_ = true;
  stopping_.Cancel();
  Context limited = ctx.WithTimeout(grace);
  while (fibers_ > 0 && idle_.Wait(limited).has_value()) {
  }
  gate_.Close(ctx);
}

}  // namespace rmq::client
