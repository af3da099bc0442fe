// A Producer sends messages.
//
//   auto producer = rocketmq::Producer::Create(*client, {.group = "order-service"});
//   auto sent = producer->Send({.topic = "orders", .body = "…"});
//   if (!sent) std::cerr << sent.error().ToString();
//
// A send that fails on one broker is tried on others until its time is over. What failed may have
// been stored all the same if error().MayHaveHappened().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rocketmq/client.h"
#include "rocketmq/message.h"
#include "rocketmq/result.h"

namespace rocketmq {

namespace internal {
class ProducerImpl;
}

enum class Compression { kZlib, kLz4, kZstd };

struct ProducerOptions {
  std::string group = "DEFAULT_PRODUCER";
  std::chrono::milliseconds send_timeout{3000};  // of a whole send, with its retries
  int retries = 2;                               // attempts after the first
  size_t max_message_size = 4 * 1024 * 1024;
  size_t compress_above = 4096;  // bytes of body
  Compression compression = Compression::kZlib;
  size_t max_async_count = 1024;  // messages in flight by SendAsync
  size_t max_async_bytes = 100 * 1024 * 1024;
  std::chrono::milliseconds close_grace{3000};  // for sends in flight at Close
};

enum class SendStatus {
  kSendOk,
  // Stored, but not yet flushed or replicated as the broker is configured to.
  kFlushDiskTimeout,
  kFlushSlaveTimeout,
  kSlaveNotAvailable,
};

struct SendResult {
  SendStatus status = SendStatus::kSendOk;
  std::string msg_id;         // of a batch all of them, separated by ','
  std::string offset_msg_id;  // likewise
  MessageQueue queue;
  int64_t queue_offset = 0;
};

struct SendOptions {
  std::optional<MessageQueue> queue;  // to this one and no other
  // Picks one of the topic's queues, which are in the same order everywhere. Called on the client's
  // own thread: be quick, and call nothing of this library.
  std::function<size_t(const std::vector<MessageQueue>& queues)> selector;
  std::optional<std::chrono::milliseconds> timeout;  // instead of send_timeout
};

class Producer {
 public:
  // kInvalidArgument: the group's name; kClosed.
  static Result<Producer> Create(const Client& client, ProducerOptions options = {});

  Result<SendResult> Send(Message message, SendOptions options = {});
  // `done` is called exactly once, in one of the client's callback threads. If SendAsync fails it
  // is not called: kResourceExhausted (too much in flight: wait, then try again), kClosed.
  Result<void> SendAsync(Message message, std::function<void(Result<SendResult>)> done,
                         SendOptions options = {});
  // Success means that it was handed to the network; it may be lost and nobody knows.
  Result<void> SendOneway(Message message, SendOptions options = {});
  // Messages of one topic, in one request, to one queue.
  Result<SendResult> SendBatch(std::vector<Message> messages, SendOptions options = {});
  Result<std::vector<MessageQueue>> FetchQueues(const std::string& topic);

  // Lets sends in flight finish (close_grace), then cancels them. No callback runs when it returns.
  // Idempotent. kInvalidArgument: called by a callback. The last handle closes by itself.
  Result<void> Close();

 private:
  explicit Producer(std::shared_ptr<internal::ProducerImpl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<internal::ProducerImpl> impl_;
};

}  // namespace rocketmq
