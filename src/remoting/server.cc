#include "remoting/server.h"

#include <map>

#include "base/assert.h"
#include "runtime/mutex.h"

namespace rmq::remoting {

using runtime::Executor;

class Server::Impl : public RequestHandler {
 public:
  Impl(runtime::Runtime& runtime, Executor& executor, std::unique_ptr<runtime::Listener> listener,
       RequestHandler& handler, ServerOptions options)
      : runtime_(runtime),
        executor_(executor),
        local_(listener->local()),
        listener_(std::move(listener)),
        handler_(handler),
        options_(options) {}
  ~Impl() override { RMQ_ASSERT((connections_.empty() && !listener_) || executor_.dead()); }

  void Start() {
    executor_.Spawn(gate_, "accept", [this](Context& ctx) { AcceptAll(ctx); });
  }
  void StopAccepting(Context& ctx) {
    gate_.Close(ctx);
    listener_.reset();
  }
  void Close(Context& ctx);

  void HandleRequest(const std::shared_ptr<Connection>& connection,
                     wire::RemotingCommand request) override {
    handler_.HandleRequest(connection, std::move(request));
  }
  void ConnectionClosed(Connection& connection) override {
    connections_.erase(connection.id());
    handler_.ConnectionClosed(connection);
    if (connections_.empty()) all_closed_.NotifyAll();
  }

 private:
  friend class Server;
  void AcceptAll(Context& ctx);
  void Add(std::unique_ptr<runtime::Stream> stream);

  runtime::Runtime& runtime_;
  Executor& executor_;
  const Endpoint local_;
  std::unique_ptr<runtime::Listener> listener_;
  RequestHandler& handler_;
  const ServerOptions options_;
  std::map<uint64_t, std::shared_ptr<Connection>> connections_;  // by id
  uint64_t refused_ = 0;
  runtime::Condition all_closed_;
  runtime::Gate gate_;
};

// CONN-10. Whatever Accept says passes: no descriptors, a peer that went away before we came. Only
// being told to stop ends it.
void Server::Impl::AcceptAll(Context& ctx) {
  while (ctx.Check().has_value()) {
    Result<std::unique_ptr<runtime::Stream>> stream = listener_->Accept(ctx);
    if (stream.has_value()) {
      Add(*std::move(stream));
      continue;
    }
    if (stream.error().code() == ErrorCode::kCancelled) return;
    RMQ_LOG(runtime_.log(), kWarn, "remoting", "port {}: accept: {}", local_.port,
            stream.error().ToString());
    if (!ctx.SleepFor(options_.accept_pause).has_value()) return;
  }
}

void Server::Impl::Add(std::unique_ptr<runtime::Stream> stream) {
  if (connections_.size() >= options_.max_connections) {
    // One line for the first and then for each 1,000: a flood must not flood the log.
    if (refused_++ % 1000 == 0) {
      RMQ_LOG(runtime_.log(), kWarn, "remoting",
              "port {}: {} connections are open, {} refused so far; the last is from {}",
              local_.port, connections_.size(), refused_, stream->peer().ToString());
    }
    return;
  }
  auto connection =
      Connection::Start(runtime_, executor_, std::move(stream), *this, options_.connection);
  const uint64_t id = connection->id();
  connections_.emplace(id, std::move(connection));
}

// CONN-11.
void Server::Impl::Close(Context& ctx) {
  StopAccepting(ctx);
  // Each of these may end a connection and so change the map.
  std::map<uint64_t, std::shared_ptr<Connection>> open = connections_;
  for (const auto& [id, connection] : open) connection->CloseAfterWrites();
  Context grace = ctx.WithTimeout(options_.close_grace);
  while (!connections_.empty() && all_closed_.Wait(grace).has_value()) {
  }
  for (const auto& [id, connection] : open) connection->Close();
  RMQ_ASSERT(connections_.empty());
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::Listen(Context& ctx, runtime::Runtime& runtime, Endpoint at,
                                               RequestHandler& handler, ServerOptions options) {
  Result<std::unique_ptr<runtime::Listener>> listener = runtime.network().Listen(ctx, at);
  if (!listener.has_value()) {
    return Fail(WithContext(std::move(listener).error(), "listen on " + at.ToString()));
  }
  std::unique_ptr<Server> server(new Server(
      std::make_unique<Impl>(runtime, ctx.executor(), *std::move(listener), handler, options)));
  server->impl_->Start();
  return server;
}

Endpoint Server::local() const {
  return impl_->local_;
}
size_t Server::connection_count() const {
  return impl_->connections_.size();
}
void Server::StopAccepting(Context& ctx) {
  impl_->StopAccepting(ctx);
}
void Server::Close(Context& ctx) {
  impl_->Close(ctx);
}

}  // namespace rmq::remoting
