// PullMessages: one PULL_MESSAGE request and its answer, for push and pull consumers alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/client_instance.h"
#include "client/message.h"
#include "client/subscription.h"

namespace rmq::client {

struct PullRequest {
  const std::string& group;
  const MessageQueue& queue;
  const Subscription& subscription;
  QueueOffset offset;
  int32_t max_count = 32;
  std::optional<int32_t> max_bytes;
  milliseconds suspend{0};              // how long the broker may wait for messages
  int64_t broker_id = wire::kMasterId;  // whom to ask; another one if it is not known
};

enum class PullStatus {
  kFound,
  kNoNewMessage,
  kNoMatchedMessage,
  // The offset is before the oldest or behind the newest message: next_begin_offset is right.
  kOffsetIllegal,
};

struct PullResult {
  PullStatus status = PullStatus::kNoNewMessage;
  QueueOffset next_begin_offset;
  QueueOffset min_offset;
  QueueOffset max_offset;
  int64_t suggested_broker_id = wire::kMasterId;  // for the next pull
  std::vector<MessagePtr> messages;               // those that match the subscription's tags
};

// At most `timeout`, which is longer than `suspend`. Errors: those of ClientInstance::CallBroker,
// kRejected, and kCorruption for messages that can't be decoded.
Result<PullResult> PullMessages(Context& ctx, ClientInstance& client, const PullRequest& request,
                                nanoseconds timeout);

}  // namespace rmq::client
