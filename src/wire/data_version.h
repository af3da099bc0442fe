// DataVersion: the version of a broker's topic, group or offset table. NameServers and slaves
// compare it to learn whether their copy is old.
#pragma once

#include <compare>
#include <cstdint>

#include "base/time.h"

namespace rmq::wire {

// Declared in the order of comparison: the state version counts changes of mastership, so it wins
// over the count of changes, and that wins over clocks. Equal means equal in all three (WIRE-15).
struct DataVersion {
  int64_t state_version = 0;
  int64_t counter = 0;
  int64_t timestamp = 0;  // ms; only a stamp
  auto operator<=>(const DataVersion&) const = default;

  // The version after one more change.
  DataVersion Next(WallTime now) const { return {state_version, counter + 1, now.ms}; }
  DataVersion Next(WallTime now, int64_t new_state_version) const {
    return {new_state_version, counter + 1, now.ms};
  }

  template <typename V>
  void Fields(V& v) {
    v.Field("counter", counter);
    v.Field("stateVersion", state_version);
    v.Field("timestamp", timestamp);
  }
};

}  // namespace rmq::wire
