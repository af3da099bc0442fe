#include "client/library/engine.h"

#include "real/real_runtime.h"

namespace rocketmq::internal {

using rmq::Context;

void Member::Close(Context& ctx) {
  if (closing_) {
    while (!closed_ && done_.Wait(ctx).has_value()) {
    }
    return;
  }
  closing_ = true;
  CloseCore(ctx);
  closed_ = true;
  done_.NotifyAll();
}

// --- the thread ---

Result<std::shared_ptr<Engine>> Engine::Start(ClientOptions options) {
  std::shared_ptr<Engine> engine(new Engine(std::move(options)));
  std::promise<Result<void>> started;
  std::future<Result<void>> outcome = started.get_future();
  engine->thread_ = std::thread(
      [engine, started = std::move(started)]() mutable { engine->RunThread(std::move(started)); });
  const Result<void> result = outcome.get();
  if (result) return engine;
  engine->thread_.join();
  return result.error();
}

void Engine::RunThread(std::promise<Result<void>> started) {
  auto runtime =
      rmq::real::RealRuntime::Create({.log_level = rmq::runtime::LogLevel::kWarn,
                                      .log_sink =
                                          [this](std::string_view line) {
                                            if (options_.log) options_.log(line);
                                          },
                                      .pool_threads = std::max(options_.callback_threads, 1),
                                      .handle_signals = false});
  if (!runtime.has_value()) return started.set_value(ToPublic(runtime.error()));
  (*runtime)->Run([&](Context& ctx, rmq::runtime::Runtime& world) { Main(ctx, world, started); });
}

void Engine::Main(Context& ctx, rmq::runtime::Runtime& runtime,
                  std::promise<Result<void>>& started) {
  auto core = rmq::client::ClientInstance::Create(
      runtime, {.name_servers = options_.name_servers, .instance_name = options_.instance_name});
  if (!core.has_value()) return started.set_value(ToPublic(core.error()));
  core_ = *std::move(core);
  client_id_ = core_->client_id();
  {
    const std::lock_guard lock(mutex_);
    open_ = true;
    executor_ = &runtime.executor();
    engine_thread_ = std::this_thread::get_id();
  }
  started.set_value({});
  while (!stop_requested_ && stop_.Wait(ctx).has_value()) {
  }
  CloseAll(ctx);
}

void Engine::CloseAll(Context& ctx) {
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  while (!members_.empty()) {
    const std::shared_ptr<Member> member = members_.begin()->second;
    members_.erase(members_.begin());
    member->Close(ctx);
  }
  gate_.Close(ctx);
  core_->Close(ctx);
  core_.reset();
}

// --- from other threads ---

bool Engine::OnEngineThread() const {
  const std::lock_guard lock(mutex_);
  return std::this_thread::get_id() == engine_thread_;
}

bool Engine::Inside() const {
  const std::lock_guard lock(mutex_);
  const std::thread::id self = std::this_thread::get_id();
  return self == engine_thread_ || callback_threads_.contains(self);
}

bool Engine::Run(rmq::UniqueFunction<void(Context&)> work) {
  const std::lock_guard lock(mutex_);
  if (!open_) return false;
  executor_->Post([this, work = std::move(work)]() mutable {
    executor_->Spawn(gate_, "library call", std::move(work));
  });
  return true;
}

void Engine::RequestStop() {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  executor_->Post([this] {
    stop_requested_ = true;
    stop_.NotifyAll();
  });
}

Result<void> Engine::Close() {
  if (Inside()) return Error(ErrorCode::kInvalidArgument, "a callback can't close its client");
  RequestStop();
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
  return {};
}

void Engine::Abandon() {
  RequestStop();
  const std::lock_guard lock(join_mutex_);
  if (thread_.joinable()) thread_.detach();
}

Result<void> Engine::CloseMember(const std::shared_ptr<Member>& member) {
  if (Inside()) return Error(ErrorCode::kInvalidArgument, "a callback can't close what calls it");
  const Result<void> closed = Call<void>([this, member](Context& ctx) -> Result<void> {
    member->Close(ctx);
    Remove(*member);
    return {};
  });
  // The client is closing, and its members with it.
  if (!closed) return Close();
  return {};
}

void Engine::AbandonMember(std::shared_ptr<Member> member) {
  Run([this, member = std::move(member)](Context& ctx) {
    member->Close(ctx);
    Remove(*member);
  });
}

void Engine::Remove(const Member& member) {
  std::erase_if(members_, [&](const auto& entry) { return entry.second.get() == &member; });
}

void Engine::CallBack(Context& ctx, rmq::UniqueFunction<void()> callback) {
  ctx.executor().Offload(ctx, [this, &callback] {
    const std::thread::id self = std::this_thread::get_id();
    {
      const std::lock_guard lock(mutex_);
      callback_threads_.insert(self);
    }
    callback();
    const std::lock_guard lock(mutex_);
    callback_threads_.erase(self);
  });
}

}  // namespace rocketmq::internal
