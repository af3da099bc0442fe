#include "broker/query_processor.h"

#include <fmt/format.h>

#include "wire/pull_headers.h"

namespace rmq::broker {

using wire::ResponseCode;

void QueryProcessor::QueryMessage(Context& ctx, const ConnectionPtr& connection,
                                  const wire::RemotingCommand& request) {
  auto header = wire::DecodeHeader<wire::QueryMessageRequestHeader>(request);
  if (!header.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, header.error().message());
  }
  // A unique key names one message and its retries: the client's limit is for other keys.
  if (request.ext_fields.Find("_UNIQUE_KEY_QUERY") == "true") {
    header->max_num = parts_.config.default_query_max_num;
  }
  const auto found =
      parts_.store.Query(ctx, header->topic, header->key, header->max_num,
                         WallTime{header->begin_timestamp}, WallTime{header->end_timestamp});
  if (!found.has_value()) {
    return ReplyError(connection, request, ResponseCodeOf(found.error()), found.error().ToString());
  }
  const bool none = found->messages.empty();
  wire::RemotingCommand response = wire::MakeResponse(
      request, none ? ResponseCode::kQueryNotFound : ResponseCode::kSuccess,
      none ? "can not find message, maybe time range not correct" : std::string());
  wire::EncodeHeader(
      wire::QueryMessageResponseHeader{.index_last_update_timestamp = found->index_last_update.ms,
                                       .index_last_update_phyoffset = found->indexed_until.value},
      response.ext_fields);
  connection->Reply(request, std::move(response), found->messages);
}

void QueryProcessor::ViewMessage(Context& ctx, const ConnectionPtr& connection,
                                 const wire::RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::ViewMessageRequestHeader>(request);
  if (!header.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, header.error().message());
  }
  const auto message = parts_.store.MessageAt(ctx, CommitLogOffset{header->offset});
  if (!message.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError,
                      fmt::format("can not find message by the offset, {}", header->offset));
  }
  connection->Reply(request, wire::MakeResponse(request, ResponseCode::kSuccess), {*message});
}

}  // namespace rmq::broker
