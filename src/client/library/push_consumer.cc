#include "rocketmq/push_consumer.h"

#include <exception>

#include "client/library/client_impl.h"
#include "client/push_consumer.h"

namespace rocketmq {
namespace internal {

namespace core = rmq::client;

struct PushConsumerState final : Member {
  void CloseCore(rmq::Context& ctx) override { consumer->Close(ctx); }
  std::unique_ptr<core::PushConsumer> consumer;
};

class PushConsumerImpl : public MemberHandle<PushConsumerState> {
 public:
  using MemberHandle::MemberHandle;
};

namespace {

rmq::wire::ConsumeFromWhere CoreFrom(ConsumeFrom from) {
  switch (from) {
    case ConsumeFrom::kFirstOffset:
      return rmq::wire::ConsumeFromWhere::kFirstOffset;
    case ConsumeFrom::kTime:
      return rmq::wire::ConsumeFromWhere::kTimestamp;
    case ConsumeFrom::kLastOffset:
      break;
  }
  return rmq::wire::ConsumeFromWhere::kLastOffset;
}

core::PushConsumerOptions CoreOptions(const PushConsumerOptions& options) {
  return {.group = options.group,
          .model = options.broadcasting ? rmq::wire::MessageModel::kBroadcasting
                                        : rmq::wire::MessageModel::kClustering,
          .orderly = options.orderly,
          .from = CoreFrom(options.from),
          .from_time = ToCore(options.from_time),
          .concurrency = options.concurrency,
          .consume_batch = options.consume_batch,
          .max_reconsume = options.max_reconsume,
          .pull_batch = options.pull_batch,
          .max_cached_count = options.max_cached_count,
          .max_cached_bytes = options.max_cached_bytes,
          .close_grace = options.close_grace,
          .offset_directory = options.offset_directory};
}

ConsumeResult CallListener(const MessageListener& listener,
                           const std::vector<MessageExt>& messages) {
  try {
    return listener(messages);
  } catch (const std::exception&) {
    return ConsumeResult::kRetry;
  }
}

core::Listener CoreListener(Engine& engine, MessageListener listener) {
  return [&engine, listener = std::move(listener)](
             rmq::Context& ctx, std::span<const core::MessagePtr> messages, core::ConsumeContext&) {
    std::vector<MessageExt> converted;
    converted.reserve(messages.size());
    for (const core::MessagePtr& message : messages) converted.push_back(ToPublic(*message));
    ConsumeResult result = ConsumeResult::kRetry;
    engine.CallBack(ctx, [&] { result = CallListener(listener, converted); });
    return result == ConsumeResult::kSuccess ? core::ConsumeResult::kSuccess
                                             : core::ConsumeResult::kRetry;
  };
}

// Leaves nothing behind when it fails.
Result<void> StartCore(rmq::Context& ctx, Engine& engine, PushConsumerState& state,
                       const PushConsumerOptions& options, MessageListener listener) {
  auto made = core::PushConsumer::Create(engine.core(), CoreOptions(options),
                                         CoreListener(engine, std::move(listener)));
  if (!made.has_value()) return ToPublic(made.error());
  state.consumer = *std::move(made);
  for (const auto& [topic, tags] : options.subscriptions) {
    const auto subscribed = state.consumer->Subscribe(topic, tags);
    if (!subscribed.has_value()) return ToPublic(subscribed.error());
  }
  return Converted(state.consumer->Start(ctx));
}

}  // namespace
}  // namespace internal

using internal::PushConsumerState;

Result<PushConsumer> PushConsumer::Start(const Client& client, PushConsumerOptions options,
                                         MessageListener listener) {
  auto state = std::make_shared<PushConsumerState>();
  internal::Engine& engine = client.impl_->engine();
  const Result<void> started = engine.Call<void>([&engine, state, options = std::move(options),
                                                  listener = std::move(listener)](
                                                     rmq::Context& ctx) mutable -> Result<void> {
    Result<void> result = internal::StartCore(ctx, engine, *state, options, std::move(listener));
    if (result) engine.Add(state);
    if (!result) state->consumer.reset();
    return result;
  });
  if (!started) return started.error();
  return PushConsumer(std::make_shared<internal::PushConsumerImpl>(client.impl_, std::move(state)));
}

Result<void> PushConsumer::Subscribe(const std::string& topic, const std::string& tags) {
  return impl_->Call<void>([topic, tags](rmq::Context&, PushConsumerState& state) {
    return internal::Converted(state.consumer->Subscribe(topic, tags));
  });
}

Result<void> PushConsumer::Unsubscribe(const std::string& topic) {
  return impl_->Call<void>([topic](rmq::Context&, PushConsumerState& state) {
    state.consumer->Unsubscribe(topic);
    return Result<void>();
  });
}

Result<void> PushConsumer::Suspend() {
  return impl_->Call<void>([](rmq::Context&, PushConsumerState& state) {
    state.consumer->Suspend();
    return Result<void>();
  });
}

Result<void> PushConsumer::Resume() {
  return impl_->Call<void>([](rmq::Context&, PushConsumerState& state) {
    state.consumer->Resume();
    return Result<void>();
  });
}

Result<std::map<MessageQueue, int64_t>> PushConsumer::Owned() {
  using Offsets = std::map<MessageQueue, int64_t>;
  return impl_->Call<Offsets>([](rmq::Context&, PushConsumerState& state) {
    Offsets offsets;
    for (const auto& [queue, offset] : state.consumer->Owned()) {
      offsets[internal::ToPublic(queue)] = offset;
    }
    return Result<Offsets>(std::move(offsets));
  });
}

Result<void> PushConsumer::Close() {
  return impl_->Close();
}

}  // namespace rocketmq
