// What a peer's failure answer becomes: ErrorCode::kRejected, with "TOPIC_NOT_EXIST(17): remark".
#pragma once

#include <string_view>

#include "base/result.h"
#include "wire/remoting_command.h"

namespace rmq::client {

// `what` names the request and what it was about.
Error AnswerError(std::string_view what, const wire::RemotingCommand& answer);

inline bool Succeeded(const wire::RemotingCommand& answer) {
  return answer.response_code() == wire::ResponseCode::kSuccess;
}

}  // namespace rmq::client
