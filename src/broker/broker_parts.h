// What the request processors share. The daemon's function owns the parts; processors borrow them.
// All of it belongs to the broker's executor.
#pragma once

#include <string>

#include "base/endpoint.h"
#include "broker/broker_config.h"
#include "broker/broker_stats.h"
#include "broker/client_table.h"
#include "broker/consumer_offsets.h"
#include "broker/recovered_ends.h"
#include "broker/subscription_groups.h"
#include "broker/topics.h"
#include "remoting/connection.h"
#include "runtime/runtime.h"
#include "store/message_store.h"

namespace rmq::broker {

class Metadata;

struct BrokerParts {
  runtime::Runtime& runtime;
  BrokerConfig& config;
  wire::ConfigSchema& schema;
  store::MessageStore& store;
  Topics& topics;
  SubscriptionGroups& groups;
  ConsumerOffsets& offsets;
  ClientTable& clients;
  RecoveredEnds& recovered_ends;
  BrokerStats& stats;
  Metadata& metadata;   // persists the four above
  runtime::Gate& gate;  // of the fibers of requests that suspend
  Endpoint store_host;  // brokerIP1 and the listening port: part of message ids
};

using ConnectionPtr = std::shared_ptr<remoting::Connection>;

// Answers with a code and a text.
inline void ReplyError(const ConnectionPtr& connection, const wire::RemotingCommand& request,
                       wire::ResponseCode code, std::string remark) {
  connection->Reply(request, wire::MakeResponse(request, code, std::move(remark)));
}

// The code a client expects for an error of ours: kInvalidArgument is SYSTEM_ERROR, as in Java.
wire::ResponseCode ResponseCodeOf(const Error& error);

}  // namespace rmq::broker
