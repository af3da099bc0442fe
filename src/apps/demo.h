// The demonstration of mqstandalone: messages are sent and consumed by the client library, as any
// program would do it, and what happened is counted and timed.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "runtime/runtime.h"

namespace rmq::apps {

struct DemoResult {
  int64_t sent = 0;
  nanoseconds sending{0};
  int64_t consumed = 0;    // different messages of this run
  int64_t duplicates = 0;  // deliveries of one that was there already
  nanoseconds consuming{0};
};

// Sends `count` messages to the topic "demo" and consumes them as the group "demo". Fails with the
// first error of a send, or with the Context's.
Result<DemoResult> RunDemo(Context& ctx, runtime::Runtime& runtime, const std::string& name_server,
                           int64_t count);

}  // namespace rmq::apps
