// Reads a whole queue as a consumer would, of a simulated or of a real broker.
#pragma once

#include <string>

#include "client/pull_consumer.h"
#include "harness/oracle.h"

namespace rmq::simtest {

// A message's id is the first word of its body; the rest is padding.
std::string BodyOf(const MessageId& id, size_t padding);
MessageId IdOf(const Bytes& body);

// From the first to the last offset that the queue has when this begins. The oracle is told of each
// message, and I2 if an offset in between has none. Requests are tried again (retry.h).
// kCorruption: the broker leads nowhere.
Result<Oracle::QueueContents> ReadQueue(Context& ctx, client::PullConsumer& consumer,
                                        const MessageQueue& queue, Oracle& oracle);

}  // namespace rmq::simtest
