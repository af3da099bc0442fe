#include "harness/oracle.h"

#include <fmt/format.h>

#include <algorithm>

namespace rmq::simtest {
namespace {

constexpr size_t kMaxViolations = 20;  // The first ones tell the story.

}  // namespace

std::string Text(const MessageQueue& queue) {
  return fmt::format("{}/{}/{}", queue.broker_name, queue.topic, queue.queue_id);
}

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
  if (slot->second.promised && !promised)
    return false;  // From before the cut: no news of the slot.
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

// I5. What the watermark has passed is not looked at again before the next quiet point.
void Oracle::Committed(const std::string& group, const MessageQueue& queue, int64_t offset) {
  int64_t& handled_to = handled_to_[{group, queue}];
  CheckHandled(group, queue, handled_to, offset);
  handled_to = std::max(handled_to, offset);
}

void Oracle::CheckHandled(const std::string& group, const MessageQueue& queue, int64_t from,
                          int64_t to) {
  const auto slots = slots_.find(queue);
  if (slots == slots_.end() || twice_gone_.contains(queue.broker_name)) return;
  const auto& handled = delivered_to_[group];
  for (auto slot = slots->second.lower_bound(from); slot != slots->second.end() && slot->first < to;
       ++slot) {
    if (!slot->second.promised || handled.contains(slot->second.id)) continue;
    Report("I5", fmt::format("group {} has committed offset {} of {} without having handled '{}' "
                             "at {}",
                             group, to, Text(queue), slot->second.id, slot->first));
  }
}

void Oracle::MayLoseSuffix(const std::string& broker_name) {
  for (auto& [queue, slots] : slots_) {
    if (queue.broker_name != broker_name) continue;
    for (auto& [offset, slot] : slots) slot.promised = false;
    for (auto& [key, last] : last_first_time_) {
      if (key.second == queue) last = -1;  // Offsets may come again.
    }
    for (auto& [key, handled_to] : handled_to_) {
      if (key.second == queue) handled_to = 0;
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

}  // namespace rmq::simtest
