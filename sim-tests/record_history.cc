// record_history: sends numbered messages to a real cluster until SIGTERM, whatever happens to its
// brokers, and writes down what became of each (history.h). tools/kill9 runs it.

#include <fmt/format.h>

#include <fstream>

#include "apps/program.h"
#include "client/producer.h"
#include "history.h"
#include "runtime/gate.h"
#include "wire/message_id.h"

namespace rmq::simtest {
namespace {

using apps::Flag;
using apps::FlagValues;

constexpr Flag kFlags[] = {
    {.long_name = "namesrv", .takes_value = true, .help = "NameServer addresses"},
    {.long_name = "topic", .takes_value = true, .help = "Topic to send to"},
    {.long_name = "window", .takes_value = true, .help = "Sends in flight (default: 32)"},
    {.long_name = "size", .takes_value = true, .help = "Bytes of a body (default: 1024)"},
    {.long_name = "out", .takes_value = true, .help = "The history, a new file"},
};

constexpr milliseconds kPauseAfterFailure{5};

bool MayBeStored(const Error& error) {
  return error.code() == ErrorCode::kDeadlineExceeded ||
         error.code() == ErrorCode::kConnectionReset || error.code() == ErrorCode::kCancelled;
}

// The id is the body's first word.
Bytes BodyOf(const MessageId& id, size_t size) {
  std::string text = id + " ";
  text.resize(std::max(text.size(), size), 'x');
  return Bytes::Copy(text);
}

struct Recorder {
  client::Producer& producer;
  const std::string topic;
  const size_t size;
  std::ofstream& out;
  int64_t next = 0;

  void SendUntilStopped(Context& ctx) {
    while (ctx.Check().has_value()) {
      const MessageId id = fmt::format("{}#{}", topic, next++);
      out << BeganLine(id);
      const client::Message message{.topic = topic, .body = BodyOf(id, size)};
      const auto sent = producer.Send(ctx, message);
      if (sent.has_value()) {
        const auto place = wire::OffsetMessageId::Parse(sent->offset_msg_id);
        out << AckedLine(id, sent->queue, sent->queue_offset.value,
                         place.has_value() ? place->physical_offset.value : -1);
        continue;
      }
      if (!MayBeStored(sent.error())) out << FailedLine(id);
      (void)ctx.SleepFor(kPauseAfterFailure);
    }
  }
};

Result<void> Record(Context& ctx, runtime::Runtime& runtime, const FlagValues& flags) {
  RMQ_TRY(const int64_t window, apps::NumberFlag(flags, "window", 32, 1, 10'000));
  RMQ_TRY(const int64_t size, apps::NumberFlag(flags, "size", 1024, 1, 4'000'000));
  std::ofstream out{std::string(flags.Get("out"))};
  RMQ_TRY(const auto client, client::ClientInstance::Create(
                                 runtime, {.name_servers = std::string(flags.Get("namesrv"))}));
  RMQ_TRY(const auto producer, client::Producer::Create(*client, {.group = "recorders"}));
  Recorder recorder{*producer, std::string(flags.Get("topic")), static_cast<size_t>(size), out};
  Context running = ctx.WithCancellation(runtime.stop());
  runtime::TaskGroup senders(running);
  for (int64_t i = 0; i < window; ++i) {
    senders.Spawn("recording sender", [&](Context& own) { recorder.SendUntilStopped(own); });
  }
  senders.Wait();
  producer->Close(ctx);
  client->Close(ctx);
  out.close();
  if (out.fail())
    return Fail(ErrorCode::kIoError, fmt::format("{}: not written", flags.Get("out")));
  return {};
}

}  // namespace
}  // namespace rmq::simtest

int main(int argc, char** argv) {
  return rmq::apps::RunProgram("record_history", rmq::simtest::kFlags, argc, argv,
                               rmq::simtest::Record, rmq::runtime::LogLevel::kError);
}
