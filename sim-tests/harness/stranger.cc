#include "harness/stranger.h"

#include <fmt/format.h>

#include <array>

#include "sim/machine.h"
#include "sim/process.h"

namespace rmq::simtest {
namespace {

constexpr uint64_t kNoObject = 0;
constexpr seconds kPause{1};     // mean, in the storm
constexpr seconds kPatience{5};  // for a server to cut us off, or to answer

std::string Word(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

// No server may read on behind one of these: CONN-2.
const std::array<std::string, 4> kNoFrames = {
    Word(0xffffffff) + "negative length",
    Word(0x7fffffff) + Word(16) + "two gigabytes announced",
    Word(2) + Word(0) + "no room for the second word",
    Word(20) + Word(0x00ffffff) + "a header longer than its frame",
};

constexpr std::array kFieldNames = {"topic",
                                    "queueId",
                                    "consumerGroup",
                                    "group",
                                    "offset",
                                    "queueOffset",
                                    "maxMsgNums",
                                    "brokerName",
                                    "brokerAddr",
                                    "clusterName",
                                    "defaultTopic",
                                    "sysFlag",
                                    "subscription",
                                    "commitOffset",
                                    "clientID",
                                    "key",
                                    "maxNum",
                                    "properties",
                                    "readQueueNums",
                                    "writeQueueNums",
                                    "perm",
                                    "batch",
                                    "a",
                                    "b",
                                    "c",
                                    "e",
                                    "f",
                                    "i"};
const std::array<std::string, 11> kFieldValues = {"",
                                                  "0",
                                                  "-1",
                                                  "2147483647",
                                                  "-9223372036854775808",
                                                  "99999999999999999999",
                                                  "stranger",
                                                  "../../../stranger",
                                                  R"(\u0000\u0001\u0002)",
                                                  "%RETRY%stranger",
                                                  std::string(300, 'x')};

}  // namespace

Stranger::Stranger(Cluster& cluster, Oracle& oracle)
    : cluster_(cluster),
      sim_(cluster.sim()),
      oracle_(oracle),
      machine_(sim_.AddMachine("stranger")) {}

void Stranger::Start() {
  process_ = &sim_.Start(machine_, "stranger",
                         [this](Context& ctx, runtime::Runtime& runtime) { Work(ctx, runtime); });
}

void Stranger::Kill() {
  if (process_ != nullptr) sim_.Kill(*process_);
}

std::vector<std::string> Stranger::Addresses() const {
  std::vector<std::string> all;
  for (int i = 0; i < cluster_.broker_count(); ++i) all.push_back(cluster_.broker_address(i));
  for (int i = 0; i < cluster_.name_server_count(); ++i) {
    all.push_back(cluster_.name_server_address(i));
  }
  return all;
}

// A frame that is one, of whatever content.
std::string Stranger::DrawRequest() {
  sim::Draws& draws = sim_.draws();
  std::string fields;
  const uint64_t count = draws.Draw("stranger: fields", kNoObject, 12);
  for (uint64_t i = 0; i < count; ++i) {
    const size_t name = draws.Draw("stranger: name", kNoObject, kFieldNames.size());
    const size_t value = draws.Draw("stranger: value", kNoObject, kFieldValues.size());
    fields +=
        fmt::format(R"({}"{}":"{}")", i == 0 ? "" : ",", kFieldNames[name], kFieldValues[value]);
  }
  const uint64_t code = draws.Draw("stranger: code", kNoObject, 400);
  const std::string header = fmt::format(
      R"({{"code":{},"flag":0,"language":"JAVA","opaque":1,"version":0,"extFields":{{{}}}}})", code,
      fields);
  std::string body(draws.Draw("stranger: body size", kNoObject, 200), '\0');
  draws.Fill("stranger: body", kNoObject, std::as_writable_bytes(std::span(body)));
  return Word(static_cast<uint32_t>(4 + header.size() + body.size())) +
         Word(static_cast<uint32_t>(header.size())) + header + body;
}

void Stranger::Work(Context& ctx, runtime::Runtime& runtime) {
  const std::vector<std::string> addresses = Addresses();
  sim::Draws& draws = sim_.draws();
  for (;;) {
    const int64_t pause =
        draws.Exponential("stranger: pause", kNoObject, nanoseconds(kPause).count());
    if (!ctx.SleepFor(nanoseconds(pause)).has_value()) return;
    const std::string& address =
        addresses[draws.Draw("stranger: whom", kNoObject, addresses.size())];
    Context timed = ctx.WithTimeout(kPatience);
    auto stream = runtime.network().Connect(timed, *Endpoint::Parse(address));
    if (!stream.has_value()) continue;
    const size_t kind = draws.Draw("stranger: kind", kNoObject, kNoFrames.size() + 4);
    const std::string bytes = kind < kNoFrames.size() ? kNoFrames[kind] : DrawRequest();
    std::array<std::byte, 512> answer;
    if (!runtime::WriteFully(timed, **stream, AsBytes(bytes)).has_value()) continue;
    (void)runtime::ReadSome(timed, **stream, answer);
  }
}

void Stranger::CheckAll(Context& ctx) {
  for (const std::string& address : Addresses()) {
    for (const std::string& bytes : kNoFrames) {
      // A network that tears connections may also hold one up for a while.
      bool cut_off = false;
      for (int attempt = 0; attempt < 3 && !cut_off; ++attempt) {
        cut_off = IsCutOff(ctx, address, bytes);
      }
      if (cut_off) continue;
      oracle_.Report("I20", fmt::format("{} does not cut off who sends '{}', which is no frame",
                                        address, bytes.substr(8)));
    }
  }
}

// Also if it can't be spoken to: that it serves is checked elsewhere.
bool Stranger::IsCutOff(Context& ctx, const std::string& address, const std::string& bytes) {
  Context timed = ctx.WithTimeout(kPatience);
  const auto stream = sim_.runtime().network().Connect(timed, *Endpoint::Parse(address));
  if (!stream.has_value()) return true;
  if (!runtime::WriteFully(timed, **stream, AsBytes(bytes)).has_value()) return true;
  std::array<std::byte, 64> answer;
  const Result<size_t> read = runtime::ReadSome(timed, **stream, answer);
  return read.has_value() ? *read == 0 : read.error().code() != ErrorCode::kDeadlineExceeded;
}

}  // namespace rmq::simtest
