#include "broker/topic_admin.h"

#include <fmt/format.h>

#include "broker/metadata.h"
#include "wire/admin_headers.h"
#include "wire/message.h"
#include "wire/name_rules.h"
#include "wire/route_data.h"
#include "wire/stats_bodies.h"
#include "wire/topic_config.h"

namespace rmq::broker {

using wire::ResponseCode;

namespace {

// "+key=value,-key" changes the attributes that a topic has (Apache: AttributeParser).
Result<void> ApplyAttributes(std::string_view changes, wire::TopicConfig& topic) {
  while (!changes.empty()) {
    const size_t end = std::min(changes.find(','), changes.size());
    const std::string_view change = changes.substr(0, end);
    changes.remove_prefix(std::min(end + 1, changes.size()));
    const size_t equals = change.find('=');
    if (change.starts_with('+') && equals != std::string_view::npos && equals > 1) {
      topic.attributes.insert_or_assign(std::string(change.substr(1, equals - 1)),
                                        std::string(change.substr(equals + 1)));
    } else if (change.starts_with('-') && change.size() > 1) {
      topic.attributes.erase(std::string(change.substr(1)));
    } else {
      return Fail(ErrorCode::kInvalidArgument, fmt::format("kv string format wrong: {}", change));
    }
  }
  return {};
}

Result<void> CheckCreatable(const AdminCall& call, const wire::TopicConfig& topic) {
  RMQ_TRY(wire::ValidateTopic(topic.topic_name));
  if (call.parts.topics.IsSystem(topic.topic_name)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("The topic[{}] is conflict with system topic.", topic.topic_name));
  }
  const auto possible = [](int32_t queues) { return queues >= 0 && queues <= kMaxQueuesOfTopic; };
  if (!possible(topic.read_queue_nums) || !possible(topic.write_queue_nums) || topic.perm < 0) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("topic {}: readQueueNums {}, writeQueueNums {}, perm {}: must not be "
                            "negative, nor more than {} queues",
                            topic.topic_name, topic.read_queue_nums, topic.write_queue_nums,
                            topic.perm, kMaxQueuesOfTopic));
  }
  return {};
}

AdminAnswer InvalidParameter(const AdminCall& call, const Error& error) {
  return call.Refuse(ResponseCode::kInvalidParameter, error.message());
}

}  // namespace

AdminAnswer UpdateTopic(AdminCall& call) {
  RMQ_TRY(const auto header, wire::DecodeHeader<wire::CreateTopicRequestHeader>(call.request));
  wire::TopicConfig topic;
  if (const auto* existing = call.parts.topics.Find(header.topic)) {
    topic.attributes = existing->attributes;
  }
  topic.topic_name = header.topic;
  topic.read_queue_nums = header.read_queue_nums;
  topic.write_queue_nums = header.write_queue_nums;
  topic.perm = header.perm;
  topic.order = header.order;
  topic.topic_sys_flag = header.topic_sys_flag.value_or(0);
  if (header.topic_filter_type == "MULTI_TAG") {
    topic.topic_filter_type = wire::TopicFilterType::kMultiTag;
  }
  const Result<void> attributes = ApplyAttributes(header.attributes, topic);
  if (!attributes.has_value()) return InvalidParameter(call, attributes.error());
  const Result<void> creatable = CheckCreatable(call, topic);
  if (!creatable.has_value()) return InvalidParameter(call, creatable.error());
  const auto* existing = call.parts.topics.Find(topic.topic_name);
  if (existing != nullptr && *existing == topic) return call.Ok();
  call.parts.topics.Put(std::move(topic), call.now());
  RMQ_TRY(call.parts.metadata.PersistTopicsAndGroups(call.ctx));
  return call.Ok();
}

AdminAnswer UpdateTopicList(AdminCall& call) {
  RMQ_TRY(const auto body, wire::FromJson<wire::CreateTopicListRequestBody>(call.request.body));
  for (const wire::TopicConfig& topic : body.topic_config_list) {
    const Result<void> creatable = CheckCreatable(call, topic);
    if (!creatable.has_value()) return InvalidParameter(call, creatable.error());
  }
  for (const wire::TopicConfig& topic : body.topic_config_list) {
    call.parts.topics.Put(topic, call.now());
  }
  RMQ_TRY(call.parts.metadata.PersistTopicsAndGroups(call.ctx));
  return call.Ok();
}

AdminAnswer DeleteTopic(AdminCall& call) {
  RMQ_TRY(const auto header, wire::DecodeHeader<wire::DeleteTopicRequestHeader>(call.request));
  if (header.topic.empty()) {
    return call.Refuse(ResponseCode::kInvalidParameter, "The specified topic is blank.");
  }
  if (call.parts.topics.IsSystem(header.topic)) {
    return call.Refuse(ResponseCode::kInvalidParameter,
                       fmt::format("The topic[{}] is conflict with system topic.", header.topic));
  }
  call.parts.topics.Remove(header.topic, call.now());
  call.parts.offsets.RemoveTopic(header.topic);
  RMQ_TRY(call.parts.metadata.PersistAll(call.ctx));
  RMQ_TRY(call.parts.store.DeleteTopic(call.ctx, header.topic));
  return call.Ok();
}

AdminAnswer ListTopicConfigs(AdminCall& call) {
  const wire::TopicConfigSerializeWrapper topics = call.parts.topics.Snapshot();
  wire::TopicConfigAndMappingSerializeWrapper body;
  body.data_version = topics.data_version;
  body.topic_config_table = topics.topic_config_table;
  wire::RemotingCommand response = call.OkWithJson(body);
  wire::EncodeHeader(wire::GetAllTopicConfigResponseHeader{.total_topic_num = static_cast<int32_t>(
                                                               topics.topic_config_table.size())},
                     response.ext_fields);
  return response;
}

AdminAnswer ReadTopicConfig(AdminCall& call) {
  RMQ_TRY(const auto header, wire::DecodeHeader<wire::GetTopicConfigRequestHeader>(call.request));
  const wire::TopicConfig* topic = call.parts.topics.Find(header.topic);
  if (topic == nullptr) {
    return call.Refuse(ResponseCode::kTopicNotExist,
                       fmt::format("No topic in this broker. topic: {}", header.topic));
  }
  wire::TopicConfigAndQueueMapping body;
  static_cast<wire::TopicConfig&>(body) = *topic;
  return call.OkWithJson(body);
}

int64_t StoreTimeAt(AdminCall& call, std::string_view topic, int32_t queue_id, QueueOffset offset) {
  const auto position = call.parts.store.OffsetOf(call.ctx, topic, queue_id, offset);
  if (!position.has_value()) return 0;
  const auto record = call.parts.store.MessageAt(call.ctx, *position);
  if (!record.has_value()) return 0;
  const auto message = wire::DecodeStoredMessage(record->view());
  return message.has_value() ? message->store_time.ms : 0;
}

AdminAnswer CountTopic(AdminCall& call) {
  RMQ_TRY(const auto header,
          wire::DecodeHeader<wire::GetTopicStatsInfoRequestHeader>(call.request));
  const wire::TopicConfig* topic = call.parts.topics.Find(header.topic);
  if (topic == nullptr) {
    return call.Refuse(ResponseCode::kTopicNotExist,
                       fmt::format("topic[{}] not exist", header.topic));
  }
  const int32_t queues = std::max(topic->write_queue_nums, topic->read_queue_nums);
  wire::TopicStatsTable table;
  for (int32_t queue_id = 0; queue_id < queues; ++queue_id) {
    const QueueOffset min =
        call.parts.store.MinOffset(header.topic, queue_id).value_or(QueueOffset{});
    const QueueOffset max =
        call.parts.store.MaxOffset(header.topic, queue_id).value_or(QueueOffset{});
    wire::TopicOffset& offsets =
        table.offset_table[{header.topic, call.parts.config.broker_name, queue_id}];
    offsets.min_offset = min.value;
    offsets.max_offset = max.value;
    if (max > min) {
      offsets.last_update_timestamp = StoreTimeAt(call, header.topic, queue_id, max + -1);
    }
  }
  return call.OkWithJson(table);
}

AdminAnswer ListSystemTopics(AdminCall& call) {
  wire::TopicList list;
  for (const auto& [name, topic] : call.parts.topics.all()) {
    if (call.parts.topics.IsSystem(name)) list.topic_list.insert(name);
  }
  return call.OkWithJson(list);
}

}  // namespace rmq::broker
