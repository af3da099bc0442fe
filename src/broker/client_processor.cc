#include "broker/client_processor.h"

#include <fmt/format.h>

#include "filter/tag_expression.h"
#include "wire/client_bodies.h"
#include "wire/client_headers.h"
#include "wire/json_bean.h"
#include "wire/name_rules.h"

namespace rmq::broker {

using wire::ResponseCode;

namespace {

template <typename Body>
void ReplyBody(const ConnectionPtr& connection, const wire::RemotingCommand& request,
               const Body& body) {
  wire::RemotingCommand response = wire::MakeResponse(request, ResponseCode::kSuccess);
  response.body = Bytes::Copy(wire::ToJson(body));
  connection->Reply(request, std::move(response));
}

}  // namespace

void ClientProcessor::Heartbeat(const ConnectionPtr& connection,
                                const wire::RemotingCommand& request) {
  const auto heartbeat = wire::FromJson<wire::HeartbeatData>(request.body);
  if (!heartbeat.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError,
                      heartbeat.error().ToString());
  }
  const ClientChannel channel{.connection = connection,
                              .client_id = heartbeat->client_id,
                              .language = request.language,
                              .version = request.version,
                              .last_heartbeat = parts_.runtime.clock().Now()};
  bool subscriptions_changed = false;
  for (const wire::ConsumerData& consumer : heartbeat->consumer_data_set) {
    RegisterConsumer(channel, consumer, *heartbeat, subscriptions_changed);
  }
  for (const wire::ProducerData& producer : heartbeat->producer_data_set) {
    parts_.clients.RegisterProducer(channel, producer.group_name);
  }
  wire::RemotingCommand response = wire::MakeResponse(request, ResponseCode::kSuccess);
  response.ext_fields.Set("IS_SUPPORT_HEART_BEAT_V2", true);
  response.ext_fields.Set("IS_SUB_CHANGE", subscriptions_changed);
  connection->Reply(request, std::move(response));
}

// BROKER-30: a consumer's first heartbeat makes its group and the group's retry topic.
void ClientProcessor::RegisterConsumer(const ClientChannel& channel,
                                       const wire::ConsumerData& consumer,
                                       const wire::HeartbeatData& heartbeat,
                                       bool& subscriptions_changed) {
  const WallTime now = parts_.runtime.clock().WallNow();
  const auto* group = parts_.groups.FindOrCreate(consumer.group_name, now);
  if (group == nullptr) return;
  const bool retries = consumer.message_model == wire::MessageModel::kClustering;
  if (retries && group->retry_queue_nums > 0) {
    parts_.topics.CreateForGroup(wire::RetryTopic(consumer.group_name), group->retry_queue_nums,
                                 wire::kPermRead | wire::kPermWrite, now);
  }
  // V2 clients leave out what the broker knows already; one we have never seen is asked for it.
  const bool known = parts_.clients.FindConsumers(consumer.group_name) != nullptr;
  const bool without = heartbeat.without_sub && known;
  subscriptions_changed |= parts_.clients.RegisterConsumer(channel, consumer, without);
  if (heartbeat.without_sub && !known) subscriptions_changed = true;
}

void ClientProcessor::Unregister(const ConnectionPtr& connection,
                                 const wire::RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::UnregisterClientRequestHeader>(request);
  if (!header.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, header.error().message());
  }
  if (!header->producer_group.empty()) {
    parts_.clients.UnregisterProducer(header->producer_group, header->client_id);
  }
  if (!header->consumer_group.empty()) {
    parts_.clients.UnregisterConsumer(header->consumer_group, header->client_id);
  }
  ReplyError(connection, request, ResponseCode::kSuccess, {});
}

void ClientProcessor::ListConsumers(const ConnectionPtr& connection,
                                    const wire::RemotingCommand& request) {
  const auto header = wire::DecodeHeader<wire::GetConsumerListByGroupRequestHeader>(request);
  if (!header.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, header.error().message());
  }
  const ConsumerGroup* group = parts_.clients.FindConsumers(header->consumer_group);
  if (group == nullptr) {
    return ReplyError(connection, request, ResponseCode::kSystemError,
                      fmt::format("no consumer for this group, {}", header->consumer_group));
  }
  wire::GetConsumerListByGroupResponseBody body;
  for (const auto& [client_id, channel] : group->members) {
    body.consumer_id_list.push_back(client_id);
  }
  ReplyBody(connection, request, body);
}

void ClientProcessor::CheckConfig(const ConnectionPtr& connection,
                                  const wire::RemotingCommand& request) {
  const auto body = wire::FromJson<wire::CheckClientRequestBody>(request.body);
  if (!body.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, body.error().ToString());
  }
  if (body->subscription_data && body->subscription_data->expression_type != filter::kTagType) {
    return ReplyError(connection, request, ResponseCode::kSystemError,
                      fmt::format("The broker does not support consumer to filter message by {}",
                                  body->subscription_data->expression_type));
  }
  ReplyError(connection, request, ResponseCode::kSuccess, {});
}

void ClientProcessor::LockQueues(const ConnectionPtr& connection,
                                 const wire::RemotingCommand& request) {
  const auto body = wire::FromJson<wire::LockBatchRequestBody>(request.body);
  if (!body.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, body.error().ToString());
  }
  const auto held = locks_.Lock(body->consumer_group, body->client_id, body->mq_set,
                                parts_.runtime.clock().Now());
  ReplyBody(connection, request, wire::LockBatchResponseBody{.lock_ok_mq_set = held});
}

void ClientProcessor::UnlockQueues(const ConnectionPtr& connection,
                                   const wire::RemotingCommand& request) {
  const auto body = wire::FromJson<wire::UnlockBatchRequestBody>(request.body);
  if (!body.has_value()) {
    return ReplyError(connection, request, ResponseCode::kSystemError, body.error().ToString());
  }
  locks_.Unlock(body->consumer_group, body->client_id, body->mq_set);
  ReplyError(connection, request, ResponseCode::kSuccess, {});
}

}  // namespace rmq::broker
