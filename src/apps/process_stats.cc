#include "apps/process_stats.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace rmq::apps {
namespace {

// Of /proc/<pid>/stat, counted behind the command's name, which may hold blanks: proc(5).
constexpr int kFieldsBeforeUserTime = 11;

int64_t Ticks(int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(file, text);
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeUserTime; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return user + system;
}

}  // namespace

nanoseconds ProcessorTime(const std::vector<int64_t>& pids) {
  int64_t ticks = 0;
  for (const int64_t pid : pids) ticks += Ticks(pid);
  return nanoseconds(seconds(1)) * ticks / ::sysconf(_SC_CLK_TCK);
}

}  // namespace rmq::apps
