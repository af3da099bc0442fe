#include "remoting/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "remoting/remoting_for_test.h"

namespace rmq::remoting {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::RemotingCommand;

// Both ends are connections; all are closed at the end of the test.
struct Ends {
  Ends(Context& ctx, sim::Simulation& sim, ConnectionOptions options = {}) {
    StreamPair streams = MakeStreams(ctx, sim);
    near = Connection::Start(sim.runtime(), std::move(streams.a), near_handler, options);
    far = Connection::Start(sim.runtime(), std::move(streams.b), far_handler, options);
  }
  ~Ends() {
    near->Close();
    far->Close();
  }
  EchoHandler near_handler;
  EchoHandler far_handler;
  std::shared_ptr<Connection> near;
  std::shared_ptr<Connection> far;
};

// The far end is a connection, the near one a bare stream.
struct RawEnd {
  RawEnd(Context& ctx, sim::Simulation& sim, ConnectionOptions options = {}) {
    StreamPair streams = MakeStreams(ctx, sim);
    stream = std::move(streams.a);
    far = Connection::Start(sim.runtime(), std::move(streams.b), handler, options);
  }
  ~RawEnd() { far->Close(); }
  EchoHandler handler;
  std::unique_ptr<runtime::Stream> stream;
  std::shared_ptr<Connection> far;
};

Result<std::string> BodyOf(Result<RemotingCommand> answer) {
  if (!answer.has_value()) return Fail(std::move(answer).error());
  return std::string(answer->body.text());
}

SIM_TEST(Connection, AnswersACall) {
  Ends ends(ctx, sim);
  const auto answer = ends.near->Call(ctx, EchoRequest("hello", "r")).value();
  EXPECT_EQ(answer.body.text(), "hello");
  EXPECT_EQ(answer.remark, "r");
  EXPECT_TRUE(answer.IsResponse());
  EXPECT_EQ(ends.near->pending_calls(), 0U);
}

SIM_TEST(Connection, CarriesCallsInBothDirections) {
  Ends ends(ctx, sim);
  EXPECT_EQ(BodyOf(ends.near->Call(ctx, EchoRequest("there"))), "there");
  EXPECT_EQ(BodyOf(ends.far->Call(ctx, EchoRequest("back"))), "back");
}

// CONN-3.
SIM_TEST(Connection, MatchesAnswersThatComeInAnotherOrder) {
  Ends ends(ctx, sim);
  std::vector<std::string> bodies(3);
  for (size_t i = 0; i < bodies.size(); ++i) {
    ends.near->CallAsync(
        EchoRequest(std::string(1, static_cast<char>('a' + i)), "later"), seconds(1),
        [&, i](Result<RemotingCommand> answer) { bodies[i] = BodyOf(std::move(answer)).value(); });
  }
  while (ends.far_handler.kept.size() < 3) ctx.SleepFor(milliseconds(1)).value();
  std::reverse(ends.far_handler.kept.begin(), ends.far_handler.kept.end());
  for (const auto& [connection, request] : ends.far_handler.kept) {
    EchoHandler::Answer(*connection, request);
  }
  ctx.SleepFor(milliseconds(1)).value();
  EXPECT_THAT(bodies, ElementsAre("a", "b", "c"));
}

SIM_TEST(Connection, TakesRequestsByteByByte) {
  RawEnd end(ctx, sim);
  const std::string frames = FrameOf(EchoRequest("one"), 7) + FrameOf(EchoRequest("two"), 8);
  for (const char c : frames) {
    WriteFully(ctx, *end.stream, AsBytes({&c, 1})).value();
    ctx.SleepFor(milliseconds(1)).value();
  }
  const auto first = ReadFrame(ctx, *end.stream).value();
  EXPECT_EQ(first.opaque, 7);
  EXPECT_EQ(first.body.text(), "one");
  EXPECT_EQ(ReadFrame(ctx, *end.stream).value().opaque, 8);
}

// CONN-7.
SIM_TEST(Connection, AnswersPipelinedRequestsInOneWrite) {
  // Counts the writes that get through to the stream.
  class CountingStream : public runtime::Stream {
   public:
    CountingStream(std::unique_ptr<runtime::Stream> inner, int& writes)
        : inner_(std::move(inner)), writes_(writes) {}
    Result<size_t> TryRead(std::span<std::byte> into) override { return inner_->TryRead(into); }
    Result<size_t> TryWrite(std::span<const Slice> from) override {
      ++writes_;
      return inner_->TryWrite(from);
    }
    void WhenReadable(UniqueFunction<void()> f) override { inner_->WhenReadable(std::move(f)); }
    void WhenWritable(UniqueFunction<void()> f) override { inner_->WhenWritable(std::move(f)); }
    void CloseWrite() override { inner_->CloseWrite(); }
    void Abort() override { inner_->Abort(); }
    Endpoint local() const override { return inner_->local(); }
    Endpoint peer() const override { return inner_->peer(); }

   private:
    std::unique_ptr<runtime::Stream> inner_;
    int& writes_;
  };
  StreamPair streams = MakeStreams(ctx, sim);
  int writes = 0;
  EchoHandler handler;
  const auto connection = Connection::Start(
      sim.runtime(), std::make_unique<CountingStream>(std::move(streams.b), writes), handler, {});
  std::string frames;
  for (int i = 0; i < 100; ++i) frames += FrameOf(EchoRequest("x"), i);
  WriteFully(ctx, *streams.a, AsBytes(frames)).value();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ReadFrame(ctx, *streams.a).value().opaque, i);
  EXPECT_LE(writes, 3);
  connection->Close();
}

SIM_TEST(Connection, LargeBodiesArriveUnchanged) {
  Ends ends(ctx, sim);
  std::string body(10'000'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * i >> 8);
  EXPECT_EQ(BodyOf(ends.near->Call(ctx, EchoRequest(body))), body);
}

// CONN-4.
SIM_TEST(Connection, DoesNotAnswerAOneWayRequest) {
  Ends ends(ctx, sim);
  ends.near->SendOneway(EchoRequest("x")).value();
  EXPECT_EQ(BodyOf(ends.near->Call(ctx, EchoRequest("y"))), "y");
  EXPECT_EQ(ends.far_handler.requests, 2);
  EXPECT_EQ(ends.near->unmatched_answers(), 0U);
}

// CONN-8.
SIM_TEST(Connection, SaysThatAnAnswerIsTooLarge) {
  Ends ends(ctx, sim);
  auto pending = EchoRequest("x", "later");
  std::optional<RemotingCommand> answer;
  ends.near->CallAsync(std::move(pending), seconds(9),
                       [&](Result<RemotingCommand> got) { answer = *std::move(got); });
  while (ends.far_handler.kept.empty()) ctx.SleepFor(milliseconds(1)).value();
  const auto& [connection, request] = ends.far_handler.kept[0];
  connection->Reply(request, wire::MakeResponse(request, wire::ResponseCode::kSuccess),
                    {Bytes::Copy(std::string(wire::kMaxFrameSize, 'x'))});
  ctx.SleepFor(seconds(1)).value();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->response_code(), wire::ResponseCode::kSystemError);
  EXPECT_THAT(answer->remark, HasSubstr("larger than a frame"));
}

SIM_TEST(Connection, RefusesToSendARequestLargerThanAFrame) {
  Ends ends(ctx, sim);
  const auto refused = ends.near->Call(ctx, EchoRequest(std::string(wire::kMaxFrameSize, 'x')));
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(BodyOf(ends.near->Call(ctx, EchoRequest("y"))), "y");
}

// --- faults ---

// CONN-2.
SIM_TEST(Connection, ClosesOnBytesThatAreNoFrame) {
  const std::vector<std::string> hostile = {
      "GET / HTTP/1.1\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8),       // TLS
      std::string("\x00\x00\x00\x04\x00\x00\x00\x01", 8),       // header beyond the frame
      std::string("\x00\x00\x00\x08\x05\x00\x00\x04zzzz", 12),  // unknown header type
      std::string("\x00\x00\x00\x08\x00\x00\x00\x04zzzz", 12),  // no JSON
      std::string("\x01\x00\x00\x00", 4),                       // 16 MiB and 4 bytes
  };
  for (const std::string& bytes : hostile) {
    RawEnd end(ctx, sim);
    WriteFully(ctx, *end.stream, AsBytes(bytes)).value();
    EXPECT_FALSE(ReadFrame(ctx, *end.stream).has_value());
    EXPECT_TRUE(end.far->closed());
    EXPECT_EQ(end.handler.closed, 1);
    EXPECT_EQ(end.handler.requests, 0);
  }
}

SIM_TEST(Connection, AResetInTheMiddleOfAFrameEndsIt) {
  RawEnd end(ctx, sim);
  const std::string frame = FrameOf(EchoRequest("body"), 1);
  WriteFully(ctx, *end.stream, AsBytes(frame).first(frame.size() - 1)).value();
  ctx.SleepFor(milliseconds(1)).value();
  end.stream->Abort();
  ctx.SleepFor(milliseconds(1)).value();
  EXPECT_TRUE(end.far->closed());
  EXPECT_EQ(end.handler.requests, 0);
  EXPECT_EQ(end.handler.closed, 1);
}

SIM_TEST(Connection, FailsPendingCallsWhenThePeerGoesAway) {
  Ends ends(ctx, sim);
  int failures = 0;
  for (int i = 0; i < 3; ++i) {
    ends.near->CallAsync(EchoRequest("x", "later"), seconds(100), [&](Result<RemotingCommand> got) {
      EXPECT_EQ(got.error().code(), ErrorCode::kConnectionReset);
      ++failures;
    });
  }
  while (ends.far_handler.kept.size() < 3) ctx.SleepFor(milliseconds(1)).value();
  ends.far->Close();
  const auto called = ends.near->Call(ctx, EchoRequest("y"));
  EXPECT_EQ(called.error().code(), ErrorCode::kConnectionReset);
  EXPECT_EQ(failures, 3);
  EXPECT_EQ(ends.near->Call(ctx, EchoRequest("z")).error().code(), ErrorCode::kClosed);
  EXPECT_EQ(ends.near->SendOneway(EchoRequest("z")).error().code(), ErrorCode::kClosed);
  EchoHandler::Answer(*ends.far, ends.far_handler.kept[0].second);  // Nothing happens.
}

SIM_TEST(Connection, ACallEndsAtItsDeadlineAndALateAnswerIsIgnored) {
  Ends ends(ctx, sim);
  Context quick = ctx.WithTimeout(seconds(1));
  const Tick before = ctx.Now();
  EXPECT_EQ(ends.near->Call(quick, EchoRequest("x", "later")).error().code(),
            ErrorCode::kDeadlineExceeded);
  EXPECT_GE(ctx.Now() - before, seconds(1));
  std::optional<ErrorCode> code;
  ends.near->CallAsync(EchoRequest("x", "later"), seconds(1),
                       [&](Result<RemotingCommand> got) { code = got.error().code(); });
  ctx.SleepFor(milliseconds(1100)).value();
  EXPECT_EQ(code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(ends.near->pending_calls(), 0U);

  for (const auto& [connection, request] : ends.far_handler.kept) {
    EchoHandler::Answer(*connection, request);
  }
  EXPECT_EQ(BodyOf(ends.near->Call(ctx, EchoRequest("y"))), "y");
  EXPECT_EQ(ends.near->unmatched_answers(), 2U);
}

SIM_TEST(Connection, RefusesCallsBeyondItsLimit) {
  Ends ends(ctx, sim, {.max_pending_calls = 1});
  int done = 0;
  ends.near->CallAsync(EchoRequest("x", "later"), seconds(1),
                       [&](Result<RemotingCommand>) { ++done; });
  EXPECT_EQ(ends.near->Call(ctx, EchoRequest("y")).error().code(), ErrorCode::kResourceExhausted);
  ends.near->CallAsync(EchoRequest("y"), seconds(1), [&](Result<RemotingCommand> got) {
    EXPECT_EQ(got.error().code(), ErrorCode::kResourceExhausted);
    ++done;
  });
  EXPECT_EQ(done, 0);  // Never from within the call.
  ctx.SleepFor(seconds(2)).value();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(BodyOf(ends.near->Call(ctx, EchoRequest("z"))), "z");
}

// --- limits ---

// The peer asks for 100 times 100 kB and reads nothing: at most the limit, one answer and what was
// read at once may wait here, and when the peer reads, everything comes.
// CONN-5.
SIM_TEST(Connection, StopsReadingWhileThePeerDoesNotRead) {
  constexpr size_t kLimit = 500'000;
  constexpr int kRequests = 100;
  RawEnd end(ctx, sim, {.max_outbound_bytes = kLimit});
  const std::string body(100'000, 'x');
  runtime::Gate gate;
  ctx.executor().Spawn(gate, "asker", [&](Context& asker) {
    for (int i = 0; i < kRequests; ++i) {
      WriteFully(asker, *end.stream, AsBytes(FrameOf(EchoRequest(body), i))).value();
    }
  });
  ctx.SleepFor(seconds(1)).value();
  EXPECT_LT(end.handler.requests, 15);
  EXPECT_LT(end.far->outbound_bytes(), kLimit + 2 * body.size());
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_EQ(ReadFrame(ctx, *end.stream).value().opaque, i);
    EXPECT_LT(end.far->outbound_bytes(), kLimit + 2 * body.size());
  }
  EXPECT_EQ(end.handler.requests, kRequests);
  gate.Close(ctx);
}

SIM_TEST(Connection, KeepsRequestsThatCameTogetherWhileItIsPaused) {
  RawEnd end(ctx, sim, {.max_outbound_bytes = 10});
  std::string frames;
  for (int i = 0; i < 50; ++i) frames += FrameOf(EchoRequest("body of a request"), i);
  WriteFully(ctx, *end.stream, AsBytes(frames)).value();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ReadFrame(ctx, *end.stream).value().opaque, i);
}

SIM_TEST(Connection, RefusesToSendToAPeerThatDoesNotRead) {
  StreamPair streams = MakeStreams(ctx, sim);
  EchoHandler handler;
  const auto near = Connection::Start(sim.runtime(), std::move(streams.a), handler,
                                      {.max_outbound_bytes = 1'000'000});
  const RemotingCommand request = EchoRequest(std::string(100'000, 'x'));
  Result<void> sent;
  for (int i = 0; i < 50 && sent.has_value(); ++i) {
    sent = near->SendOneway(request);
    ctx.SleepFor(milliseconds(1)).value();
  }
  EXPECT_EQ(sent.error().code(), ErrorCode::kResourceExhausted);
  near->Close();
}

// CONN-6.
SIM_TEST(Connection, ClosesWhenNothingComesOrGoes) {
  Ends ends(ctx, sim, {.idle_timeout = seconds(120)});
  ctx.SleepFor(seconds(100)).value();
  EXPECT_EQ(BodyOf(ends.near->Call(ctx, EchoRequest("y"))), "y");
  ctx.SleepFor(seconds(119)).value();
  EXPECT_FALSE(ends.near->closed());
  ctx.SleepFor(seconds(2)).value();
  EXPECT_TRUE(ends.near->closed());
  EXPECT_TRUE(ends.far->closed());
  EXPECT_EQ(ends.near_handler.closed, 1);
}

// --- closing ---

SIM_TEST(Connection, WritesWhatIsQueuedBeforeItEnds) {
  StreamPair streams = MakeStreams(ctx, sim);
  EchoHandler handler;
  const auto near = Connection::Start(sim.runtime(), std::move(streams.a), handler, {});
  const std::string body(2'000'000, 'x');
  near->SendOneway(EchoRequest(body)).value();
  near->CloseAfterWrites();
  EXPECT_EQ(ReadFrame(ctx, *streams.b).value().body.size(), body.size());
  EXPECT_EQ(ReadFrame(ctx, *streams.b).error().code(), ErrorCode::kClosed);
  EXPECT_FALSE(near->closed());
  streams.b->CloseWrite();
  ctx.SleepFor(milliseconds(1)).value();
  EXPECT_TRUE(near->closed());
}

SIM_TEST(Connection, AHandlerMayCloseItsConnection) {
  class ClosingHandler : public EchoHandler {
   public:
    void HandleRequest(const std::shared_ptr<Connection>& connection,
                       RemotingCommand request) override {
      Answer(*connection, request);
      connection->Close();
      Answer(*connection, request);
      ++requests;
    }
  };
  StreamPair streams = MakeStreams(ctx, sim);
  ClosingHandler handler;
  {
    const auto near = Connection::Start(sim.runtime(), std::move(streams.a), handler, {});
    const std::string two = FrameOf(EchoRequest("x"), 1) + FrameOf(EchoRequest("x"), 2);
    WriteFully(ctx, *streams.b, AsBytes(two)).value();
    EXPECT_FALSE(ReadFrame(ctx, *streams.b).has_value());
  }
  EXPECT_EQ(handler.requests, 1);
  EXPECT_EQ(handler.closed, 1);
}

SIM_TEST(Connection, ACancelledCallIsForgotten) {
  Ends ends(ctx, sim);
  runtime::Gate gate;
  ctx.executor().Spawn(gate, "caller", [&](Context& caller) {
    EXPECT_EQ(ends.near->Call(caller, EchoRequest("x", "later")).error().code(),
              ErrorCode::kCancelled);
  });
  ctx.SleepFor(seconds(1)).value();
  EXPECT_EQ(ends.near->pending_calls(), 1U);
  gate.Close(ctx);
  EXPECT_EQ(ends.near->pending_calls(), 0U);
}

// --- chance ---

// Good frames with some bytes changed, removed or added: whatever comes, the connection answers
// or closes.
SIM_TEST_SEEDS(Connection, RandomBytesNeverCrashIt, /*seeds=*/200) {
  runtime::Random& random = sim.runtime().random();
  const auto draw = [&](uint64_t bound) { return random.Draw("test: mutate", 0, bound); };
  RawEnd end(ctx, sim);
  std::string bytes;
  for (uint64_t i = 0; i < 20; ++i) {
    RemotingCommand request = EchoRequest(std::string(draw(200), 'b'), "remark");
    request.ext_fields.Set("key", "value");
    if (draw(2) == 0) request.header_type = wire::HeaderType::kRocketmq;
    bytes += FrameOf(std::move(request), static_cast<int32_t>(i));
  }
  const uint64_t changes = draw(4);
  for (uint64_t i = 0; i < changes; ++i) {
    const uint64_t at = draw(bytes.size());
    switch (draw(3)) {
      case 0:
        bytes[at] = static_cast<char>(draw(256));
        break;
      case 1:
        bytes.erase(at, draw(20));
        break;
      default:
        bytes.insert(at, std::string(draw(20), static_cast<char>(draw(256))));
    }
  }
  Slice rest = AsBytes(bytes);
  while (!rest.empty() && !end.far->closed()) {
    const size_t piece = std::min<size_t>(rest.size(), 1 + draw(500));
    if (!WriteFully(ctx, *end.stream, rest.first(piece)).has_value()) break;
    rest = rest.subspan(piece);
    if (draw(4) == 0) ctx.SleepFor(milliseconds(1)).value();
  }
  end.stream->CloseWrite();
  ctx.SleepFor(seconds(1)).value();
  EXPECT_TRUE(end.far->closed());
  EXPECT_EQ(end.handler.closed, 1);
}

sim::SimulationOptions Stormy() {
  sim::SimulationOptions options;
  options.network = sim::NetworkOptions::Stormy();
  return options;
}

// Many calls over a bad network, with and without a fiber: each ends once, and an answer is the
// right one.
// CONN-9.
SIM_TEST_OPTIONS(Connection, EveryCallEndsOnce, /*seeds=*/200, Stormy()) {
  Result<std::unique_ptr<runtime::Stream>> a = Fail(ErrorCode::kClosed);
  Result<std::unique_ptr<runtime::Stream>> b = Fail(ErrorCode::kClosed);
  const auto listener =
      sim.runtime().network().Listen(ctx, {.ip = sim.test_machine().ip(), .port = 0}).value();
  while (!a.has_value()) a = sim.runtime().network().Connect(ctx, listener->local());
  while (!b.has_value()) b = listener->Accept(ctx);
  EchoHandler near_handler;
  EchoHandler far_handler;
  const auto near = Connection::Start(sim.runtime(), *std::move(a), near_handler, {});
  const auto far = Connection::Start(sim.runtime(), *std::move(b), far_handler, {});

  int ended = 0;
  runtime::TaskGroup group(ctx);
  for (int i = 0; i < 20; ++i) {
    const std::string body(sim.runtime().random().Draw("test: size", 0, 20'000),
                           static_cast<char>('a' + i));
    near->CallAsync(EchoRequest(body), seconds(30), [&ended, body](Result<RemotingCommand> got) {
      if (got.has_value()) {
        EXPECT_EQ(got->body.text(), body);
      }
      ++ended;
    });
    group.Spawn("caller", [&, body](Context& caller) {
      Context limited = caller.WithTimeout(seconds(30));
      const auto got = far->Call(limited, EchoRequest(body));
      if (got.has_value()) {
        EXPECT_EQ(got->body.text(), body);
      }
      ++ended;
    });
  }
  group.Wait();
  if (sim.runtime().random().Draw("test: close", 0, 2) == 1) near->Close();
  ctx.SleepFor(seconds(31)).value();
  EXPECT_EQ(ended, 40);
  near->Close();
  far->Close();
  EXPECT_EQ(near_handler.closed, 1);
  EXPECT_EQ(far_handler.closed, 1);
}

}  // namespace
}  // namespace rmq::remoting
