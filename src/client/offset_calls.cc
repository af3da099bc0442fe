#include "client/offset_calls.h"

#include <fmt/format.h>

#include "client/answer_error.h"
#include "wire/offset_headers.h"

namespace rmq::client {
namespace {

using wire::RemotingCommand;
using wire::RequestCode;

std::string What(RequestCode code, const MessageQueue& queue) {
  return fmt::format("{} of {} queue {} of {}", wire::RequestCodeName(code), queue.topic,
                     queue.queue_id, queue.broker_name);
}

template <typename ResponseHeader, typename RequestHeader>
Result<QueueOffset> AskForOffset(Context& ctx, ClientInstance& client, const MessageQueue& queue,
                                 RequestCode code, const RequestHeader& header) {
  RMQ_TRY(const RemotingCommand answer,
          client.CallBroker(ctx, queue, wire::MakeRequest(code, header)));
  if (!Succeeded(answer)) return Fail(AnswerError(What(code, queue), answer));
  RMQ_TRY(const auto offset, wire::DecodeHeader<ResponseHeader>(answer));
  return QueueOffset{offset.offset};
}

}  // namespace

Result<QueueOffset> GetMinOffset(Context& ctx, ClientInstance& client, const MessageQueue& queue) {
  return AskForOffset<wire::GetMinOffsetResponseHeader>(
      ctx, client, queue, RequestCode::kGetMinOffset,
      wire::GetMinOffsetRequestHeader{.topic = queue.topic, .queue_id = queue.queue_id});
}

Result<QueueOffset> GetMaxOffset(Context& ctx, ClientInstance& client, const MessageQueue& queue) {
  return AskForOffset<wire::GetMaxOffsetResponseHeader>(
      ctx, client, queue, RequestCode::kGetMaxOffset,
      wire::GetMaxOffsetRequestHeader{.topic = queue.topic, .queue_id = queue.queue_id});
}

Result<QueueOffset> SearchOffset(Context& ctx, ClientInstance& client, const MessageQueue& queue,
                                 WallTime time, wire::BoundaryType boundary) {
  return AskForOffset<wire::SearchOffsetResponseHeader>(
      ctx, client, queue, RequestCode::kSearchOffsetByTimestamp,
      wire::SearchOffsetRequestHeader{.topic = queue.topic,
                                      .queue_id = queue.queue_id,
                                      .timestamp = time.ms,
                                      .boundary_type = boundary});
}

// Without the master, a slave knows the offsets too, and takes new ones.
Result<std::optional<QueueOffset>> QueryOffset(Context& ctx, ClientInstance& client,
                                               const std::string& group,
                                               const MessageQueue& queue) {
  const wire::QueryConsumerOffsetRequestHeader header{
      .consumer_group = group, .topic = queue.topic, .queue_id = queue.queue_id};
  RMQ_TRY(
      const RemotingCommand answer,
      client.CallBroker(ctx, queue, wire::MakeRequest(RequestCode::kQueryConsumerOffset, header),
                        wire::kMasterId, /*only_this=*/false));
  if (answer.response_code() == wire::ResponseCode::kQueryNotFound) return std::nullopt;
  if (!Succeeded(answer)) {
    return Fail(AnswerError(What(RequestCode::kQueryConsumerOffset, queue), answer));
  }
  RMQ_TRY(const auto found, wire::DecodeHeader<wire::QueryConsumerOffsetResponseHeader>(answer));
  return QueueOffset{found.offset};
}

Result<void> UpdateOffset(Context& ctx, ClientInstance& client, const std::string& group,
                          const MessageQueue& queue, QueueOffset offset) {
  const wire::UpdateConsumerOffsetRequestHeader header{.consumer_group = group,
                                                       .topic = queue.topic,
                                                       .queue_id = queue.queue_id,
                                                       .commit_offset = offset.value};
  RMQ_TRY(
      const RemotingCommand answer,
      client.CallBroker(ctx, queue, wire::MakeRequest(RequestCode::kUpdateConsumerOffset, header),
                        wire::kMasterId, /*only_this=*/false));
  if (Succeeded(answer)) return {};
  return Fail(AnswerError(What(RequestCode::kUpdateConsumerOffset, queue), answer));
}

}  // namespace rmq::client
