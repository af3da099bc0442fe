// UniqueFunction<R(Args...)>: a move-only callable, small ones without allocation. Unlike
// std::move_only_function it exists in every standard library we build with.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace rmq {

template <typename Signature>
class UniqueFunction;

template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) {}  // NOLINT: an empty function, as std::function has it.

  template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  UniqueFunction(F&& function) {  // NOLINT: implicit, so that lambdas can be passed.
    using Held = std::decay_t<F>;
    if constexpr (FitsInline<Held>()) {
      new (&storage_) Held(std::forward<F>(function));
      operations_ = &kInline<Held>;
    } else {
      *reinterpret_cast<Held**>(&storage_) = new Held(std::forward<F>(function));
      operations_ = &kHeap<Held>;
    }
  }

  UniqueFunction(UniqueFunction&& other) noexcept { TakeFrom(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this == &other) return *this;
    Reset();
    TakeFrom(other);
    return *this;
  }
  ~UniqueFunction() { Reset(); }

  explicit operator bool() const { return operations_ != nullptr; }

  // REQUIRES: not empty.
  R operator()(Args... args) {
    RMQ_ASSERT(operations_ != nullptr);
    return operations_->call(&storage_, std::forward<Args>(args)...);
  }

 private:
  struct Operations {
    R (*call)(void*, Args&&...);
    void (*move)(void* from, void* to);  // moves and destroys the source
    void (*destroy)(void*);
  };
  static constexpr size_t kInlineSize = 6 * sizeof(void*);

  template <typename Held>
  static constexpr bool FitsInline() {
    return sizeof(Held) <= kInlineSize && alignof(Held) <= alignof(std::max_align_t) &&
           std::is_nothrow_move_constructible_v<Held>;
  }
  template <typename Held>
  static constexpr Operations kInline = {
      [](void* at, Args&&... args) -> R {
        return (*static_cast<Held*>(at))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) {
        Held* held = static_cast<Held*>(from);
        new (to) Held(std::move(*held));
        held->~Held();
      },
      [](void* at) { static_cast<Held*>(at)->~Held(); }};
  template <typename Held>
  static constexpr Operations kHeap = {
      [](void* at, Args&&... args) -> R {
        return (**static_cast<Held**>(at))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) { *static_cast<Held**>(to) = *static_cast<Held**>(from); },
      [](void* at) { delete *static_cast<Held**>(at); }};

  void TakeFrom(UniqueFunction& other) {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->move(&other.storage_, &storage_);
  }
  void Reset() {
    if (operations_ != nullptr) std::exchange(operations_, nullptr)->destroy(&storage_);
  }

  const Operations* operations_ = nullptr;
  alignas(std::max_align_t) std::byte storage_[kInlineSize];
};

}  // namespace rmq
