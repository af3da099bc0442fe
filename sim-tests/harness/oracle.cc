#include "harness/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace rmq::simtest {
namespace {

std::string Text(const MessageQueue& queue) {
  return fmt::format("{}/{}/{}", queue.broker_name, queue.topic, queue.queue_id);
}

constexpr size_t kMaxViolations = 20;  // The first ones tell the story.

}  // namespace

void Oracle::Report(std::string checker, std::string text) {
  if (violations_.size() < kMaxViolations) {
    violations_.push_back({std::move(checker), std::move(text)});
  }
}

void Oracle::SendBegan(const MessageId& id) {
  sends_[id].began_after_cut = cuts_;
}

void Oracle::SendOk(const MessageId& id, const MessageQueue& queue, int64_t queue_offset,
                    int64_t commit_log_offset) {
  Send& send = sends_[id];
  send.outcome = Outcome::kOk;
  send.queue = queue;
  send.queue_offset = queue_offset;
  send.commit_log_offset = commit_log_offset;
  ++acked_;
  Observe(id, queue, queue_offset, "acked");
  send.promised = IsOfThisLife(send, queue.broker_name);
}

// What is seen of a message after a power cut of its broker may be from before: an answer on its
// way, a copy that a consumer had cached.
bool Oracle::IsOfThisLife(const Send& send, const std::string& broker_name) const {
  const auto cut = last_cut_.find(broker_name);
  return cut == last_cut_.end() || cut->second <= send.began_after_cut;
}

void Oracle::SendFailed(const MessageId& id) {
  sends_[id].outcome = Outcome::kFailed;
}

// I2: an offset means one message. A slot that a power cut made doubtful may be filled anew.
bool Oracle::Observe(const MessageId& id, const MessageQueue& queue, int64_t queue_offset,
                     const char* how) {
  const auto send = sends_.find(id);
  if (send == sends_.end()) {
    Report("I2", fmt::format("{} at {} offset {}: '{}' was never sent", how, Text(queue),
                             queue_offset, id));
    return true;
  }
  if (send->second.outcome == Outcome::kFailed) {
    Report("aborted read",
           fmt::format("{} at {} offset {}: '{}', whose send was answered as not stored", how,
                       Text(queue), queue_offset, id));
  }
  const bool promised = IsOfThisLife(send->second, queue.broker_name);
  const auto [slot, is_new] = slots_[queue].try_emplace(queue_offset, Slot{id, promised});
  if (is_new) return promised;
  if (slot->second.id == id) return slot->second.promised;
  if (slot->second.promised) {
    Report("I2", fmt::format("{} at {} offset {}: '{}', where '{}' was before", how, Text(queue),
                             queue_offset, id, slot->second.id));
  }
  slot->second = {id, promised};
  return promised;
}

void Oracle::Delivered(const std::string& group, bool orderly, const MessageId& id,
                       const MessageQueue& queue, int64_t queue_offset) {
  ++delivered_;
  const bool certain = Observe(id, queue, queue_offset, "delivered");
  const bool first_time = delivered_to_[group].insert(id).second;
  // A consumer may hand on what it had cached when its broker lost it.
  if (!orderly || !first_time || !certain) return;
  const auto [last, is_new] = last_first_time_.try_emplace({group, queue}, queue_offset);
  if (is_new) return;
  if (queue_offset < last->second) {
    Report("I8", fmt::format("group {} got {} offset {} ('{}') for the first time after offset {}",
                             group, Text(queue), queue_offset, id, last->second));
  }
  last->second = std::max(last->second, queue_offset);
}

void Oracle::Read(const MessageId& id, const MessageQueue& queue, int64_t queue_offset) {
  Observe(id, queue, queue_offset, "read");
}

void Oracle::MayLoseSuffix(const std::string& broker_name) {
  for (auto& [queue, slots] : slots_) {
    if (queue.broker_name != broker_name) continue;
    for (auto& [offset, slot] : slots) slot.promised = false;
    for (auto& [key, last] : last_first_time_) {
      if (key.second == queue) last = -1;  // Offsets may come again.
    }
  }
  BrokerGone(broker_name);
  const int cut = ++cuts_;
  last_cut_[broker_name] = cut;
  for (auto& [id, send] : sends_) {
    if (send.outcome != Outcome::kOk || send.queue.broker_name != broker_name) continue;
    // Of an answer that may be from before an earlier cut nobody knows whose neighbour it is.
    if (send.promised && send.first_cut == 0) send.first_cut = cut;
    send.promised = false;
  }
}

void Oracle::BrokerGone(const std::string& broker_name) {
  if (last_cut_.contains(broker_name)) twice_gone_.insert(broker_name);
}

void Oracle::CheckDurable(const std::map<MessageQueue, QueueContents>& contents) {
  const size_t lost_before = lost_;
  for (auto& [id, send] : sends_) {
    if (send.outcome != Outcome::kOk || send.lost) continue;
    const auto queue = contents.find(send.queue);
    const bool known = queue != contents.end();
    const auto found = known ? queue->second.messages.find(send.queue_offset)
                             : decltype(queue->second.messages.find(0)){};
    if (known && found != queue->second.messages.end() && found->second == id) {
      continue;
    }
    if (send.promised) {
      Report("I1", fmt::format("'{}' was acked at {} offset {} and is not there (the queue holds "
                               "{} to {}; there is {})",
                               id, Text(send.queue), send.queue_offset,
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
}

// I1: what a power cut takes from an asynchronous broker is a suffix of its log, not a hole.
// Compared are messages that lay in the log together: those that met the same cut first.
void Oracle::CheckLossIsASuffix() {
  using Epoch = std::pair<std::string, int>;  // broker, cut
  std::map<Epoch, std::pair<int64_t, MessageId>> first_lost;
  for (const auto& [id, send] : sends_) {
    if (!send.lost || send.first_cut == 0) continue;
    const auto [first, is_new] = first_lost.try_emplace({send.queue.broker_name, send.first_cut},
                                                        send.commit_log_offset, id);
    if (!is_new && send.commit_log_offset < first->second.first) {
      first->second = {send.commit_log_offset, id};
    }
  }
  for (const auto& [id, send] : sends_) {
    if (send.outcome != Outcome::kOk || send.lost || send.first_cut == 0) continue;
    const auto lost = first_lost.find({send.queue.broker_name, send.first_cut});
    if (lost == first_lost.end() || send.commit_log_offset < lost->second.first) continue;
    return Report("I1", fmt::format("'{}' at CommitLog offset {} of {} was lost, but '{}' behind "
                                    "it at {} was kept: a hole, not a suffix",
                                    lost->second.second, lost->second.first, send.queue.broker_name,
                                    id, send.commit_log_offset));
  }
}

std::set<std::pair<std::string, std::string>> Oracle::AckedPlaces(bool doubtful_too) const {
  std::set<std::pair<std::string, std::string>> places;
  for (const auto& [id, send] : sends_) {
    if (send.outcome == Outcome::kOk && !send.lost && (doubtful_too || send.promised)) {
      places.emplace(send.queue.topic, send.queue.broker_name);
    }
  }
  return places;
}

bool Oracle::IsOwed(const Send& send) const {
  return send.outcome == Outcome::kOk && !send.lost &&
         !twice_gone_.contains(send.queue.broker_name);
}

size_t Oracle::MissingOf(const std::string& group) const {
  const auto got = delivered_to_.find(group);
  size_t missing = 0;
  for (const auto& [id, send] : sends_) {
    if (!IsOwed(send)) continue;
    if (got == delivered_to_.end() || !got->second.contains(id)) ++missing;
  }
  return missing;
}

void Oracle::CheckDeliveredToAll(const std::string& group) {
  const auto& got = delivered_to_[group];
  for (const auto& [id, send] : sends_) {
    if (!IsOwed(send) || got.contains(id)) continue;
    Report("I6", fmt::format("'{}', acked at {} offset {}, never reached group {}", id,
                             Text(send.queue), send.queue_offset, group));
  }
}

void Oracle::CheckCommitted(const std::string& group, const MessageQueue& queue, int64_t committed,
                            int64_t max) {
  if (committed < 0 || committed > max) {
    Report("I5", fmt::format("group {} has committed offset {} of {}, which holds up to {}", group,
                             committed, Text(queue), max));
  }
}

}  // namespace rmq::simtest
