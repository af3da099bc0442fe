// Promptness is the checker of I15 for latency: in a calm world, with consumers that have nothing
// else to do, an acked message is in each group's hands at once, not when the time of a held pull
// is up. ORACLE-18.
//
// Workload tells it of acks and of messages handed to listeners; violations go to the Oracle.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/time.h"
#include "harness/oracle.h"

namespace rmq::simtest {

class Promptness {
 public:
  explicit Promptness(Oracle& oracle) : oracle_(oracle) {}

  // From now on what is acked must be handed over within `bound`; nothing: it need not.
  void Expect(std::optional<nanoseconds> bound) { bound_ = bound; }
  void Acked(const MessageId& id, Tick at);
  // A listener of `group` got it. A late one is told of when it comes; one that never comes is I6.
  void Handed(const std::string& group, const MessageId& id, Tick at);

 private:
  Oracle& oracle_;
  std::optional<nanoseconds> bound_;
  std::map<MessageId, Tick> due_;
  std::set<std::pair<std::string, MessageId>> handed_;
};

}  // namespace rmq::simtest
