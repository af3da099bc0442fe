// What the Oracle checks when nobody sends: that what was promised is there and has arrived.
#include <fmt/format.h>

#include "harness/oracle.h"

namespace rmq::simtest {

void Oracle::CheckDurable(const std::map<MessageQueue, QueueContents>& contents) {
  const size_t lost_before = lost_;
  for (Number i = 0; i < sends_.size(); ++i) {
    Send& send = sends_[i];
    if (send.outcome != Outcome::kOk || send.lost) continue;
    const auto queue = contents.find(send.queue->first);
    const bool known = queue != contents.end();
    const auto found = known ? queue->second.messages.find(send.queue_offset)
                             : decltype(queue->second.messages.find(0)){};
    if (known && found != queue->second.messages.end() && found->second == names_[i]) {
      continue;
    }
    if (send.promised) {
      Report("I1", fmt::format("'{}' was acked at {} offset {} and is not there (the queue holds "
                               "{} to {}; there is {})",
                               names_[i], Text(send.queue->first), send.queue_offset,
                               known ? queue->second.min : -1, known ? queue->second.max : -1,
                               known && found != queue->second.messages.end()
                                   ? fmt::format("'{}'", found->second)
                                   : "nothing"));
      continue;
    }
    send.lost = true;
    ++lost_;
  }
  if (lost_ > lost_before) CheckLossIsASuffix();
  PromiseAgain(contents);
}

// What survived a power cut was on the disk, or a recovery has put it there: it stays.
void Oracle::PromiseAgain(const std::map<MessageQueue, QueueContents>& contents) {
  for (Send& send : sends_) {
    if (send.outcome != Outcome::kOk || send.lost) continue;
    send.promised = true;
    send.first_cut = 0;
  }
  for (const auto& [queue, held] : contents) {
    std::vector<Slot>& slots = QueueOf(queue).second.slots;
    for (const auto& [offset, id] : held.messages) {
      if (offset < 0 || offset >= static_cast<int64_t>(slots.size())) continue;
      Slot& slot = slots[static_cast<size_t>(offset)];
      if (slot.message != kNobody && names_[slot.message] == id) slot.promised = true;
    }
  }
}

// I1: what a power cut takes from an asynchronous broker is a suffix of its log, not a hole.
// Compared are messages that lay in the log together: those that met the same cut first.
void Oracle::CheckLossIsASuffix() {
  using Epoch = std::pair<std::string, int>;  // broker, cut
  std::map<Epoch, std::pair<int64_t, MessageId>> first_lost;
  for (Number i = 0; i < sends_.size(); ++i) {
    const Send& send = sends_[i];
    if (!send.lost || send.first_cut == 0) continue;
    const auto [first, is_new] = first_lost.try_emplace(
        {send.queue->first.broker_name, send.first_cut}, send.commit_log_offset, names_[i]);
    if (!is_new && send.commit_log_offset < first->second.first) {
      first->second = {send.commit_log_offset, names_[i]};
    }
  }
  for (Number i = 0; i < sends_.size(); ++i) {
    const Send& send = sends_[i];
    if (send.outcome != Outcome::kOk || send.lost || send.first_cut == 0) continue;
    const auto lost = first_lost.find({send.queue->first.broker_name, send.first_cut});
    if (lost == first_lost.end() || send.commit_log_offset < lost->second.first) continue;
    return Report(
        "I1", fmt::format("'{}' at CommitLog offset {} of {} was lost, but '{}' behind "
                          "it at {} was kept: a hole, not a suffix",
                          lost->second.second, lost->second.first, send.queue->first.broker_name,
                          names_[i], send.commit_log_offset));
  }
}

std::set<std::pair<std::string, std::string>> Oracle::AckedPlaces(bool doubtful_too) const {
  std::vector<bool> seen(queues_.size());
  std::set<std::pair<std::string, std::string>> places;
  for (const Send& send : sends_) {
    if (send.outcome != Outcome::kOk || send.lost || !(doubtful_too || send.promised)) continue;
    if (seen[send.queue->second.number]) continue;
    seen[send.queue->second.number] = true;
    places.emplace(send.queue->first.topic, send.queue->first.broker_name);
  }
  return places;
}

bool Oracle::IsOwed(const Send& send) const {
  return send.outcome == Outcome::kOk && !send.lost &&
         !twice_gone_.contains(send.queue->first.broker_name);
}

size_t Oracle::MissingOf(const std::string& group) const {
  const auto found = groups_.find(group);
  size_t missing = 0;
  for (Number i = 0; i < sends_.size(); ++i) {
    const bool got = found != groups_.end() && found->second.Got(i);
    if (!got && IsOwed(sends_[i])) ++missing;
  }
  return missing;
}

void Oracle::CheckDeliveredToAll(const std::string& group) {
  const Group& got = groups_[group];
  for (Number i = 0; i < sends_.size(); ++i) {
    const Send& send = sends_[i];
    if (!IsOwed(send) || got.Got(i)) continue;
    Report("I6", fmt::format("'{}', acked at {} offset {}, never reached group {}", names_[i],
                             Text(send.queue->first), send.queue_offset, group));
  }
}

void Oracle::CheckCommitted(const std::string& group, const MessageQueue& queue, int64_t committed,
                            int64_t max) {
  if (committed < 0 || committed > max) {
    Report("I5", fmt::format("group {} has committed offset {} of {}, which holds up to {}", group,
                             committed, Text(queue), max));
  }
  CheckHandled(group, queue, 0, committed);
}

void Oracle::CheckCommitsKept(const CommittedOffsets& before, const CommittedOffsets& after) {
  for (const auto& [place, offset] : before) {
    const auto found = after.find(place);
    const int64_t now = found == after.end() ? -1 : found->second;
    if (now == offset) continue;
    Report("I5", fmt::format("group {} had committed offset {} of {}, and after a stop that loses "
                             "nothing {}",
                             place.first, offset, Text(place.second), now));
  }
}

}  // namespace rmq::simtest
