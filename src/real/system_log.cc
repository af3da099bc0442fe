#include "real/system_log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rmq::real {
namespace {

std::string_view LevelName(runtime::LogLevel level) {
  switch (level) {
    case runtime::LogLevel::kDebug:
      return "DEBUG";
    case runtime::LogLevel::kInfo:
      return "INFO";
    case runtime::LogLevel::kWarn:
      return "WARN";
    case runtime::LogLevel::kError:
      return "ERROR";
  }
  return "?";
}

std::string LocalTimeNow() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::localtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     now.tv_nsec / 1'000'000);
}

// What can't be written is lost: there is nobody to tell.
void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

Result<std::unique_ptr<SystemLog>> SystemLog::Open(runtime::LogLevel level, const std::string& path,
                                                   UniqueFunction<void(std::string_view)> sink) {
  int fd = STDERR_FILENO;
  if (!path.empty()) {
    fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("log file {}: open: {}", path, ::strerrorname_np(errno)));
    }
  }
  return std::unique_ptr<SystemLog>(new SystemLog(level, fd, std::move(sink)));
}

SystemLog::~SystemLog() {
  if (fd_ != STDERR_FILENO) ::close(fd_);
}

void SystemLog::Write(runtime::LogLevel level, std::string_view area, std::string_view line) {
  if (!enabled(level)) return;
  std::string text = fmt::format("{} {} {} {}", LocalTimeNow(), LevelName(level), area, line);
  const std::lock_guard lock(mutex_);
  if (sink_) {
    sink_(text);
  } else {
    text.push_back('\n');
    WriteAll(fd_, text);
  }
}

}  // namespace rmq::real
