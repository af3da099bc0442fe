#include "client/subscription.h"

#include "wire/name_rules.h"

namespace rmq::client {

Result<Subscription> Subscription::ToTags(std::string topic, std::string_view expression,
                                          WallTime now) {
  RMQ_TRY(wire::ValidateTopic(topic));
  Subscription made;
  made.topic = std::move(topic);
  RMQ_TRY(made.tags, filter::TagExpression::Parse(expression));
  if (!made.tags.matches_all()) made.expression = expression;
  made.version = now.ms;
  return made;
}

wire::SubscriptionData Subscription::ToData() const {
  wire::SubscriptionData data;
  data.topic = topic;
  data.expression_type = type;
  data.sub_string = expression;
  data.sub_version = version;
  data.tags_set = {tags.tags().begin(), tags.tags().end()};
  for (const int64_t code : tags.codes()) data.code_set.insert(static_cast<int32_t>(code));
  return data;
}

}  // namespace rmq::client
