// ServerRequests answers what brokers ask a client: the group has changed (40), offsets were reset
// (220), what are your offsets (221), how are you (307), consume this message now (309).
// Transaction checks (39) are ignored: nobody here sends transactions. One executor.
#pragma once

#include <memory>

#include "client/membership.h"
#include "remoting/connection.h"
#include "runtime/gate.h"
#include "runtime/runtime.h"

namespace rmq::client {

class ServerRequests final : public remoting::RequestHandler {
 public:
  // `membership` is made after the remoting::Client that needs this: see Serve.
  explicit ServerRequests(runtime::Runtime& runtime) : runtime_(runtime) {}

  // From now on requests are answered from `membership`; before, they are refused.
  void Serve(Membership& membership) { membership_ = &membership; }
  void Close(Context& ctx) { gate_.Close(ctx); }

  void HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                     wire::RemotingCommand request) override;
  void ConnectionClosed(remoting::Connection& connection) override;

 private:
  using ConnectionPtr = std::shared_ptr<remoting::Connection>;

  void GroupChanged(const wire::RemotingCommand& request);
  void ResetOffsets(const wire::RemotingCommand& request);
  wire::RemotingCommand Offsets(const wire::RemotingCommand& request);
  wire::RemotingCommand RunningInfo(const wire::RemotingCommand& request);
  void ConsumeDirectly(const ConnectionPtr& connection, wire::RemotingCommand request);
  wire::RemotingCommand ConsumeOne(Context& ctx, const wire::RemotingCommand& request);

  runtime::Runtime& runtime_;
  Membership* membership_ = nullptr;
  runtime::Gate gate_;
};

}  // namespace rmq::client
