#include "remoting/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remoting/remoting_for_test.h"

namespace rmq::remoting {
namespace {

using wire::RemotingCommand;

Endpoint AnyPort(sim::Simulation& sim) {
  return {.ip = sim.test_machine().ip(), .port = 0};
}

class QuietHandler : public EchoHandler {
 public:
  QuietHandler() { forget_on_close = true; }
};

std::shared_ptr<Connection> ConnectTo(Context& ctx, sim::Simulation& sim, const Server& server,
                                      RequestHandler& handler) {
  auto stream = sim.runtime().network().Connect(ctx, server.local()).value();
  return Connection::Start(sim.runtime(), std::move(stream), handler, {});
}

SIM_TEST(Server, ServesConnections) {
  QuietHandler handler;
  QuietHandler client_handler;
  const auto server = Server::Listen(ctx, sim.runtime(), AnyPort(sim), handler).value();
  const auto a = ConnectTo(ctx, sim, *server, client_handler);
  const auto b = ConnectTo(ctx, sim, *server, client_handler);
  EXPECT_EQ(a->Call(ctx, EchoRequest("x")).value().body.text(), "x");
  EXPECT_EQ(b->Call(ctx, EchoRequest("y")).value().body.text(), "y");
  EXPECT_EQ(server->connection_count(), 2U);
  EXPECT_LT(a->id(), b->id());

  a->Close();
  ctx.SleepFor(milliseconds(1)).value();
  EXPECT_EQ(server->connection_count(), 1U);
  b->Close();
  server->Close(ctx);
}

SIM_TEST(Server, NamesThePortThatIsTaken) {
  QuietHandler handler;
  const auto server = Server::Listen(ctx, sim.runtime(), AnyPort(sim), handler).value();
  const auto second = Server::Listen(ctx, sim.runtime(), server->local(), handler);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_THAT(second.error().message(), testing::HasSubstr(server->local().ToString()));
  server->Close(ctx);
}

// CONN-10.
SIM_TEST(Server, ClosesConnectionsBeyondItsLimit) {
  QuietHandler handler;
  QuietHandler client_handler;
  const auto server =
      Server::Listen(ctx, sim.runtime(), AnyPort(sim), handler, {.max_connections = 1}).value();
  const auto first = ConnectTo(ctx, sim, *server, client_handler);
  EXPECT_TRUE(first->Call(ctx, EchoRequest("x")).has_value());
  const auto second = ConnectTo(ctx, sim, *server, client_handler);
  EXPECT_FALSE(second->Call(ctx, EchoRequest("x")).has_value());
  EXPECT_TRUE(first->Call(ctx, EchoRequest("x")).has_value());
  first->Close();
  ctx.SleepFor(milliseconds(1)).value();
  const auto third = ConnectTo(ctx, sim, *server, client_handler);
  EXPECT_TRUE(third->Call(ctx, EchoRequest("x")).has_value());
  third->Close();
  server->Close(ctx);
}

sim::SimulationOptions FewDescriptors() {
  sim::SimulationOptions options;
  options.network.no_descriptor_one_in = 2;
  return options;
}

// CONN-10.
SIM_TEST_OPTIONS(Server, GoesOnAfterFailedAccepts, /*seeds=*/20, FewDescriptors()) {
  QuietHandler handler;
  QuietHandler client_handler;
  const auto server = Server::Listen(ctx, sim.runtime(), AnyPort(sim), handler).value();
  for (int i = 0; i < 10; ++i) {
    const auto connection = ConnectTo(ctx, sim, *server, client_handler);
    EXPECT_TRUE(connection->Call(ctx, EchoRequest("x")).has_value());
    connection->Close();
  }
  server->Close(ctx);
}

SIM_TEST(Server, StopsAcceptingButGoesOnServing) {
  QuietHandler handler;
  QuietHandler client_handler;
  const auto server = Server::Listen(ctx, sim.runtime(), AnyPort(sim), handler).value();
  const auto connection = ConnectTo(ctx, sim, *server, client_handler);
  EXPECT_TRUE(connection->Call(ctx, EchoRequest("x")).has_value());
  server->StopAccepting(ctx);
  EXPECT_EQ(sim.runtime().network().Connect(ctx, server->local()).error().code(),
            ErrorCode::kConnectionRefused);
  EXPECT_TRUE(connection->Call(ctx, EchoRequest("y")).has_value());
  connection->Close();
  server->Close(ctx);
}

// CONN-11.
SIM_TEST(Server, WritesTheLastAnswersBeforeItCloses) {
  QuietHandler handler;
  const auto server = Server::Listen(ctx, sim.runtime(), AnyPort(sim), handler).value();
  const auto stream = sim.runtime().network().Connect(ctx, server->local()).value();
  const std::string body(3'000'000, 'x');
  WriteFully(ctx, *stream, AsBytes(FrameOf(EchoRequest(body), 1))).value();
  while (handler.requests == 0) ctx.SleepFor(milliseconds(1)).value();

  runtime::Gate gate;
  ctx.executor().Spawn(gate, "closer", [&](Context& closer) { server->Close(closer); });
  EXPECT_EQ(ReadFrame(ctx, *stream).value().body.size(), body.size());
  EXPECT_EQ(ReadFrame(ctx, *stream).error().code(), ErrorCode::kClosed);
  stream->CloseWrite();
  ctx.SleepFor(milliseconds(1)).value();
  EXPECT_EQ(gate.fiber_count(), 0U);
  gate.Close(ctx);
}

SIM_TEST(Server, ClosesThoughAPeerTakesNothing) {
  QuietHandler handler;
  const auto server = Server::Listen(ctx, sim.runtime(), AnyPort(sim), handler).value();
  const auto stream = sim.runtime().network().Connect(ctx, server->local()).value();
  WriteFully(ctx, *stream, AsBytes(FrameOf(EchoRequest(std::string(3'000'000, 'x')), 1))).value();
  while (handler.requests == 0) ctx.SleepFor(milliseconds(1)).value();
  const Tick before = ctx.Now();
  server->Close(ctx);
  EXPECT_LE(ctx.Now() - before, milliseconds(1100));
}

// A process may die at any point of its work: nothing is asserted about the order of destruction.
SIM_TEST_SEEDS(Server, MayBeKilledWhileItServes, /*seeds=*/50) {
  sim::Machine& machine = sim.AddMachine("server");
  const Endpoint at{.ip = machine.ip(), .port = 9876};
  sim::Process& process =
      sim.Start(machine, "server", [at](Context& server_ctx, runtime::Runtime& runtime) {
        QuietHandler handler;
        const auto server = Server::Listen(server_ctx, runtime, at, handler).value();
        (void)server_ctx.SleepFor(hours(1));
        server->Close(server_ctx);
      });
  ctx.SleepFor(seconds(1)).value();
  QuietHandler client_handler;
  auto stream = sim.runtime().network().Connect(ctx, at).value();
  const auto connection = Connection::Start(sim.runtime(), std::move(stream), client_handler, {});
  runtime::TaskGroup group(ctx);
  for (int i = 0; i < 5; ++i) {
    group.Spawn("caller", [&](Context& caller) {
      Context limited = caller.WithTimeout(seconds(10));
      while (connection->Call(limited, EchoRequest(std::string(10'000, 'x'))).has_value()) {
      }
    });
  }
  ctx.SleepFor(
         microseconds(static_cast<int64_t>(sim.runtime().random().Draw("test: kill", 0, 20'000))))
      .value();
  sim.Kill(process);
  group.Wait();
  connection->Close();
}

}  // namespace
}  // namespace rmq::remoting
