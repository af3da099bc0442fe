// A PullConsumer reads queues where and when its program wants, and keeps offsets on the brokers if
// the program asks for it. Queues are not shared out among the members of a group.
//
// One executor; any number of fibers. Errors: kRejected (the broker said no), kUnavailable (no
// broker of that name is known), kNotFound (no such topic), kInvalidArgument, kClosed, and those of
// connections.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/calls.h"
#include "client/client_instance.h"
#include "client/consumer_member.h"
#include "client/pull_call.h"
#include "client/subscription.h"

namespace rmq::client {

struct PullConsumerOptions {
  std::string group = "DEFAULT_CONSUMER";
  milliseconds close_grace{1000};
};

struct PullOptions {
  std::string tags = "*";
  int32_t max_count = 32;
  std::optional<int32_t> max_bytes;
  // How long the broker may wait for messages if there are none; brokers have a limit of their own.
  milliseconds suspend{0};
  milliseconds timeout{10'000};  // beyond `suspend`
};

class PullConsumer final : private ConsumerMember {
 public:
  // `client` outlives it. kInvalidArgument: the group's name; kAlreadyExists: `client` has a
  // consumer of the group already.
  static Result<std::unique_ptr<PullConsumer>> Create(ClientInstance& client,
                                                      PullConsumerOptions options);
  ~PullConsumer() override;  // REQUIRES: closed, or its process is dead
  PullConsumer(const PullConsumer&) = delete;
  PullConsumer& operator=(const PullConsumer&) = delete;

  Result<std::vector<MessageQueue>> FetchQueues(Context& ctx, const std::string& topic);
  Result<PullResult> Pull(Context& ctx, const MessageQueue& queue, QueueOffset offset,
                          const PullOptions& options = {});

  Result<QueueOffset> MinOffset(Context& ctx, const MessageQueue& queue);
  Result<QueueOffset> MaxOffset(Context& ctx, const MessageQueue& queue);
  // Of the first message stored at `time` or later.
  Result<QueueOffset> OffsetByTime(Context& ctx, const MessageQueue& queue, WallTime time);
  // Nothing: the group has no offset for this queue.
  Result<std::optional<QueueOffset>> CommittedOffset(Context& ctx, const MessageQueue& queue);
  Result<void> Commit(Context& ctx, const MessageQueue& queue, QueueOffset offset);

  // Pulls under way are cancelled after close_grace. Idempotent.
  void Close(Context& ctx);

 private:
  PullConsumer(ClientInstance& client, PullConsumerOptions options);
  template <typename Function>
  auto Inside(Context& ctx, Function&& function);

  const std::string& group() const override { return options_.group; }
  wire::ConsumerData Describe() const override;
  void GroupChanged() override {}
  void ConnectionLost(Endpoint) override {}
  wire::ConsumerRunningInfo RunningInfo() const override { return {}; }
  std::map<MessageQueue, int64_t> Offsets(std::string_view) const override { return {}; }
  void ResetOffsets(const std::map<MessageQueue, int64_t>&) override {}
  wire::ConsumeMessageDirectlyResult ConsumeDirectly(Context& ctx, MessagePtr message) override;

  ClientInstance& client_;
  const PullConsumerOptions options_;
  Calls calls_;
  std::map<MessageQueue, int64_t> suggested_brokers_;
  bool closed_ = false;
};

}  // namespace rmq::client
