#include "runtime/fiber.h"

#include <cxxabi.h>
#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstring>

#include "base/assert.h"
#include "base/hash.h"

#if defined(__SANITIZE_ADDRESS__)
#define RMQ_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RMQ_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define RMQ_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RMQ_TSAN 1
#endif
#endif

#ifdef RMQ_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef RMQ_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace rmq::runtime {
namespace {

namespace context = boost::context::detail;

constexpr uint64_t kCanary = 0x5afe57ac5afe57acULL;
constexpr size_t kPageSize = 4096;
constexpr size_t kMaxGuardedStacks = 4096;
constexpr size_t kStacksPerSlab = 32;  // of unguarded stacks

}  // namespace

size_t StackSize(StackClass stack_class) {
#if defined(RMQ_ASAN) || defined(RMQ_TSAN)
  constexpr size_t kScale = 4;  // Instrumented frames are several times larger.
#else
  constexpr size_t kScale = 1;
#endif
  switch (stack_class) {
    case StackClass::kSmall:
      return kScale * 16 * 1024;
    case StackClass::kNormal:
      return kScale * 64 * 1024;
    case StackClass::kLarge:
      return kScale * 256 * 1024;
  }
  return 0;
}

StackPool::StackPool(bool guard_pages) : guard_pages_(guard_pages) {}

StackPool::~StackPool() {
  for (const Mapping& mapping : mappings_) ::munmap(mapping.at, mapping.size);
}

void StackPool::Grow(StackClass stack_class) {
  const size_t size = StackSize(stack_class);
  const bool guarded = guard_pages_ && !guards_refused_ && mappings_.size() < kMaxGuardedStacks;
  const size_t guard = guarded ? kPageSize : 0;
  const size_t count = guarded ? 1 : kStacksPerSlab;
  const size_t total = guard + count * size;
  // MAP_STACK keeps transparent huge pages away: an idle stack is one small page.
  void* at = ::mmap(nullptr, total, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  RMQ_ASSERT(at != MAP_FAILED);
  mappings_.push_back({at, total});
  auto* low = static_cast<std::byte*>(at);
  // Many executors together may exceed vm.max_map_count: go on without guards.
  if (guarded && ::mprotect(low, guard, PROT_NONE) != 0) guards_refused_ = true;
  for (size_t i = count; i-- > 0;) {
    free_[static_cast<size_t>(stack_class)].push_back(
        {.low = low + guard + i * size, .size = size, .stack_class = stack_class});
  }
}

StackPool::Stack StackPool::Take(StackClass stack_class) {
  auto& free = free_[static_cast<size_t>(stack_class)];
  if (free.empty()) Grow(stack_class);
  const Stack stack = free.back();
  free.pop_back();
  if (!guard_pages_) std::memcpy(stack.low, &kCanary, sizeof kCanary);
  return stack;
}

void StackPool::Return(Stack stack) {
  if (!guard_pages_) {
    uint64_t canary = 0;
    std::memcpy(&canary, stack.low, sizeof canary);
    RMQ_ASSERT(canary == kCanary);  // A fiber overran its stack: give it a larger StackClass.
  }
#ifdef RMQ_ASAN
  __asan_unpoison_memory_region(stack.low, stack.size);
#endif
  free_[static_cast<size_t>(stack.stack_class)].push_back(stack);
}

// The first frame of every fiber.
struct FiberEntry {
  static void Run(context::transfer_t transfer) {
    auto* fiber = static_cast<Fiber*>(transfer.data);
    Fiber::Enter(transfer.fctx, fiber);
  }
};

Fiber::Fiber(StackPool& pool, StackClass stack_class, std::string_view name,
             UniqueFunction<void(Fiber&)> body)
    : pool_(pool),
      stack_(pool.Take(stack_class)),
      name_(name),
      name_hash_(StableHash(name)),
      body_(std::move(body)) {
  context_ = context::make_fcontext(stack_.low + stack_.size, stack_.size, &FiberEntry::Run);
#ifdef RMQ_TSAN
  sanitizer_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  RMQ_ASSERT(done_ || !started_);
#ifdef RMQ_TSAN
  __tsan_destroy_fiber(sanitizer_fiber_);
#endif
  pool_.Return(stack_);
}

void Fiber::Resume() {
  RMQ_ASSERT(!done_);
  started_ = true;
  auto* globals = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  const ExceptionState scheduler = *globals;
  *globals = exceptions_;
#ifdef RMQ_ASAN
  void* scheduler_fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&scheduler_fake_stack, stack_.low, stack_.size);
#endif
#ifdef RMQ_TSAN
  void* scheduler_fiber = __tsan_get_current_fiber();
  caller_stack_low_ = scheduler_fiber;
  __tsan_switch_to_fiber(sanitizer_fiber_, 0);
#endif
  const context::transfer_t back = context::jump_fcontext(context_, this);
#ifdef RMQ_ASAN
  __sanitizer_finish_switch_fiber(scheduler_fake_stack, nullptr, nullptr);
#endif
  context_ = back.fctx;
  exceptions_ = *globals;
  *globals = scheduler;
}

void Fiber::Suspend() {
  RMQ_ASSERT(!unwinding_);  // A destructor must not suspend.
#ifdef RMQ_ASAN
  __sanitizer_start_switch_fiber(&fake_stack_, caller_stack_low_, caller_stack_size_);
#endif
#ifdef RMQ_TSAN
  __tsan_switch_to_fiber(const_cast<void*>(caller_stack_low_), 0);
#endif
  const context::transfer_t resumed = context::jump_fcontext(caller_, nullptr);
#ifdef RMQ_ASAN
  __sanitizer_finish_switch_fiber(fake_stack_, &caller_stack_low_, &caller_stack_size_);
#endif
  caller_ = resumed.fctx;
  if (unwinding_) throw ForcedUnwind{};
}

void Fiber::Unwind() {
  if (done_) return;
  unwinding_ = true;
  if (!started_) {
    body_ = nullptr;
    done_ = true;
    return;
  }
  Resume();
  RMQ_ASSERT(done_);  // Somebody swallowed ForcedUnwind in a catch (...).
}

void Fiber::Enter(void* transfer_context, void* self) {
  auto* fiber = static_cast<Fiber*>(self);
  fiber->caller_ = transfer_context;
#ifdef RMQ_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &fiber->caller_stack_low_, &fiber->caller_stack_size_);
#endif
  try {
    fiber->body_(*fiber);
    fiber->body_ = nullptr;
  } catch (const ForcedUnwind&) {
    fiber->body_ = nullptr;
  }
  fiber->done_ = true;
#ifdef RMQ_ASAN
  __sanitizer_start_switch_fiber(nullptr, fiber->caller_stack_low_, fiber->caller_stack_size_);
#endif
#ifdef RMQ_TSAN
  __tsan_switch_to_fiber(const_cast<void*>(fiber->caller_stack_low_), 0);
#endif
  context::jump_fcontext(fiber->caller_, nullptr);
  RMQ_ASSERT(false);  // A finished fiber was resumed.
}

}  // namespace rmq::runtime
