// Who spawns, joins: every fiber belongs to a Gate that its owner closes. Closing cancels the
// fibers' Contexts and waits until the last has ended.
//
// One executor. The owner calls Close before the Gate and what the fibers use are destroyed.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/unique_function.h"
#include "runtime/context.h"

namespace rmq::runtime {

class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate();  // REQUIRES: no fiber is in it, or its process is dead

  // Cancels the fibers without waiting; later Spawns are refused. Idempotent.
  void Cancel();
  // Cancels and waits for the end of every fiber, whatever `ctx` says: what they use may go away
  // afterwards. REQUIRES: the caller's fiber is not in this gate. Idempotent.
  void Close(Context& ctx);

  bool closed() const { return cancellation_.cancelled(); }
  size_t fiber_count() const { return fibers_; }

 private:
  friend class Executor;
  void Leave();

  Cancellation cancellation_;
  size_t fibers_ = 0;
  bool process_dead_ = false;
  IntrusiveList<Waiter> closers_;
};

// Runs functions as fibers beside the caller and waits for all of them.
//
//   TaskGroup group(ctx);
//   for (auto& broker : brokers) group.Spawn("register", [&](Context& c) { broker.Register(c); });
//   group.Wait();
class TaskGroup {
 public:
  explicit TaskGroup(Context& ctx) : ctx_(ctx) {}
  ~TaskGroup();  // REQUIRES: Wait() was called after the last Spawn

  // The fibers' Contexts have the deadline of the group's Context and end with its cancellation:
  // they run until they return, so give them nothing that ignores its Context.
  void Spawn(std::string_view name, UniqueFunction<void(Context&)> body);
  // Waits for the end of all; on cancellation or deadline of the group's Context cancels them
  // first.
  void Wait();

 private:
  Context& ctx_;
  Gate gate_;
  size_t running_ = 0;
  Waiter* waiting_ = nullptr;
};

}  // namespace rmq::runtime
