#include "broker/offset_processor.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/offset_headers.h"

namespace rmq::broker {

using wire::ResponseCode;

namespace {

// Decodes the request's header, or answers with what is wrong with it.
template <typename Header>
std::optional<Header> DecodeOrReply(const ConnectionPtr& connection,
                                    const wire::RemotingCommand& request) {
  auto header = wire::DecodeHeader<Header>(request);
  if (header.has_value()) return std::move(*header);
  ReplyError(connection, request, ResponseCode::kSystemError, header.error().message());
  return std::nullopt;
}

template <typename Header>
void ReplyWith(const ConnectionPtr& connection, const wire::RemotingCommand& request,
               const Header& header) {
  wire::RemotingCommand response = wire::MakeResponse(request, ResponseCode::kSuccess);
  wire::EncodeHeader(header, response.ext_fields);
  connection->Reply(request, std::move(response));
}

}  // namespace

// A commit beyond the end of the queue would skip messages to come (museum M03).
Result<void> CommitOffset(BrokerParts& parts, uint64_t connection, std::string_view group,
                          std::string_view topic, int32_t queue_id, int64_t offset) {
  const int64_t max = parts.store.MaxOffset(topic, queue_id).value_or(QueueOffset{}).value;
  if (offset < 0 || offset > max) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("offset {} of {} queue {} is outside of 0 to {}", offset, topic,
                            queue_id, max));
  }
  const QueueOffset trusted = parts.recovered_ends.Trusted(
      connection, topic, queue_id, QueueOffset{offset}, parts.runtime.clock().Now());
  parts.offsets.Commit(group, topic, queue_id, trusted);
  return {};
}

// BROKER-20: a group without an offset starts at 0 only if nothing of the queue has been deleted
// yet; else the client decides by its consumeFromWhere.
void OffsetProcessor::QueryConsumerOffset(const ConnectionPtr& connection,
                                          const wire::RemotingCommand& request) {
  const auto header = DecodeOrReply<wire::QueryConsumerOffsetRequestHeader>(connection, request);
  if (!header) return;
  const auto committed =
      parts_.offsets.Find(header->consumer_group, header->topic, header->queue_id);
  if (committed.has_value()) {
    return ReplyWith(connection, request,
                     wire::QueryConsumerOffsetResponseHeader{.offset = committed->value});
  }
  const int64_t min =
      parts_.store.MinOffset(header->topic, header->queue_id).value_or(QueueOffset{}).value;
  if (!header->set_zero_if_not_found.value_or(true) || min > 0) {
    return ReplyError(connection, request, ResponseCode::kQueryNotFound,
                      "Not found, maybe this group consumer boot first");
  }
  ReplyWith(connection, request, wire::QueryConsumerOffsetResponseHeader{.offset = 0});
}

void OffsetProcessor::UpdateConsumerOffset(const ConnectionPtr& connection,
                                           const wire::RemotingCommand& request) {
  const auto header = DecodeOrReply<wire::UpdateConsumerOffsetRequestHeader>(connection, request);
  if (!header) return;
  const wire::TopicConfig* topic = parts_.topics.Find(header->topic);
  if (topic == nullptr) {
    return ReplyError(connection, request, ResponseCode::kTopicNotExist,
                      fmt::format("Topic {} not exist!", header->topic));
  }
  // A client that makes up queues would fill memory with their offsets. One that the topic has had
  // still holds messages to consume.
  const int32_t queues = std::max(topic->read_queue_nums, topic->write_queue_nums);
  const bool exists = header->queue_id >= 0 && header->queue_id < queues;
  if (!exists && !parts_.store.MaxOffset(header->topic, header->queue_id).has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError,
                      fmt::format("queueId[{}] is illegal, topic[{}] has {} queues",
                                  header->queue_id, header->topic, queues));
  }
  const auto committed = CommitOffset(parts_, connection->id(), header->consumer_group,
                                      header->topic, header->queue_id, header->commit_offset);
  if (!committed.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, committed.error().message());
  }
  ReplyError(connection, request, ResponseCode::kSuccess, {});
}

void OffsetProcessor::GetMaxOffset(const ConnectionPtr& connection,
                                   const wire::RemotingCommand& request) {
  const auto header = DecodeOrReply<wire::GetMaxOffsetRequestHeader>(connection, request);
  if (!header) return;
  const auto max = parts_.store.MaxOffset(header->topic, header->queue_id);
  ReplyWith(connection, request,
            wire::GetMaxOffsetResponseHeader{.offset = max.value_or(QueueOffset{}).value});
}

void OffsetProcessor::GetMinOffset(const ConnectionPtr& connection,
                                   const wire::RemotingCommand& request) {
  const auto header = DecodeOrReply<wire::GetMinOffsetRequestHeader>(connection, request);
  if (!header) return;
  const auto min = parts_.store.MinOffset(header->topic, header->queue_id);
  ReplyWith(connection, request,
            wire::GetMinOffsetResponseHeader{.offset = min.value_or(QueueOffset{}).value});
}

void OffsetProcessor::SearchOffset(Context& ctx, const ConnectionPtr& connection,
                                   const wire::RemotingCommand& request) {
  const auto header = DecodeOrReply<wire::SearchOffsetRequestHeader>(connection, request);
  if (!header) return;
  const auto boundary = header->boundary_type == wire::BoundaryType::kUpper
                            ? store::TimeBoundary::kUpper
                            : store::TimeBoundary::kLower;
  const auto offset = parts_.store.OffsetByTime(ctx, header->topic, header->queue_id,
                                                WallTime{header->timestamp}, boundary);
  if (!offset.has_value()) {
    return ReplyError(connection, request, ResponseCodeOf(offset.error()),
                      offset.error().ToString());
  }
  ReplyWith(connection, request, wire::SearchOffsetResponseHeader{.offset = offset->value});
}

void OffsetProcessor::GetEarliestStoreTime(Context& ctx, const ConnectionPtr& connection,
                                           const wire::RemotingCommand& request) {
  const auto header =
      DecodeOrReply<wire::GetEarliestMsgStoretimeRequestHeader>(connection, request);
  if (!header) return;
  const auto time = parts_.store.EarliestStoreTime(ctx, header->topic, header->queue_id);
  // Java answers -1 for a queue without messages.
  const bool none = !time.has_value() && time.error().code() == ErrorCode::kNotFound;
  if (!time.has_value() && !none) {
    return ReplyError(connection, request, ResponseCodeOf(time.error()), time.error().ToString());
  }
  ReplyWith(connection, request,
            wire::GetEarliestMsgStoretimeResponseHeader{.timestamp = none ? -1 : time->ms});
}

}  // namespace rmq::broker
