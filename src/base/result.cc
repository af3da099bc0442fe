#include "base/result.h"

#include <fmt/format.h>

namespace rmq {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kCancelled:
      return "Cancelled";
    case ErrorCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case ErrorCode::kWouldBlock:
      return "WouldBlock";
    case ErrorCode::kClosed:
      return "Closed";
    case ErrorCode::kConnectionRefused:
      return "ConnectionRefused";
    case ErrorCode::kConnectionReset:
      return "ConnectionReset";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kAlreadyExists:
      return "AlreadyExists";
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kCorruption:
      return "Corruption";
    case ErrorCode::kIoError:
      return "IoError";
    case ErrorCode::kNoSpace:
      return "NoSpace";
    case ErrorCode::kResourceExhausted:
      return "ResourceExhausted";
    case ErrorCode::kUnavailable:
      return "Unavailable";
    case ErrorCode::kRejected:
      return "Rejected";
  }
  return "Unknown";
}

std::string Error::ToString() const {
  if (message_.empty()) return std::string(ErrorCodeName(code_));
  return fmt::format("{}: {}", ErrorCodeName(code_), message_);
}

Error WithContext(Error error, std::string_view what) {
  if (error.message().empty()) return Error(error.code(), std::string(what));
  return Error(error.code(), fmt::format("{}: {}", what, error.message()));
}

}  // namespace rmq
