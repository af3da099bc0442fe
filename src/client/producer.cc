#include "client/producer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "client/answer_error.h"
#include "wire/name_rules.h"

namespace rmq::client {

using wire::RemotingCommand;
using wire::ResponseCode;

namespace {

// Before a broker that just failed is tried again.
constexpr milliseconds kPauseBeforeSameBroker{100};

// Whether the request may have had its effect although there is no answer.
bool OutcomeUnknown(const Error& error) {
  return error.code() == ErrorCode::kDeadlineExceeded || error.code() == ErrorCode::kCancelled ||
         error.code() == ErrorCode::kConnectionReset;
}

// CLIENT-29: what another broker may do better.
bool WorthARetry(ResponseCode code) {
  switch (code) {
    case ResponseCode::kTopicNotExist:
    case ResponseCode::kServiceNotAvailable:
    case ResponseCode::kSystemError:
    case ResponseCode::kSystemBusy:
    case ResponseCode::kNoPermission:
    case ResponseCode::kNoBuyerId:
    case ResponseCode::kNotInCurrentUnit:
    case ResponseCode::kGoAway:
      return true;
    default:
      return false;
  }
}

std::optional<SendStatus> StatusOf(ResponseCode code) {
  switch (code) {
    case ResponseCode::kSuccess:
      return SendStatus::kSendOk;
    case ResponseCode::kFlushDiskTimeout:
      return SendStatus::kFlushDiskTimeout;
    case ResponseCode::kFlushSlaveTimeout:
      return SendStatus::kFlushSlaveTimeout;
    case ResponseCode::kSlaveNotAvailable:
      return SendStatus::kSlaveNotAvailable;
    default:
      return std::nullopt;
  }
}

Result<SendResult> ReadSendResult(const SendRequest& request, const MessageQueue& queue,
                                  SendStatus status, const RemotingCommand& answer) {
  RMQ_TRY(auto header, wire::DecodeHeader<wire::SendMessageResponseHeader>(answer));
  return SendResult{.status = status,
                    .msg_id = request.msg_id,
                    .offset_msg_id = std::move(header.msg_id),
                    .queue = {queue.topic, queue.broker_name, header.queue_id},
                    .queue_offset = QueueOffset{header.queue_offset},
                    .transaction_id = std::move(header.transaction_id),
                    .recall_handle = std::move(header.recall_handle)};
}

}  // namespace

// What one attempt came to.
struct Producer::Outcome {
  Result<SendResult> result;
  bool retry = false;  // another attempt may help
};

// The attempts of one send.
struct Producer::Round {
  std::optional<MessageQueue> bound;
  std::set<std::string> tried;  // brokers
  int attempts_left = 0;
  std::optional<SendResult> stored;
  std::optional<Error> maybe_stored;  // of an attempt whose outcome is unknown
  std::optional<Error> last;
};

Result<std::unique_ptr<Producer>> Producer::Create(ClientInstance& client,
                                                   ProducerOptions options) {
  RMQ_TRY(wire::ValidateGroup(options.group));
  return std::unique_ptr<Producer>(new Producer(client, std::move(options)));
}

Producer::Producer(ClientInstance& client, ProducerOptions options)
    : client_(client), options_(std::move(options)), choice_(client.runtime().random()) {
  client_.membership().AddProducer(options_.group);
}

Producer::~Producer() {
  RMQ_ASSERT(closed_ || client_.runtime().executor().dead());
}

void Producer::Close(Context& ctx) {
  if (closed_) return;
  closed_ = true;
  calls_.Close(ctx, options_.close_grace);
  gate_.Close(ctx);
  client_.membership().RemoveProducer(ctx, options_.group);
}

Result<SendResult> Producer::Send(Context& ctx, const Message& message,
                                  const SendOptions& options) {
  RMQ_TRY(const Calls::Guard guard, calls_.Enter());
  return SendInside(ctx, message, options);
}

Result<SendResult> Producer::SendInside(Context& ctx, const Message& message,
                                        const SendOptions& options) {
  Context closing = ctx.WithCancellation(calls_.ending());
  Context limited = closing.WithTimeout(options.timeout.value_or(options_.send_timeout));
  RMQ_TRY(const SendRequest request,
          MakeSendRequest(limited, client_.runtime(), client_.uniq_ids(), options_, message));
  return SendRequested(limited, request, message, options);
}

Result<SendResult> Producer::SendBatch(Context& ctx, std::span<const Message> messages,
                                       const SendOptions& options) {
  RMQ_TRY(const Calls::Guard guard, calls_.Enter());
  Context closing = ctx.WithCancellation(calls_.ending());
  Context limited = closing.WithTimeout(options.timeout.value_or(options_.send_timeout));
  RMQ_TRY(const SendRequest request,
          MakeBatchRequest(client_.runtime(), client_.uniq_ids(), options_, messages));
  return SendRequested(limited, request, messages.front(), options);
}

Result<void> Producer::SendOneway(Context& ctx, const Message& message,
                                  const SendOptions& options) {
  RMQ_TRY(const Calls::Guard guard, calls_.Enter());
  Context closing = ctx.WithCancellation(calls_.ending());
  Context limited = closing.WithTimeout(options.timeout.value_or(options_.send_timeout));
  RMQ_TRY(const SendRequest request,
          MakeSendRequest(limited, client_.runtime(), client_.uniq_ids(), options_, message));
  Round round;
  RMQ_TRY(round.bound, BoundQueue(limited, message, options));
  RMQ_TRY(const MessageQueue queue, ChooseQueue(limited, message.topic, round));
  RMQ_TRY(const std::string address, client_.BrokerAddress(limited, queue.topic, queue.broker_name,
                                                           wire::kMasterId, /*only_this=*/true));
  return client_.SendOneway(limited, address, request.For(queue));
}

Result<void> Producer::SendAsync(Message message, SendOptions options,
                                 UniqueFunction<void(Result<SendResult>)> done) {
  RMQ_TRY(Calls::Guard guard, calls_.Enter());
  const size_t size = message.body.size();
  if (async_count_ >= options_.max_async_count || async_bytes_ + size > options_.max_async_bytes) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("{} sends with {} bytes are in flight", async_count_, async_bytes_));
  }
  ++async_count_;
  async_bytes_ += size;
  client_.runtime().executor().Spawn(
      gate_, "send async",
      [this, size, guard = std::move(guard), message = std::move(message),
       options = std::move(options), done = std::move(done)](Context& ctx) mutable {
        Result<SendResult> result = SendInside(ctx, message, options);
        --async_count_;
        async_bytes_ -= size;
        done(std::move(result));
      });
  return {};
}

Result<std::vector<MessageQueue>> Producer::FetchQueues(Context& ctx, const std::string& topic) {
  RMQ_TRY(const Calls::Guard guard, calls_.Enter());
  Context closing = ctx.WithCancellation(calls_.ending());
  Context limited = closing.WithTimeout(options_.send_timeout);
  RMQ_TRY(const RoutePtr route, WritableRoute(limited, topic));
  return route->write_queues();
}

Result<RoutePtr> Producer::WritableRoute(Context& ctx, const std::string& topic) {
  RMQ_TRY(const RoutePtr route,
          client_.routes().GetForSend(ctx, topic, options_.default_topic_queue_nums));
  if (!route->write_queues().empty()) return route;
  return Fail(ErrorCode::kUnavailable, fmt::format("topic {} has no queue to write to", topic));
}

Result<std::optional<MessageQueue>> Producer::BoundQueue(Context& ctx, const Message& message,
                                                         const SendOptions& options) {
  if (options.queue.has_value()) return options.queue;
  if (!options.selector && message.sharding_key.empty()) return std::nullopt;
  RMQ_TRY(const RoutePtr route, WritableRoute(ctx, message.topic));
  const std::vector<MessageQueue>& queues = route->write_queues();
  if (!options.selector) return QueueForKey(queues, message.sharding_key);
  const size_t index = options.selector(queues, message);
  if (index < queues.size()) return queues[index];
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("the selector chose queue {} of {}", index, queues.size()));
}

Result<MessageQueue> Producer::ChooseQueue(Context& ctx, const std::string& topic,
                                           const Round& round) {
  if (round.bound.has_value()) return *round.bound;
  RMQ_TRY(const RoutePtr route, WritableRoute(ctx, topic));
  return choice_.Next(route->write_queues(), round.tried, faults_, ctx.Now());
}

Result<SendResult> Producer::SendRequested(Context& ctx, const SendRequest& request,
                                           const Message& message, const SendOptions& options) {
  Round round;
  RMQ_TRY(round.bound, BoundQueue(ctx, message, options));
  round.attempts_left = 1 + std::max(options_.retries, 0);
  while (round.attempts_left > 0 && TryOnce(ctx, request, round)) {
    RMQ_LOG(client_.runtime().log(), kInfo, "client", "send {} again, {} attempts left{}{}",
            request.msg_id, round.attempts_left, round.last ? ": " : "",
            round.last ? round.last->ToString() : "");
  }
  return Conclude(std::move(round));
}

// One attempt of a round; whether another one is worth its while.
bool Producer::TryOnce(Context& ctx, const SendRequest& request, Round& round) {
  auto queue = ChooseQueue(ctx, request.header.topic, round);
  if (queue.has_value() && round.tried.contains(queue->broker_name)) {
    const Result<void> paused = ctx.SleepFor(kPauseBeforeSameBroker);
    if (!paused.has_value()) return false;
  }
  if (!queue.has_value()) {
    round.last = std::move(queue).error();
    return false;
  }
  Context share = ctx.WithTimeout(FairShare(ctx, SharersOf(request.header.topic, round)));
  --round.attempts_left;
  Outcome outcome = Attempt(share, request, *queue);
  round.tried.insert(queue->broker_name);
  if (outcome.result.has_value()) {
    if (!round.stored) round.stored = *std::move(outcome.result);
    return outcome.retry && !round.bound;
  }
  round.last = std::move(outcome.result).error();
  if (OutcomeUnknown(*round.last) && !round.maybe_stored) round.maybe_stored = round.last;
  // Sent twice, it would come twice, and perhaps after its successor.
  if (round.bound && round.maybe_stored) return false;
  return outcome.retry && ctx.Check().has_value();
}

// CLIENT-27: how many attempts the time that is left is for. As long as there are brokers that
// were not tried, each gets its share; the last one gets all.
size_t Producer::SharersOf(const std::string& topic, const Round& round) {
  const RoutePtr route = round.bound ? nullptr : client_.routes().Find(topic);
  if (!route) return 1;
  std::set<std::string_view> untried;
  for (const MessageQueue& queue : route->write_queues()) {
    if (!round.tried.contains(queue.broker_name)) untried.insert(queue.broker_name);
  }
  return std::clamp<size_t>(untried.size(), 1, static_cast<size_t>(round.attempts_left));
}

Result<SendResult> Producer::Conclude(Round round) {
  if (round.stored.has_value()) return *std::move(round.stored);
  RMQ_ASSERT(round.last.has_value());
  if (!round.maybe_stored || OutcomeUnknown(*round.last)) return Fail(*std::move(round.last));
  return Fail(WithContext(*std::move(round.maybe_stored),
                          fmt::format("{}; before that", round.last->ToString())));
}

Producer::Outcome Producer::Attempt(Context& ctx, const SendRequest& request,
                                    const MessageQueue& queue) {
  const auto address = client_.BrokerAddress(ctx, queue.topic, queue.broker_name, wire::kMasterId,
                                             /*only_this=*/true);
  if (!address.has_value()) {
    NoteFailure(queue, ctx.Now());
    return {.result = Fail(address.error()), .retry = true};
  }
  const Tick started = ctx.Now();
  auto answer = client_.Call(ctx, *address, request.For(queue), hours(1));
  Outcome outcome = Judge(request, queue, std::move(answer));
  const Tick now = ctx.Now();
  if (!outcome.result.has_value()) {
    if (outcome.retry) NoteFailure(queue, now);
  } else if (options_.avoid_slow_brokers) {
    faults_.Succeeded(queue.broker_name, now - started, now);
  }
  return outcome;
}

void Producer::NoteFailure(const MessageQueue& queue, Tick now) {
  if (options_.avoid_slow_brokers) faults_.Failed(queue.broker_name, now);
  client_.routes().RefreshSoon(queue.topic);
}

Producer::Outcome Producer::Judge(const SendRequest& request, const MessageQueue& queue,
                                  Result<RemotingCommand> answer) {
  const std::string what = fmt::format("send {} to {} queue {} of {}", request.msg_id, queue.topic,
                                       queue.queue_id, queue.broker_name);
  if (!answer.has_value()) {
    return {.result = Fail(WithContext(std::move(answer).error(), what)), .retry = true};
  }
  const ResponseCode code = answer->response_code();
  const std::optional<SendStatus> status = StatusOf(code);
  if (!status.has_value()) {
    return {.result = Fail(AnswerError(what, *answer)), .retry = WorthARetry(code)};
  }
  Result<SendResult> result = ReadSendResult(request, queue, *status, *answer);
  if (!result.has_value()) {
    // It said yes in words we can't read.
    return {.result = Fail(ErrorCode::kConnectionReset, what + ": " + result.error().ToString())};
  }
  const bool retry = options_.retry_when_not_store_ok && *status != SendStatus::kSendOk;
  return {.result = std::move(result), .retry = retry};
}

}  // namespace rmq::client
