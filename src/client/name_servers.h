// NameServers: the NameServer addresses a client knows, and the one it talks to. When that one
// fails, the next is asked and kept (CLIENT-4). One executor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "remoting/client.h"
#include "runtime/runtime.h"

namespace rmq::client {

class NameServers {
 public:
  // "a:9876;b:9876"; ',' separates too. kInvalidArgument names what is no address, or the empty
  // list.
  static Result<std::vector<std::string>> Parse(std::string_view list);

  // REQUIRES: addresses is not empty.
  NameServers(remoting::Client& client, std::vector<std::string> addresses, size_t first);

  // Asks one after the other until one answers otherwise than TOPIC_NOT_EXIST: a NameServer that
  // was just started knows no topics yet (museum M25). Each gets a fair share of ctx's time. The
  // last answer, or the last error when nobody answered.
  Result<wire::RemotingCommand> Call(Context& ctx, const wire::RemotingCommand& request);

  const std::string& current() const { return addresses_[current_]; }
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  remoting::Client& client_;
  const std::vector<std::string> addresses_;
  size_t current_;
};

// The share of the time that is left which each of `count` attempts may have.
nanoseconds FairShare(const Context& ctx, size_t count);

}  // namespace rmq::client
