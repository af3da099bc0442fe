#include "real/system_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace rmq::real {
namespace {

ErrorCode CodeOf(int number) {
  switch (number) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EEXIST:
    case EADDRINUSE:
      return ErrorCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::kNoSpace;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
      return ErrorCode::kResourceExhausted;
    case ECONNREFUSED:
      return ErrorCode::kConnectionRefused;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENOTCONN:
      return ErrorCode::kConnectionReset;
    case EACCES:
    case EPERM:
    case EBADF:  // Not opened for writing.
    case EINVAL:
    case EFBIG:
    case EOVERFLOW:
    case EISDIR:
    case ENOTDIR:
    case ENOTEMPTY:
    case ENAMETOOLONG:
    case ELOOP:
    case EXDEV:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return ErrorCode::kInvalidArgument;
    default:
      return ErrorCode::kIoError;
  }
}

}  // namespace

Error SystemError(int number, std::string_view what) {
  const char* name = ::strerrorname_np(number);
  if (name == nullptr) return Error(CodeOf(number), fmt::format("{}: errno {}", what, number));
  return Error(CodeOf(number), fmt::format("{}: {}", what, name));
}

}  // namespace rmq::real
