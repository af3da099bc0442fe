// What the tests of this folder share: a handler that answers with what it was asked, and the two
// ends of a connection, one of which may speak bytes instead of frames.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "remoting/connection.h"
#include "sim/sim_test.h"

namespace rmq::remoting {

inline constexpr auto kEchoCode = wire::RequestCode::kGetRouteInfoByTopic;

// Answers each request with its own body and remark; keeps those with the remark "later".
class EchoHandler : public RequestHandler {
 public:
  void HandleRequest(const std::shared_ptr<Connection>& connection,
                     wire::RemotingCommand request) override {
    EXPECT_EQ(closed, 0);
    ++requests;
    if (request.remark == "later") {
      kept.emplace_back(connection, std::move(request));
    } else {
      Answer(*connection, request);
    }
  }
  void ConnectionClosed(Connection& connection) override {
    EXPECT_TRUE(connection.closed());
    ++closed;
    if (forget_on_close) closed = 0;
  }
  static void Answer(Connection& connection, const wire::RemotingCommand& request) {
    auto response = wire::MakeResponse(request, wire::ResponseCode::kSuccess, request.remark);
    response.body = request.body;
    connection.Reply(request, std::move(response));
  }

  int requests = 0;
  int closed = 0;
  bool forget_on_close = false;  // serves several connections
  std::vector<std::pair<std::shared_ptr<Connection>, wire::RemotingCommand>> kept;
};

inline wire::RemotingCommand EchoRequest(std::string_view body, std::string_view remark = "") {
  wire::RemotingCommand request = wire::MakeRequest(kEchoCode);
  request.body = Bytes::Copy(body);
  request.remark = remark;
  return request;
}

struct StreamPair {
  std::unique_ptr<runtime::Stream> a;
  std::unique_ptr<runtime::Stream> b;
};

// Two ends of one connection within the test process.
inline StreamPair MakeStreams(Context& ctx, sim::Simulation& sim) {
  runtime::Network& network = sim.runtime().network();
  const auto listener = network.Listen(ctx, {.ip = sim.test_machine().ip(), .port = 0}).value();
  StreamPair pair;
  pair.a = network.Connect(ctx, listener->local()).value();
  pair.b = listener->Accept(ctx).value();
  return pair;
}

// Reads one frame from a stream; kClosed at its end.
inline Result<wire::RemotingCommand> ReadFrame(Context& ctx, runtime::Stream& stream) {
  std::string frame(8, '\0');
  RMQ_TRY(ReadFully(ctx, stream, std::as_writable_bytes(std::span(frame))));
  RMQ_TRY(const auto size, wire::PeekFrameSize(AsBytes(frame)));
  frame.resize(*size);
  RMQ_TRY(ReadFully(ctx, stream, std::as_writable_bytes(std::span(frame)).subspan(8)));
  return wire::DecodeFrame(Bytes::Copy(frame));
}

inline std::string FrameOf(wire::RemotingCommand request, int32_t opaque) {
  request.opaque = opaque;
  return wire::EncodeFrame(request);
}

}  // namespace rmq::remoting
