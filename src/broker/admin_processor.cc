#include "broker/admin_processor.h"

namespace rmq::broker {

bool AdminProcessor::Knows(wire::RequestCode code) {
  static_cast<void>(code);
  return false;
}

void AdminProcessor::Handle(Context& ctx, const ConnectionPtr& connection,
                            const wire::RemotingCommand& request) {
  static_cast<void>(ctx);
  static_cast<void>(parts_);
  ReplyError(connection, request, wire::ResponseCode::kRequestCodeNotSupported, {});
}

}  // namespace rmq::broker
