#include "broker/pull_hold.h"

#include <utility>
#include <vector>

namespace rmq::broker {

struct PullHold::Held : ListNode {
  Held(runtime::Executor& executor, PullRequest request, uint64_t number)
      : pull(std::move(request)), id(number), timer(executor) {}
  PullRequest pull;
  const uint64_t id;
  runtime::Timer timer;
};

PullHold::PullHold(runtime::Executor& executor, Resume resume)
    : executor_(executor), resume_(std::move(resume)) {}

PullHold::~PullHold() {
  *alive_ = false;
}

bool PullHold::Hold(PullRequest& pull, Tick deadline, size_t max_held) {
  if (held_count_ >= max_held) return false;
  const uint64_t id = next_id_++;
  const Queue queue(pull.header.topic, pull.header.queue_id);
  auto held = std::make_unique<Held>(executor_, std::move(pull), id);
  Held& entry = *held;
  by_queue_[queue].PushBack(entry);
  held_.emplace(id, std::move(held));
  ++held_count_;
  // By number: when the call comes, an arrival may have released it already.
  entry.timer.Arm(deadline, [this, id, alive = alive_] {
    if (!*alive) return;
    const auto found = held_.find(id);
    if (found != held_.end()) Release(*found->second);
  });
  return true;
}

void PullHold::Arrived(const store::MessageArrival& arrival) {
  if (held_count_ == 0) return;
  const auto found = by_queue_.find(Queue(arrival.topic, arrival.queue_id));
  if (found == by_queue_.end()) return;
  std::vector<Held*> woken;
  for (Held* held = found->second.first(); held != nullptr; held = found->second.Next(*held)) {
    if (arrival.new_max.value > held->pull.header.queue_offset &&
        held->pull.tags.MatchesCode(arrival.tags_code)) {
      woken.push_back(held);
    }
  }
  for (Held* held : woken) Release(*held);
}

// Takes it out at once, so that it is woken once, and answers it later: several messages may be
// arriving.
void PullHold::Release(Held& held) {
  auto node = held_.extract(held.id);
  const auto queue = by_queue_.find(Queue(held.pull.header.topic, held.pull.header.queue_id));
  held.Unlink();
  if (queue != by_queue_.end() && queue->second.empty()) by_queue_.erase(queue);
  --held_count_;
  executor_.Defer([this, alive = alive_, owned = std::move(node.mapped())] {
    if (!*alive) return;
    owned->timer.Disarm();
    owned->pull.may_suspend = false;
    resume_(std::move(owned->pull));
  });
}

void PullHold::ConnectionClosed(const remoting::Connection& connection) {
  for (auto it = held_.begin(); it != held_.end();) {
    Held& held = *it->second;
    ++it;
    if (held.pull.connection.get() == &connection) Release(held);
  }
}

void PullHold::ReleaseAll() {
  while (!held_.empty()) Release(*held_.begin()->second);
}

}  // namespace rmq::broker
