// A Producer sends messages of one producer group.
//
// A send has one deadline for everything: finding the route, the attempts, the waits between them.
// A broker that does not answer gets a fair share of it while there are others to try (CLIENT-27,
// museum M30). What failed says whether the message may have been stored all the same:
//
//   kDeadlineExceeded, kConnectionReset, kCancelled    perhaps, even more than once
//   everything else                                    not
//
// One executor; any number of fibers may send at the same time. Rules: spec/client/producer.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/unique_function.h"
#include "client/broker_faults.h"
#include "client/calls.h"
#include "client/client_instance.h"
#include "client/message.h"
#include "client/producer_options.h"
#include "client/queue_choice.h"
#include "client/send_request.h"

namespace rmq::client {

enum class SendStatus {
  kSendOk,
  // Stored, but not yet as safely as the broker is configured to: it may be lost with the master.
  kFlushDiskTimeout,
  kFlushSlaveTimeout,
  kSlaveNotAvailable,
};

struct SendResult {
  SendStatus status = SendStatus::kSendOk;
  std::string msg_id;         // UNIQ_KEY; of a batch all of them, separated by ','
  std::string offset_msg_id;  // likewise
  MessageQueue queue;
  QueueOffset queue_offset;  // of a batch's first message
  std::string transaction_id;
  std::string recall_handle;
};

// Picks one of the topic's writable queues, which are in the same order everywhere.
using QueueSelector =
    std::function<size_t(const std::vector<MessageQueue>& queues, const Message& message)>;

struct SendOptions {
  // To this queue and no other; without it `selector` decides, without one the message's
  // sharding_key. A send that is bound to a queue is tried again only after an attempt that surely
  // did not store the message.
  std::optional<MessageQueue> queue;
  QueueSelector selector;
  std::optional<milliseconds> timeout;  // instead of send_timeout
};

class Producer {
 public:
  // `client` outlives it. kInvalidArgument: the name of the group.
  static Result<std::unique_ptr<Producer>> Create(ClientInstance& client, ProducerOptions options);
  ~Producer();  // REQUIRES: closed, or its process is dead
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Success means that a broker stored the message. kInvalidArgument: the message; kNotFound: no
  // such topic, and none may be made; kRejected: a broker said no; kUnavailable: no queue to send
  // to; kClosed.
  Result<SendResult> Send(Context& ctx, const Message& message, const SendOptions& options = {});
  // All in one request to one queue.
  Result<SendResult> SendBatch(Context& ctx, std::span<const Message> messages,
                               const SendOptions& options = {});
  // Success means written to a connection's queue: the message may be lost and nobody knows.
  Result<void> SendOneway(Context& ctx, const Message& message, const SendOptions& options = {});
  // Without waiting. `done` is called exactly once, before Close returns, and must not suspend. On
  // failure it is not called: kResourceExhausted (too many, or too many bytes, in flight: wait for
  // one of them), kClosed.
  Result<void> SendAsync(Message message, SendOptions options,
                         UniqueFunction<void(Result<SendResult>)> done);

  // The queues of a topic that can be sent to.
  Result<std::vector<MessageQueue>> FetchQueues(Context& ctx, const std::string& topic);

  // Lets sends in flight finish (close_grace), then cancels them, and leaves the group. Idempotent.
  void Close(Context& ctx);

  size_t async_in_flight() const { return async_count_; }

 private:
  struct Outcome;
  struct Round;

  Producer(ClientInstance& client, ProducerOptions options);
  Result<SendResult> SendInside(Context& ctx, const Message& message, const SendOptions& options);
  Result<SendResult> SendRequested(Context& ctx, const SendRequest& request, const Message& message,
                                   const SendOptions& options);
  Result<std::optional<MessageQueue>> BoundQueue(Context& ctx, const Message& message,
                                                 const SendOptions& options);
  Result<RoutePtr> WritableRoute(Context& ctx, const std::string& topic);
  Result<MessageQueue> ChooseQueue(Context& ctx, const std::string& topic, const Round& round);
  size_t SharersOf(const std::string& topic, const Round& round);
  bool TryOnce(Context& ctx, const SendRequest& request, Round& round);
  Outcome Attempt(Context& ctx, const SendRequest& request, const MessageQueue& queue);
  Outcome Judge(const SendRequest& request, const MessageQueue& queue,
                Result<wire::RemotingCommand> answer);
  void NoteFailure(const MessageQueue& queue, Tick now);
  static Result<SendResult> Conclude(Round round);

  ClientInstance& client_;
  const ProducerOptions options_;
  QueueChoice choice_;
  BrokerFaults faults_;
  Calls calls_;
  runtime::Gate gate_;  // of SendAsync
  size_t async_count_ = 0;
  size_t async_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace rmq::client
