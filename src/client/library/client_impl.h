// What the handles of the public API share: their engine, which ends with the last handle.
#pragma once

#include <memory>

#include "client/library/engine.h"

namespace rocketmq::internal {

class ClientImpl {
 public:
  explicit ClientImpl(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  ~ClientImpl() {
    if (!engine_->Close()) engine_->Abandon();
  }
  ClientImpl(const ClientImpl&) = delete;
  ClientImpl& operator=(const ClientImpl&) = delete;

  Engine& engine() { return *engine_; }

 private:
  const std::shared_ptr<Engine> engine_;
};

// A handle's part of a producer or consumer; its state belongs to the engine's thread.
template <typename State>
class MemberHandle {
 public:
  MemberHandle(std::shared_ptr<ClientImpl> client, std::shared_ptr<State> state)
      : client_(std::move(client)), state_(std::move(state)) {}
  ~MemberHandle() {
    if (!Close()) engine().AbandonMember(state_);
  }
  MemberHandle(const MemberHandle&) = delete;
  MemberHandle& operator=(const MemberHandle&) = delete;

  // Runs `work(ctx, state)` on the engine's thread and waits for its result.
  template <typename T, typename Work>
  Result<T> Call(Work work) {
    return engine().template Call<T>(
        [state = state_, work = std::move(work)](rmq::Context& ctx) mutable -> Result<T> {
          return work(ctx, *state);
        });
  }
  Result<void> Close() { return engine().CloseMember(state_); }

  Engine& engine() { return client_->engine(); }
  const std::shared_ptr<State>& state() { return state_; }

 private:
  const std::shared_ptr<ClientImpl> client_;
  const std::shared_ptr<State> state_;
};

}  // namespace rocketmq::internal
