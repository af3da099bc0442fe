// One operator's request on its way through a handler, and the few ways of answering it.
#pragma once

#include <string>

#include "broker/broker_parts.h"
#include "wire/header_codec.h"
#include "wire/json_bean.h"

namespace rmq::broker {

struct AdminCall {
  Context& ctx;
  BrokerParts& parts;
  const ConnectionPtr& connection;
  const wire::RemotingCommand& request;

  WallTime now() const { return parts.runtime.clock().WallNow(); }

  wire::RemotingCommand Ok() const {
    return wire::MakeResponse(request, wire::ResponseCode::kSuccess);
  }
  wire::RemotingCommand Refuse(wire::ResponseCode code, std::string remark) const {
    return wire::MakeResponse(request, code, std::move(remark));
  }
  template <typename Body>
  wire::RemotingCommand OkWithJson(const Body& body) const {
    wire::RemotingCommand response = Ok();
    response.body = Bytes::Copy(wire::ToJson(body));
    return response;
  }
};

// A handler: the answer, or an error that becomes SYSTEM_ERROR with its text.
using AdminAnswer = Result<wire::RemotingCommand>;

}  // namespace rmq::broker
