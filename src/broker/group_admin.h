// What operators do to consumer groups and ask of clients. See admin_processor.h.
#pragma once

#include "broker/admin_call.h"

namespace rmq::broker {

AdminAnswer UpdateGroup(AdminCall& call);              // 200
AdminAnswer UpdateGroupList(AdminCall& call);          // 225
AdminAnswer DeleteGroup(AdminCall& call);              // 207
AdminAnswer ListGroups(AdminCall& call);               // 201
AdminAnswer ReadGroup(AdminCall& call);                // 352
AdminAnswer ListConsumerConnections(AdminCall& call);  // 203
AdminAnswer ListProducerConnections(AdminCall& call);  // 204
AdminAnswer ListAllProducers(AdminCall& call);         // 328
AdminAnswer CountConsumption(AdminCall& call);         // 208, consumerProgress
AdminAnswer ConsumeTimeSpan(AdminCall& call);          // 303
AdminAnswer GroupsOfTopic(AdminCall& call);            // 300
AdminAnswer TopicsOfGroup(AdminCall& call);            // 343
AdminAnswer SubscriptionOfGroup(AdminCall& call);      // 345
AdminAnswer AllConsumerOffsets(AdminCall& call);       // 43
AdminAnswer CloneOffsets(AdminCall& call);             // 314
// Passes the request on to one client of the group and its answer back.
AdminAnswer AskClient(AdminCall& call);  // 307, 309

}  // namespace rmq::broker
