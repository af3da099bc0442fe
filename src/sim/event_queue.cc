#include "sim/event_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace rmq::sim {

Event& EventQueue::Add(Tick at, runtime::Executor* target, UniqueFunction<void()> action,
                       IntrusiveList<Event>* owner) {
  Event& event = Insert(at, std::move(action), /*background=*/false);
  event.target_ = target;
  if (owner != nullptr) owner->PushBack(event);
  return event;
}

Event& EventQueue::AddBackground(Tick at, UniqueFunction<void()> action) {
  return Insert(at, std::move(action), /*background=*/true);
}

Event& EventQueue::Insert(Tick at, UniqueFunction<void()> action, bool background) {
  if (free_.empty()) free_.push_back(&pool_.emplace_back());
  Event& event = *free_.back();
  free_.pop_back();
  event.at_ = at;
  event.pending_ = true;
  event.background_ = background;
  event.target_ = nullptr;
  event.action_ = std::move(action);
  if (!background) ++foreground_;

  const Entry entry{at, next_sequence_++, &event};
  size_t hole = heap_.size();
  heap_.push_back(entry);
  while (hole > 0) {
    const size_t parent = (hole - 1) / 4;
    if (!Before(entry, heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = entry;
  return event;
}

UniqueFunction<void()> EventQueue::TakeOut(Event& event) {
  RMQ_ASSERT(event.pending_);
  event.pending_ = false;
  event.Unlink();
  if (!event.background_) --foreground_;
  return std::move(event.action_);
}

UniqueFunction<void()> EventQueue::Cancel(Event& event) {
  UniqueFunction<void()> action = TakeOut(event);
  DropCancelled();
  return action;
}

void EventQueue::RunNext() {
  Event& event = *heap_.front().event;
  runtime::Executor* const target = event.target_;
  UniqueFunction<void()> action = TakeOut(event);
  PopEntry();
  DropCancelled();
  if (target == nullptr) {
    action();
  } else {
    target->Enqueue(std::move(action));
  }
}

// So that next() is always the time of an event that will run.
void EventQueue::DropCancelled() {
  while (!heap_.empty() && !heap_.front().event->pending_) PopEntry();
}

void EventQueue::PopEntry() {
  free_.push_back(heap_.front().event);
  const Entry last = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return;
  size_t hole = 0;
  for (;;) {
    const size_t first = 4 * hole + 1;
    if (first >= heap_.size()) break;
    size_t least = first;
    const size_t end = std::min(first + 4, heap_.size());
    for (size_t child = first + 1; child < end; ++child) {
      if (Before(heap_[child], heap_[least])) least = child;
    }
    if (!Before(heap_[least], last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
}

}  // namespace rmq::sim
