// What the main() functions of our programs share: flags, help, a real Runtime, exit codes
// (0 done or stopped as asked, 1 failed, 2 wrong command line or configuration).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apps/flags.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/runtime.h"

namespace rmq::apps {

inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;

using ProgramBody = UniqueFunction<Result<void>(Context&, runtime::Runtime&, const FlagValues&)>;

// Parses the flags (-h is added) and runs `body` as a fiber of a real Runtime. An error is printed
// on stderr behind the program's name, and so are log lines of `log_level` and above.
int RunProgram(std::string_view name, std::span<const Flag> flags, int argc, char** argv,
               ProgramBody body, runtime::LogLevel log_level = runtime::LogLevel::kInfo);

// The value of a flag as a number of [min, max]; `fallback` if it was not given. kInvalidArgument
// names the flag.
Result<int64_t> NumberFlag(const FlagValues& flags, std::string_view long_name, int64_t fallback,
                           int64_t min, int64_t max);

// $HOME, or "/".
std::string HomeDirectory();
// The value of an environment variable; empty if there is none.
std::string Environment(const char* name);

}  // namespace rmq::apps
