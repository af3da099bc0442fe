// Channel<T>: a bounded queue between fibers of one executor; Future<T>: a value that comes once.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "runtime/context.h"
#include "runtime/mutex.h"

namespace rmq::runtime {

template <typename T>
class Channel {
 public:
  // REQUIRES: capacity > 0.
  explicit Channel(size_t capacity) : capacity_(capacity) { RMQ_ASSERT(capacity > 0); }

  // Waits for room. kClosed after Close.
  Result<void> Send(Context& ctx, T value) {
    while (!closed_ && values_.size() >= capacity_) RMQ_TRY(room_.Wait(ctx));
    if (closed_) return Fail(ErrorCode::kClosed);
    Put(std::move(value));
    return {};
  }
  // kWouldBlock when full.
  Result<void> TrySend(T value) {
    if (closed_) return Fail(ErrorCode::kClosed);
    if (values_.size() >= capacity_) return Fail(ErrorCode::kWouldBlock);
    Put(std::move(value));
    return {};
  }

  // Waits for a value. kClosed once the channel is closed and empty.
  Result<T> Receive(Context& ctx) {
    while (values_.empty()) {
      if (closed_) return Fail(ErrorCode::kClosed);
      RMQ_TRY(arrived_.Wait(ctx));
    }
    return Take();
  }
  std::optional<T> TryReceive() {
    if (values_.empty()) return std::nullopt;
    return Take();
  }

  // No more values go in; what is in it can still be received.
  void Close() {
    closed_ = true;
    arrived_.NotifyAll();
    room_.NotifyAll();
  }

  size_t size() const { return values_.size(); }
  bool closed() const { return closed_; }

 private:
  void Put(T value) {
    values_.push_back(std::move(value));
    arrived_.NotifyOne();
  }
  T Take() {
    T value = std::move(values_.front());
    values_.pop_front();
    room_.NotifyOne();
    return value;
  }

  const size_t capacity_;
  std::deque<T> values_;
  bool closed_ = false;
  Condition arrived_;
  Condition room_;
};

// Set once by anybody on the executor, awaited by any number of fibers.
template <typename T>
class Future {
 public:
  // Later calls are ignored: the first answer counts.
  void Set(T value) {
    if (value_.has_value()) return;
    value_.emplace(std::move(value));
    set_.NotifyAll();
  }
  bool ready() const { return value_.has_value(); }

  // Waits until it is set. The value stays in the future.
  Result<T*> Get(Context& ctx) {
    while (!value_.has_value()) RMQ_TRY(set_.Wait(ctx));
    return &*value_;
  }

 private:
  std::optional<T> value_;
  Condition set_;
};

}  // namespace rmq::runtime
