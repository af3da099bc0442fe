#include "client/queue_puller.h"

#include <algorithm>

#include "client/queue_table.h"

namespace rmq::client {
namespace {

constexpr seconds kFirstPause{1};
constexpr int kMaxPauses = 3;
// A broker that answers "nothing" without waiting for messages is not asked in a tight loop.
constexpr milliseconds kQuick{50};
constexpr int kQuickEmpties = 3;
constexpr milliseconds kPauseAfterQuickEmpties{100};

}  // namespace

void QueuePuller::Run(Context& ctx) {
  Context own = ctx.WithCancellation(queue_->dropping());
  while (own.Check().has_value()) {
    if (MustWait()) {
      static_cast<void>(queue_->changed().Wait(own));
    } else if (!PullOnce(own)) {
      return;
    }
  }
}

bool QueuePuller::MustWait() const {
  return parts_.suspended || queue_->Full(parts_.options);
}

bool QueuePuller::PullOnce(Context& ctx) {
  const auto subscription = parts_.subscriptions.find(queue_->queue().topic);
  if (subscription == parts_.subscriptions.end()) return false;
  const Subscription wanted = subscription->second;
  const Tick started = ctx.Now();
  queue_->last_pull = started;
  auto result = PullMessages(ctx, parts_.client,
                             {.group = parts_.options.group,
                              .queue = queue_->queue(),
                              .subscription = wanted,
                              .offset = queue_->next_offset(),
                              .max_count = parts_.options.pull_batch,
                              .suspend = parts_.options.pull_suspend,
                              .broker_id = broker_id_},
                             parts_.options.pull_timeout);
  if (queue_->dropped() || !ctx.Check().has_value()) return false;
  if (!result.has_value()) {
    NoteFailure(result.error());
    return ctx.SleepFor(kFirstPause * std::min(++failures_, kMaxPauses)).has_value();
  }
  failures_ = 0;
  if (result->status == PullStatus::kOffsetIllegal) return Correct(*result);
  broker_id_ = result->suggested_broker_id;
  const nanoseconds pause = PauseAfter(*result, ctx.Now() - started);
  Take(*std::move(result));
  return pause == nanoseconds(0) || ctx.SleepFor(pause).has_value();
}

void QueuePuller::Take(PullResult result) {
  std::vector<MessagePtr> taken = queue_->Put(std::move(result.messages), result.next_begin_offset);
  if (!taken.empty()) parts_.service->Arrived(queue_, std::move(taken));
}

// The offset is outside of what the broker has. Only the master's word counts: a slave may be
// behind. Forward (messages were deleted): go on there, what is cached stays. Backward (the broker
// lost its newest messages): begin anew there, for new ones will come under the same offsets, or at
// the oldest message that is not finished: what is cached goes with the queue.
bool QueuePuller::Correct(const PullResult& result) {
  if (std::exchange(broker_id_, wire::kMasterId) != wire::kMasterId) return true;
  const QueueOffset right = result.next_begin_offset;
  RMQ_LOG(parts_.runtime().log(), kWarn, "client",
          "group {}: offset {} of {} queue {} of {} is illegal, going on at {}",
          parts_.options.group, queue_->next_offset().value, queue_->queue().topic,
          queue_->queue().queue_id, queue_->queue().broker_name, right.value);
  if (right > queue_->next_offset()) {
    queue_->SkipTo(right);
    return true;
  }
  table_.GiveUp(queue_->queue(),
                {.kind = Leave::kReset, .reset_to = std::min(right, queue_->committable())});
  return false;
}

void QueuePuller::NoteFailure(const Error& error) {
  RMQ_LOG(parts_.runtime().log(), kInfo, "client", "group {}: {}", parts_.options.group,
          error.ToString());
  broker_id_ = wire::kMasterId;
  parts_.client.routes().RefreshSoon(queue_->queue().topic);
  // The broker may have forgotten us.
  if (error.code() == ErrorCode::kRejected) parts_.client.membership().AnnounceSoon();
}

nanoseconds QueuePuller::PauseAfter(const PullResult& result, nanoseconds took) {
  const bool progress = result.next_begin_offset > queue_->next_offset();
  if (progress || took > kQuick) {
    quick_empties_ = 0;
    return nanoseconds(0);
  }
  return ++quick_empties_ < kQuickEmpties ? nanoseconds(0) : kPauseAfterQuickEmpties;
}

}  // namespace rmq::client
