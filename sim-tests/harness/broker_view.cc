#include "harness/broker_view.h"

#include "client/admin.h"
#include "client/answer_error.h"
#include "wire/header_codec.h"
#include "wire/json_bean.h"
#include "wire/offset_bodies.h"
#include "wire/subscription_group_config.h"
#include "wire/topic_config.h"

namespace rmq::simtest {
namespace {

template <typename Body>
Result<Body> Ask(Context& ctx, client::ClientInstance& client, const BrokerAt& broker,
                 wire::RequestCode code) {
  RMQ_TRY(const wire::RemotingCommand answer,
          client.Call(ctx, broker.address, wire::MakeRequest(code)));
  if (!client::Succeeded(answer)) return Fail(client::AnswerError(broker.name, answer));
  return wire::FromJson<Body>(answer.body);
}

}  // namespace

Result<Oracle::CommittedOffsets> FetchCommitted(Context& ctx, client::ClientInstance& client,
                                                const BrokerAt& broker) {
  RMQ_TRY(const auto body, Ask<wire::ConsumerOffsetSerializeWrapper>(
                               ctx, client, broker, wire::RequestCode::kGetAllConsumerOffset));
  Oracle::CommittedOffsets committed;
  for (const auto& [topic_at_group, offsets] : body.offset_table) {
    const size_t at = topic_at_group.find('@');
    if (at == std::string::npos) continue;
    for (const auto& [queue_id, offset] : offsets) {
      const MessageQueue queue{
          .topic = topic_at_group.substr(0, at), .broker_name = broker.name, .queue_id = queue_id};
      committed[{topic_at_group.substr(at + 1), queue}] = offset;
    }
  }
  return committed;
}

Result<std::map<std::string, int>> FetchTopicVersions(Context& ctx, client::ClientInstance& client,
                                                      const BrokerAt& broker) {
  RMQ_TRY(const auto body, Ask<wire::TopicConfigSerializeWrapper>(
                               ctx, client, broker, wire::RequestCode::kGetAllTopicConfig));
  std::map<std::string, int> versions;
  for (const auto& [name, topic] : body.topic_config_table) versions[name] = topic.read_queue_nums;
  return versions;
}

Result<std::map<std::string, int>> FetchGroupVersions(Context& ctx, client::ClientInstance& client,
                                                      const BrokerAt& broker) {
  RMQ_TRY(const auto body,
          Ask<wire::SubscriptionGroupWrapper>(ctx, client, broker,
                                              wire::RequestCode::kGetAllSubscriptionGroupConfig));
  std::map<std::string, int> versions;
  for (const auto& [name, group] : body.subscription_group_table) {
    versions[name] = group.retry_max_times;
  }
  return versions;
}

Result<void> SetTopicVersion(Context& ctx, client::ClientInstance& client, const BrokerAt& broker,
                             const std::string& topic, int version) {
  wire::TopicConfig config;
  config.topic_name = topic;
  config.read_queue_nums = version;
  config.write_queue_nums = 1;
  return client::CreateTopic(ctx, client, broker.address, config);
}

Result<void> SetGroupVersion(Context& ctx, client::ClientInstance& client, const BrokerAt& broker,
                             const std::string& group, int version) {
  wire::SubscriptionGroupConfig config;
  config.group_name = group;
  config.retry_max_times = version;
  return client::CreateGroup(ctx, client, broker.address, config);
}

}  // namespace rmq::simtest
