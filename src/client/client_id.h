// The identities a client makes up: its own id and those of its messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "runtime/runtime.h"
#include "wire/message_id.h"

namespace rmq::client {

// "10.0.0.5@4711#9f3c0a1b-12": address, process, chance, number within the process. Two clients
// never have the same id: not within a process (the number), nor in two containers that share
// address and process number (chance). Brokers take clients with equal ids for one (CLIENT-2,
// museum M29).
std::string MakeClientId(runtime::Runtime& runtime, std::string_view instance_name);

// Makes UNIQ_KEYs. Distinct as long as no 65,536 of them are made within a millisecond, also when
// the wall clock is set back (CLIENT-21).
class UniqIdSource {
 public:
  explicit UniqIdSource(runtime::Runtime& runtime);
  std::string Next();

 private:
  runtime::Clock& clock_;
  wire::UniqId id_;
  WallTime month_start_;
  WallTime latest_;
};

}  // namespace rmq::client
