// Engine: the thread of a rocketmq::Client, and the bridge to it. Programs call from any thread and
// wait; the work is done by fibers of the client's core on the engine's thread; callbacks of the
// program run on the runtime's pool of threads, never on the engine's own.
//
// Shared by the handles of the public API and by the thread itself.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/unique_function.h"
#include "client/client_instance.h"
#include "client/library/convert.h"
#include "rocketmq/client.h"
#include "runtime/gate.h"
#include "runtime/mutex.h"

namespace rocketmq::internal {

// A producer or consumer of an engine. Belongs to the engine's thread, but for its construction.
class Member {
 public:
  virtual ~Member() = default;
  // Closes once; a second caller waits for the first.
  void Close(rmq::Context& ctx);

 private:
  virtual void CloseCore(rmq::Context& ctx) = 0;

  bool closing_ = false;
  bool closed_ = false;
  rmq::runtime::Condition done_;
};

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  // kInvalidArgument: the options.
  static Result<std::shared_ptr<Engine>> Start(ClientOptions options);

  // Closes all members and the client, and ends the thread. kInvalidArgument: inside.
  Result<void> Close();
  // The same without waiting, for destructors that run inside.
  void Abandon();

  // Whether the calling thread is the engine's, or runs a callback: then it can't wait for us.
  bool Inside() const;

  // Runs `work` as a fiber on the engine's thread. False, and `work` is dropped, when closed.
  bool Run(rmq::UniqueFunction<void(rmq::Context&)> work);
  // The same, and waits for its result. kClosed; kInvalidArgument on the engine's own thread.
  template <typename T>
  Result<T> Call(rmq::UniqueFunction<Result<T>(rmq::Context&)> work);
  // Closes a member, from outside of the engine. kInvalidArgument: inside.
  Result<void> CloseMember(const std::shared_ptr<Member>& member);
  void AbandonMember(std::shared_ptr<Member> member);

  // --- on the engine's thread ---
  rmq::client::ClientInstance& core() { return *core_; }
  void Add(std::shared_ptr<Member> member) { members_.emplace(++last_member_, std::move(member)); }
  // Runs a callback of the program on a thread of the pool, and waits for its end.
  void CallBack(rmq::Context& ctx, rmq::UniqueFunction<void()> callback);

  const std::string& client_id() const { return client_id_; }

 private:
  // The answer to a Call; when it is dropped unanswered, the answer is kClosed.
  template <typename T>
  class Answer;

  explicit Engine(ClientOptions options) : options_(std::move(options)) {}
  void RunThread(std::promise<Result<void>> started);
  void Main(rmq::Context& ctx, rmq::runtime::Runtime& runtime, std::promise<Result<void>>& started);
  void CloseAll(rmq::Context& ctx);
  void RequestStop();
  bool OnEngineThread() const;
  void Remove(const Member& member);

  const ClientOptions options_;
  std::string client_id_;
  std::mutex join_mutex_;
  std::thread thread_;

  mutable std::mutex mutex_;  // of what follows
  bool open_ = false;         // functions may be posted
  rmq::runtime::Executor* executor_ = nullptr;
  std::thread::id engine_thread_;
  std::set<std::thread::id> callback_threads_;

  // Of the engine's thread.
  bool stop_requested_ = false;
  rmq::runtime::Condition stop_;
  std::unique_ptr<rmq::client::ClientInstance> core_;
  std::map<uint64_t, std::shared_ptr<Member>> members_;
  uint64_t last_member_ = 0;
  rmq::runtime::Gate gate_;
};

template <typename T>
class Engine::Answer {
 public:
  Answer() = default;
  Answer(Answer&& other) noexcept
      : promise_(std::move(other.promise_)), given_(std::exchange(other.given_, true)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (!given_) Give(Error(ErrorCode::kClosed, "the client is closed"));
  }
  void Give(Result<T> result) {
    given_ = true;
    promise_.set_value(std::move(result));
  }
  std::future<Result<T>> future() { return promise_.get_future(); }

 private:
  std::promise<Result<T>> promise_;
  bool given_ = false;
};

template <typename T>
Result<T> Engine::Call(rmq::UniqueFunction<Result<T>(rmq::Context&)> work) {
  if (OnEngineThread()) {
    return Error(ErrorCode::kInvalidArgument, "called on the client's own thread");
  }
  Answer<T> answer;
  std::future<Result<T>> future = answer.future();
  Run([work = std::move(work), answer = std::move(answer)](rmq::Context& ctx) mutable {
    answer.Give(work(ctx));
  });
  return future.get();
}

}  // namespace rocketmq::internal
