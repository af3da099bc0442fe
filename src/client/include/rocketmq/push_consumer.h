// A PushConsumer brings messages to a listener, as one member of a consumer group.
//
//   rocketmq::PushConsumerOptions options{.group = "billing", .subscriptions = {{"orders", "*"}}};
//   auto consumer = rocketmq::PushConsumer::Start(*client, options,
//       [](const std::vector<rocketmq::MessageExt>& messages) {
//         …
//         return rocketmq::ConsumeResult::kSuccess;
//       });
//
// Each message comes at least once: again after kRetry, after a crash, and sometimes when members
// come and go. Listeners run in the client's callback threads, `concurrency` of them at a time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rocketmq/client.h"
#include "rocketmq/message.h"
#include "rocketmq/result.h"

namespace rocketmq {

namespace internal {
class PushConsumerImpl;
}

enum class ConsumeResult {
  kSuccess,
  // Again later: by way of the broker, longer each time, and to the dead-letter topic in the end.
  // With `orderly`: the queue stands still for a moment, then the same messages come again.
  kRetry,
};

// An exception counts as kRetry. The messages of a call are of one queue, in its order.
using MessageListener = std::function<ConsumeResult(const std::vector<MessageExt>& messages)>;

enum class ConsumeFrom { kLastOffset, kFirstOffset, kTime };

struct PushConsumerOptions {
  std::string group;
  std::map<std::string, std::string> subscriptions;  // topic: "*", or "TagA || TagB"
  // Every member gets every message, and keeps its offsets in `offset_directory`. Else the members
  // share the messages.
  bool broadcasting = false;
  std::string offset_directory;
  bool orderly = false;  // one call at a time for each queue

  ConsumeFrom from = ConsumeFrom::kLastOffset;  // where a group begins that has no offset yet
  Time from_time;                               // for kTime
  int concurrency = 20;
  size_t consume_batch = 1;  // messages in a call, at most
  int max_reconsume = -1;    // redeliveries until the dead-letter topic; -1: 16, orderly no limit
  int pull_batch = 32;
  size_t max_cached_count = 1000;  // of each queue
  size_t max_cached_bytes = 100 * 1024 * 1024;
  std::chrono::milliseconds close_grace{5000};  // for listener calls at Close
};

class PushConsumer {
 public:
  // Joins the group, and goes on trying if no broker can be reached yet. kInvalidArgument: the
  // options; kAlreadyExists: this client has a consumer of the group; kClosed.
  static Result<PushConsumer> Start(const Client& client, PushConsumerOptions options,
                                    MessageListener listener);

  // kInvalidArgument: the topic's name or the tags.
  Result<void> Subscribe(const std::string& topic, const std::string& tags);
  Result<void> Unsubscribe(const std::string& topic);
  // Stops and resumes fetching messages; those that are here already still come.
  Result<void> Suspend();
  Result<void> Resume();
  // The queues it owns now, with the offsets up to which they are finished.
  Result<std::map<MessageQueue, int64_t>> Owned();

  // Takes no more messages, waits for the listener calls under way, commits what is finished and
  // leaves the group. No listener runs when it returns. Idempotent. kInvalidArgument: called by a
  // callback. The last handle closes by itself.
  Result<void> Close();

 private:
  explicit PushConsumer(std::shared_ptr<internal::PushConsumerImpl> impl)
      : impl_(std::move(impl)) {}
  std::shared_ptr<internal::PushConsumerImpl> impl_;
};

}  // namespace rocketmq
