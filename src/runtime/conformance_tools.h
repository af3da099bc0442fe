// The vocabulary of the conformance cases. Included by conformance*.cc alone.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/conformance.h"

namespace rmq::runtime::conformance {

using Env = ConformanceEnv;
using Cases = std::vector<ConformanceCase>;

Cases TimeCases();
Cases FiberCases();
Cases ExecutorCases();
Cases GateCases();
Cases LockCases();
Cases ChannelCases();
Cases InterruptionCases();
Cases ListenerCases();
Cases StreamCases();
Cases StreamEndCases();
Cases FileCases();
Cases DirectoryCases();

// "ok", or the name of the error's code: EXPECT_EQ(Outcome(result), "Cancelled").
template <typename T>
std::string Outcome(const Result<T>& result) {
  return result.has_value() ? "ok" : std::string(ErrorCodeName(result.error().code()));
}
template <typename T>
Result<void> WithoutValue(const Result<T>& result) {
  if (!result.has_value()) return Fail(result.error());
  return {};
}

// The value of what only prepares a case; ends the program if there is none.
[[noreturn]] void CannotPrepare(const Error& error);
template <typename T>
T Must(Result<T> result) {
  if (!result.has_value()) CannotPrepare(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// `count` bytes that differ from place to place.
std::string Pattern(size_t count);

// --- fibers ---

// Suspends until `condition` holds; fails the case after many tries.
void Until(Context& ctx, const std::function<bool()>& condition);

// Something for others to do while the caller waits: runs `body` after a millisecond.
void Later(Context& ctx, Gate& gate, UniqueFunction<void()> body);

// --- streams ---

struct StreamPair {
  std::unique_ptr<Stream> a;  // connected
  std::unique_ptr<Stream> b;  // accepted
};
StreamPair MakeStreamPair(Context& ctx, Env& env);
std::unique_ptr<Listener> MakeListener(Context& ctx, Env& env);

Result<void> WriteText(Context& ctx, Stream& stream, std::string_view text);
// Exactly `count` bytes, or fewer if the stream ends or breaks before.
std::string ReadText(Context& ctx, Stream& stream, size_t count);
// Everything up to the end, which must be an orderly one.
std::string ReadToEnd(Context& ctx, Stream& stream);
// The outcome of the first read that brings no bytes: "ok" for an end.
std::string ReadUntilNoMore(Context& ctx, Stream& stream);
// Writes until the stream takes no more and returns how many bytes it took.
size_t Fill(Context& ctx, Stream& stream);
// Reads and drops what comes until the stream ends or breaks or the Context ends.
void Drain(Context& ctx, Stream& stream);

// --- files ---

std::unique_ptr<Directory> Scratch(Context& ctx, Env& env);
std::unique_ptr<File> MakeFile(Context& ctx, Directory& directory, std::string_view name,
                               std::string_view contents = {});
// Everything in the file from `at` on.
std::string Contents(Context& ctx, File& file, uint64_t at = 0);
std::string Contents(Context& ctx, Directory& directory, std::string_view name);
std::vector<std::string> Names(Context& ctx, Directory& directory);

}  // namespace rmq::runtime::conformance
