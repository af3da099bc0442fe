#include "wire/route_data.h"

#include "wire/json_bean.h"
#include "wire/mq_version.h"

namespace rmq::wire {

std::string TopicRouteDataToJson(const TopicRouteData& route, int32_t client_version,
                                 bool accept_standard_json_only) {
  const bool standard = accept_standard_json_only || client_version >= kVersion4_9_4;
  return ToJson(route, standard ? kStandardJson : JsonStyle{});
}

}  // namespace rmq::wire
