// The network between simulated machines: what a Stream promises, and each fault shown to happen.
#include "sim/sim_network.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "sim/sim_test.h"

namespace rmq::sim {
namespace {

using runtime::Runtime;
using runtime::Stream;
using testing::ElementsAre;

constexpr uint16_t kPort = 9876;

Endpoint At(Machine& machine, uint16_t port = kPort) {
  return {.ip = machine.ip(), .port = port};
}

Result<size_t> Write(Context& ctx, Stream& stream, std::string_view text) {
  const Slice slice = AsBytes(text);
  return WriteSome(ctx, stream, {&slice, 1});
}

// What comes until the end, an error or `limit` bytes.
struct Received {
  std::string text;
  size_t reads = 0;
  std::optional<ErrorCode> error;  // none: the end of the stream, or the limit
};
Received ReadAll(Context& ctx, Stream& stream, size_t limit = SIZE_MAX) {
  Received received;
  std::array<std::byte, 4096> buffer;
  while (received.text.size() < limit) {
    const Result<size_t> read = ReadSome(ctx, stream, buffer);
    if (!read.has_value()) {
      received.error = read.error().code();
      break;
    }
    if (*read == 0) break;
    ++received.reads;
    received.text += AsText(Slice(buffer).first(*read));
  }
  return received;
}

// Sends back what comes, one connection after the other, until it is killed or stopped.
void EchoServer(Context& ctx, Runtime& runtime) {
  Context until_stop = ctx.WithCancellation(runtime.stop());
  const auto listener = runtime.network().Listen(until_stop, {.port = kPort}).value();
  for (;;) {
    Result<std::unique_ptr<Stream>> accepted = listener->Accept(until_stop);
    if (!accepted.has_value() && accepted.error().code() == ErrorCode::kResourceExhausted) continue;
    if (!accepted.has_value()) return;
    Stream& stream = **accepted;
    std::array<std::byte, 1000> buffer;
    for (;;) {
      const Result<size_t> read = ReadSome(until_stop, stream, buffer);
      if (!read.has_value()) break;
      if (*read == 0) {
        stream.CloseWrite();
        break;
      }
      if (!WriteFully(until_stop, stream, Slice(buffer).first(*read)).has_value()) break;
    }
  }
}

// Accepts one connection and does nothing with it.
void SilentServer(Context& ctx, Runtime& runtime) {
  const auto listener = runtime.network().Listen(ctx, {.port = kPort}).value();
  const auto accepted = listener->Accept(ctx);
  (void)ctx.SleepFor(hours(1000));
}

std::unique_ptr<Stream> Connect(Context& ctx, Simulation& sim, Endpoint to) {
  Result<std::unique_ptr<Stream>> connected = sim.runtime().network().Connect(ctx, to);
  EXPECT_TRUE(connected.has_value()) << connected.error().ToString();
  return connected.has_value() ? std::move(*connected) : nullptr;
}

void LetTimePass(Context& ctx, nanoseconds time) {
  ASSERT_TRUE(ctx.SleepFor(time).has_value());
}

std::string LongText() {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += fmt::format("line {}\n", i);
  return text;
}

SIM_TEST(SimNetwork, BytesGoThereAndBackAndEndWithTheStream) {
  Machine& machine = sim.AddMachine("a");
  sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  EXPECT_EQ(stream->peer(), At(machine));
  ASSERT_TRUE(WriteFully(ctx, *stream, AsBytes("hello")).has_value());
  stream->CloseWrite();
  EXPECT_EQ(Write(ctx, *stream, "more").error().code(), ErrorCode::kClosed);
  const Received received = ReadAll(ctx, *stream);
  EXPECT_EQ(received.text, "hello");
  EXPECT_FALSE(received.error.has_value());
}

SIM_TEST(SimNetwork, BytesTakeTheLatencyOfTheLink) {
  Machine& machine = sim.AddMachine("a");
  sim.ChangeLink(sim.test_machine(), machine, {.latency = milliseconds(10)});
  sim.ChangeLink(machine, sim.test_machine(), {.latency = milliseconds(30)});
  sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, seconds(1));
  const Tick before = ctx.Now();
  const auto stream = Connect(ctx, sim, At(machine));
  EXPECT_EQ(ctx.Now() - before, milliseconds(40));
  ASSERT_TRUE(WriteFully(ctx, *stream, AsBytes("hello")).has_value());
  EXPECT_EQ(ReadAll(ctx, *stream, 5).text, "hello");
  EXPECT_GE(ctx.Now() - before, milliseconds(80));
  EXPECT_LT(ctx.Now() - before, milliseconds(81));
}

SIM_TEST(SimNetwork, ALimitOfBytesPerSecondTakesTime) {
  Machine& machine = sim.AddMachine("a");
  sim.ChangeLink(sim.test_machine(), machine, {.bytes_per_second = 1000});
  sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, seconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  const Tick before = ctx.Now();
  ASSERT_TRUE(WriteFully(ctx, *stream, AsBytes(std::string(5000, 'x'))).has_value());
  EXPECT_EQ(ReadAll(ctx, *stream, 5000).text.size(), 5000U);
  EXPECT_GE(ctx.Now() - before, seconds(5));
}

SIM_TEST(SimNetwork, RefusesWhereNobodyListens) {
  Machine& machine = sim.AddMachine("a");
  const auto refused = sim.runtime().network().Connect(ctx, At(machine));
  EXPECT_EQ(refused.error().ToString(), "ConnectionRefused: connect 10.0.0.1:9876");
}

SIM_TEST(SimNetwork, AConnectToAMachineThatIsDownHangsUntilItsDeadline) {
  Machine& machine = sim.AddMachine("a");
  sim.PowerCut(machine);
  Context quick = ctx.WithTimeout(seconds(10));
  const auto hung = sim.runtime().network().Connect(quick, At(machine));
  EXPECT_EQ(hung.error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(ctx.Now(), Tick{} + seconds(10));
  const auto given_up = sim.runtime().network().Connect(ctx, At(machine));
  EXPECT_EQ(given_up.error().code(), ErrorCode::kConnectionReset);
  EXPECT_LT(ctx.Now(), Tick{} + seconds(100));
}

SIM_TEST(SimNetwork, APortIsTakenUntilItsListenerOrItsProcessEnds) {
  runtime::Network& network = sim.runtime().network();
  auto first = network.Listen(ctx, {.port = kPort});
  EXPECT_EQ(network.Listen(ctx, {.port = kPort}).error().code(), ErrorCode::kAlreadyExists);
  first->reset();
  EXPECT_TRUE(network.Listen(ctx, {.port = kPort}).has_value());
  EXPECT_GE(network.Listen(ctx, {}).value()->local().port, 32768);

  Machine& machine = sim.AddMachine("a");
  Process& process = sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, milliseconds(1));
  sim.Kill(process);
  sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, milliseconds(1));
  EXPECT_NE(Connect(ctx, sim, At(machine)), nullptr);
}

SIM_TEST(SimNetwork, NamesAreMachinesAndWhatWasRegistered) {
  Machine& machine = sim.AddMachine("a");
  runtime::Network& network = sim.runtime().network();
  sim.RegisterHost("cluster", {IpAddress::V4(10, 0, 0, 7), machine.ip()});
  EXPECT_THAT(*network.Resolve(ctx, "a"), ElementsAre(machine.ip()));
  EXPECT_THAT(*network.Resolve(ctx, "cluster"),
              ElementsAre(IpAddress::V4(10, 0, 0, 7), machine.ip()));
  EXPECT_THAT(*network.Resolve(ctx, "1.2.3.4"), ElementsAre(IpAddress::V4(1, 2, 3, 4)));
  EXPECT_THAT(*network.Resolve(ctx, "localhost"), ElementsAre(IpAddress::Loopback()));
  EXPECT_EQ(network.Resolve(ctx, "b").error().code(), ErrorCode::kNotFound);
}

SIM_TEST(SimNetwork, AListenerOnLoopbackIsReachedFromItsMachineOnly) {
  Machine& machine = sim.AddMachine("a");
  bool reached = false;
  sim.Start(machine, "local", [&](Context& own, Runtime& runtime) {
    const Endpoint loopback{.ip = IpAddress::Loopback(), .port = kPort};
    const auto listener = runtime.network().Listen(own, loopback).value();
    reached = runtime.network().Connect(own, loopback).has_value();
    (void)own.SleepFor(hours(1));
  });
  LetTimePass(ctx, milliseconds(1));
  EXPECT_TRUE(reached);
  EXPECT_EQ(sim.runtime().network().Connect(ctx, At(machine)).error().code(),
            ErrorCode::kConnectionRefused);
}

SIM_TEST(SimNetwork, BackPressureStopsAWriterUntilItsPeerReads) {
  NetworkOptions options;
  options.least_window = options.most_window = 1000;
  sim.network().SetOptions(options);
  Machine& machine = sim.AddMachine("a");
  runtime::Gate gate;
  Received received;
  sim.Start(machine, "slow", [&](Context& own, Runtime& runtime) {
    const auto listener = runtime.network().Listen(own, {.port = kPort}).value();
    const auto stream = listener->Accept(own).value();
    (void)own.SleepFor(seconds(10));
    received = ReadAll(own, *stream);
  });
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  EXPECT_EQ(Write(ctx, *stream, std::string(5000, 'x')).value(), 1000U);
  const Slice more = AsBytes("more");
  EXPECT_EQ(stream->TryWrite({&more, 1}).error().code(), ErrorCode::kWouldBlock);
  EXPECT_EQ(Write(ctx, *stream, "more").value(), 4U);
  EXPECT_GE(ctx.Now(), Tick{} + seconds(10));
  stream->CloseWrite();
  LetTimePass(ctx, seconds(1));
  EXPECT_EQ(received.text, std::string(1000, 'x') + "more");
}

SIM_TEST(SimNetwork, AKilledProcessResetsItsPeers) {
  Machine& machine = sim.AddMachine("a");
  Process& process = sim.Start(machine, "silent", SilentServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  LetTimePass(ctx, milliseconds(1));
  sim.Kill(process);
  Context quick = ctx.WithTimeout(milliseconds(10));
  EXPECT_EQ(ReadAll(quick, *stream).error, ErrorCode::kConnectionReset);
  EXPECT_EQ(Write(ctx, *stream, "x").error().code(), ErrorCode::kConnectionReset);
}

SIM_TEST(SimNetwork, AMachineWithoutPowerTellsItsPeersNothing) {
  Machine& machine = sim.AddMachine("a");
  sim.Start(machine, "silent", SilentServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  LetTimePass(ctx, milliseconds(1));
  sim.PowerCut(machine);
  Context quick = ctx.WithTimeout(hours(10));
  EXPECT_EQ(ReadAll(quick, *stream).error, ErrorCode::kDeadlineExceeded);
  // Who writes hears of it at last: nothing is confirmed.
  EXPECT_TRUE(Write(ctx, *stream, "x").has_value());
  const Tick written = ctx.Now();
  EXPECT_EQ(ReadAll(ctx, *stream).error, ErrorCode::kConnectionReset);
  EXPECT_GE(ctx.Now() - written, seconds(60));
  EXPECT_LE(ctx.Now() - written, seconds(901));
}

SIM_TEST(SimNetwork, AHalfOpenConnectionIsFoundOutByWritingToTheRestartedMachine) {
  Machine& machine = sim.AddMachine("a");
  sim.Start(machine, "silent", SilentServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  LetTimePass(ctx, milliseconds(1));
  sim.PowerCut(machine);
  sim.Start(machine, "silent", SilentServer);
  Context quick = ctx.WithTimeout(hours(1));
  EXPECT_EQ(ReadAll(quick, *stream).error, ErrorCode::kDeadlineExceeded);
  EXPECT_TRUE(Write(ctx, *stream, "x").has_value());
  Context soon = ctx.WithTimeout(seconds(1));
  EXPECT_EQ(ReadAll(soon, *stream).error, ErrorCode::kConnectionReset);
}

SIM_TEST(SimNetwork, APartitionHoldsBytesUpUntilItHeals) {
  Machine& machine = sim.AddMachine("a");
  sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  sim.Partition({&machine}, {&sim.test_machine()});
  EXPECT_TRUE(Write(ctx, *stream, "hello").has_value());
  Context quick = ctx.WithTimeout(seconds(20));
  EXPECT_EQ(ReadAll(quick, *stream, 5).error, ErrorCode::kDeadlineExceeded);
  sim.Heal();
  EXPECT_EQ(ReadAll(ctx, *stream, 5).text, "hello");
}

SIM_TEST(SimNetwork, APartitionThatLastsResetsWhoSendsAndLeavesTheOtherSideHalfOpen) {
  Machine& machine = sim.AddMachine("a");
  sim.Start(machine, "silent", SilentServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  sim.Partition({&machine}, {&sim.test_machine()});
  EXPECT_TRUE(Write(ctx, *stream, "hello").has_value());
  EXPECT_EQ(ReadAll(ctx, *stream).error, ErrorCode::kConnectionReset);
  EXPECT_GE(ctx.Now(), Tick{} + seconds(60));
}

SIM_TEST(SimNetwork, AOneWayPartitionLetsBytesThroughTheOtherWay) {
  Machine& machine = sim.AddMachine("a");
  Received at_server;
  sim.Start(machine, "sink", [&](Context& own, Runtime& runtime) {
    const auto listener = runtime.network().Listen(own, {.port = kPort}).value();
    const auto stream = listener->Accept(own).value();
    (void)Write(own, *stream, "greeting");
    (void)own.SleepFor(seconds(1));
    (void)Write(own, *stream, "lost in the partition");
    at_server = ReadAll(own, *stream, 5);
    (void)own.SleepFor(hours(1));
  });
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  EXPECT_EQ(ReadAll(ctx, *stream, 8).text, "greeting");
  sim.Partition({&machine}, {&sim.test_machine()}, Direction::kForthOnly);
  EXPECT_TRUE(Write(ctx, *stream, "hello").has_value());
  Context quick = ctx.WithTimeout(seconds(30));
  EXPECT_EQ(ReadAll(quick, *stream).error, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(at_server.text, "hello");
  // The writer's bytes arrived, but it never hears so.
  EXPECT_EQ(ReadAll(ctx, *stream).error, ErrorCode::kConnectionReset);
}

SIM_TEST(SimNetwork, AfterAPartitionAWriterHasItsWholeWindowAgain) {
  NetworkOptions options;
  options.least_window = options.most_window = 1000;
  sim.network().SetOptions(options);
  Machine& machine = sim.AddMachine("a");
  sim.Start(machine, "sink", [&](Context& own, Runtime& runtime) {
    const auto listener = runtime.network().Listen(own, {.port = kPort}).value();
    const auto stream = listener->Accept(own).value();
    (void)ReadAll(own, *stream);
  });
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  sim.Partition({&machine}, {&sim.test_machine()}, Direction::kForthOnly);
  EXPECT_EQ(Write(ctx, *stream, std::string(600, 'x')).value(), 600U);
  LetTimePass(ctx, seconds(1));  // Read, but not confirmed.
  EXPECT_EQ(Write(ctx, *stream, std::string(1000, 'x')).value(), 400U);
  sim.Partition({&sim.test_machine()}, {&machine});
  LetTimePass(ctx, seconds(1));
  sim.Heal();
  LetTimePass(ctx, seconds(30));
  EXPECT_EQ(Write(ctx, *stream, std::string(1000, 'x')).value(), 1000U);
}

SIM_TEST(SimNetwork, ACloggedLinkCarriesBytesLater) {
  Machine& machine = sim.AddMachine("a");
  sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  sim.Clog(sim.test_machine(), machine, seconds(5));
  EXPECT_TRUE(Write(ctx, *stream, "hello").has_value());
  EXPECT_EQ(ReadAll(ctx, *stream, 5).text, "hello");
  EXPECT_GE(ctx.Now(), Tick{} + seconds(5));
}

SIM_TEST(SimNetwork, ResetConnectionsBreaksBothSides) {
  Machine& machine = sim.AddMachine("a");
  Received at_server;
  sim.Start(machine, "sink", [&](Context& own, Runtime& runtime) {
    const auto listener = runtime.network().Listen(own, {.port = kPort}).value();
    const auto stream = listener->Accept(own).value();
    at_server = ReadAll(own, *stream);
  });
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  EXPECT_TRUE(Write(ctx, *stream, "hello").has_value());
  LetTimePass(ctx, seconds(1));
  sim.ResetConnections(sim.test_machine(), machine);
  EXPECT_EQ(ReadAll(ctx, *stream).error, ErrorCode::kConnectionReset);
  LetTimePass(ctx, seconds(1));
  EXPECT_EQ(at_server.text, "hello");
  EXPECT_EQ(at_server.error, ErrorCode::kConnectionReset);
}

SIM_TEST(SimNetwork, AnAbortedStreamIsClosedHereAndResetThere) {
  Machine& machine = sim.AddMachine("a");
  Received at_server;
  sim.Start(machine, "sink", [&](Context& own, Runtime& runtime) {
    const auto listener = runtime.network().Listen(own, {.port = kPort}).value();
    const auto stream = listener->Accept(own).value();
    at_server = ReadAll(own, *stream);
  });
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  bool called = false;
  stream->WhenReadable([&] { called = true; });
  stream->Abort();
  EXPECT_FALSE(called);
  LetTimePass(ctx, seconds(1));
  EXPECT_TRUE(called);
  EXPECT_EQ(ReadAll(ctx, *stream).error, ErrorCode::kClosed);
  EXPECT_EQ(at_server.error, ErrorCode::kConnectionReset);
}

SIM_TEST(SimNetwork, AStreamClosedInOrderDeliversWhatWasWrittenThoughItIsGone) {
  Machine& machine = sim.AddMachine("a");
  Received at_server;
  sim.Start(machine, "sink", [&](Context& own, Runtime& runtime) {
    const auto listener = runtime.network().Listen(own, {.port = kPort}).value();
    const auto stream = listener->Accept(own).value();
    at_server = ReadAll(own, *stream);
  });
  LetTimePass(ctx, milliseconds(1));
  auto stream = Connect(ctx, sim, At(machine));
  EXPECT_TRUE(Write(ctx, *stream, "last words").has_value());
  stream->CloseWrite();
  stream.reset();
  LetTimePass(ctx, seconds(1));
  EXPECT_EQ(at_server.text, "last words");
  EXPECT_FALSE(at_server.error.has_value());
}

// Sends much through an echo under options with one fault; says how it went.
Received EchoUnder(Context& ctx, Simulation& sim, const NetworkOptions& options,
                   std::string name = "a") {
  sim.network().SetOptions(options);
  Machine& machine = sim.AddMachine(std::move(name));
  sim.Start(machine, "echo", EchoServer);
  LetTimePass(ctx, milliseconds(1));
  const auto stream = Connect(ctx, sim, At(machine));
  if (stream == nullptr) return {};
  runtime::TaskGroup group(ctx);
  group.Spawn("write", [&](Context& own) {
    const std::string text = LongText();
    (void)WriteFully(own, *stream, AsBytes(text));
    stream->CloseWrite();
  });
  Received received = ReadAll(ctx, *stream);
  group.Wait();
  return received;
}

SIM_TEST_SEEDS(SimNetwork, ShortCountsTearTheStreamButLoseNothing, 20) {
  NetworkOptions options;
  options.short_count_one_in = 2;
  const Received received = EchoUnder(ctx, sim, options);
  EXPECT_EQ(received.text, LongText());
  EXPECT_GT(received.reads, EchoUnder(ctx, sim, {}, "calm").reads);
}

SIM_TEST_SEEDS(SimNetwork, SmallWindowsLossesAndClogsDelayTheStreamButLoseNothing, 20) {
  NetworkOptions options;
  options.least_window = 512;
  options.most_window = 4096;
  options.mean_jitter = milliseconds(1);
  options.loss_one_in = 20;
  options.clog_one_in = 50;
  const Received received = EchoUnder(ctx, sim, options);
  EXPECT_EQ(received.text, LongText());
  EXPECT_GT(sim.Now(), Tick{} + milliseconds(200));
}

SIM_TEST_SEEDS(SimNetwork, AResetComesAfterAnyByte, 20) {
  NetworkOptions options;
  options.reset_one_in = 1;
  const Received received = EchoUnder(ctx, sim, options);
  const std::string text = LongText();
  EXPECT_EQ(received.text, text.substr(0, received.text.size()));
  EXPECT_EQ(received.error.has_value(), received.text != text);
}

TEST(SimNetworkFaults, ConnectsAreRefusedAndDelayedAndAcceptsFail) {
  int refused = 0;
  int slow = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SimulationOptions options{.seed = seed};
    options.network.refuse_one_in = 5;
    options.network.slow_connect_one_in = 5;
    options.network.no_descriptor_one_in = 5;
    Simulation simulation(options);
    simulation.Run([&](Context& ctx, Simulation& sim) {
      Machine& machine = sim.AddMachine("a");
      sim.Start(machine, "echo", EchoServer);
      LetTimePass(ctx, milliseconds(1));
      const auto connected = sim.runtime().network().Connect(ctx, At(machine));
      if (!connected.has_value()) {
        ++refused;
        return;
      }
      if (ctx.Now() > Tick{} + milliseconds(900)) ++slow;
      EXPECT_TRUE(Write(ctx, **connected, "hello").has_value());
      EXPECT_EQ(ReadAll(ctx, **connected, 5).text, "hello");
    });
  }
  EXPECT_GT(refused, 3);
  EXPECT_LT(refused, 20);
  EXPECT_GT(slow, 3);
  EXPECT_LT(slow, 20);
}

}  // namespace
}  // namespace rmq::sim
