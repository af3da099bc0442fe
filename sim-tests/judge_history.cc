// judge_history: reads every queue of a topic of a real cluster and lets the Oracle of the
// simulator tests compare them with a history (history.h). Exit code 0: nothing that was promised
// is broken; 1: something is, and it is printed.

#include <fmt/format.h>

#include <fstream>

#include "apps/program.h"
#include "client/pull_consumer.h"
#include "harness/queue_reader.h"
#include "history.h"

namespace rmq::simtest {
namespace {

using apps::Flag;
using apps::FlagValues;

constexpr Flag kFlags[] = {
    {.long_name = "namesrv", .takes_value = true, .help = "NameServer addresses"},
    {.long_name = "topic", .takes_value = true, .help = "Topic of the history"},
    {.long_name = "history", .takes_value = true, .help = "What record_history wrote"},
    {.long_name = "seconds",
     .takes_value = true,
     .help = "For reading all queues, and waiting for their broker (default: 60)"},
};

constexpr milliseconds kPoll{20};

// Its broker may just have come back, and not be known yet.
Result<std::vector<MessageQueue>> AwaitQueues(Context& ctx, client::PullConsumer& consumer,
                                              const std::string& topic) {
  auto queues = consumer.FetchQueues(ctx, topic);
  while (!queues.has_value() && ctx.SleepFor(kPoll).has_value()) {
    queues = consumer.FetchQueues(ctx, topic);
  }
  return queues;
}

Result<size_t> CheckContents(Context& ctx, client::ClientInstance& client, const std::string& topic,
                             Oracle& oracle) {
  RMQ_TRY(const auto consumer, client::PullConsumer::Create(client, {.group = "judge"}));
  std::map<MessageQueue, Oracle::QueueContents> contents;
  const auto read = [&]() -> Result<void> {
    RMQ_TRY(const auto queues, AwaitQueues(ctx, *consumer, topic));
    for (const MessageQueue& queue : queues) {
      RMQ_TRY(contents[queue], ReadQueue(ctx, *consumer, queue, oracle));
    }
    return {};
  };
  const Result<void> done = read();
  consumer->Close(ctx);
  RMQ_TRY(done);
  oracle.CheckDurable(contents);
  size_t held = 0;
  for (const auto& [queue, queue_contents] : contents) held += queue_contents.messages.size();
  return held;
}

Result<void> Judge(Context& ctx, runtime::Runtime& runtime, const FlagValues& flags) {
  const std::string topic(flags.Get("topic"));
  const std::string path(flags.Get("history"));
  RMQ_TRY(const int64_t time, apps::NumberFlag(flags, "seconds", 60, 1, 3600));
  Oracle oracle;
  std::ifstream lines(path);
  if (!lines) return Fail(ErrorCode::kNotFound, path);
  RMQ_TRY(TellHistory(lines, topic, oracle));

  RMQ_TRY(const auto client, client::ClientInstance::Create(
                                 runtime, {.name_servers = std::string(flags.Get("namesrv"))}));
  Context stoppable = ctx.WithCancellation(runtime.stop());
  Context limited = stoppable.WithTimeout(seconds(time));
  const Result<size_t> held = CheckContents(limited, *client, topic, oracle);
  client->Close(ctx);
  RMQ_TRY(held);
  fmt::print("{} began, {} acked, {} held\n", oracle.sent(), oracle.acked(), *held);
  for (const Violation& violation : oracle.violations()) {
    fmt::print("{}: {}\n", violation.checker, violation.text);
  }
  if (oracle.violations().empty()) return {};
  return Fail(ErrorCode::kCorruption,
              fmt::format("{} promises broken", oracle.violations().size()));
}

}  // namespace
}  // namespace rmq::simtest

int main(int argc, char** argv) {
  return rmq::apps::RunProgram("judge_history", rmq::simtest::kFlags, argc, argv,
                               rmq::simtest::Judge, rmq::runtime::LogLevel::kWarn);
}
