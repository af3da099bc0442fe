// What a message leaves behind in derived state.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace rmq::store {

// The third field of a message's ConsumeQueue unit: the hash of its tag, or for messages of
// SCHEDULE_TOPIC_XXXX the time of their delivery (STORE-21).
int64_t UnitTagsCode(std::string_view topic, std::string_view properties, WallTime store_time,
                     const std::vector<milliseconds>& delay_levels);

// Whether a queue can be kept under these names: they are directories on disk (STORE-3).
bool IsStorableQueue(std::string_view topic, int32_t queue_id);

}  // namespace rmq::store
