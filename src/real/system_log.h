// Log lines to stderr, a file or a function: "2026-01-31 12:00:00.123 INFO store recovered …".
// Any thread; a line is one write.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/log.h"

namespace rmq::real {

class SystemLog final : public runtime::Log {
 public:
  // Appends to the file at `path`; stderr if it is empty. `sink` takes the lines instead.
  static Result<std::unique_ptr<SystemLog>> Open(runtime::LogLevel level, const std::string& path,
                                                 UniqueFunction<void(std::string_view)> sink);
  ~SystemLog() override;

  bool enabled(runtime::LogLevel level) const override { return level >= level_; }
  void Write(runtime::LogLevel level, std::string_view area, std::string_view line) override;

 private:
  SystemLog(runtime::LogLevel level, int fd, UniqueFunction<void(std::string_view)> sink)
      : level_(level), fd_(fd), sink_(std::move(sink)) {}

  const runtime::LogLevel level_;
  const int fd_;
  std::mutex mutex_;
  UniqueFunction<void(std::string_view)> sink_;
};

}  // namespace rmq::real
