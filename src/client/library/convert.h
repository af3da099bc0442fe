// Between the values of the public API and those of the client's core.
#pragma once

#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "client/message.h"
#include "rocketmq/message.h"
#include "rocketmq/result.h"

namespace rocketmq::internal {

Error ToPublic(const rmq::Error& error);
MessageQueue ToPublic(const rmq::MessageQueue& queue);
MessageExt ToPublic(const rmq::client::MessageExt& message);
std::vector<MessageQueue> ToPublic(const std::vector<rmq::MessageQueue>& queues);

rmq::MessageQueue ToCore(const MessageQueue& queue);
rmq::client::Message ToCore(const Message& message);
rmq::WallTime ToCore(Time time);

// A core Result whose value is converted by `convert`.
template <typename T, typename Core, typename Convert>
Result<T> Converted(const rmq::Result<Core>& result, Convert&& convert) {
  if (!result.has_value()) return ToPublic(result.error());
  return convert(*result);
}
inline Result<void> Converted(const rmq::Result<void>& result) {
  if (!result.has_value()) return ToPublic(result.error());
  return {};
}

}  // namespace rocketmq::internal
