// ClientTable: the producers and consumers that are connected, by group, as their heartbeats say;
// and who holds which queue's lock in orderly consumption.
//
// A client leaves by UNREGISTER_CLIENT, with its connection, or when no heartbeat came for
// channelExpiredTimeout. When the members of a consumer group change, those that are left are told
// (NOTIFY_CONSUMER_IDS_CHANGED), so that they share the queues anew. One executor.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "remoting/connection.h"
#include "wire/heartbeat_data.h"
#include "wire/language_code.h"

namespace rmq::broker {

struct ClientChannel {
  std::shared_ptr<remoting::Connection> connection;
  std::string client_id;
  wire::LanguageCode language = wire::LanguageCode::kJava;
  int32_t version = 0;
  Tick last_heartbeat;
};

struct ConsumerGroup {
  wire::ConsumeType consume_type = wire::ConsumeType::kPassively;
  wire::MessageModel message_model = wire::MessageModel::kClustering;
  wire::ConsumeFromWhere consume_from_where = wire::ConsumeFromWhere::kLastOffset;
  std::map<std::string, wire::SubscriptionData, std::less<>> subscriptions;  // by topic
  std::map<std::string, ClientChannel, std::less<>> members;                 // by client id
};

class ClientTable {
 public:
  using ConsumerGroups = std::map<std::string, ConsumerGroup, std::less<>>;
  using Producers = std::map<std::string, std::map<std::string, ClientChannel>, std::less<>>;
  // Called for each group whose members have changed, unless told otherwise by its configuration.
  using GroupChanged = std::function<void(std::string_view group, const ConsumerGroup&)>;

  explicit ClientTable(GroupChanged changed) : changed_(std::move(changed)) {}

  // True when a subscription of the group is new or differs from what was known: heartbeat V2
  // clients are then asked for theirs.
  bool RegisterConsumer(const ClientChannel& channel, const wire::ConsumerData& data,
                        bool without_subscriptions);
  void RegisterProducer(const ClientChannel& channel, std::string_view group);
  void UnregisterConsumer(std::string_view group, std::string_view client_id);
  void UnregisterProducer(std::string_view group, std::string_view client_id);
  void ConnectionClosed(const remoting::Connection& connection);
  // Closes connections of clients that were silent since `before`.
  void ExpireBefore(Tick before);

  const ConsumerGroup* FindConsumers(std::string_view group) const;
  const ConsumerGroups& consumers() const { return consumers_; }
  const Producers& producers() const { return producers_; }

 private:
  void RemoveMember(const std::string& group, std::string_view client_id);

  GroupChanged changed_;
  ConsumerGroups consumers_;
  Producers producers_;
};

// Who may consume a queue in order. A lock lives 60 s beyond its last renewal (Apache:
// rocketmq.broker.rebalance.lockMaxLiveTime); clients renew every 20 s.
class QueueLocks {
 public:
  static constexpr seconds kLockLifetime{60};

  // Locks or renews for `client_id` what nobody else holds; returns what it holds now.
  std::set<MessageQueue> Lock(std::string_view group, std::string_view client_id,
                              const std::set<MessageQueue>& queues, Tick now);
  void Unlock(std::string_view group, std::string_view client_id,
              const std::set<MessageQueue>& queues);

 private:
  struct Owner {
    std::string client_id;
    Tick renewed;
  };
  std::map<std::string, std::map<MessageQueue, Owner>, std::less<>> locks_;  // by group
};

}  // namespace rmq::broker
