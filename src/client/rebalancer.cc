#include "client/rebalancer.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/answer_error.h"
#include "client/offset_calls.h"
#include "client/queue_locks.h"
#include "wire/client_bodies.h"
#include "wire/client_headers.h"
#include "wire/json_bean.h"
#include "wire/name_rules.h"

namespace rmq::client {

using wire::RemotingCommand;

namespace {

constexpr seconds kFirstPause{1};
// However often it is woken.
constexpr milliseconds kLeastPause{100};

}  // namespace

void Rebalancer::Run(Context& ctx) {
  Introduce(ctx);
  seconds pause = kFirstPause;
  while (ctx.Check().has_value()) {
    woken_ = false;
    const bool balanced = RebalanceAll(ctx);
    pause = balanced ? parts_.options.rebalance_interval
                     : std::min(pause, parts_.options.rebalance_interval);
    Context until = ctx.WithTimeout(pause);
    if (!woken_) static_cast<void>(wake_.Wait(until));
    pause = balanced || woken_ ? kFirstPause : pause * 2;
    if (!ctx.SleepFor(kLeastPause).has_value()) return;
  }
}

void Rebalancer::Introduce(Context& ctx) {
  // What fails here is tried again by others.
  for (const std::string& topic : Topics()) {
    static_cast<void>(parts_.client.routes().Get(ctx, topic));
  }
  static_cast<void>(parts_.client.membership().Announce(ctx));
}

std::vector<std::string> Rebalancer::Topics() const {
  std::vector<std::string> topics;
  for (const auto& [topic, subscription] : parts_.subscriptions) topics.push_back(topic);
  return topics;
}

bool Rebalancer::RebalanceAll(Context& ctx) {
  DropUnsubscribed();
  bool balanced = true;
  for (const std::string& topic : Topics()) {
    balanced &= RebalanceTopic(ctx, topic);
    if (!ctx.Check().has_value()) return false;
  }
  return balanced;
}

void Rebalancer::DropUnsubscribed() {
  std::vector<MessageQueue> gone;
  for (const auto& [queue, process] : table_.owned()) {
    if (!parts_.subscriptions.contains(queue.topic)) gone.push_back(queue);
  }
  for (const MessageQueue& queue : gone) table_.GiveUp(queue, {});
}

bool Rebalancer::RebalanceTopic(Context& ctx, const std::string& topic) {
  const auto ours = OurQueues(ctx, topic);
  if (!ours.has_value()) {
    RMQ_LOG(parts_.runtime().log(), kInfo, "client", "group {}: the queues of {} stay: {}",
            parts_.options.group, topic, ours.error().ToString());
    return false;
  }
  std::vector<MessageQueue> lost;
  for (const auto& [queue, process] : table_.owned()) {
    if (queue.topic == topic && !ours->contains(queue)) lost.push_back(queue);
  }
  for (const MessageQueue& queue : lost) table_.GiveUp(queue, {});
  return TakeNew(ctx, *ours);
}

Result<std::set<MessageQueue>> Rebalancer::OurQueues(Context& ctx, const std::string& topic) {
  if (parts_.assigned.has_value()) {
    std::set<MessageQueue> assigned = *parts_.assigned;
    std::erase_if(assigned, [&](const MessageQueue& queue) { return queue.topic != topic; });
    return assigned;
  }
  RMQ_TRY(const RoutePtr route, parts_.client.routes().Get(ctx, topic));
  const std::vector<MessageQueue>& all = route->read_queues();
  if (!parts_.clustering()) return std::set<MessageQueue>(all.begin(), all.end());
  RMQ_TRY(const std::vector<std::string> members, Members(ctx, *route));
  const std::string& self = parts_.client.client_id();
  if (!std::binary_search(members.begin(), members.end(), self)) {
    parts_.client.membership().AnnounceSoon();
    return Fail(ErrorCode::kUnavailable, "the brokers don't know us yet");
  }
  const std::vector<MessageQueue> ours = parts_.options.allocation(self, all, members);
  return std::set<MessageQueue>(ours.begin(), ours.end());
}

// CLIENT-40: every member asks the same broker as long as it can, for brokers may differ in what
// they know, and members who work from different lists divide wrongly.
Result<std::vector<std::string>> Rebalancer::Members(Context& ctx, const TopicRoute& route) {
  Error last(ErrorCode::kUnavailable, "the route has no broker");
  for (const auto& [name, addresses] : route.brokers()) {
    if (addresses.empty()) continue;
    auto members = MembersAt(ctx, addresses.begin()->second);
    if (members.has_value()) return members;
    last = std::move(members).error();
    RMQ_TRY(ctx.Check());
  }
  return Fail(std::move(last));
}

Result<std::vector<std::string>> Rebalancer::MembersAt(Context& ctx, const std::string& address) {
  const wire::GetConsumerListByGroupRequestHeader header{.consumer_group = parts_.options.group};
  RMQ_TRY(const RemotingCommand answer,
          parts_.client.Call(
              ctx, address, wire::MakeRequest(wire::RequestCode::kGetConsumerListByGroup, header)));
  const std::string what = fmt::format("members of group {} at {}", parts_.options.group, address);
  if (!Succeeded(answer)) return Fail(AnswerError(what, answer));
  auto list = wire::FromJson<wire::GetConsumerListByGroupResponseBody>(answer.body);
  if (!list.has_value()) return Fail(WithContext(std::move(list).error(), what));
  std::vector<std::string> members = std::move(list->consumer_id_list);
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

bool Rebalancer::TakeNew(Context& ctx, const std::set<MessageQueue>& queues) {
  std::set<MessageQueue> missing;
  bool complete = true;
  for (const MessageQueue& queue : queues) {
    if (table_.Find(queue) != nullptr) continue;
    complete &= !table_.Has(queue);  // Just being given up: again when that is done.
    if (!table_.Has(queue)) missing.insert(queue);
  }
  for (const auto& [broker, part] : ByBroker(missing)) complete &= TakeAtBroker(ctx, part);
  return complete;
}

// One broker at a time, and away from it at its first failure: a dead one must not hold up the
// queues of the others.
bool Rebalancer::TakeAtBroker(Context& ctx, const std::set<MessageQueue>& queues) {
  std::set<MessageQueue> may_take = queues;
  Tick locked_until = kNever;
  if (parts_.locks()) {
    // From before the question: the broker's time began later than ours.
    locked_until = ctx.Now() + parts_.options.lock_lifetime;
    auto locked = LockQueues(ctx, parts_.client, parts_.options.group, queues);
    if (!locked.has_value()) {
      RMQ_LOG(parts_.runtime().log(), kInfo, "client", "{}", locked.error().ToString());
      return false;
    }
    may_take = *std::move(locked);
  }
  bool complete = may_take.size() == queues.size();
  for (const MessageQueue& queue : may_take) {
    if (!queues.contains(queue)) continue;
    const auto from = StartOffset(ctx, queue);
    if (!from.has_value()) {
      RMQ_LOG(parts_.runtime().log(), kInfo, "client", "group {}: no offset to begin with: {}",
              parts_.options.group, from.error().ToString());
      return false;
    }
    // Unsubscribed, or taken otherwise, while the broker was asked.
    if (table_.Has(queue) || !parts_.subscriptions.contains(queue.topic)) continue;
    table_.Take(queue, *from, locked_until);
  }
  return complete;
}

Result<QueueOffset> Rebalancer::StartOffset(Context& ctx, const MessageQueue& queue) {
  RMQ_TRY(const std::optional<QueueOffset> saved, parts_.offsets->Load(ctx, queue));
  if (saved.has_value() && saved->value >= 0) return *saved;
  return FirstOffset(ctx, queue);
}

// CLIENT-48.
Result<QueueOffset> Rebalancer::FirstOffset(Context& ctx, const MessageQueue& queue) {
  switch (parts_.options.from) {
    case wire::ConsumeFromWhere::kFirstOffset:
      return GetMinOffset(ctx, parts_.client, queue);
    case wire::ConsumeFromWhere::kTimestamp:
      if (wire::IsRetryTopic(queue.topic)) return GetMaxOffset(ctx, parts_.client, queue);
      return SearchOffset(ctx, parts_.client, queue, parts_.options.from_time);
    default:
      if (wire::IsRetryTopic(queue.topic)) return QueueOffset{0};
      return GetMaxOffset(ctx, parts_.client, queue);
  }
}

}  // namespace rmq::client
