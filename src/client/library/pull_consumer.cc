#include "rocketmq/pull_consumer.h"

#include "client/library/client_impl.h"
#include "client/pull_consumer.h"

namespace rocketmq {
namespace internal {

namespace core = rmq::client;

struct PullConsumerState final : Member {
  void CloseCore(rmq::Context& ctx) override { consumer->Close(ctx); }
  std::unique_ptr<core::PullConsumer> consumer;
};

class PullConsumerImpl : public MemberHandle<PullConsumerState> {
 public:
  using MemberHandle::MemberHandle;
};

namespace {

PullResult PublicResult(const core::PullResult& pulled) {
  PullResult converted{.status = static_cast<PullStatus>(pulled.status),
                       .next_offset = pulled.next_begin_offset.value,
                       .min_offset = pulled.min_offset.value,
                       .max_offset = pulled.max_offset.value,
                       .messages = {}};
  for (const core::MessagePtr& message : pulled.messages) {
    converted.messages.push_back(ToPublic(*message));
  }
  return converted;
}

Result<int64_t> Number(const rmq::Result<rmq::QueueOffset>& offset) {
  return Converted<int64_t>(offset, [](rmq::QueueOffset found) { return found.value; });
}

}  // namespace
}  // namespace internal

using internal::PullConsumerState;

Result<PullConsumer> PullConsumer::Create(const Client& client, PullConsumerOptions options) {
  auto state = std::make_shared<PullConsumerState>();
  internal::Engine& engine = client.impl_->engine();
  const Result<void> made =
      engine.Call<void>([&engine, state, options](rmq::Context&) -> Result<void> {
        auto core = rmq::client::PullConsumer::Create(engine.core(), {.group = options.group});
        if (!core.has_value()) return internal::ToPublic(core.error());
        state->consumer = *std::move(core);
        engine.Add(state);
        return {};
      });
  if (!made) return made.error();
  return PullConsumer(std::make_shared<internal::PullConsumerImpl>(client.impl_, std::move(state)));
}

Result<std::vector<MessageQueue>> PullConsumer::FetchQueues(const std::string& topic) {
  using Queues = std::vector<MessageQueue>;
  return impl_->Call<Queues>([topic](rmq::Context& ctx, PullConsumerState& state) {
    return internal::Converted<Queues>(
        state.consumer->FetchQueues(ctx, topic),
        [](const auto& queues) { return internal::ToPublic(queues); });
  });
}

Result<PullResult> PullConsumer::Pull(const MessageQueue& queue, int64_t offset,
                                      PullOptions options) {
  return impl_->Call<PullResult>([=](rmq::Context& ctx, PullConsumerState& state) {
    return internal::Converted<PullResult>(
        state.consumer->Pull(
            ctx, internal::ToCore(queue), rmq::QueueOffset{offset},
            {.tags = options.tags, .max_count = options.max_count, .suspend = options.wait}),
        [](const auto& pulled) { return internal::PublicResult(pulled); });
  });
}

Result<int64_t> PullConsumer::MinOffset(const MessageQueue& queue) {
  return impl_->Call<int64_t>([queue](rmq::Context& ctx, PullConsumerState& state) {
    return internal::Number(state.consumer->MinOffset(ctx, internal::ToCore(queue)));
  });
}

Result<int64_t> PullConsumer::MaxOffset(const MessageQueue& queue) {
  return impl_->Call<int64_t>([queue](rmq::Context& ctx, PullConsumerState& state) {
    return internal::Number(state.consumer->MaxOffset(ctx, internal::ToCore(queue)));
  });
}

Result<int64_t> PullConsumer::OffsetByTime(const MessageQueue& queue, Time time) {
  return impl_->Call<int64_t>([queue, time](rmq::Context& ctx, PullConsumerState& state) {
    return internal::Number(
        state.consumer->OffsetByTime(ctx, internal::ToCore(queue), internal::ToCore(time)));
  });
}

Result<std::optional<int64_t>> PullConsumer::CommittedOffset(const MessageQueue& queue) {
  using Offset = std::optional<int64_t>;
  return impl_->Call<Offset>([queue](rmq::Context& ctx, PullConsumerState& state) {
    return internal::Converted<Offset>(
        state.consumer->CommittedOffset(ctx, internal::ToCore(queue)),
        [](const auto& found) { return found ? Offset(found->value) : std::nullopt; });
  });
}

Result<void> PullConsumer::Commit(const MessageQueue& queue, int64_t offset) {
  return impl_->Call<void>([queue, offset](rmq::Context& ctx, PullConsumerState& state) {
    return internal::Converted(
        state.consumer->Commit(ctx, internal::ToCore(queue), rmq::QueueOffset{offset}));
  });
}

Result<void> PullConsumer::Close() {
  return impl_->Close();
}

}  // namespace rocketmq
