#include "harness/oracle.h"

#include <fmt/format.h>

#include <algorithm>

namespace rmq::simtest {
namespace {

constexpr size_t kMaxViolations = 20;  // The first ones tell the story.
// No history is so long: what lies beyond is a lie, and would cost memory.
constexpr int64_t kLargestOffset = int64_t{1} << 28;

}  // namespace

std::string Text(const MessageQueue& queue) {
  return fmt::format("{}/{}/{}", queue.broker_name, queue.topic, queue.queue_id);
}

void Oracle::Report(std::string checker, std::string text) {
  if (violations_.size() < kMaxViolations) {
    violations_.push_back({std::move(checker), std::move(text)});
  }
}

bool Oracle::Group::SetGot(Number message) {
  if (got.size() <= message) got.resize(message + 1);
  if (got[message]) return false;
  got[message] = true;
  return true;
}

Oracle::Number Oracle::NumberOf(const MessageId& id) {
  const Number number = names_.FindOrAdd(id);
  if (number == sends_.size()) sends_.emplace_back();
  return number;
}

Oracle::QueueEntry& Oracle::QueueOf(const MessageQueue& queue) {
  return *queues_.try_emplace(queue, Queue{.number = queues_.size(), .slots = {}}).first;
}

void Oracle::SendBegan(const MessageId& id) {
  sends_[NumberOf(id)].began_after_cut = cuts_;
}

void Oracle::SendOk(const MessageId& id, const MessageQueue& queue, int64_t queue_offset,
                    int64_t commit_log_offset) {
  const Number number = NumberOf(id);
  Send& send = sends_[number];
  send.outcome = Outcome::kOk;
  send.queue = &QueueOf(queue);
  send.queue_offset = queue_offset;
  send.commit_log_offset = commit_log_offset;
  ++acked_;
  Observe(number, queue, queue_offset, "acked");
  send.promised = IsOfThisLife(send, queue.broker_name);
}

// What is seen of a message after a power cut of its broker may be from before: an answer on its
// way, a copy that a consumer had cached.
bool Oracle::IsOfThisLife(const Send& send, const std::string& broker_name) const {
  const auto cut = last_cut_.find(broker_name);
  return cut == last_cut_.end() || cut->second <= send.began_after_cut;
}

void Oracle::SendFailed(const MessageId& id) {
  sends_[NumberOf(id)].outcome = Outcome::kFailed;
}

std::optional<Oracle::Number> Oracle::Find(const MessageId& id, const MessageQueue& queue,
                                           int64_t queue_offset, const char* how) {
  const std::optional<Number> number = names_.Find(id);
  if (number.has_value()) return number;
  Report("I2", fmt::format("{} at {} offset {}: '{}' was never sent", how, Text(queue),
                           queue_offset, id));
  return std::nullopt;
}

// I2: an offset means one message. A slot that a power cut made doubtful may be filled anew.
bool Oracle::Observe(Number message, const MessageQueue& queue, int64_t queue_offset,
                     const char* how) {
  const Send& send = sends_[message];
  if (queue_offset < 0 || queue_offset > kLargestOffset) {
    Report("I2", fmt::format("{} at {} offset {}: '{}': no queue has such an offset", how,
                             Text(queue), queue_offset, names_[message]));
    return false;
  }
  if (send.outcome == Outcome::kFailed) {
    Report("aborted read",
           fmt::format("{} at {} offset {}: '{}', whose send was answered as not stored", how,
                       Text(queue), queue_offset, names_[message]));
  }
  const bool promised = IsOfThisLife(send, queue.broker_name);
  std::vector<Slot>& slots = QueueOf(queue).second.slots;
  const auto at = static_cast<size_t>(queue_offset);
  if (slots.size() <= at) slots.resize(at + 1);
  Slot& slot = slots[at];
  if (slot.message == message) return slot.promised;
  if (slot.message != kNobody && slot.promised) {
    if (!promised) return false;  // From before the cut: no news of the slot.
    Report("I2", fmt::format("{} at {} offset {}: '{}', where '{}' was before", how, Text(queue),
                             queue_offset, names_[message], names_[slot.message]));
  }
  slot = {message, promised};
  return promised;
}

void Oracle::Delivered(const std::string& group, bool orderly, const MessageId& id,
                       const MessageQueue& queue, int64_t queue_offset) {
  ++delivered_;
  const std::optional<Number> number = Find(id, queue, queue_offset, "delivered");
  if (!number.has_value()) return;
  const bool certain = Observe(*number, queue, queue_offset, "delivered");
  Group& got = groups_[group];
  const bool first_time = got.SetGot(*number);
  // A consumer may hand on what it had cached when its broker lost it.
  if (!orderly || !first_time || !certain) return;
  const auto [last, is_new] = got.last_first_time.try_emplace(queue, queue_offset);
  if (is_new) return;
  if (queue_offset < last->second) {
    Report("I8", fmt::format("group {} got {} offset {} ('{}') for the first time after offset {}",
                             group, Text(queue), queue_offset, id, last->second));
  }
  last->second = std::max(last->second, queue_offset);
}

void Oracle::Read(const MessageId& id, const MessageQueue& queue, int64_t queue_offset) {
  const std::optional<Number> number = Find(id, queue, queue_offset, "read");
  if (number.has_value()) Observe(*number, queue, queue_offset, "read");
}

// I5. What the watermark has passed is not looked at again before the next quiet point.
void Oracle::Committed(const std::string& group, const MessageQueue& queue, int64_t offset) {
  int64_t& handled_to = groups_[group].handled_to[queue];
  CheckHandled(group, queue, handled_to, offset);
  handled_to = std::max(handled_to, offset);
}

void Oracle::CheckHandled(const std::string& group, const MessageQueue& queue, int64_t from,
                          int64_t to) {
  const auto found = queues_.find(queue);
  if (found == queues_.end() || twice_gone_.contains(queue.broker_name)) return;
  const std::vector<Slot>& slots = found->second.slots;
  const Group& handled = groups_[group];
  const int64_t end = std::min(to, static_cast<int64_t>(slots.size()));
  for (int64_t at = std::max<int64_t>(from, 0); at < end; ++at) {
    const Slot& slot = slots[static_cast<size_t>(at)];
    if (slot.message == kNobody || !slot.promised || handled.Got(slot.message)) continue;
    Report("I5", fmt::format("group {} has committed offset {} of {} without having handled '{}' "
                             "at {}",
                             group, to, Text(queue), names_[slot.message], at));
  }
}

void Oracle::MayLoseSuffix(const std::string& broker_name) {
  for (auto& [queue, seen] : queues_) {
    if (queue.broker_name != broker_name) continue;
    for (Slot& slot : seen.slots) slot.promised = false;
    for (auto& [name, group] : groups_) {
      // Offsets may come again.
      if (const auto last = group.last_first_time.find(queue); last != group.last_first_time.end())
        last->second = -1;
      group.handled_to.erase(queue);
    }
  }
  BrokerGone(broker_name);
  const int cut = ++cuts_;
  last_cut_[broker_name] = cut;
  for (Send& send : sends_) {
    if (send.outcome != Outcome::kOk || send.queue->first.broker_name != broker_name) continue;
    // Of an answer that may be from before an earlier cut nobody knows whose neighbour it is.
    if (send.promised && send.first_cut == 0) send.first_cut = cut;
    send.promised = false;
  }
}

void Oracle::BrokerGone(const std::string& broker_name) {
  if (last_cut_.contains(broker_name)) twice_gone_.insert(broker_name);
}

}  // namespace rmq::simtest
