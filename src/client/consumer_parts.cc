#include "client/consumer_parts.h"

#include <fmt/format.h>

#include "client/answer_error.h"
#include "wire/send_headers.h"

namespace rmq::client {
namespace {

constexpr int32_t kDefaultMaxReconsume = 16;

}  // namespace

ConsumeResult Listen(Context& ctx, ConsumerParts& parts, ProcessQueue& queue,
                     std::span<const MessagePtr> messages, ConsumeContext& consume) {
  queue.BeginListening();
  queue.last_consume = ctx.Now();
  const ConsumeResult result = parts.listener(ctx, messages, consume);
  queue.EndListening();
  return result;
}

Result<void> SendBack(Context& ctx, ConsumerParts& parts, const MessageExt& message,
                      int32_t delay_level) {
  const int32_t max = parts.options.max_reconsume;
  const wire::ConsumerSendMsgBackRequestHeader header{
      .offset = message.commit_log_offset.value,
      .group = parts.options.group,
      .delay_level = delay_level,
      .origin_msg_id = message.offset_msg_id,
      .origin_topic = message.topic,
      .max_reconsume_times = max < 0 ? kDefaultMaxReconsume : max};
  RMQ_TRY(
      const wire::RemotingCommand answer,
      parts.client.CallBroker(ctx, message.queue,
                              wire::MakeRequest(wire::RequestCode::kConsumerSendMsgBack, header)));
  if (Succeeded(answer)) return {};
  return Fail(AnswerError(fmt::format("send back {}", message.msg_id), answer));
}

}  // namespace rmq::client
