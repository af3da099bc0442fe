// What operators ask of the broker itself: configuration and state. See admin_processor.h.
#pragma once

#include "broker/admin_call.h"

namespace rmq::broker {

AdminAnswer ReadConfigText(AdminCall& call);  // 26
AdminAnswer UpdateConfig(AdminCall& call);    // 25
AdminAnswer RuntimeInfo(AdminCall& call);     // 28, brokerStatus and clusterList

}  // namespace rmq::broker
