// The load that mqbench puts on a cluster, and what it measures. Everything runs on the client's
// executor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "client/client_instance.h"

namespace rmq::apps {

struct Load {
  std::string topic;
  size_t body_bytes = 1024;
  int window = 128;  // sends in flight
  int64_t count = 0;
  nanoseconds at_most{seconds(10)};
  std::vector<int64_t> server_pids;
};

struct Measured {
  int64_t messages = 0;  // acknowledged, or delivered
  int64_t failed = 0;
  nanoseconds time{0};
  nanoseconds server_cpu{0};
  std::vector<int64_t> latencies_ns;  // in order of size; of acknowledged sends

  // The latency that the share `part` of all sends did not exceed.
  nanoseconds Percentile(double part) const;
};

// Sends `count` messages, or fewer when the time is over, `window` of them at a time.
Result<Measured> MeasureSending(Context& ctx, client::ClientInstance& client, const Load& load);
// Consumes `count` messages of the topic from its beginning as a new group; the clock runs from
// the first message to the last. kDeadlineExceeded: they did not all come.
Result<Measured> MeasureConsuming(Context& ctx, client::ClientInstance& client, const Load& load);

}  // namespace rmq::apps
