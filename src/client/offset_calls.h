// Questions to brokers about offsets. Errors: those of ClientInstance::CallBroker, and kRejected.
#pragma once

#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "client/client_instance.h"
#include "wire/header_codec.h"

namespace rmq::client {

// Of the oldest message, and behind the newest one.
Result<QueueOffset> GetMinOffset(Context& ctx, ClientInstance& client, const MessageQueue& queue);
Result<QueueOffset> GetMaxOffset(Context& ctx, ClientInstance& client, const MessageQueue& queue);
// Of the first message stored at `time` or later; with kUpper, of the last one stored then.
Result<QueueOffset> SearchOffset(Context& ctx, ClientInstance& client, const MessageQueue& queue,
                                 WallTime time,
                                 wire::BoundaryType boundary = wire::BoundaryType::kLower);

// Where a group goes on. Nothing: it has no offset yet. A failure is no answer: whoever takes it
// for "nothing" loses the group's progress (CLIENT-46, museum M27).
Result<std::optional<QueueOffset>> QueryOffset(Context& ctx, ClientInstance& client,
                                               const std::string& group, const MessageQueue& queue);
Result<void> UpdateOffset(Context& ctx, ClientInstance& client, const std::string& group,
                          const MessageQueue& queue, QueueOffset offset);

}  // namespace rmq::client
