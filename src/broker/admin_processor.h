// AdminProcessor answers operators: topics, groups, statistics, configuration, connections. All of
// it may read or write the disk, so each request is a fiber. Rules: spec/wire/broker-admin.md.
#pragma once

#include "broker/broker_parts.h"
#include "wire/request_code.h"

namespace rmq::broker {

class AdminProcessor {
 public:
  explicit AdminProcessor(BrokerParts& parts) : parts_(parts) {}

  static bool Knows(wire::RequestCode code);
  // REQUIRES: Knows(request.request_code()).
  void Handle(Context& ctx, const ConnectionPtr& connection, const wire::RemotingCommand& request);

 private:
  BrokerParts& parts_;
};

}  // namespace rmq::broker
