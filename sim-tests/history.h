// A history is what a producer did to a real cluster, one event a line, in the order in which it
// learned of them:
//
//   began p1#17
//   acked p1#17 broker-a 3 1204 998231        broker, queue, queue offset, CommitLog offset
//   failed p1#18                              answered: not stored
//
// A send that began and has no second line ended without an answer. record_history writes it,
// judge_history reads it and asks the Oracle of the simulator tests.
#pragma once

#include <istream>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "harness/oracle.h"

namespace rmq::simtest {

std::string BeganLine(const MessageId& id);
std::string AckedLine(const MessageId& id, const MessageQueue& queue, int64_t queue_offset,
                      int64_t commit_log_offset);
std::string FailedLine(const MessageId& id);

// Tells the oracle everything. kCorruption names the line that is none of these.
Result<void> TellHistory(std::istream& lines, const std::string& topic, Oracle& oracle);

}  // namespace rmq::simtest
