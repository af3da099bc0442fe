#include "client/server_requests.h"

#include <fmt/format.h>

#include "wire/client_headers.h"
#include "wire/json_bean.h"
#include "wire/offset_bodies.h"
#include "wire/offset_headers.h"

namespace rmq::client {
namespace {

using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

RemotingCommand Refusal(const RemotingCommand& request, std::string remark) {
  return wire::MakeResponse(request, ResponseCode::kSystemError, std::move(remark));
}

RemotingCommand NoSuchGroup(const RemotingCommand& request, std::string_view group) {
  return Refusal(request, fmt::format("The Consumer Group <{}> not exist in this consumer", group));
}

template <typename Body>
RemotingCommand BodyAnswer(const RemotingCommand& request, const Body& body) {
  RemotingCommand response = wire::MakeResponse(request, ResponseCode::kSuccess);
  response.body = Bytes::Copy(wire::ToJson(body));
  return response;
}

// Brokers send the table as a list to clients written in C++, and as an object to all others.
Result<std::map<MessageQueue, int64_t>> OffsetsOf(const Bytes& body) {
  if (const auto list = wire::FromJson<wire::ResetOffsetBodyForC>(body)) {
    std::map<MessageQueue, int64_t> offsets;
    for (const wire::MessageQueueForC& row : list->offset_table) {
      offsets[MessageQueue{row.topic, row.broker_name, row.queue_id}] = row.offset;
    }
    return offsets;
  }
  RMQ_TRY(wire::ResetOffsetBody table, wire::FromJson<wire::ResetOffsetBody>(body));
  return std::move(table.offset_table);
}

}  // namespace

void ServerRequests::HandleRequest(const ConnectionPtr& connection, RemotingCommand request) {
  const bool ready = membership_ != nullptr;
  switch (ready ? request.request_code() : RequestCode{}) {
    case RequestCode::kNotifyConsumerIdsChanged:
      return GroupChanged(request);
    case RequestCode::kResetConsumerClientOffset:
      return ResetOffsets(request);
    case RequestCode::kCheckTransactionState:
      return;
    case RequestCode::kGetConsumerStatusFromClient:
      return connection->Reply(request, Offsets(request));
    case RequestCode::kGetConsumerRunningInfo:
      return connection->Reply(request, RunningInfo(request));
    case RequestCode::kConsumeMessageDirectly:
      return ConsumeDirectly(connection, std::move(request));
    default:
      return connection->Reply(
          request, wire::MakeResponse(request, ResponseCode::kRequestCodeNotSupported,
                                      fmt::format("request type {} not supported", request.code)));
  }
}

void ServerRequests::ConnectionClosed(remoting::Connection& connection) {
  if (membership_ == nullptr || membership_->empty()) return;
  membership_->AnnounceSoon();
  for (const auto& [group, consumer] : membership_->consumers()) {
    consumer->ConnectionLost(connection.peer());
  }
}

void ServerRequests::GroupChanged(const RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::NotifyConsumerIdsChangedRequestHeader>(request);
  if (!header.has_value()) return;
  ConsumerMember* consumer = membership_->FindConsumer(header->consumer_group);
  if (consumer != nullptr) consumer->GroupChanged();
}

void ServerRequests::ResetOffsets(const RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::ResetOffsetRequestHeader>(request);
  const auto offsets = OffsetsOf(request.body);
  if (!header.has_value() || !offsets.has_value()) {
    RMQ_LOG(runtime_.log(), kWarn, "client", "a request to reset offsets can't be read");
    return;
  }
  ConsumerMember* consumer = membership_->FindConsumer(header->group);
  if (consumer != nullptr) consumer->ResetOffsets(*offsets);
}

RemotingCommand ServerRequests::Offsets(const RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::GetConsumerStatusRequestHeader>(request);
  if (!header.has_value()) return Refusal(request, header.error().message());
  wire::GetConsumerStatusBody body;
  const ConsumerMember* consumer = membership_->FindConsumer(header->group);
  if (consumer != nullptr) body.message_queue_table = consumer->Offsets(header->topic);
  return BodyAnswer(request, body);
}

RemotingCommand ServerRequests::RunningInfo(const RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::GetConsumerRunningInfoRequestHeader>(request);
  if (!header.has_value()) return Refusal(request, header.error().message());
  const ConsumerMember* consumer = membership_->FindConsumer(header->consumer_group);
  if (consumer == nullptr) return NoSuchGroup(request, header->consumer_group);
  return BodyAnswer(request, consumer->RunningInfo());
}

void ServerRequests::ConsumeDirectly(const ConnectionPtr& connection, RemotingCommand request) {
  runtime_.executor().Spawn(gate_, "consume directly",
                            [this, connection, request = std::move(request)](Context& ctx) {
                              connection->Reply(request, ConsumeOne(ctx, request));
                            });
}

RemotingCommand ServerRequests::ConsumeOne(Context& ctx, const RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::ConsumeMessageDirectlyResultRequestHeader>(request);
  if (!header.has_value()) return Refusal(request, header.error().message());
  const auto messages = DecodeMessages(request.body.view(), header->broker_name);
  if (!messages.has_value()) return Refusal(request, messages.error().message());
  if (messages->size() != 1) return Refusal(request, "the request carries no single message");
  ConsumerMember* consumer = membership_->FindConsumer(header->consumer_group);
  if (consumer == nullptr) return NoSuchGroup(request, header->consumer_group);
  return BodyAnswer(request, consumer->ConsumeDirectly(ctx, messages->front()));
}

}  // namespace rmq::client
