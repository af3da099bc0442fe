#include "remoting/client.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/assert.h"
#include "runtime/mutex.h"

namespace rmq::remoting {

using runtime::Executor;
using wire::RemotingCommand;
using Done = UniqueFunction<void(Result<RemotingCommand>)>;

class Client::Impl : public RequestHandler {
 public:
  Impl(runtime::Runtime& runtime, RequestHandler* handler, ClientOptions options)
      : runtime_(runtime), executor_(runtime.executor()), handler_(handler), options_(options) {}
  ~Impl() override { RMQ_ASSERT(closed_ || executor_.dead()); }

  Result<std::shared_ptr<Connection>> Reach(Context& ctx, std::string_view address);
  void CallAsync(std::string_view address, RemotingCommand request, nanoseconds timeout, Done done);
  void Disconnect(std::string_view address);
  void Close(Context& ctx);

  void HandleRequest(const std::shared_ptr<Connection>& connection,
                     RemotingCommand request) override;
  void ConnectionClosed(Connection& connection) override;

 private:
  // A call that came while the connection was being made.
  struct Queued {
    explicit Queued(Executor& executor) : timer(executor) {}
    RemotingCommand request;
    Tick deadline;
    Done done;  // empty once it was called
    runtime::Timer timer;
  };
  // One connect, shared by all who came while it went on.
  struct Attempt {
    std::optional<Result<std::shared_ptr<Connection>>> result;
    runtime::Condition ended;
    std::vector<std::shared_ptr<Queued>> queued;
  };
  // One of the two is set.
  struct Link {
    std::shared_ptr<Connection> connection;
    std::shared_ptr<Attempt> attempt;
  };

  std::shared_ptr<Attempt> StartConnecting(std::string_view address);
  void Connect(Context& ctx, const std::string& address, Attempt& attempt);
  Result<std::shared_ptr<Connection>> ConnectOnce(Context& ctx, const std::string& address);
  void Queue(Attempt& attempt, RemotingCommand request, nanoseconds timeout, Done done);
  void StartQueued(Attempt& attempt);
  void DeferDone(Done done, Result<RemotingCommand> result);

  runtime::Runtime& runtime_;
  Executor& executor_;
  RequestHandler* const handler_;
  const ClientOptions options_;
  bool closed_ = false;
  std::map<std::string, Link, std::less<>> links_;
  std::map<uint64_t, std::shared_ptr<Connection>> open_;  // by id; more than links_ while closing
  runtime::Condition all_closed_;
  size_t deferred_done_ = 0;
  runtime::Gate gate_;
};

// --- connecting ---

Result<std::shared_ptr<Connection>> Client::Impl::Reach(Context& ctx, std::string_view address) {
  RMQ_TRY(ctx.Check());
  if (closed_) return Fail(ErrorCode::kClosed, "the client is closed");
  const auto link = links_.find(address);
  if (link != links_.end() && link->second.connection) return link->second.connection;
  const std::shared_ptr<Attempt> attempt =
      link != links_.end() ? link->second.attempt : StartConnecting(address);
  while (!attempt->result.has_value()) RMQ_TRY(attempt->ended.Wait(ctx));
  return *attempt->result;
}

// CONN-12. The connect belongs to no caller: one that gives up must not take the others' connection
// along.
std::shared_ptr<Client::Impl::Attempt> Client::Impl::StartConnecting(std::string_view address) {
  auto attempt = std::make_shared<Attempt>();
  links_[std::string(address)].attempt = attempt;
  executor_.Spawn(gate_, "connect", [this, attempt, to = std::string(address)](Context& ctx) {
    Connect(ctx, to, *attempt);
  });
  return attempt;
}

void Client::Impl::Connect(Context& ctx, const std::string& address, Attempt& attempt) {
  Context limited = ctx.WithTimeout(options_.connect_timeout);
  Result<std::shared_ptr<Connection>> made = ConnectOnce(limited, address);
  if (!made.has_value()) made = Fail(WithContext(std::move(made).error(), "connect to " + address));

  if (made.has_value()) {
    links_[address] = {.connection = *made, .attempt = nullptr};
  } else {
    links_.erase(address);
  }
  attempt.result = std::move(made);
  attempt.ended.NotifyAll();
  StartQueued(attempt);
}

Result<std::shared_ptr<Connection>> Client::Impl::ConnectOnce(Context& ctx,
                                                              const std::string& address) {
  RMQ_TRY(const HostPort host, HostPort::Parse(address));
  RMQ_TRY(const std::vector<IpAddress> ips, runtime_.network().Resolve(ctx, host.host));
  Result<std::unique_ptr<runtime::Stream>> stream = Fail(ErrorCode::kNotFound, host.host);
  for (const IpAddress& ip : ips) {
    stream = runtime_.network().Connect(ctx, {.ip = ip, .port = host.port});
    if (stream.has_value()) break;
  }
  if (!stream.has_value()) return Fail(std::move(stream).error());
  auto connection =
      Connection::Start(runtime_, executor_, *std::move(stream), *this, options_.connection);
  open_.emplace(connection->id(), connection);
  return connection;
}

// --- calls without a fiber ---

void Client::Impl::CallAsync(std::string_view address, RemotingCommand request, nanoseconds timeout,
                             Done done) {
  if (closed_) {
    executor_.Defer([done = std::move(done)]() mutable {
      done(Fail(ErrorCode::kClosed, "the client is closed"));
    });
    return;
  }
  const auto link = links_.find(address);
  if (link != links_.end() && link->second.connection) {
    return link->second.connection->CallAsync(std::move(request), timeout, std::move(done));
  }
  const std::shared_ptr<Attempt> attempt =
      link != links_.end() ? link->second.attempt : StartConnecting(address);
  Queue(*attempt, std::move(request), timeout, std::move(done));
}

void Client::Impl::Queue(Attempt& attempt, RemotingCommand request, nanoseconds timeout,
                         Done done) {
  if (attempt.queued.size() >= options_.connection.max_pending_calls) {
    return DeferDone(std::move(done), Fail(ErrorCode::kResourceExhausted, "too many calls"));
  }
  auto queued = std::make_shared<Queued>(executor_);
  queued->request = std::move(request);
  queued->deadline = executor_.Now() + timeout;
  queued->done = std::move(done);
  queued->timer.Arm(queued->deadline, [this, waiting = std::weak_ptr(queued)] {
    const auto late = waiting.lock();
    if (!late || !late->done) return;
    DeferDone(std::move(late->done), Fail(ErrorCode::kDeadlineExceeded));
    late->done = nullptr;
  });
  attempt.queued.push_back(std::move(queued));
}

void Client::Impl::StartQueued(Attempt& attempt) {
  for (const std::shared_ptr<Queued>& queued : std::exchange(attempt.queued, {})) {
    if (!queued->done) continue;
    queued->timer.Disarm();
    Done done = std::exchange(queued->done, nullptr);
    if (attempt.result->has_value()) {
      (**attempt.result)
          ->CallAsync(std::move(queued->request), queued->deadline - executor_.Now(),
                      std::move(done));
    } else {
      DeferDone(std::move(done), Fail(attempt.result->error()));
    }
  }
}

void Client::Impl::DeferDone(Done done, Result<RemotingCommand> result) {
  ++deferred_done_;
  executor_.Defer([this, done = std::move(done), result = std::move(result)]() mutable {
    done(std::move(result));
    --deferred_done_;
  });
}

// --- what servers send, and the end ---

void Client::Impl::HandleRequest(const std::shared_ptr<Connection>& connection,
                                 RemotingCommand request) {
  if (handler_ != nullptr) return handler_->HandleRequest(connection, std::move(request));
  connection->Reply(
      request, wire::MakeResponse(request, wire::ResponseCode::kRequestCodeNotSupported,
                                  fmt::format(" request type {} not supported", request.code)));
}

void Client::Impl::ConnectionClosed(Connection& connection) {
  for (auto link = links_.begin(); link != links_.end(); ++link) {
    if (link->second.connection.get() != &connection) continue;
    links_.erase(link);
    break;
  }
  open_.erase(connection.id());
  if (handler_ != nullptr) handler_->ConnectionClosed(connection);
  if (open_.empty()) all_closed_.NotifyAll();
}

void Client::Impl::Disconnect(std::string_view address) {
  const auto link = links_.find(address);
  if (link == links_.end() || !link->second.connection) return;
  const std::shared_ptr<Connection> connection = link->second.connection;
  connection->Close();
}

void Client::Impl::Close(Context& ctx) {
  closed_ = true;
  gate_.Close(ctx);
  const std::map<uint64_t, std::shared_ptr<Connection>> open = open_;
  for (const auto& [id, connection] : open) connection->CloseAfterWrites(ErrorCode::kCancelled);
  Context grace = ctx.WithTimeout(options_.close_grace);
  while (!open_.empty() && all_closed_.Wait(grace).has_value()) {
  }
  for (const auto& [id, connection] : open) {
    connection->Close(ErrorCode::kCancelled);
    connection->WaitForCallbacks(ctx);
  }
  while (deferred_done_ > 0) {
    runtime::Waiter waiter(ctx);
    executor_.Defer([&waiter] { waiter.Wake(); });
    waiter.WaitForWake();
  }
}

// --- the face ---

Client::Client(runtime::Runtime& runtime, RequestHandler* handler, ClientOptions options)
    : impl_(std::make_unique<Impl>(runtime, handler, options)) {}
Client::~Client() = default;

Result<RemotingCommand> Client::Call(Context& ctx, std::string_view address,
                                     RemotingCommand request) {
  RMQ_TRY(const std::shared_ptr<Connection> connection, impl_->Reach(ctx, address));
  return connection->Call(ctx, std::move(request));
}
void Client::CallAsync(std::string_view address, RemotingCommand request, nanoseconds timeout,
                       Done done) {
  impl_->CallAsync(address, std::move(request), timeout, std::move(done));
}
Result<void> Client::SendOneway(Context& ctx, std::string_view address, RemotingCommand request) {
  RMQ_TRY(const std::shared_ptr<Connection> connection, impl_->Reach(ctx, address));
  return connection->SendOneway(std::move(request));
}
void Client::Disconnect(std::string_view address) {
  impl_->Disconnect(address);
}
void Client::Close(Context& ctx) {
  impl_->Close(ctx);
}

}  // namespace rmq::remoting
