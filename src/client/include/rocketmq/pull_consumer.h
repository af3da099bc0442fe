// A PullConsumer reads queues where and when you want.
//
//   auto queues = consumer->FetchQueues("orders");
//   auto pulled = consumer->Pull(queues->front(), offset);
//   … pulled->messages …
//   offset = pulled->next_offset;
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rocketmq/client.h"
#include "rocketmq/message.h"
#include "rocketmq/result.h"

namespace rocketmq {

namespace internal {
class PullConsumerImpl;
}

struct PullConsumerOptions {
  std::string group = "DEFAULT_CONSUMER";
};

enum class PullStatus {
  kFound,
  kNoNewMessage,
  kNoMatchedMessage,
  kOffsetIllegal,  // before the oldest or behind the newest message: go on at next_offset
};

struct PullOptions {
  std::string tags = "*";
  int max_count = 32;
  // How long to wait for messages if there are none.
  std::chrono::milliseconds wait{0};
};

struct PullResult {
  PullStatus status = PullStatus::kNoNewMessage;
  int64_t next_offset = 0;
  int64_t min_offset = 0;
  int64_t max_offset = 0;
  std::vector<MessageExt> messages;
};

class PullConsumer {
 public:
  // kInvalidArgument: the group's name; kAlreadyExists: this client has a consumer of the group;
  // kClosed.
  static Result<PullConsumer> Create(const Client& client, PullConsumerOptions options = {});

  Result<std::vector<MessageQueue>> FetchQueues(const std::string& topic);
  Result<PullResult> Pull(const MessageQueue& queue, int64_t offset, PullOptions options = {});

  // Of the oldest message, and behind the newest.
  Result<int64_t> MinOffset(const MessageQueue& queue);
  Result<int64_t> MaxOffset(const MessageQueue& queue);
  // Of the first message stored at `time` or later.
  Result<int64_t> OffsetByTime(const MessageQueue& queue, Time time);
  // Where the group goes on, as the broker keeps it; nothing if it has no offset.
  Result<std::optional<int64_t>> CommittedOffset(const MessageQueue& queue);
  Result<void> Commit(const MessageQueue& queue, int64_t offset);

  // Pulls under way end with kCancelled. Idempotent. kInvalidArgument: called by a callback. The
  // last handle closes by itself.
  Result<void> Close();

 private:
  explicit PullConsumer(std::shared_ptr<internal::PullConsumerImpl> impl)
      : impl_(std::move(impl)) {}
  std::shared_ptr<internal::PullConsumerImpl> impl_;
};

}  // namespace rocketmq
