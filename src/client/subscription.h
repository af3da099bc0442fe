// Subscription: what a consumer wants of one topic.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "filter/tag_expression.h"
#include "wire/heartbeat_data.h"

namespace rmq::client {

struct Subscription {
  std::string topic;
  std::string type = std::string(filter::kTagType);
  std::string expression = std::string(filter::kSubscribeAll);
  filter::TagExpression tags;
  int64_t version = 0;  // brokers take the newest of a group

  // CLIENT-10. kInvalidArgument: the name of the topic, or the expression.
  static Result<Subscription> ToTags(std::string topic, std::string_view expression, WallTime now);
  wire::SubscriptionData ToData() const;
};

}  // namespace rmq::client
