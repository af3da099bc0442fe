// What a PushConsumer is told. The defaults are those of Apache's Java client (CLIENT-30).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/time.h"
#include "client/allocation.h"
#include "client/message.h"
#include "runtime/context.h"
#include "wire/heartbeat_data.h"

namespace rmq::client {

enum class ConsumeResult {
  kSuccess,  // done with these messages
  // Again later. Concurrently: sent back to the broker, which delivers them again after a while.
  // In order: the queue waits a moment, then the same messages come again.
  kRetry,
};

struct ConsumeContext {
  const MessageQueue& queue;
  // For kRetry: the delay level of the redelivery. 0: the broker's choice, longer each time; below
  // 0: straight to the dead-letter topic.
  int32_t delay_level = 0;
};

// Called on a fiber of the consumer; may suspend, and should then obey its Context, which is
// cancelled when the consumer closes and its grace is over. Messages of one call are of one queue,
// in order. It is not called any more once Close has returned.
using Listener = std::function<ConsumeResult(Context& ctx, std::span<const MessagePtr> messages,
                                             ConsumeContext& consume)>;

struct PushConsumerOptions {
  std::string group;
  wire::MessageModel model = wire::MessageModel::kClustering;
  // One listener call at a time for each queue, in the order of the queue.
  bool orderly = false;

  // Where a group begins that has no offset yet.
  wire::ConsumeFromWhere from = wire::ConsumeFromWhere::kLastOffset;
  WallTime from_time;  // for kTimestamp
  Allocation allocation = AllocateAveragely();

  int concurrency = 20;      // listener calls at a time
  size_t consume_batch = 1;  // messages in a call, at most
  int32_t max_reconsume =
      -1;  // redeliveries until the dead-letter topic; -1: 16, in order no limit

  int32_t pull_batch = 32;
  size_t max_cached_count = 1000;  // of one queue
  size_t max_cached_bytes = 100 * 1024 * 1024;
  int64_t max_span = 2000;  // between a queue's oldest and newest cached message; not in order

  seconds rebalance_interval{20};
  seconds persist_interval{5};
  seconds lock_interval{20};       // in order
  seconds lock_lifetime{30};       // how long we trust a lock; brokers keep it for 60 s
  milliseconds order_pause{1000};  // before a failed message of an ordered queue comes again
  milliseconds retry_pause{5000};  // before a message comes again that could not be sent back
  milliseconds pull_suspend{15'000};
  milliseconds pull_timeout{30'000};
  milliseconds close_grace{5000};  // for listener calls at Close

  // Broadcasting: the offsets are kept here, in a folder named after the group.
  std::string offset_directory;
};

}  // namespace rmq::client
