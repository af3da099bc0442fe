// What operators do to topics: create, change, delete, list, count. See admin_processor.h.
#pragma once

#include "broker/admin_call.h"

namespace rmq::broker {

AdminAnswer UpdateTopic(AdminCall& call);       // 17
AdminAnswer UpdateTopicList(AdminCall& call);   // 18
AdminAnswer DeleteTopic(AdminCall& call);       // 215
AdminAnswer ListTopicConfigs(AdminCall& call);  // 21
AdminAnswer ReadTopicConfig(AdminCall& call);   // 351
AdminAnswer CountTopic(AdminCall& call);        // 202, topicStatus
AdminAnswer ListSystemTopics(AdminCall& call);  // 305

// When the message at `offset` of a queue was stored; 0 if there is none.
int64_t StoreTimeAt(AdminCall& call, std::string_view topic, int32_t queue_id, QueueOffset offset);

}  // namespace rmq::broker
