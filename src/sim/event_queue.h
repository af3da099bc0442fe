// EventQueue holds what will happen in the simulated world, ordered by (time, order of scheduling):
// the order is total, so it is the same under every standard library. Events are pooled.
//
// An event may belong to a list of its owner (a process), through which the owner withdraws all of
// its events at once. Background events (clock steps, fault schedules) alone don't keep a run
// going: foreground_count() leaves them out. An event with a target puts its action on the run
// queue of that executor instead of running it. Used by Scheduler alone. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/intrusive_list.h"
#include "base/time.h"
#include "base/unique_function.h"
#include "runtime/executor.h"

namespace rmq::sim {

class Event : public ListNode {
 public:
  Tick at() const { return at_; }

 private:
  friend class EventQueue;
  Tick at_;
  bool pending_ = false;
  bool background_ = false;
  runtime::Executor* target_ = nullptr;
  UniqueFunction<void()> action_;
};

class EventQueue {
 public:
  EventQueue() = default;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // The event stays valid until it has run or was cancelled. `target` and `owner` may be null.
  Event& Add(Tick at, runtime::Executor* target, UniqueFunction<void()> action,
             IntrusiveList<Event>* owner);
  Event& AddBackground(Tick at, UniqueFunction<void()> action);
  // Takes the event out and returns its action. REQUIRES: it is pending.
  UniqueFunction<void()> Cancel(Event& event);

  size_t foreground_count() const { return foreground_; }
  // kNever if there is nothing.
  Tick next() const { return heap_.empty() ? kNever : heap_.front().at; }
  // Takes out the first event and runs it. REQUIRES: next() != kNever.
  void RunNext();

 private:
  struct Entry {
    Tick at;
    uint64_t sequence;
    Event* event;
  };
  static bool Before(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
  }
  Event& Insert(Tick at, UniqueFunction<void()> action, bool background);
  UniqueFunction<void()> TakeOut(Event& event);
  void PopEntry();
  void DropCancelled();

  std::vector<Entry> heap_;  // 4-ary; cancelled events stay in it until they surface
  std::deque<Event> pool_;
  std::vector<Event*> free_;
  uint64_t next_sequence_ = 0;
  size_t foreground_ = 0;
};

}  // namespace rmq::sim
