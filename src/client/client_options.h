// What a ClientInstance is told. The defaults are those of Apache's Java client (CLIENT-1).
#pragma once

#include <string>

#include "base/time.h"
#include "wire/remoting_command.h"

namespace rmq::client {

struct ClientOptions {
  // "10.0.0.1:9876;ns-b:9876". Names are resolved at each connect.
  std::string name_servers;
  // Shown in the client id, for people. Blanks and '@' become '_'.
  std::string instance_name;
  // Both forms are understood by every broker; the binary one is shorter.
  wire::HeaderType header_type = wire::HeaderType::kJson;

  milliseconds call_timeout{3000};  // of requests that are no sends and no pulls
  seconds route_interval{30};
  seconds heartbeat_interval{30};
  // After a heartbeat that did not reach every broker.
  seconds heartbeat_retry{5};
  // How long a route that nobody asked for is kept fresh.
  minutes route_lifetime{10};
};

}  // namespace rmq::client
