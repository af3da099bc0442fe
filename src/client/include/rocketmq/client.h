// A Client is what the producers and consumers of a program share: connections to NameServers and
// brokers, routes, heartbeats. It has one thread for all of that, and up to `callback_threads` in
// which your callbacks and listeners run; they are started when they are needed.
//
//   auto client = rocketmq::Client::Create({.name_servers = "127.0.0.1:9876"});
//
// All functions of this library may be called from any thread, also from callbacks, except where
// said. A Client is a handle: copies are the same client, which closes with the last of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "rocketmq/result.h"

namespace rocketmq {

namespace internal {
class ClientImpl;
}

struct ClientOptions {
  std::string name_servers;   // "10.0.0.1:9876;ns-b:9876"
  std::string instance_name;  // shown to operators
  int callback_threads = 32;  // at least as many as listener calls that shall run at a time
  // Takes what the library has to say (warnings and worse), one line at a time, from any thread.
  // Without it the library is silent.
  std::function<void(std::string_view line)> log;
};

class Client {
 public:
  // kInvalidArgument: the list of NameServers. Connects to nobody yet.
  static Result<Client> Create(ClientOptions options);

  // Closes what still uses this client, then the client: pending calls end with kCancelled, and no
  // callback runs when it returns. Idempotent. kInvalidArgument: called by a callback.
  Result<void> Close();

  // "10.0.0.5@4711#9f3c0a1b-1": unlike any other client's.
  const std::string& client_id() const;

 private:
  friend class internal::ClientImpl;
  friend class Producer;
  friend class PullConsumer;
  friend class PushConsumer;
  explicit Client(std::shared_ptr<internal::ClientImpl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<internal::ClientImpl> impl_;
};

}  // namespace rocketmq
