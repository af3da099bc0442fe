// Result<T>: a value or an Error. Our code does not throw; what can fail returns a Result.
//
//   Result<size_t> Read();
//   RMQ_TRY(const size_t n, Read());     // passes the error on, else binds n
//   RMQ_TRY(Sync());                     // for Result<void>
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace rmq {

// What callers act on. A new code exists only if some caller behaves differently because of it.
enum class ErrorCode {
  kCancelled,          // the Context was cancelled; the operation may or may not have happened
  kDeadlineExceeded,   // the Context's deadline passed; the operation may or may not have happened
  kWouldBlock,         // Try… functions: nothing to do right now
  kClosed,             // the stream, channel, gate or process has ended
  kConnectionRefused,  // nobody listens there
  kConnectionReset,    // the peer or the network broke the stream
  kNotFound,           // no such file, topic, queue, …
  kAlreadyExists,      // the name or the address is taken
  kInvalidArgument,    // bad configuration or bad call; the message names the thing
  kCorruption,         // bytes from disk or network that break their format
  kIoError,            // the disk failed (EIO)
  kNoSpace,            // the disk or a quota is full (ENOSPC, EDQUOT)
  kResourceExhausted,  // a bound of ours or of the system is reached (EMFILE, queue full)
  kUnavailable,        // not now: shutting down, not writable, no route
  kRejected,           // the peer answered with a failure; the message carries its remark
};

std::string_view ErrorCodeName(ErrorCode code);

class [[nodiscard]] Error {
 public:
  explicit Error(ErrorCode code) : code_(code) {}
  // `message` names operation, object and values: "index 0001: read slot 7: EIO".
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // "IoError: index 0001: read slot 7: EIO"
  std::string ToString() const;

 private:
  ErrorCode code_;
  std::string message_;
};

template <typename T>
using Result = std::expected<T, Error>;

// return Fail(ErrorCode::kNotFound, fmt::format("topic {}", name));
inline std::unexpected<Error> Fail(ErrorCode code, std::string message = {}) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}
inline std::unexpected<Error> Fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

// Puts `what` in front of the message of `error`, for the caller that knows more.
Error WithContext(Error error, std::string_view what);

}  // namespace rmq

#define RMQ_CONCAT_INNER(a, b) a##b
#define RMQ_CONCAT(a, b) RMQ_CONCAT_INNER(a, b)

#define RMQ_TRY_1(expression)                                        \
  do {                                                               \
    auto rmq_try_result = (expression);                              \
    if (__builtin_expect(!rmq_try_result.has_value(), 0))            \
      return ::std::unexpected(::std::move(rmq_try_result).error()); \
  } while (false)

#define RMQ_TRY_2_NAMED(result, declaration, expression)   \
  auto result = (expression);                              \
  if (__builtin_expect(!result.has_value(), 0))            \
    return ::std::unexpected(::std::move(result).error()); \
  declaration = *::std::move(result)

#define RMQ_TRY_2(declaration, ...) \
  RMQ_TRY_2_NAMED(RMQ_CONCAT(rmq_try_, __COUNTER__), declaration, (__VA_ARGS__))

// RMQ_TRY(expression) or RMQ_TRY(declaration, expression). A declaration with a comma in it needs
// a typedef or auto.
#define RMQ_TRY_PICK(_1, _2, _3, _4, _5, _6, NAME, ...) NAME
#define RMQ_TRY_ALL_1(...) RMQ_TRY_1((__VA_ARGS__))
#define RMQ_TRY(...)                                                                              \
  RMQ_TRY_PICK(__VA_ARGS__, RMQ_TRY_2, RMQ_TRY_2, RMQ_TRY_2, RMQ_TRY_2, RMQ_TRY_2, RMQ_TRY_ALL_1) \
  (__VA_ARGS__)
