#include "client/answer_error.h"

#include <fmt/format.h>

namespace rmq::client {

Error AnswerError(std::string_view what, const wire::RemotingCommand& answer) {
  return Error(ErrorCode::kRejected,
               fmt::format("{}: {}({}): {}", what, wire::ResponseCodeName(answer.code), answer.code,
                           answer.remark));
}

}  // namespace rmq::client
