#include "client/queue_choice.h"

#include "base/assert.h"
#include "base/hash.h"
#include "wire/java_hash.h"

namespace rmq::client {

// Three rounds with falling demands; the turn counter goes on from where the choice was made, so
// that the load stays even.
const MessageQueue& QueueChoice::Next(const std::vector<MessageQueue>& queues,
                                      const std::set<std::string>& tried,
                                      const BrokerFaults& faults, Tick now) {
  RMQ_ASSERT(!queues.empty());
  const std::string& topic = queues.front().topic;
  auto turn = turns_.find(topic);
  if (turn == turns_.end()) {
    // Producers that start together must not all begin with the same queue.
    const uint64_t first = random_.Draw("client: first queue", StableHash(topic), queues.size());
    turn = turns_.emplace(topic, first).first;
  }
  const auto find = [&](const auto& acceptable) -> const MessageQueue* {
    for (size_t i = 0; i < queues.size(); ++i) {
      const MessageQueue& queue = queues[(turn->second + i) % queues.size()];
      if (!acceptable(queue.broker_name)) continue;
      turn->second += i + 1;
      return &queue;
    }
    return nullptr;
  };
  const MessageQueue* best = find([&](const std::string& broker) {
    return !tried.contains(broker) && !faults.Avoid(broker, now);
  });
  if (best == nullptr)
    best = find([&](const std::string& broker) { return !tried.contains(broker); });
  if (best == nullptr)
    best = find([&](const std::string& broker) { return !faults.Avoid(broker, now); });
  if (best == nullptr) best = find([](const std::string&) { return true; });
  return *best;
}

const MessageQueue& QueueForKey(const std::vector<MessageQueue>& queues, std::string_view key) {
  RMQ_ASSERT(!queues.empty());
  // Java: hashCode() % size, made non-negative afterwards.
  const int64_t rest = wire::JavaStringHash(key) % static_cast<int64_t>(queues.size());
  return queues[static_cast<size_t>(rest < 0 ? -rest : rest)];
}

}  // namespace rmq::client
