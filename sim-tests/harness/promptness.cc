#include "harness/promptness.h"

#include <fmt/format.h>

namespace rmq::simtest {

void Promptness::Acked(const MessageId& id, Tick at) {
  if (bound_.has_value()) due_[id] = at + *bound_;
}

void Promptness::Handed(const std::string& group, const MessageId& id, Tick at) {
  if (!bound_.has_value()) return;
  const bool first_time = handed_.emplace(group, id).second;
  const auto due = due_.find(id);
  if (!first_time || due == due_.end() || at <= due->second) return;
  oracle_.Report("I15", fmt::format("group {} got '{}' {} ms too late in a calm world", group, id,
                                    (at - due->second).count() / 1'000'000));
}

}  // namespace rmq::simtest
