// A Server accepts connections on one port and gives their requests to a RequestHandler.
//
// Its connections belong to the executor of the fiber that called Listen. Owned by a daemon; Close
// before the handler dies.
#pragma once

#include <memory>

#include "remoting/connection.h"

namespace rmq::remoting {

struct ServerOptions {
  ConnectionOptions connection;
  size_t max_connections = 100'000;  // more are accepted and closed at once, with a warning
  milliseconds accept_pause{100};    // after a failed accept, mostly for want of descriptors
  milliseconds close_grace{1000};    // for peers to take the last answers, see Close
};

class Server {
 public:
  // kAlreadyExists if the port is taken; the message names it.
  static Result<std::unique_ptr<Server>> Listen(Context& ctx, runtime::Runtime& runtime,
                                                Endpoint at, RequestHandler& handler,
                                                ServerOptions options = {});
  ~Server();  // REQUIRES: closed, or its process is dead

  Endpoint local() const;
  size_t connection_count() const;

  // No more connections are accepted; those that exist go on.
  void StopAccepting(Context& ctx);
  // Writes what is queued on each connection (until ctx's deadline, at most close_grace), then
  // closes all of them.
  void Close(Context& ctx);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rmq::remoting
