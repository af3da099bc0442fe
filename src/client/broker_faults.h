// BrokerFaults remembers which brokers were slow or failed, so that sends avoid them for a while:
// the slower, the longer (CLIENT-28). One executor.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace rmq::client {

class BrokerFaults {
 public:
  void Succeeded(const std::string& broker, nanoseconds latency, Tick now);
  void Failed(const std::string& broker, Tick now);
  bool Avoid(std::string_view broker, Tick now) const;

 private:
  std::map<std::string, Tick, std::less<>> avoided_until_;
};

}  // namespace rmq::client
