// What operators and tests ask of a cluster: topics, groups, who is there, single messages. Errors:
// those of ClientInstance::Call, kRejected (the peer said no), kNotFound.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/client_instance.h"
#include "client/message.h"
#include "wire/route_data.h"
#include "wire/subscription_group_config.h"
#include "wire/topic_config.h"

namespace rmq::client {

// Brokers, by name, and the clusters they belong to.
Result<wire::ClusterInfo> FetchClusterInfo(Context& ctx, ClientInstance& client);
// kNotFound: no such topic.
Result<wire::TopicRouteData> FetchTopicRoute(Context& ctx, ClientInstance& client,
                                             const std::string& topic);

// Makes or changes a topic on one broker, or on all masters of a cluster (kNotFound: there are
// none; on failure some may have done it).
Result<void> CreateTopic(Context& ctx, ClientInstance& client, const std::string& broker_address,
                         const wire::TopicConfig& config);
Result<void> CreateTopicInCluster(Context& ctx, ClientInstance& client, const std::string& cluster,
                                  const wire::TopicConfig& config);
Result<void> CreateGroup(Context& ctx, ClientInstance& client, const std::string& broker_address,
                         const wire::SubscriptionGroupConfig& config);

// The message with this offset message id: its broker's address is part of it. kInvalidArgument:
// not an id.
Result<MessagePtr> ViewMessage(Context& ctx, ClientInstance& client, const std::string& topic,
                               std::string_view offset_msg_id);

struct MessageQuery {
  std::string topic;
  std::string key;        // one of KEYS, or a uniq id
  bool uniq_key = false;  // `key` is a uniq id
  int32_t max_count = 32;
  WallTime begin;
  WallTime end{INT64_MAX};
};
// Asks all masters of the topic for messages with that key; those that can't be asked are logged.
// The broker finds by a hash, so what does not have the key is left out here.
Result<std::vector<MessagePtr>> QueryMessages(Context& ctx, ClientInstance& client,
                                              const MessageQuery& query);

}  // namespace rmq::client
