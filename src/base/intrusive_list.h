// A doubly linked list whose nodes live inside their owners: no allocation, O(1) removal. Either
// side may die first: a node unlinks itself, and a list detaches what is still in it.
#pragma once

#include "base/assert.h"

namespace rmq {

class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { Unlink(); }

  bool linked() const { return next_ != nullptr; }
  void Unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <typename T>
  friend class IntrusiveList;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

// T derives from ListNode. In order of insertion.
template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.next_ = head_.previous_ = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) head_.next_->Unlink();
    head_.next_ = head_.previous_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }

  // REQUIRES: node is in no list.
  void PushBack(T& owner) {
    ListNode& node = owner;
    RMQ_ASSERT(!node.linked());
    node.previous_ = head_.previous_;
    node.next_ = &head_;
    head_.previous_->next_ = &node;
    head_.previous_ = &node;
  }

  // REQUIRES: !empty().
  T& front() { return static_cast<T&>(*head_.next_); }
  T& back() { return static_cast<T&>(*head_.previous_); }
  T& PopFront() {
    T& first = front();
    first.Unlink();
    return first;
  }

  // The node after `node`, or null at the end. For loops that remove nothing.
  T* first() { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  T* Next(T& owner) {
    ListNode* next = static_cast<ListNode&>(owner).next_;
    return next == &head_ ? nullptr : static_cast<T*>(next);
  }

 private:
  mutable ListNode head_;
};

}  // namespace rmq
