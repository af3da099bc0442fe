// RMQ_ASSERT stops the process on a mistake of our own. It stays on in release builds. Bytes from
// disk or network are never asserted: they are checked and become an Error.
#pragma once

namespace rmq {

// Prints the failed condition and its place on stderr and aborts.
[[noreturn]] void AssertionFailed(const char* condition, const char* file, int line);

}  // namespace rmq

#define RMQ_ASSERT(condition)                        \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::rmq::AssertionFailed(#condition, __FILE__, __LINE__))
