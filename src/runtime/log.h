// Log lines of a process. Writing one neither draws, nor suspends, nor reads a clock of its own,
// so that a simulated run is the same at every level.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace rmq::runtime {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const = 0;
  // `area` is the folder that speaks: "store". One line, without the newline.
  virtual void Write(LogLevel level, std::string_view area, std::string_view line) = 0;
};

}  // namespace rmq::runtime

// RMQ_LOG(log, kInfo, "store", "recovered {} bytes", n): arguments are evaluated only if enabled.
#define RMQ_LOG(log, level, area, ...)                                                  \
  do {                                                                                  \
    ::rmq::runtime::Log& rmq_log = (log);                                               \
    if (rmq_log.enabled(::rmq::runtime::LogLevel::level)) {                             \
      rmq_log.Write(::rmq::runtime::LogLevel::level, area, ::fmt::format(__VA_ARGS__)); \
    }                                                                                   \
  } while (false)
