#include "broker/client_table.h"

namespace rmq::broker {
namespace {

// Takes over what is newer; forgets topics that are no longer subscribed. True if anything changed.
bool UpdateSubscriptions(ConsumerGroup& group, const std::vector<wire::SubscriptionData>& data) {
  bool changed = false;
  std::set<std::string, std::less<>> named;
  for (const wire::SubscriptionData& subscription : data) {
    named.insert(subscription.topic);
    const auto [found, is_new] = group.subscriptions.try_emplace(subscription.topic, subscription);
    if (is_new) {
      changed = true;
    } else if (subscription.sub_version > found->second.sub_version) {
      changed |= found->second.sub_string != subscription.sub_string;
      found->second = subscription;
    }
  }
  changed |= std::erase_if(group.subscriptions,
                           [&](const auto& entry) { return !named.contains(entry.first); }) > 0;
  return changed;
}

}  // namespace

bool ClientTable::RegisterConsumer(const ClientChannel& channel, const wire::ConsumerData& data,
                                   bool without_subscriptions) {
  ConsumerGroup& group = consumers_[data.group_name];
  group.consume_type = data.consume_type;
  group.message_model = data.message_model;
  group.consume_from_where = data.consume_from_where;
  const auto [member, is_new] = group.members.insert_or_assign(channel.client_id, channel);
  bool subscriptions_changed = false;
  if (!without_subscriptions) {
    subscriptions_changed = UpdateSubscriptions(group, data.subscription_data_set);
  }
  if (is_new || subscriptions_changed) changed_(data.group_name, group);
  return subscriptions_changed;
}

void ClientTable::RegisterProducer(const ClientChannel& channel, std::string_view group) {
  producers_[std::string(group)].insert_or_assign(channel.client_id, channel);
}

void ClientTable::UnregisterConsumer(std::string_view group, std::string_view client_id) {
  RemoveMember(std::string(group), client_id);
}

void ClientTable::RemoveMember(const std::string& name, std::string_view client_id) {
  const auto group = consumers_.find(name);
  if (group == consumers_.end()) return;
  const auto member = group->second.members.find(client_id);
  if (member == group->second.members.end()) return;
  group->second.members.erase(member);
  changed_(name, group->second);
  if (group->second.members.empty()) consumers_.erase(group);
}

void ClientTable::UnregisterProducer(std::string_view group, std::string_view client_id) {
  const auto found = producers_.find(group);
  if (found == producers_.end()) return;
  found->second.erase(std::string(client_id));
  if (found->second.empty()) producers_.erase(found);
}

void ClientTable::ConnectionClosed(const remoting::Connection& connection) {
  std::vector<std::pair<std::string, std::string>> gone;
  for (const auto& [name, group] : consumers_) {
    for (const auto& [client_id, channel] : group.members) {
      if (channel.connection.get() == &connection) gone.emplace_back(name, client_id);
    }
  }
  for (const auto& [group, client_id] : gone) RemoveMember(group, client_id);
  for (auto it = producers_.begin(); it != producers_.end();) {
    std::erase_if(it->second,
                  [&](const auto& entry) { return entry.second.connection.get() == &connection; });
    it = it->second.empty() ? producers_.erase(it) : std::next(it);
  }
}

void ClientTable::ExpireBefore(Tick before) {
  std::vector<std::shared_ptr<remoting::Connection>> silent;
  for (const auto& [name, group] : consumers_) {
    for (const auto& [client_id, channel] : group.members) {
      if (channel.last_heartbeat < before) silent.push_back(channel.connection);
    }
  }
  for (const auto& [name, members] : producers_) {
    for (const auto& [client_id, channel] : members) {
      if (channel.last_heartbeat < before) silent.push_back(channel.connection);
    }
  }
  for (const auto& connection : silent) connection->Close();
}

const ConsumerGroup* ClientTable::FindConsumers(std::string_view group) const {
  const auto found = consumers_.find(group);
  return found == consumers_.end() ? nullptr : &found->second;
}

std::set<MessageQueue> QueueLocks::Lock(std::string_view group, std::string_view client_id,
                                        const std::set<MessageQueue>& queues, Tick now) {
  auto& owners = locks_[std::string(group)];
  std::set<MessageQueue> held;
  for (const MessageQueue& queue : queues) {
    Owner& owner = owners[queue];
    const bool free = owner.client_id.empty() || now - owner.renewed > kLockLifetime;
    if (!free && owner.client_id != client_id) continue;
    owner = {.client_id = std::string(client_id), .renewed = now};
    held.insert(queue);
  }
  return held;
}

void QueueLocks::Unlock(std::string_view group, std::string_view client_id,
                        const std::set<MessageQueue>& queues) {
  const auto found = locks_.find(group);
  if (found == locks_.end()) return;
  for (const MessageQueue& queue : queues) {
    const auto owner = found->second.find(queue);
    if (owner != found->second.end() && owner->second.client_id == client_id) {
      found->second.erase(owner);
    }
  }
  if (found->second.empty()) locks_.erase(found);
}

}  // namespace rmq::broker
