// BrokerService is the running broker: it takes requests from connections and hands each to its
// processor. Requests that may need the disk run as fibers of the broker's gate. It outlives the
// open time of the store, which answers it.
#pragma once

#include "broker/admin_processor.h"
#include "broker/broker_parts.h"
#include "broker/client_processor.h"
#include "broker/offset_processor.h"
#include "broker/pull_processor.h"
#include "broker/query_processor.h"
#include "broker/send_processor.h"

namespace rmq::broker {

class BrokerService : public remoting::RequestHandler {
 public:
  explicit BrokerService(BrokerParts& parts);

  void HandleRequest(const ConnectionPtr& connection, wire::RemotingCommand request) override;
  void ConnectionClosed(remoting::Connection& connection) override;

  // From now on every request of a client that knows it is answered with GO_AWAY, and pulls that
  // are held are answered.
  void SendClientsAway();
  // Waits until every send is answered, at most until the deadline of `ctx`.
  void WaitForSends(Context& ctx) { send_.WaitForAnswers(ctx); }

 private:
  void Dispatch(const ConnectionPtr& connection, wire::RemotingCommand request);
  using Slow = void (*)(BrokerService&, Context&, const ConnectionPtr&,
                        const wire::RemotingCommand&);
  void InFiber(const ConnectionPtr& connection, wire::RemotingCommand request, Slow handler);

  BrokerParts& parts_;
  SendProcessor send_;
  PullProcessor pull_;
  OffsetProcessor offsets_;
  ClientProcessor clients_;
  QueryProcessor query_;
  AdminProcessor admin_;
  bool leaving_ = false;
};

}  // namespace rmq::broker
