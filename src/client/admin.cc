#include "client/admin.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/answer_error.h"
#include "wire/admin_headers.h"
#include "wire/json_bean.h"
#include "wire/message_id.h"
#include "wire/namesrv_headers.h"
#include "wire/pull_headers.h"

namespace rmq::client {
namespace {

using wire::RemotingCommand;
using wire::RequestCode;

// Beside its header, such a query carries this field.
constexpr std::string_view kUniqueKeyQuery = "_UNIQUE_KEY_QUERY";

Result<RemotingCommand> CallOrFail(Context& ctx, ClientInstance& client, const std::string& address,
                                   RemotingCommand request, std::string_view what) {
  RMQ_TRY(RemotingCommand answer, client.Call(ctx, address, std::move(request)));
  if (!Succeeded(answer)) return Fail(AnswerError(what, answer));
  return answer;
}

std::string AttributesText(const std::map<std::string, std::string>& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes) {
    if (!text.empty()) text += ',';
    text += fmt::format("+{}={}", name, value);
  }
  return text;
}

bool HasKey(const MessageExt& message, const MessageQuery& query) {
  if (message.topic != query.topic) return false;
  if (query.uniq_key) return message.msg_id == query.key;
  std::string_view keys = message.keys();
  while (!keys.empty()) {
    const size_t end = std::min(keys.find(wire::kKeySeparator), keys.size());
    if (keys.substr(0, end) == query.key) return true;
    keys.remove_prefix(std::min(end + 1, keys.size()));
  }
  return false;
}

Result<std::vector<MessagePtr>> QueryBroker(Context& ctx, ClientInstance& client,
                                            const MessageQuery& query, const std::string& name,
                                            const std::string& address) {
  RemotingCommand request = wire::MakeRequest(
      RequestCode::kQueryMessage, wire::QueryMessageRequestHeader{.topic = query.topic,
                                                                  .key = query.key,
                                                                  .max_num = query.max_count,
                                                                  .begin_timestamp = query.begin.ms,
                                                                  .end_timestamp = query.end.ms});
  if (query.uniq_key) request.ext_fields.Set(kUniqueKeyQuery, true);
  RMQ_TRY(const RemotingCommand answer, client.Call(ctx, address, std::move(request)));
  if (answer.response_code() == wire::ResponseCode::kQueryNotFound) {
    return std::vector<MessagePtr>();
  }
  if (!Succeeded(answer)) return Fail(AnswerError("query " + name, answer));
  RMQ_TRY(std::vector<MessagePtr> messages, DecodeMessages(answer.body.view(), name));
  std::erase_if(messages, [&](const MessagePtr& message) { return !HasKey(*message, query); });
  return messages;
}

}  // namespace

Result<wire::ClusterInfo> FetchClusterInfo(Context& ctx, ClientInstance& client) {
  RMQ_TRY(const RemotingCommand answer,
          client.CallNameServer(ctx, wire::MakeRequest(RequestCode::kGetBrokerClusterInfo)));
  if (!Succeeded(answer)) return Fail(AnswerError("cluster info", answer));
  return wire::FromJson<wire::ClusterInfo>(answer.body);
}

Result<wire::TopicRouteData> FetchTopicRoute(Context& ctx, ClientInstance& client,
                                             const std::string& topic) {
  RMQ_TRY(const RoutePtr route, client.routes().Refresh(ctx, topic));
  return route->data();
}

Result<void> CreateTopic(Context& ctx, ClientInstance& client, const std::string& broker_address,
                         const wire::TopicConfig& config) {
  wire::CreateTopicRequestHeader header;
  header.topic = config.topic_name;
  header.default_topic = "TBW102";
  header.read_queue_nums = config.read_queue_nums;
  header.write_queue_nums = config.write_queue_nums;
  header.perm = config.perm;
  header.topic_filter_type =
      wire::JsonNames(config.topic_filter_type).at(static_cast<size_t>(config.topic_filter_type));
  header.topic_sys_flag = config.topic_sys_flag;
  header.order = config.order;
  header.attributes = AttributesText(config.attributes);
  RMQ_TRY(CallOrFail(ctx, client, broker_address,
                     wire::MakeRequest(RequestCode::kUpdateAndCreateTopic, header),
                     "create topic " + config.topic_name));
  return {};
}

Result<void> CreateTopicInCluster(Context& ctx, ClientInstance& client, const std::string& cluster,
                                  const wire::TopicConfig& config) {
  RMQ_TRY(const wire::ClusterInfo info, FetchClusterInfo(ctx, client));
  const auto names = info.cluster_addr_table.find(cluster);
  int made = 0;
  if (names != info.cluster_addr_table.end()) {
    for (const std::string& name : names->second) {
      const auto broker = info.broker_addr_table.find(name);
      if (broker == info.broker_addr_table.end()) continue;
      const auto master = broker->second.broker_addrs.find(wire::kMasterId);
      if (master == broker->second.broker_addrs.end()) continue;
      RMQ_TRY(CreateTopic(ctx, client, master->second, config));
      ++made;
    }
  }
  if (made > 0) return {};
  return Fail(ErrorCode::kNotFound, fmt::format("cluster {} has no master", cluster));
}

Result<void> CreateGroup(Context& ctx, ClientInstance& client, const std::string& broker_address,
                         const wire::SubscriptionGroupConfig& config) {
  RemotingCommand request = wire::MakeRequest(RequestCode::kUpdateAndCreateSubscriptionGroup);
  request.body = Bytes::Copy(wire::ToJson(config));
  RMQ_TRY(CallOrFail(ctx, client, broker_address, std::move(request),
                     "create group " + config.group_name));
  return {};
}

Result<MessagePtr> ViewMessage(Context& ctx, ClientInstance& client, const std::string& topic,
                               std::string_view offset_msg_id) {
  RMQ_TRY(const auto id, wire::OffsetMessageId::Parse(offset_msg_id));
  const wire::ViewMessageRequestHeader header{.topic = topic, .offset = id.physical_offset.value};
  RMQ_TRY(const RemotingCommand answer,
          CallOrFail(ctx, client, id.store_host.ToString(),
                     wire::MakeRequest(RequestCode::kViewMessageById, header),
                     fmt::format("view message {}", offset_msg_id)));
  RMQ_TRY(std::vector<MessagePtr> messages, DecodeMessages(answer.body.view(), {}));
  if (messages.empty()) {
    return Fail(ErrorCode::kNotFound, fmt::format("no message {}", offset_msg_id));
  }
  return std::move(messages.front());
}

Result<std::vector<MessagePtr>> QueryMessages(Context& ctx, ClientInstance& client,
                                              const MessageQuery& query) {
  RMQ_TRY(const RoutePtr route, client.routes().Get(ctx, query.topic));
  std::vector<MessagePtr> found;
  for (const auto& [name, addresses] : route->brokers()) {
    if (addresses.empty()) continue;
    auto messages = QueryBroker(ctx, client, query, name, addresses.begin()->second);
    if (!messages.has_value()) {
      RMQ_LOG(client.runtime().log(), kWarn, "client", "query messages of {}: {}", name,
              messages.error().ToString());
      continue;
    }
    found.insert(found.end(), messages->begin(), messages->end());
  }
  return found;
}

}  // namespace rmq::client
