#include "remoting/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remoting/remoting_for_test.h"
#include "remoting/server.h"

namespace rmq::remoting {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using wire::RemotingCommand;

class QuietHandler : public EchoHandler {
 public:
  QuietHandler() { forget_on_close = true; }
};

// A server and a client in the test process.
struct World {
  World(Context& context, sim::Simulation& simulation, ClientOptions options = {})
      : ctx(context), client(simulation.runtime(), nullptr, options) {
    server = Server::Listen(ctx, simulation.runtime(),
                            {.ip = simulation.test_machine().ip(), .port = 0}, handler)
                 .value();
    address = server->local().ToString();
  }
  ~World() {
    client.Close(ctx);
    server->Close(ctx);
  }
  Context& ctx;
  QuietHandler handler;
  std::unique_ptr<Server> server;
  Client client;
  std::string address;
};

// CONN-12.
SIM_TEST(Client, CallersShareOneConnect) {
  World world(ctx, sim);
  runtime::TaskGroup group(ctx);
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    group.Spawn("caller", [&](Context& caller) {
      EXPECT_TRUE(world.client.Call(caller, world.address, EchoRequest("x")).has_value());
      ++answered;
    });
    world.client.CallAsync(world.address, EchoRequest("y"), seconds(1),
                           [&](Result<RemotingCommand> got) {
                             EXPECT_TRUE(got.has_value());
                             ++answered;
                           });
  }
  group.Wait();
  ctx.SleepFor(seconds(1)).value();
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(world.server->connection_count(), 1U);
}

SIM_TEST(Client, ConnectsAgainAfterTheConnectionBroke) {
  World world(ctx, sim);
  EXPECT_TRUE(world.client.Call(ctx, world.address, EchoRequest("x")).has_value());
  sim.ResetConnections(sim.test_machine(), sim.test_machine());
  ctx.SleepFor(milliseconds(1)).value();
  EXPECT_TRUE(world.client.Call(ctx, world.address, EchoRequest("y")).has_value());
  world.client.Disconnect(world.address);
  EXPECT_TRUE(world.client.Call(ctx, world.address, EchoRequest("z")).has_value());
}

SIM_TEST(Client, ResolvesNames) {
  World world(ctx, sim);
  sim.RegisterHost("namesrv", {sim.test_machine().ip()});
  const std::string address = fmt::format("namesrv:{}", world.server->local().port);
  EXPECT_TRUE(world.client.Call(ctx, address, EchoRequest("x")).has_value());
  const auto unknown = world.client.Call(ctx, "nobody:1", EchoRequest("x"));
  EXPECT_EQ(unknown.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(unknown.error().message(), HasSubstr("nobody:1"));
  EXPECT_EQ(world.client.Call(ctx, "no port", EchoRequest("x")).error().code(),
            ErrorCode::kInvalidArgument);
}

SIM_TEST(Client, SaysThatNobodyListens) {
  World world(ctx, sim);
  const std::string address = Endpoint{sim.test_machine().ip(), 1}.ToString();
  EXPECT_EQ(world.client.Call(ctx, address, EchoRequest("x")).error().code(),
            ErrorCode::kConnectionRefused);
  EXPECT_EQ(world.client.SendOneway(ctx, address, EchoRequest("x")).error().code(),
            ErrorCode::kConnectionRefused);
  std::optional<ErrorCode> code;
  world.client.CallAsync(address, EchoRequest("x"), seconds(1),
                         [&](Result<RemotingCommand> got) { code = got.error().code(); });
  EXPECT_EQ(code, std::nullopt);
  ctx.SleepFor(seconds(1)).value();
  EXPECT_EQ(code, ErrorCode::kConnectionRefused);
}

SIM_TEST(Client, ATimeoutIncludesTheConnect) {
  World world(ctx, sim);
  sim::Machine& far = sim.AddMachine("far");
  sim.Partition({&sim.test_machine()}, {&far});
  const std::string address = Endpoint{far.ip(), 1}.ToString();
  std::optional<Tick> failed_at;
  world.client.CallAsync(address, EchoRequest("x"), seconds(1), [&](Result<RemotingCommand> got) {
    EXPECT_EQ(got.error().code(), ErrorCode::kDeadlineExceeded);
    failed_at = sim.runtime().clock().Now();
  });
  const Tick before = ctx.Now();
  Context quick = ctx.WithTimeout(seconds(2));
  EXPECT_EQ(world.client.Call(quick, address, EchoRequest("x")).error().code(),
            ErrorCode::kDeadlineExceeded);
  EXPECT_LE(ctx.Now() - before, milliseconds(2100));
  ASSERT_TRUE(failed_at.has_value());
  EXPECT_LE(*failed_at - before, milliseconds(1100));
}

// The first caller gives up while the connect goes on for the others.
SIM_TEST(Client, ACallerThatGivesUpDoesNotEndTheConnect) {
  World world(ctx, sim);
  sim::Machine& far = sim.AddMachine("far");
  sim.Start(far, "server", [ip = far.ip()](Context& server_ctx, runtime::Runtime& runtime) {
    QuietHandler handler;
    const auto server =
        Server::Listen(server_ctx, runtime, {.ip = ip, .port = 9876}, handler).value();
    (void)server_ctx.SleepFor(hours(1));
    server->Close(server_ctx);
  });
  ctx.SleepFor(seconds(1)).value();
  sim.ChangeLink(sim.test_machine(), far, {.latency = milliseconds(500)});
  const std::string address = Endpoint{far.ip(), 9876}.ToString();
  runtime::TaskGroup group(ctx);
  group.Spawn("impatient", [&](Context& caller) {
    Context quick = caller.WithTimeout(milliseconds(10));
    EXPECT_FALSE(world.client.Call(quick, address, EchoRequest("x")).has_value());
  });
  group.Spawn("patient", [&](Context& caller) {
    EXPECT_TRUE(world.client.Call(caller, address, EchoRequest("x")).has_value());
  });
  group.Wait();
}

// CONN-12.
SIM_TEST(Client, AnswersServersThatItDoesNotSupportTheirRequests) {
  class AskingHandler : public QuietHandler {
   public:
    void HandleRequest(const std::shared_ptr<Connection>& connection,
                       RemotingCommand request) override {
      Answer(*connection, request);
      connection->CallAsync(
          wire::MakeRequest(wire::RequestCode::kNotifyConsumerIdsChanged), seconds(1),
          [this](Result<RemotingCommand> got) { code = got.value().response_code(); });
    }
    wire::ResponseCode code = wire::ResponseCode::kSuccess;
  };
  AskingHandler handler;
  const auto server =
      Server::Listen(ctx, sim.runtime(), {.ip = sim.test_machine().ip(), .port = 0}, handler)
          .value();
  Client client(sim.runtime(), nullptr);
  EXPECT_TRUE(client.Call(ctx, server->local().ToString(), EchoRequest("x")).has_value());
  ctx.SleepFor(seconds(1)).value();
  EXPECT_EQ(handler.code, wire::ResponseCode::kRequestCodeNotSupported);
  client.Close(ctx);
  server->Close(ctx);
}

// Calls in every stage, then Close: each ends, with kCancelled unless it was answered, and none
// afterwards.
SIM_TEST_SEEDS(Client, NoCallbackComesAfterClose, /*seeds=*/100) {
  QuietHandler handler;
  const auto server =
      Server::Listen(ctx, sim.runtime(), {.ip = sim.test_machine().ip(), .port = 0}, handler)
          .value();
  sim::Machine& far = sim.AddMachine("far");
  sim.Partition({&sim.test_machine()}, {&far});
  auto client = std::make_unique<Client>(sim.runtime(), nullptr);
  const std::string near_address = server->local().ToString();
  const std::string far_address = Endpoint{far.ip(), 1}.ToString();
  int pending = 0;
  for (int i = 0; i < 12; ++i) {
    ++pending;
    client->CallAsync(i % 3 == 0 ? far_address : near_address,
                      EchoRequest("x", i % 3 == 1 ? "later" : ""), seconds(60),
                      [&](Result<RemotingCommand> got) {
                        if (!got.has_value()) {
                          EXPECT_EQ(got.error().code(), ErrorCode::kCancelled);
                        }
                        --pending;
                      });
  }
  runtime::Gate gate;
  ctx.executor().Spawn(gate, "caller", [&](Context& caller) {
    const auto called = client->Call(caller, near_address, EchoRequest("x", "later"));
    EXPECT_THAT(called.error().code(), AnyOf(ErrorCode::kCancelled, ErrorCode::kClosed));
  });
  ctx.SleepFor(microseconds(static_cast<int64_t>(sim.runtime().random().Draw("test: run", 0, 200))))
      .value();
  client->Close(ctx);
  EXPECT_EQ(pending, 0);
  gate.Close(ctx);
  client.reset();
  server->Close(ctx);
}

}  // namespace
}  // namespace rmq::remoting
