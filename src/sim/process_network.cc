// The runtime's network interfaces over SimNetwork, for one process.
#include <fmt/format.h>

#include "base/assert.h"
#include "sim/sim_network.h"

namespace rmq::sim {
namespace {

constexpr runtime::Site kNoDescriptor{"net: no descriptor to accept with"};
constexpr nanoseconds kResolveTime = microseconds(100);

class SimStream final : public runtime::Stream {
 public:
  SimStream(std::shared_ptr<SimConnection> connection, int side)
      : connection_(std::move(connection)), side_(side) {}
  ~SimStream() override { connection_->Detach(side_); }

  Result<size_t> TryRead(std::span<std::byte> into) override {
    return connection_->TryRead(side_, into);
  }
  Result<size_t> TryWrite(std::span<const Slice> from) override {
    return connection_->TryWrite(side_, from);
  }
  void WhenReadable(UniqueFunction<void()> ready) override {
    connection_->WhenReadable(side_, std::move(ready));
  }
  void WhenWritable(UniqueFunction<void()> ready) override {
    connection_->WhenWritable(side_, std::move(ready));
  }
  void CloseWrite() override { connection_->CloseWrite(side_); }
  void Abort() override { connection_->Abort(side_); }
  Endpoint local() const override { return connection_->local(side_); }
  Endpoint peer() const override { return connection_->local(1 - side_); }

 private:
  const std::shared_ptr<SimConnection> connection_;
  const int side_;
};

class SimListener final : public runtime::Listener {
 public:
  SimListener(SimNetwork& network, std::shared_ptr<SimListenSocket> socket)
      : network_(network), socket_(std::move(socket)) {}
  ~SimListener() override { network_.CloseListener(*socket_); }

  Result<std::unique_ptr<runtime::Stream>> Accept(Context& ctx) override {
    RMQ_TRY(ctx.Check());
    RMQ_TRY(WaitForConnection(ctx));
    if (network_.OneIn(kNoDescriptor, socket_->process->object(),
                       network_.options().no_descriptor_one_in)) {
      return Fail(ErrorCode::kResourceExhausted, "accept: no file descriptor");
    }
    std::shared_ptr<SimConnection> accepted = std::move(socket_->backlog.front());
    socket_->backlog.pop_front();
    accepted->Attach(1, ctx.executor());
    return std::make_unique<SimStream>(std::move(accepted), 1);
  }
  Endpoint local() const override { return socket_->local; }

 private:
  Result<void> WaitForConnection(Context& ctx) {
    while (socket_->backlog.empty()) {
      if (!socket_->open) return Fail(ErrorCode::kClosed);
      RMQ_ASSERT(socket_->accepting == nullptr);
      runtime::Waiter waiter(ctx);
      socket_->accepting = &waiter;
      Result<void> waited = waiter.Wait();
      socket_->accepting = nullptr;
      RMQ_TRY(std::move(waited));
    }
    return {};
  }

  SimNetwork& network_;
  const std::shared_ptr<SimListenSocket> socket_;
};

class ProcessNetwork final : public runtime::Network {
 public:
  ProcessNetwork(SimNetwork& network, Process& process) : network_(network), process_(process) {}

  Result<std::unique_ptr<runtime::Listener>> Listen(Context& ctx, Endpoint at) override {
    RMQ_TRY(Check(ctx));
    RMQ_TRY(auto socket, network_.Listen(process_, at));
    return std::make_unique<SimListener>(network_, std::move(socket));
  }

  Result<std::unique_ptr<runtime::Stream>> Connect(Context& ctx, Endpoint to) override {
    RMQ_TRY(Check(ctx));
    const std::shared_ptr<SimConnection> connection = network_.MakeConnection(process_, to);
    Result<void> connected = connection->Connect(ctx);
    if (!connected.has_value()) {
      return Fail(WithContext(connected.error(), fmt::format("connect {}", to.ToString())));
    }
    connection->Attach(0, ctx.executor());
    return std::make_unique<SimStream>(connection, 0);
  }

  Result<std::vector<IpAddress>> Resolve(Context& ctx, std::string_view host) override {
    RMQ_TRY(Check(ctx));
    const std::string name(host);
    RMQ_TRY(ctx.SleepFor(kResolveTime));
    return network_.Resolve(name);
  }

  IpAddress LocalAddress() const override { return process_.machine().ip(); }

 private:
  Result<void> Check(Context& ctx) const {
    if (!process_.alive()) return Fail(ErrorCode::kClosed);
    return ctx.Check();
  }

  SimNetwork& network_;
  Process& process_;
};

}  // namespace

std::unique_ptr<runtime::Network> MakeProcessNetwork(SimNetwork& network, Process& process) {
  return std::make_unique<ProcessNetwork>(network, process);
}

}  // namespace rmq::sim
