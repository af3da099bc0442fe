#include "rocketmq/producer.h"

#include <mutex>

#include "client/library/client_impl.h"
#include "client/producer.h"

namespace rocketmq {
namespace internal {

namespace core = rmq::client;

// What SendAsync has accepted and not yet called back. Callers count in on any thread.
class InFlight {
 public:
  explicit InFlight(const ProducerOptions& options)
      : max_count_(options.max_async_count), max_bytes_(options.max_async_bytes) {}

  Result<void> Enter(size_t size) {
    const std::lock_guard lock(mutex_);
    if (closed_) return Error(ErrorCode::kClosed, "the producer is closed");
    if (count_ >= max_count_ || bytes_ + size > max_bytes_) {
      return Error(ErrorCode::kResourceExhausted, "too much is in flight");
    }
    ++count_;
    bytes_ += size;
    return {};
  }
  void Leave(size_t size) {
    const std::lock_guard lock(mutex_);
    --count_;
    bytes_ -= size;
  }
  // Accepts no more; says how many are still there.
  size_t Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return count_;
  }

 private:
  const size_t max_count_;
  const size_t max_bytes_;
  std::mutex mutex_;
  bool closed_ = false;
  size_t count_ = 0;
  size_t bytes_ = 0;
};

constexpr rmq::milliseconds kPollPause{1};

struct ProducerState final : Member {
  explicit ProducerState(ProducerOptions given) : options(std::move(given)), in_flight(options) {}
  // Every send that was accepted ends by its callback, also one that has not reached the engine's
  // thread yet: there is nobody who could tell us, so we look.
  void CloseCore(rmq::Context& ctx) override {
    in_flight.Close();
    producer->Close(ctx);
    while (in_flight.Close() > 0 && ctx.SleepFor(kPollPause).has_value()) {
    }
  }

  const ProducerOptions options;
  InFlight in_flight;
  std::unique_ptr<core::Producer> producer;
};

class ProducerImpl : public MemberHandle<ProducerState> {
 public:
  using MemberHandle::MemberHandle;
};

namespace {

rmq::wire::CompressionType CoreCompression(Compression compression) {
  switch (compression) {
    case Compression::kLz4:
      return rmq::wire::CompressionType::kLz4;
    case Compression::kZstd:
      return rmq::wire::CompressionType::kZstd;
    case Compression::kZlib:
      break;
  }
  return rmq::wire::CompressionType::kZlib;
}

core::ProducerOptions CoreOptions(const ProducerOptions& options) {
  return {.group = options.group,
          .send_timeout = options.send_timeout,
          .retries = options.retries,
          .max_message_size = options.max_message_size,
          .compress_above = options.compress_above,
          .compression = CoreCompression(options.compression),
          .close_grace = options.close_grace};
}

core::SendOptions CoreOptions(SendOptions options) {
  core::SendOptions converted;
  if (options.queue.has_value()) converted.queue = ToCore(*options.queue);
  converted.timeout = options.timeout;
  if (options.selector) {
    converted.selector = [selector = std::move(options.selector)](
                             const std::vector<rmq::MessageQueue>& queues, const core::Message&) {
      return selector(ToPublic(queues));
    };
  }
  return converted;
}

Result<SendResult> PublicResult(const rmq::Result<core::SendResult>& result) {
  return Converted<SendResult>(result, [](const core::SendResult& sent) {
    return SendResult{.status = static_cast<SendStatus>(sent.status),
                      .msg_id = sent.msg_id,
                      .offset_msg_id = sent.offset_msg_id,
                      .queue = ToPublic(sent.queue),
                      .queue_offset = sent.queue_offset.value};
  });
}

}  // namespace
}  // namespace internal

using internal::ProducerState;

Result<Producer> Producer::Create(const Client& client, ProducerOptions options) {
  auto state = std::make_shared<ProducerState>(std::move(options));
  internal::Engine& engine = client.impl_->engine();
  const Result<void> made = engine.Call<void>([&engine, state](rmq::Context&) -> Result<void> {
    auto core = rmq::client::Producer::Create(engine.core(), internal::CoreOptions(state->options));
    if (!core.has_value()) return internal::ToPublic(core.error());
    state->producer = *std::move(core);
    engine.Add(state);
    return {};
  });
  if (!made) return made.error();
  return Producer(std::make_shared<internal::ProducerImpl>(client.impl_, std::move(state)));
}

Result<SendResult> Producer::Send(Message message, SendOptions options) {
  return impl_->Call<SendResult>(
      [message = internal::ToCore(message), options = internal::CoreOptions(std::move(options))](
          rmq::Context& ctx, ProducerState& state) {
        return internal::PublicResult(state.producer->Send(ctx, message, options));
      });
}

Result<void> Producer::SendAsync(Message message, std::function<void(Result<SendResult>)> done,
                                 SendOptions options) {
  const std::shared_ptr<ProducerState> state = impl_->state();
  internal::Engine* engine = &impl_->engine();
  const size_t size = message.body.size();
  Result<void> entered = state->in_flight.Enter(size);
  if (!entered) return entered;
  auto send = [=, message = internal::ToCore(message),
               options = internal::CoreOptions(std::move(options)),
               done = std::move(done)](rmq::Context& ctx) mutable {
    Result<SendResult> result =
        internal::PublicResult(state->producer->Send(ctx, message, options));
    engine->CallBack(ctx, [&] { done(std::move(result)); });
    state->in_flight.Leave(size);
  };
  if (engine->Run(std::move(send))) return {};
  state->in_flight.Leave(size);
  return Error(ErrorCode::kClosed, "the client is closed");
}

Result<void> Producer::SendOneway(Message message, SendOptions options) {
  return impl_->Call<void>(
      [message = internal::ToCore(message), options = internal::CoreOptions(std::move(options))](
          rmq::Context& ctx, ProducerState& state) {
        return internal::Converted(state.producer->SendOneway(ctx, message, options));
      });
}

Result<SendResult> Producer::SendBatch(std::vector<Message> messages, SendOptions options) {
  std::vector<rmq::client::Message> batch;
  batch.reserve(messages.size());
  for (const Message& message : messages) batch.push_back(internal::ToCore(message));
  return impl_->Call<SendResult>(
      [batch = std::move(batch), options = internal::CoreOptions(std::move(options))](
          rmq::Context& ctx, ProducerState& state) {
        return internal::PublicResult(state.producer->SendBatch(ctx, batch, options));
      });
}

Result<std::vector<MessageQueue>> Producer::FetchQueues(const std::string& topic) {
  return impl_->Call<std::vector<MessageQueue>>([topic](rmq::Context& ctx, ProducerState& state) {
    return internal::Converted<std::vector<MessageQueue>>(
        state.producer->FetchQueues(ctx, topic),
        [](const auto& queues) { return internal::ToPublic(queues); });
  });
}

Result<void> Producer::Close() {
  return impl_->Close();
}

}  // namespace rocketmq
