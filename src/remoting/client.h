// A Client keeps one connection for each address and sends requests over it. Connections are made
// on first use and again after they broke; a call waits for a connect under way instead of
// starting a second one.
//
// One executor. Requests that servers send us (code 40, 220, 307 …) go to the RequestHandler.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "remoting/connection.h"

namespace rmq::remoting {

struct ClientOptions {
  ConnectionOptions connection;
  seconds connect_timeout{3};
  milliseconds close_grace{500};  // for peers to take the last one-way requests, see Close
};

class Client {
 public:
  // `handler` may be null: server requests are then answered with code 3, NOT_SUPPORTED.
  Client(runtime::Runtime& runtime, RequestHandler* handler, ClientOptions options = {});
  ~Client();  // REQUIRES: closed, or its process is dead
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `address` is "host:port"; a name is resolved at each connect. Errors as Connection::Call, and
  // kConnectionRefused, kNotFound (name), kInvalidArgument (address): not sent.
  Result<wire::RemotingCommand> Call(Context& ctx, std::string_view address,
                                     wire::RemotingCommand request);
  // Without a fiber; `done` is called exactly once, through the run queue. `timeout` includes the
  // connect.
  void CallAsync(std::string_view address, wire::RemotingCommand request, nanoseconds timeout,
                 UniqueFunction<void(Result<wire::RemotingCommand>)> done);
  // Success means written to the connection's queue, no more.
  Result<void> SendOneway(Context& ctx, std::string_view address, wire::RemotingCommand request);

  // Closes the connection to `address`, if there is one: the next call makes a new one.
  void Disconnect(std::string_view address);
  // Ends everything; pending calls fail with kCancelled. What is queued is still written (at most
  // close_grace). No callback comes after it returns.
  void Close(Context& ctx);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rmq::remoting
