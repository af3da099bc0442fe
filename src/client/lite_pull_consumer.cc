#include "client/lite_pull_consumer.h"

#include <algorithm>

namespace rmq::client {

// Keeps what was pulled until somebody asks for it.
class LitePullConsumer::Buffer final : public ConsumeService {
 public:
  void Arrived(const ProcessQueuePtr& queue, std::vector<MessagePtr> messages) override {
    for (MessagePtr& message : messages) waiting_.push_back({queue, std::move(message)});
    arrived_.NotifyAll();
  }

  void Close(Context&, nanoseconds) override {
    closed_ = true;
    waiting_.clear();
    handed_out_.clear();
    arrived_.NotifyAll();
  }

  // Waits for the first message. An empty list: nothing came in time.
  Result<std::vector<MessagePtr>> Take(Context& ctx, size_t max, nanoseconds timeout) {
    Context limited = ctx.WithTimeout(timeout);
    for (;;) {
      if (closed_) return Fail(ErrorCode::kClosed, "the consumer is closed");
      std::vector<MessagePtr> taken = TakeWaiting(max);
      if (!taken.empty()) return taken;
      const Result<void> waited = arrived_.Wait(limited);
      if (waited.has_value()) continue;
      RMQ_TRY(ctx.Check());
      return taken;
    }
  }

  void Finish(std::span<const MessagePtr> messages) {
    for (const MessagePtr& message : messages) {
      const auto queue = handed_out_.find(Key(*message));
      if (queue == handed_out_.end()) continue;
      queue->second->Finish({&message, 1});
      handed_out_.erase(queue);
    }
  }

 private:
  using QueueAndOffset = std::pair<MessageQueue, int64_t>;
  struct Waiting {
    ProcessQueuePtr queue;
    MessagePtr message;
  };
  static QueueAndOffset Key(const MessageExt& message) {
    return {message.queue, message.queue_offset.value};
  }

  // What was pulled from a queue that was lost meanwhile belongs to its next owner.
  std::vector<MessagePtr> TakeWaiting(size_t max) {
    std::vector<MessagePtr> taken;
    while (!waiting_.empty() && taken.size() < max) {
      Waiting first = std::move(waiting_.front());
      waiting_.pop_front();
      if (first.queue->dropped()) continue;
      handed_out_[Key(*first.message)] = first.queue;
      taken.push_back(std::move(first.message));
    }
    return taken;
  }

  std::deque<Waiting> waiting_;
  std::map<QueueAndOffset, ProcessQueuePtr> handed_out_;  // and not finished
  bool closed_ = false;
  runtime::Condition arrived_;
};

Result<std::unique_ptr<LitePullConsumer>> LitePullConsumer::Create(ClientInstance& client,
                                                                   LitePullOptions options) {
  std::unique_ptr<LitePullConsumer> made(new LitePullConsumer(options.auto_finish));
  const auto make_buffer = [&](ConsumerParts&) {
    auto buffer = std::make_unique<Buffer>();
    made->buffer_ = buffer.get();
    return buffer;
  };
  RMQ_TRY(made->consumer_,
          PushConsumer::CreatePolled(client, std::move(options.consumer), make_buffer));
  return made;
}

LitePullConsumer::~LitePullConsumer() = default;

Result<std::vector<MessagePtr>> LitePullConsumer::Poll(Context& ctx, size_t max,
                                                       nanoseconds timeout) {
  RMQ_TRY(const Calls::Guard guard, calls_.Enter());
  buffer_->Finish(std::exchange(handed_out_, {}));
  RMQ_TRY(std::vector<MessagePtr> messages, buffer_->Take(ctx, std::max<size_t>(max, 1), timeout));
  if (auto_finish_) handed_out_ = messages;
  return messages;
}

void LitePullConsumer::Finish(std::span<const MessagePtr> messages) {
  buffer_->Finish(messages);
}

// A Poll ends as soon as the buffer is closed; nobody is inside any more when this returns.
void LitePullConsumer::Close(Context& ctx) {
  consumer_->Close(ctx);
  buffer_->Close(ctx, nanoseconds(0));
  calls_.Close(ctx, hours(1));
}

}  // namespace rmq::client
