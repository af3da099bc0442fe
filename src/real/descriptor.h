// A non-blocking file descriptor that an EventLoop watches: a socket, or an eventfd. It belongs to
// that loop's thread.
#pragma once

#include <memory>

#include "base/result.h"
#include "base/unique_function.h"

namespace rmq::real {

class EventLoop;

class Descriptor {
 public:
  enum Direction { kRead, kWrite };

  // Takes `fd` over, also when it fails with kResourceExhausted.
  static Result<Descriptor> Watch(EventLoop& loop, int fd);
  Descriptor(Descriptor&&) noexcept = default;
  Descriptor& operator=(Descriptor&&) = delete;
  // Closes; no callback comes afterwards.
  ~Descriptor();

  // -1 once closed.
  int fd() const;
  // Calls `ready` once through the run queue, when the descriptor is ready or closed; now and then
  // also when it is not. Replaces the earlier one; nullptr takes it back.
  void When(Direction direction, UniqueFunction<void()> ready);
  // Calls what waits. Idempotent.
  void Close();

 private:
  struct State;  // shared with Asio's handlers and the run queue
  explicit Descriptor(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace rmq::real
