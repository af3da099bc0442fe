// A Connection carries RemotingCommands over one Stream, in both directions: either side may send
// requests, and answers are matched by opaque. It is a state machine on the executor's run queue,
// not a fiber: an idle connection costs its buffers alone.
//
// Received requests go to the RequestHandler in order of arrival; answers may leave in any order.
// Back-pressure: when more than `max_outbound_bytes` wait to be written, reading stops until the
// peer has taken half of them; so a peer that doesn't read can't fill our memory. More than
// `max_pending_calls` unanswered requests of ours are refused (kResourceExhausted).
// A frame that can't be decoded, or is longer than wire::kMaxFrameSize, closes the connection.
// Nothing received or sent for `idle_timeout` closes it too (protocol: 120 s on both sides).
//
// One executor. Shared ownership, because a request in work may outlive its connection: sending
// on a closed one is a no-op. Rules: spec/wire/connection.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"
#include "base/unique_function.h"
#include "runtime/context.h"
#include "runtime/network.h"
#include "runtime/runtime.h"
#include "wire/remoting_command.h"

namespace rmq::remoting {

class Connection;

struct ConnectionOptions {
  seconds idle_timeout{120};
  size_t max_outbound_bytes = 32 * 1024 * 1024;
  size_t max_pending_calls = 65'536;
};

// What arrives at a connection. Called from the run queue; must not suspend: work that may suspend
// is spawned as a fiber of the handler's own Gate.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Answer with connection->Reply(…) now or later, or never for a one-way request.
  virtual void HandleRequest(const std::shared_ptr<Connection>& connection,
                             wire::RemotingCommand request) = 0;
  // Once, after the last HandleRequest of this connection; from within Close if we close it.
  virtual void ConnectionClosed(Connection& connection) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // The stream belongs to `executor`, and so will the connection. `handler` outlives the
  // connection's open time: close it before `handler` dies.
  static std::shared_ptr<Connection> Start(runtime::Runtime& runtime, runtime::Executor& executor,
                                           std::unique_ptr<runtime::Stream> stream,
                                           RequestHandler& handler, ConnectionOptions options);
  // The same on runtime.executor().
  static std::shared_ptr<Connection> Start(runtime::Runtime& runtime,
                                           std::unique_ptr<runtime::Stream> stream,
                                           RequestHandler& handler, ConnectionOptions options);
  ~Connection();  // REQUIRES: closed, or its process is dead
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Answers `request`; nothing is sent for a one-way request. `response` comes from
  // wire::MakeResponse. `body` follows response.body on the wire, without a copy. An answer larger
  // than a frame may be becomes a SYSTEM_ERROR that says so.
  void Reply(const wire::RemotingCommand& request, wire::RemotingCommand response,
             std::vector<Bytes> body = {});

  // Sends a request and waits for its answer, whatever its response code. Sets the opaque. Errors:
  // kDeadlineExceeded or kCancelled (outcome unknown), kConnectionReset (outcome unknown),
  // kClosed (not sent), kResourceExhausted (not sent), kInvalidArgument (too large, not sent).
  Result<wire::RemotingCommand> Call(Context& ctx, wire::RemotingCommand request);
  // The same without a fiber. `done` is called exactly once, through the run queue.
  void CallAsync(wire::RemotingCommand request, nanoseconds timeout,
                 UniqueFunction<void(Result<wire::RemotingCommand>)> done);
  // Sends a request that nobody answers. kClosed, kResourceExhausted, kInvalidArgument: not sent.
  Result<void> SendOneway(wire::RemotingCommand request);

  // Drops the connection; pending calls fail with `reason`. Idempotent.
  void Close(ErrorCode reason = ErrorCode::kConnectionReset);
  // Writes what is queued, then ends the stream, and is closed once the peer has ended it too.
  // Reads no more requests; pending calls fail with `reason`. For a graceful stop: call Close if
  // the peer takes too long.
  void CloseAfterWrites(ErrorCode reason = ErrorCode::kConnectionReset);

  bool closed() const;
  Endpoint local() const;
  Endpoint peer() const;
  // Unique within the process; in order of creation on one executor. For tables and for logs.
  uint64_t id() const;
  size_t outbound_bytes() const;
  size_t pending_calls() const;
  // Answers that belonged to no call, mostly of calls that had given up. They are ignored.
  uint64_t unmatched_answers() const;

 private:
  friend class Client;
  class Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  // Waits, whatever `ctx` says, until no callback of CallAsync is on its way. REQUIRES: closed.
  void WaitForCallbacks(Context& ctx);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rmq::remoting
