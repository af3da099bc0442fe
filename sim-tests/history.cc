#include "history.h"

#include <fmt/format.h>

#include <sstream>

namespace rmq::simtest {

std::string BeganLine(const MessageId& id) {
  return fmt::format("began {}\n", id);
}

std::string AckedLine(const MessageId& id, const MessageQueue& queue, int64_t queue_offset,
                      int64_t commit_log_offset) {
  return fmt::format("acked {} {} {} {} {}\n", id, queue.broker_name, queue.queue_id, queue_offset,
                     commit_log_offset);
}

std::string FailedLine(const MessageId& id) {
  return fmt::format("failed {}\n", id);
}

Result<void> TellHistory(std::istream& lines, const std::string& topic, Oracle& oracle) {
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream fields(line);
    std::string event;
    MessageId id;
    fields >> event >> id;
    if (fields && event == "began") {
      oracle.SendBegan(id);
    } else if (fields && event == "failed") {
      oracle.SendFailed(id);
    } else {
      MessageQueue queue{.topic = topic};
      int64_t queue_offset = 0;
      int64_t commit_log_offset = 0;
      fields >> queue.broker_name >> queue.queue_id >> queue_offset >> commit_log_offset;
      if (!fields || event != "acked") {
        return Fail(ErrorCode::kCorruption, fmt::format("history line {}: '{}'", number, line));
      }
      oracle.SendOk(id, queue, queue_offset, commit_log_offset);
    }
  }
  return {};
}

}  // namespace rmq::simtest
