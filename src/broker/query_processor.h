// QueryProcessor finds single messages: by key or unique key (QUERY_MESSAGE 12) and by id
// (VIEW_MESSAGE_BY_ID 33). Both may read the disk. Rules: spec/wire/broker.md.
#pragma once

#include "broker/broker_parts.h"

namespace rmq::broker {

class QueryProcessor {
 public:
  explicit QueryProcessor(BrokerParts& parts) : parts_(parts) {}
  void QueryMessage(Context& ctx, const ConnectionPtr& connection,
                    const wire::RemotingCommand& request);
  void ViewMessage(Context& ctx, const ConnectionPtr& connection,
                   const wire::RemotingCommand& request);

 private:
  BrokerParts& parts_;
};

}  // namespace rmq::broker
