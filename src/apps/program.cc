#include "apps/program.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "real/real_runtime.h"

namespace rmq::apps {
namespace {

int Report(std::string_view name, const Error& error) {
  fmt::print(stderr, "{}: {}\n", name, error.ToString());
  return error.code() == ErrorCode::kInvalidArgument ? kWrongUsage : kFailed;
}

}  // namespace

int RunProgram(std::string_view name, std::span<const Flag> flags, int argc, char** argv,
               ProgramBody body, runtime::LogLevel log_level) {
  std::vector<Flag> all(flags.begin(), flags.end());
  all.push_back({.short_name = "h", .long_name = "help", .help = "Print help"});
  const auto values = ParseFlags(all, Arguments(argc, argv));
  if (!values.has_value()) {
    fmt::print(stderr, "{}\n{}", values.error().message(), DescribeFlags(name, all));
    return kWrongUsage;
  }
  if (values->Has("help")) {
    fmt::print("{}", DescribeFlags(name, all));
    return 0;
  }
  auto runtime = real::RealRuntime::Create({.log_level = log_level});
  if (!runtime.has_value()) return Report(name, runtime.error());
  int code = 0;
  (*runtime)->Run([&](Context& ctx, runtime::Runtime& world) {
    const Result<void> ran = body(ctx, world, *values);
    if (!ran.has_value()) code = Report(name, ran.error());
  });
  return code;
}

Result<int64_t> NumberFlag(const FlagValues& flags, std::string_view long_name, int64_t fallback,
                           int64_t min, int64_t max) {
  if (!flags.Has(long_name)) return fallback;
  const std::string_view text = flags.Get(long_name);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= min && number <= max) {
    return number;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--{} {}: a number from {} to {} is wanted", long_name, text, min, max));
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string HomeDirectory() {
  std::string home = Environment("HOME");
  return home.empty() ? "/" : home;
}

}  // namespace rmq::apps
