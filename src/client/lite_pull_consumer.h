// A LitePullConsumer fetches messages ahead and hands them out when its program asks: Poll. It owns
// queues as a PushConsumer does, by subscription (shared among the group) or by assignment, and
// commits what was finished.
//
//   auto consumer = LitePullConsumer::Create(*client, {.group = "billing"});
//   (*consumer)->Subscribe("orders", "*");
//   (*consumer)->Start(ctx);
//   for (;;) {
//     RMQ_TRY(auto messages, (*consumer)->Poll(ctx, 32, seconds(5)));
//     …
//   }
//
// One executor. Rule: CLIENT-56 in spec/client/consumer.md.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/push_consumer.h"

namespace rmq::client {

struct LitePullOptions {
  // Those that concern listeners mean nothing here.
  PushConsumerOptions consumer;
  // A Poll finishes what the Poll before returned. Else Finish does.
  bool auto_finish = true;
};

class LitePullConsumer {
 public:
  // Errors, and those of the functions below, as PushConsumer.
  static Result<std::unique_ptr<LitePullConsumer>> Create(ClientInstance& client,
                                                          LitePullOptions options);
  ~LitePullConsumer();  // REQUIRES: closed, or its process is dead

  Result<void> Subscribe(const std::string& topic, std::string_view tags) {
    return consumer_->Subscribe(topic, tags);
  }
  void Unsubscribe(const std::string& topic) { consumer_->Unsubscribe(topic); }
  // Instead of subscribing.
  void Assign(const std::vector<MessageQueue>& queues) { consumer_->Assign(queues); }
  Result<void> Start(Context& ctx) { return consumer_->Start(ctx); }

  // The next messages, in the order of each queue: at least one and at most `max`, or none after
  // `timeout`. One fiber at a time. kClosed; kCancelled.
  Result<std::vector<MessagePtr>> Poll(Context& ctx, size_t max, nanoseconds timeout);
  // These need not come again: what they hold up is committed soon.
  void Finish(std::span<const MessagePtr> messages);
  // Goes on at `offset` in a queue that it owns.
  void Seek(const MessageQueue& queue, QueueOffset offset) { consumer_->Seek(queue, offset); }
  std::map<MessageQueue, int64_t> Owned() const { return consumer_->Owned(); }

  // Commits what is finished and leaves the group; a Poll under way ends with kClosed. With
  // auto_finish the messages of the last Poll do not count as finished. Idempotent.
  void Close(Context& ctx);

 private:
  class Buffer;
  explicit LitePullConsumer(bool auto_finish) : auto_finish_(auto_finish) {}

  const bool auto_finish_;
  Buffer* buffer_ = nullptr;  // of consumer_
  std::unique_ptr<PushConsumer> consumer_;
  std::vector<MessagePtr> handed_out_;  // by the last Poll, if auto_finish_
  Calls calls_;
};

}  // namespace rmq::client
