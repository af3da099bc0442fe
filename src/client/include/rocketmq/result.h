// Result<T>: a value, or an Error that says why there is none. The library throws nothing.
//
// It has the common part of std::expected's interface, which is C++23; these headers need C++20.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rocketmq {

enum class ErrorCode {
  kCancelled,          // closed meanwhile; it may or may not have happened
  kDeadlineExceeded,   // no answer in time; it may or may not have happened
  kClosed,             // closed before
  kConnectionRefused,  // nobody listens at that address
  kConnectionReset,    // the connection broke; it may or may not have happened
  kNotFound,           // no such topic, message, …
  kAlreadyExists,
  kInvalidArgument,    // a mistake in the call; the message names it
  kCorruption,         // what came from the broker can't be read
  kResourceExhausted,  // too much at a time: wait for something to finish
  kUnavailable,        // not now: no queue to write to, no broker known
  kRejected,           // the broker said no; the message carries its code and its words
  kInternal,           // anything else
};

// "DeadlineExceeded".
std::string_view ErrorCodeName(ErrorCode code);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // "Rejected: send … to orders queue 3 of broker-a: SYSTEM_BUSY(2): …"
  std::string ToString() const;

  // Whether what was asked for may have happened all the same.
  bool MayHaveHappened() const {
    return code_ == ErrorCode::kCancelled || code_ == ErrorCode::kDeadlineExceeded ||
           code_ == ErrorCode::kConnectionReset;
  }

 private:
  ErrorCode code_;
  std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return content_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // REQUIRES: has_value().
  T& value() & { return Checked(); }
  const T& value() const& { return const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(Checked()); }
  T& operator*() & { return Checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(Checked()); }
  T* operator->() { return &Checked(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !has_value().
  const Error& error() const {
    assert(!has_value());
    return *std::get_if<1>(&content_);
  }

 private:
  T& Checked() {
    assert(has_value());
    return *std::get_if<0>(&content_);
  }

  std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  // REQUIRES: !has_value().
  const Error& error() const {
    assert(!has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace rocketmq
