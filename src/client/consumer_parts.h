// What the parts of a push consumer share. PushConsumer owns all of it; the parts borrow it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "client/client_instance.h"
#include "client/offset_store.h"
#include "client/process_queue.h"
#include "client/push_options.h"
#include "client/subscription.h"
#include "runtime/gate.h"

namespace rmq::client {

// Brings messages to the listener and deals with what it says.
class ConsumeService {
 public:
  virtual ~ConsumeService() = default;
  // `messages` are new in `queue`.
  virtual void Arrived(const ProcessQueuePtr& queue, std::vector<MessagePtr> messages) = 0;
  // Begins no more listener calls; lets those under way finish for `grace`, then cancels them and
  // waits for their end.
  virtual void Close(Context& ctx, nanoseconds grace) = 0;
};

struct ConsumerParts {
  ClientInstance& client;
  const PushConsumerOptions& options;
  const Listener& listener;
  std::map<std::string, Subscription, std::less<>> subscriptions;  // by topic
  std::optional<std::set<MessageQueue>> assigned;  // instead of a share of all queues
  std::unique_ptr<OffsetStore> offsets;
  std::unique_ptr<ConsumeService> service;
  runtime::Gate gate;      // of everything but listener calls
  bool suspended = false;  // pull nothing

  runtime::Runtime& runtime() const { return client.runtime(); }
  // Whether queues are locked before they are consumed.
  bool locks() const { return options.orderly && clustering(); }
  bool clustering() const { return options.model == wire::MessageModel::kClustering; }
};

// One listener call.
ConsumeResult Listen(Context& ctx, ConsumerParts& parts, ProcessQueue& queue,
                     std::span<const MessagePtr> messages, ConsumeContext& consume);

// CLIENT-47: gives a message back to its broker, which delivers it again after a while, or puts it
// into the dead-letter topic. Errors: those of ClientInstance::CallBroker, and kRejected.
Result<void> SendBack(Context& ctx, ConsumerParts& parts, const MessageExt& message,
                      int32_t delay_level);

}  // namespace rmq::client
