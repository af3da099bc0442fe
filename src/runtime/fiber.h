// A Fiber is a stackful coroutine: a function with a stack of its own that can be left in the
// middle and resumed later on the same thread. Only Executor and Waiter use it; everybody else
// sees a Context.
//
// Each switch also swaps the C++ runtime's exception state (__cxa_get_globals): without it, two
// fibers suspended inside a catch block rethrow each other's exception.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "base/unique_function.h"

namespace rmq::runtime {

class Context;
class Executor;
class Gate;
class Waiter;

// How deep a fiber may go. Idle stacks cost one touched page whatever their class.
enum class StackClass : uint8_t { kSmall, kNormal, kLarge };  // 16, 64, 256 KiB
size_t StackSize(StackClass stack_class);

// Stacks for reuse. One thread. The lowest word of each stack is a canary, checked when the stack
// comes back; with `guard_pages` an inaccessible page below it stops the overflow at once (for the
// first 4,096 stacks: each costs two mappings, and vm.max_map_count is 65,530 by default).
class StackPool {
 public:
  explicit StackPool(bool guard_pages);
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  struct Stack {
    std::byte* low = nullptr;
    size_t size = 0;
    StackClass stack_class = StackClass::kNormal;
  };
  Stack Take(StackClass stack_class);
  void Return(Stack stack);

 private:
  struct Mapping {
    void* at;
    size_t size;
  };
  void Grow(StackClass stack_class);

  const bool guard_pages_;
  bool guards_refused_ = false;
  std::vector<Stack> free_[3];
  std::vector<Mapping> mappings_;
};

// Thrown through a fiber of a killed process so that its destructors run (simulator only). Caught
// by the fiber's entry alone: a catch (...) elsewhere must rethrow.
struct ForcedUnwind {};

class Fiber : public ListNode {
 public:
  // `name` has static storage. The fiber does not run before the first Resume().
  Fiber(StackPool& pool, StackClass stack_class, std::string_view name,
        UniqueFunction<void(Fiber&)> body);
  ~Fiber();  // REQUIRES: done or never started, or abandoned with its pool
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs the fiber until it suspends or ends. From the scheduler only.
  void Resume();
  // Gives the thread back to the scheduler. From within the fiber only.
  void Suspend();
  // Makes the suspended fiber throw ForcedUnwind and runs it to its end.
  void Unwind();

  bool started() const { return started_; }
  bool done() const { return done_; }
  bool unwinding() const { return unwinding_; }
  std::string_view name() const { return name_; }
  uint64_t name_hash() const { return name_hash_; }

 private:
  friend class Waiter;
  friend class Executor;
  friend class Context;
  friend class Cancellation;
  static void Enter(void* transfer_context, void* fiber);
  friend struct FiberEntry;

  // The two words behind __cxa_get_globals() (Itanium C++ ABI).
  struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  StackPool& pool_;
  StackPool::Stack stack_;
  const std::string_view name_;
  const uint64_t name_hash_;
  UniqueFunction<void(Fiber&)> body_;
  void* context_ = nullptr;  // where the fiber is suspended
  void* caller_ = nullptr;   // where the scheduler waits while the fiber runs
  ExceptionState exceptions_;
  void* sanitizer_fiber_ = nullptr;         // TSan's handle
  void* fake_stack_ = nullptr;              // ASan's, of this fiber while suspended
  const void* caller_stack_low_ = nullptr;  // ASan's, of the scheduler
  size_t caller_stack_size_ = 0;
  bool started_ = false;
  bool done_ = false;
  bool unwinding_ = false;

  // Executor's bookkeeping.
  Executor* executor_ = nullptr;
  Gate* gate_ = nullptr;
  Waiter* parked_on_ = nullptr;
};

}  // namespace rmq::runtime
