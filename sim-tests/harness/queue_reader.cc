#include "harness/queue_reader.h"

#include <fmt/format.h>

#include "harness/retry.h"

namespace rmq::simtest {

std::string BodyOf(const MessageId& id, size_t padding) {
  return id + " " + std::string(padding, 'x');
}

MessageId IdOf(const Bytes& body) {
  return MessageId(body.text().substr(0, body.text().find(' ')));
}

Result<Oracle::QueueContents> ReadQueue(Context& ctx, client::PullConsumer& consumer,
                                        const MessageQueue& queue, Oracle& oracle) {
  RMQ_TRY(const auto min, WithRetries(ctx, [&] { return consumer.MinOffset(ctx, queue); }));
  RMQ_TRY(const auto max, WithRetries(ctx, [&] { return consumer.MaxOffset(ctx, queue); }));
  Oracle::QueueContents held{.min = min.value, .max = max.value};
  int times_sent_back = 0;
  for (QueueOffset at = min; at < max;) {
    RMQ_TRY(const auto pulled, WithRetries(ctx, [&] { return consumer.Pull(ctx, queue, at); }));
    for (const client::MessagePtr& message : pulled.messages) {
      const MessageId id = IdOf(message->body);
      // Later ones are of sends whose producers have given them up.
      if (message->queue_offset < max) held.messages[message->queue_offset.value] = id;
      oracle.Read(id, queue, message->queue_offset.value);
    }
    // A broker that lost a suffix may send a reader back whose connection was torn (BROKER-52).
    const bool sent_back = pulled.status == client::PullStatus::kOffsetIllegal;
    if (pulled.next_begin_offset <= at && (!sent_back || ++times_sent_back > 3)) {
      return Fail(ErrorCode::kCorruption, fmt::format("a pull at {} says to go on at {}", at.value,
                                                      pulled.next_begin_offset.value));
    }
    at = pulled.next_begin_offset;
  }
  if (static_cast<int64_t>(held.messages.size()) != held.max - held.min) {
    oracle.Report("I2", fmt::format("{} holds {} messages from {} to {}", Text(queue),
                                    held.messages.size(), held.min, held.max));
  }
  return held;
}

}  // namespace rmq::simtest
