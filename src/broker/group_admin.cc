#include "broker/group_admin.h"

#include <fmt/format.h>

#include "broker/metadata.h"
#include "broker/topic_admin.h"
#include "wire/admin_headers.h"
#include "wire/client_bodies.h"
#include "wire/client_headers.h"
#include "wire/name_rules.h"
#include "wire/offset_headers.h"
#include "wire/route_data.h"
#include "wire/stats_bodies.h"
#include "wire/subscription_group_config.h"

namespace rmq::broker {

using wire::ResponseCode;

namespace {

wire::Connection Describe(const ClientChannel& channel) {
  return {.client_addr = channel.connection->peer().ToString(),
          .client_id = channel.client_id,
          .language = channel.language,
          .version = channel.version};
}

Result<void> PutGroup(AdminCall& call, wire::SubscriptionGroupConfig group) {
  RMQ_TRY(wire::ValidateGroup(group.group_name));
  if (group.retry_queue_nums < 0 || group.retry_queue_nums > kMaxQueuesOfTopic) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("group {}: retryQueueNums {}: must be 0 to {}", group.group_name,
                            group.retry_queue_nums, kMaxQueuesOfTopic));
  }
  const auto* existing = call.parts.groups.Find(group.group_name);
  if (existing != nullptr && *existing == group) return {};
  call.parts.groups.Put(std::move(group), call.now());
  return {};
}

}  // namespace

AdminAnswer UpdateGroup(AdminCall& call) {
  RMQ_TRY(auto group, wire::FromJson<wire::SubscriptionGroupConfig>(call.request.body));
  RMQ_TRY(PutGroup(call, std::move(group)));
  RMQ_TRY(call.parts.metadata.PersistTopicsAndGroups(call.ctx));
  return call.Ok();
}

AdminAnswer UpdateGroupList(AdminCall& call) {
  RMQ_TRY(auto list, wire::FromJson<wire::SubscriptionGroupList>(call.request.body));
  for (wire::SubscriptionGroupConfig& group : list.group_config_list) {
    RMQ_TRY(PutGroup(call, std::move(group)));
  }
  RMQ_TRY(call.parts.metadata.PersistTopicsAndGroups(call.ctx));
  return call.Ok();
}

AdminAnswer DeleteGroup(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::DeleteSubscriptionGroupRequestHeader>(call.request));
  call.parts.groups.Remove(header.group_name, call.now());
  if (header.clean_offset) call.parts.offsets.RemoveGroup(header.group_name);
  RMQ_TRY(call.parts.metadata.PersistAll(call.ctx));
  return call.Ok();
}

AdminAnswer ListGroups(AdminCall& call) {
  const wire::SubscriptionGroupWrapper groups = call.parts.groups.Snapshot();
  wire::RemotingCommand response = call.OkWithJson(groups);
  wire::EncodeHeader(
      wire::GetAllSubscriptionGroupResponseHeader{
          .total_group_num = static_cast<int32_t>(groups.subscription_group_table.size())},
      response.ext_fields);
  return response;
}

AdminAnswer ReadGroup(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::GetSubscriptionGroupConfigRequestHeader>(call.request));
  const auto* group = call.parts.groups.Find(header.group);
  if (group == nullptr) {
    return call.Refuse(ResponseCode::kSubscriptionGroupNotExist,
                       fmt::format("No group in this broker. group: {}", header.group));
  }
  return call.OkWithJson(*group);
}

AdminAnswer ListConsumerConnections(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::GetConsumerConnectionListRequestHeader>(call.request));
  const ConsumerGroup* group = call.parts.clients.FindConsumers(header.consumer_group);
  if (group == nullptr) {
    return call.Refuse(ResponseCode::kConsumerNotOnline,
                       fmt::format("the consumer group[{}] not online", header.consumer_group));
  }
  wire::ConsumerConnection body;
  body.consume_from_where = group->consume_from_where;
  body.consume_type = group->consume_type;
  body.message_model = group->message_model;
  body.subscription_table.insert(group->subscriptions.begin(), group->subscriptions.end());
  for (const auto& [client_id, channel] : group->members) {
    body.connection_set.push_back(Describe(channel));
  }
  return call.OkWithJson(body);
}

AdminAnswer ListProducerConnections(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::GetProducerConnectionListRequestHeader>(call.request));
  const auto& producers = call.parts.clients.producers();
  const auto group = producers.find(header.producer_group);
  if (group == producers.end()) {
    return call.Refuse(ResponseCode::kSystemError,
                       fmt::format("the producer group[{}] not exist", header.producer_group));
  }
  wire::ProducerConnection body;
  for (const auto& [client_id, channel] : group->second) {
    body.connection_set.push_back(Describe(channel));
  }
  return call.OkWithJson(body);
}

AdminAnswer ListAllProducers(AdminCall& call) {
  wire::ProducerTableInfo body;
  const WallTime wall = call.now();
  const Tick now = call.ctx.Now();
  for (const auto& [group, members] : call.parts.clients.producers()) {
    for (const auto& [client_id, channel] : members) {
      const auto silent = std::chrono::duration_cast<milliseconds>(now - channel.last_heartbeat);
      body.data[group].push_back({.client_id = client_id,
                                  .language = channel.language,
                                  .last_update_timestamp = wall.ms - silent.count(),
                                  .remote_ip = channel.connection->peer().ToString(),
                                  .version = channel.version});
    }
  }
  return call.OkWithJson(body);
}

namespace {

// Adds one topic's queues to the statistics of a group.
void AddConsumption(AdminCall& call, const std::string& group, const std::string& topic,
                    wire::ConsumeStats& stats) {
  const wire::TopicConfig* config = call.parts.topics.Find(topic);
  if (config == nullptr) return;
  for (int32_t queue_id = 0; queue_id < config->read_queue_nums; ++queue_id) {
    const QueueOffset max = call.parts.store.MaxOffset(topic, queue_id).value_or(QueueOffset{});
    const QueueOffset consumed =
        call.parts.offsets.Find(group, topic, queue_id).value_or(QueueOffset{});
    wire::OffsetWrapper& offsets =
        stats.offset_table[{topic, call.parts.config.broker_name, queue_id}];
    offsets.broker_offset = max.value;
    offsets.consumer_offset = consumed.value;
    offsets.pull_offset = consumed.value;
    if (consumed.value > 0) {
      offsets.last_timestamp = StoreTimeAt(call, topic, queue_id, consumed + -1);
    }
  }
}

}  // namespace

AdminAnswer CountConsumption(AdminCall& call) {
  RMQ_TRY(const auto header, wire::DecodeHeader<wire::GetConsumeStatsRequestHeader>(call.request));
  wire::ConsumeStats stats;
  std::set<std::string> topics = {header.topic};
  if (header.topic.empty()) topics = call.parts.offsets.TopicsOf(header.consumer_group);
  const ConsumerGroup* online = call.parts.clients.FindConsumers(header.consumer_group);
  for (const std::string& topic : topics) {
    // A topic that the members no longer subscribe to would show a lag that nobody works off.
    const bool dropped = online != nullptr && !online->subscriptions.empty() &&
                         !online->subscriptions.contains(topic);
    if (header.topic.empty() && dropped) continue;
    AddConsumption(call, header.consumer_group, topic, stats);
  }
  return call.OkWithJson(stats);
}

AdminAnswer ConsumeTimeSpan(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::QueryConsumeTimeSpanRequestHeader>(call.request));
  const wire::TopicConfig* topic = call.parts.topics.Find(header.topic);
  if (topic == nullptr) {
    return call.Refuse(ResponseCode::kTopicNotExist,
                       fmt::format("topic[{}] not exist", header.topic));
  }
  wire::QueryConsumeTimeSpanBody body;
  for (int32_t queue_id = 0; queue_id < topic->write_queue_nums; ++queue_id) {
    wire::QueueTimeSpan span;
    span.message_queue = {header.topic, call.parts.config.broker_name, queue_id};
    const auto earliest = call.parts.store.EarliestStoreTime(call.ctx, header.topic, queue_id);
    span.min_time_stamp = earliest.has_value() ? earliest->ms : -1;
    const QueueOffset max =
        call.parts.store.MaxOffset(header.topic, queue_id).value_or(QueueOffset{});
    if (max.value > 0) {
      span.max_time_stamp = StoreTimeAt(call, header.topic, queue_id, max + -1);
    }
    const QueueOffset consumed =
        call.parts.offsets.Find(header.group, header.topic, queue_id).value_or(QueueOffset{});
    span.consume_time_stamp = consumed.value > 0
                                  ? StoreTimeAt(call, header.topic, queue_id, consumed + -1)
                                  : span.min_time_stamp;
    if (consumed < max) {
      span.delay_time = call.now().ms - StoreTimeAt(call, header.topic, queue_id, consumed);
    }
    body.consume_time_span_set.push_back(span);
  }
  return call.OkWithJson(body);
}

AdminAnswer GroupsOfTopic(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::QueryTopicConsumeByWhoRequestHeader>(call.request));
  wire::GroupList body;
  body.group_list = call.parts.offsets.GroupsOf(header.topic);
  for (const auto& [name, group] : call.parts.clients.consumers()) {
    if (group.subscriptions.contains(header.topic)) body.group_list.insert(name);
  }
  return call.OkWithJson(body);
}

AdminAnswer TopicsOfGroup(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::QueryTopicsByConsumerRequestHeader>(call.request));
  wire::TopicList body;
  body.broker_addr = call.parts.store_host.ToString();
  body.topic_list = call.parts.offsets.TopicsOf(header.group);
  return call.OkWithJson(body);
}

AdminAnswer SubscriptionOfGroup(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::QuerySubscriptionByConsumerRequestHeader>(call.request));
  wire::QuerySubscriptionResponseBody body;
  body.group = header.group;
  body.topic = header.topic;
  if (const ConsumerGroup* group = call.parts.clients.FindConsumers(header.group)) {
    const auto found = group->subscriptions.find(header.topic);
    if (found != group->subscriptions.end()) body.subscription_data = found->second;
  }
  return call.OkWithJson(body);
}

AdminAnswer AllConsumerOffsets(AdminCall& call) {
  wire::RemotingCommand response = call.Ok();
  response.body = Bytes::Copy(call.parts.offsets.ToJson(/*pretty=*/false));
  return response;
}

AdminAnswer CloneOffsets(AdminCall& call) {
  RMQ_TRY(const auto header, wire::DecodeHeader<wire::CloneGroupOffsetRequestHeader>(call.request));
  call.parts.offsets.Clone(header.src_group, header.dest_group, header.topic);
  RMQ_TRY(call.parts.metadata.PersistAll(call.ctx));
  return call.Ok();
}

AdminAnswer AskClient(AdminCall& call) {
  // Both headers name the group and the client alike.
  const auto group_name = call.request.ext_fields.Find("consumerGroup").value_or("");
  const auto client_id = call.request.ext_fields.Find("clientId").value_or("");
  const ConsumerGroup* group = call.parts.clients.FindConsumers(group_name);
  const auto member = group == nullptr ? decltype(group->members.find(client_id)){}
                                       : group->members.find(client_id);
  if (group == nullptr || member == group->members.end()) {
    return call.Refuse(ResponseCode::kSystemError,
                       fmt::format("The Consumer <{}> <{}> not online", group_name, client_id));
  }
  wire::RemotingCommand request = call.request;
  const std::shared_ptr<remoting::Connection> channel = member->second.connection;
  auto answer = channel->Call(call.ctx, std::move(request));
  if (!answer.has_value()) {
    return call.Refuse(
        ResponseCode::kConsumeMsgTimeout,
        fmt::format("consumer <{}> <{}>: {}", group_name, client_id, answer.error().ToString()));
  }
  wire::RemotingCommand response = call.Refuse(answer->response_code(), answer->remark);
  response.body = answer->body;
  return response;
}

}  // namespace rmq::broker
