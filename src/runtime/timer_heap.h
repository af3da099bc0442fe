// A 4-ary heap of timers with removal by handle, ordered by (time, order of arming): the order is
// total, so that it is the same under every standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace rmq::runtime {

class TimerHeap;

// Lives inside its owner; disarms itself.
class TimerNode {
 public:
  // `expired` is called with the node once it has left the heap: it must not suspend.
  explicit TimerNode(void (*expired)(TimerNode&)) : expired_(expired) {}
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  inline ~TimerNode();

  bool armed() const { return heap_ != nullptr; }
  Tick when() const { return when_; }

 private:
  friend class TimerHeap;
  void (*const expired_)(TimerNode&);
  TimerHeap* heap_ = nullptr;
  size_t index_ = 0;
  uint64_t sequence_ = 0;
  Tick when_;
};

class TimerHeap {
 public:
  TimerHeap() = default;
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;
  ~TimerHeap() { Clear(); }

  bool empty() const { return nodes_.empty(); }
  Tick head() const { return nodes_.empty() ? kNever : nodes_.front()->when_; }

  // REQUIRES: not armed.
  void Arm(TimerNode& node, Tick when) {
    RMQ_ASSERT(node.heap_ == nullptr);
    node.heap_ = this;
    node.when_ = when;
    node.sequence_ = next_sequence_++;
    nodes_.push_back(&node);
    SiftUp(nodes_.size() - 1);
  }

  void Disarm(TimerNode& node) {
    if (node.heap_ == nullptr) return;
    RMQ_ASSERT(node.heap_ == this);
    const size_t hole = node.index_;
    node.heap_ = nullptr;
    TimerNode* last = nodes_.back();
    nodes_.pop_back();
    if (last == &node) return;
    nodes_[hole] = last;
    last->index_ = hole;
    SiftUp(hole);
    SiftDown(last->index_);
  }

  // Expires the first timer if it is due at `now`; says whether there was one.
  bool ExpireOne(Tick now) {
    if (nodes_.empty() || nodes_.front()->when_ > now) return false;
    TimerNode& first = *nodes_.front();
    Disarm(first);
    first.expired_(first);
    return true;
  }

  void Clear() {
    for (TimerNode* node : nodes_) node->heap_ = nullptr;
    nodes_.clear();
  }

 private:
  static bool Before(const TimerNode& a, const TimerNode& b) {
    return a.when_ != b.when_ ? a.when_ < b.when_ : a.sequence_ < b.sequence_;
  }
  void Place(size_t at, TimerNode* node) {
    nodes_[at] = node;
    node->index_ = at;
  }
  void SiftUp(size_t at) {
    TimerNode* node = nodes_[at];
    while (at > 0) {
      const size_t parent = (at - 1) / 4;
      if (!Before(*node, *nodes_[parent])) break;
      Place(at, nodes_[parent]);
      at = parent;
    }
    Place(at, node);
  }
  void SiftDown(size_t at) {
    TimerNode* node = nodes_[at];
    for (;;) {
      const size_t first = 4 * at + 1;
      if (first >= nodes_.size()) break;
      size_t least = first;
      const size_t end = first + 4 < nodes_.size() ? first + 4 : nodes_.size();
      for (size_t child = first + 1; child < end; ++child) {
        if (Before(*nodes_[child], *nodes_[least])) least = child;
      }
      if (!Before(*nodes_[least], *node)) break;
      Place(at, nodes_[least]);
      at = least;
    }
    Place(at, node);
  }

  std::vector<TimerNode*> nodes_;
  uint64_t next_sequence_ = 0;
};

inline TimerNode::~TimerNode() {
  if (heap_ != nullptr) heap_->Disarm(*this);
}

}  // namespace rmq::runtime
