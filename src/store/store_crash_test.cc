// Whatever ends a store, the next run has what was promised.
//
// A process opens the store, puts and reads at random, and is ended: by a kill, a power cut or in
// order. A ledger outside of it knows what was answered and what readers have seen. The next
// process opens the store and compares: promises, density of the offsets, and every piece of
// derived state with a plain scan of the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "sim/sim_test.h"
#include "store/commit_log.h"
#include "store/log_scanner.h"
#include "store/store_for_test.h"

namespace rmq::store {
namespace {

using runtime::Runtime;
using runtime::Site;
using sim::Machine;
using sim::Process;
using sim::Simulation;

constexpr Site kChoice{"store crash test: choice"};
constexpr int kTopics = 3;
constexpr int kQueues = 2;

struct Dice {
  runtime::Random& random;
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(random.Draw(kChoice, 0, static_cast<uint64_t>(bound)));
  }
};

// What the outside world knows of one queue: by offset, the body.
struct QueueLedger {
  std::map<int64_t, std::string> acked;  // answered
  std::map<int64_t, std::string> seen;   // by readers
};

struct Ledger {
  FlushMode mode = FlushMode::kAsyncFlush;
  bool large_files = false;  // queue and index files of several sectors
  std::map<std::pair<std::string, int32_t>, QueueLedger> queues;
  std::set<std::string> attempted;  // every body ever put
  int64_t next_body = 0;
  int64_t verified = 0;  // messages compared so far

  // After a power cut, async flush promises nothing of what the process had not synced.
  void ForgetPromises() {
    for (auto& [name, queue] : queues) queue.acked.clear(), queue.seen.clear();
  }
};

StoreOptions CrashStore(const Ledger& ledger) {
  StoreOptions options = SmallStore(ledger.mode);
  if (ledger.large_files) {
    options.consume_queue_file_units = 1000;
    options.index_slot_count = 500;
    options.index_entry_count = 1000;
  }
  options.consume_queue_flush_interval = milliseconds(5);
  options.checkpoint_interval = milliseconds(40);
  options.flush_interval = milliseconds(10);
  return options;
}

// --- what the process does ---

MessageToStore DrawMessage(Dice dice, Ledger& ledger) {
  const auto topic = fmt::format("topic-{}", dice.Below(kTopics));
  const auto queue = static_cast<int32_t>(dice.Below(kQueues));
  const int64_t number = ledger.next_body++;
  std::string body = fmt::format("m{}-", number);
  body.append(static_cast<size_t>(dice.Below(dice.Below(4) == 0 ? 1500 : 100)), 'b');
  ledger.attempted.insert(body);
  MessageToStore message = KeyedMessage(topic, queue, body, fmt::format("key-{}", number));
  if (dice.Below(4) == 0) {
    wire::AppendProperty(message.properties, "filler",
                         std::string(static_cast<size_t>(dice.Below(900)) + 1, 'p'));
  }
  if (dice.Below(8) == 0) message.properties += std::string("zero\x01\0\0\0\x02", 9);
  if (dice.Below(10) == 0) message.wait_store_ok = false;
  return message;
}

void Acknowledge(Ledger& ledger, const PutResult& put, const std::vector<std::string>& bodies,
                 const std::string& topic, int32_t queue) {
  QueueLedger& known = ledger.queues[{topic, queue}];
  for (size_t i = 0; i < bodies.size(); ++i) {
    const int64_t offset = put.queue_offset.value + static_cast<int64_t>(i);
    const auto [at, fresh] = known.acked.emplace(offset, bodies[i]);
    EXPECT_TRUE(fresh || at->second == bodies[i]) << "offset " << offset << " answered twice";
  }
}

void PutSome(Context& ctx, Dice dice, MessageStore& store, Ledger& ledger) {
  for (;;) {
    std::vector<MessageToStore> messages;
    messages.push_back(DrawMessage(dice, ledger));
    if (dice.Below(5) == 0) {
      for (int64_t more = dice.Below(4); more > 0; --more) {
        MessageToStore another = DrawMessage(dice, ledger);
        another.topic = messages.front().topic;
        another.queue_id = messages.front().queue_id;
        if (another.body.size() < 200) messages.push_back(std::move(another));
      }
    }
    const std::string topic = messages.front().topic;
    const int32_t queue = messages.front().queue_id;
    bool wait = false;
    std::vector<std::string> bodies;
    for (const MessageToStore& message : messages) {
      bodies.emplace_back(message.body.text());
      wait = wait || message.wait_store_ok;
    }
    const Result<PutResult> put = store.PutBatch(ctx, std::move(messages));
    if (!put.has_value()) {
      if (store.failure().has_value() || put.error().code() == ErrorCode::kUnavailable) return;
    } else if (put->status == PutStatus::kPutOk &&
               (wait || ledger.mode == FlushMode::kAsyncFlush)) {
      Acknowledge(ledger, *put, bodies, topic, queue);
    }
    if (dice.Below(3) == 0 && !ctx.SleepFor(microseconds(dice.Below(3000))).has_value()) return;
  }
}

void ReadSome(Context& ctx, Dice dice, MessageStore& store, Ledger& ledger) {
  for (;;) {
    const auto topic = fmt::format("topic-{}", dice.Below(kTopics));
    const auto queue = static_cast<int32_t>(dice.Below(kQueues));
    const auto max = store.MaxOffset(topic, queue);
    if (max.has_value() && max->value > 0) {
      const QueueOffset from{std::max<int64_t>(0, max->value - 1 - dice.Below(10))};
      const auto got = store.Get(ctx, {.topic = topic, .queue_id = queue, .from = from});
      if (!got.has_value()) return;
      int64_t offset = from.value;
      for (const Bytes& record : got->messages) {
        ledger.queues[{topic, queue}].seen[offset++] = BodyOf(record);
      }
    }
    if (!ctx.SleepFor(microseconds(200 + dice.Below(2000))).has_value()) return;
  }
}

// --- what the next process finds ---

struct Scanned {
  std::map<std::pair<std::string, int32_t>, std::vector<std::string>> queues;
  std::map<std::string, std::string> by_key;
};

Scanned ScanLog(Context& ctx, Runtime& runtime, const StoreOptions& options, CommitLogOffset end) {
  Scanned scanned;
  auto log = CommitLog::Open(ctx, runtime.files(), options.root + "/commitlog",
                             options.commit_log_file_size)
                 .value();
  LogScanner scanner(*log, log->min_offset(), end, {});
  for (;;) {
    const auto message = scanner.Next(ctx).value();
    if (!message.has_value()) break;
    auto& queue = scanned.queues[{std::string(message->topic), message->queue_id}];
    EXPECT_EQ(message->queue_offset.value, static_cast<int64_t>(queue.size())) << "a hole";
    queue.emplace_back(AsText(message->body));
    const auto key = wire::PropertiesView(message->properties).Find(wire::kPropertyKeys);
    scanned.by_key[std::string(*key)] = std::string(AsText(message->body));
  }
  EXPECT_EQ(scanner.position(), end) << scanner.end_reason();
  return scanned;
}

void CheckQueue(const std::string& name, const QueueLedger& ledger,
                const std::vector<std::string>& bodies) {
  for (const auto* promised : {&ledger.acked, &ledger.seen}) {
    for (const auto& [offset, body] : *promised) {
      ASSERT_LT(offset, static_cast<int64_t>(bodies.size()))
          << name << " " << offset << (promised == &ledger.acked ? " acked" : " seen")
          << " is lost";
      ASSERT_EQ(bodies[static_cast<size_t>(offset)], body) << name << " " << offset << " changed";
    }
  }
}

void Verify(Context& ctx, Runtime& runtime, MessageStore& store, Ledger& ledger, Dice dice) {
  const CommitLogOffset end = store.MaxCommitLogOffset();
  const Scanned scanned = ScanLog(ctx, runtime, CrashStore(ledger), end);
  size_t queue_count = 0;
  for (const std::string& topic : store.Topics()) {
    for (const QueueInfo& info : store.Queues(topic)) {
      ++queue_count;
      const auto bodies = BodiesOf(ctx, store, topic, info.queue_id);
      const auto found = scanned.queues.find({topic, info.queue_id});
      ASSERT_NE(found, scanned.queues.end())
          << topic << " " << info.queue_id << " is not in the log";
      ASSERT_EQ(bodies, found->second) << topic << " " << info.queue_id;
      for (const std::string& body : bodies) {
        ASSERT_TRUE(ledger.attempted.contains(body)) << body << " was never put";
      }
    }
  }
  ASSERT_EQ(queue_count, scanned.queues.size());
  for (auto& [name, queue] : ledger.queues) {
    const auto found = scanned.queues.find(name);
    const std::vector<std::string> none;
    CheckQueue(fmt::format("{}-{}", name.first, name.second), queue,
               found == scanned.queues.end() ? none : found->second);
    if (testing::Test::HasFatalFailure()) return;
    // From now on this is what everybody has been told.
    queue.acked.clear();
    queue.seen.clear();
    if (found == scanned.queues.end()) continue;
    ledger.verified += static_cast<int64_t>(found->second.size());
    for (size_t i = 0; i < found->second.size(); ++i) {
      queue.acked[static_cast<int64_t>(i)] = found->second[i];
    }
  }
  for (const auto& [key, body] : scanned.by_key) {
    if (dice.Below(8) != 0) continue;
    std::vector<std::string> bodies;
    for (int t = 0; t < kTopics; ++t) {
      const auto result =
          store.Query(ctx, fmt::format("topic-{}", t), key, 4, WallTime{0}, WallTime{INT64_MAX});
      ASSERT_TRUE(result.has_value()) << result.error().ToString();
      for (const Bytes& record : result->messages) bodies.push_back(BodyOf(record));
    }
    ASSERT_THAT(bodies, testing::ElementsAre(body)) << key;
  }
}

// --- rounds ---

enum class End { kKill, kPowerCut, kClose };

void RunStore(Context& ctx, Runtime& runtime, Ledger& ledger, bool& opened, bool& closed) {
  Result<std::unique_ptr<MessageStore>> open = MessageStore::Open(ctx, runtime, CrashStore(ledger));
  ASSERT_TRUE(open.has_value()) << open.error().ToString();
  std::unique_ptr<MessageStore> store = std::move(*open);
  Dice dice{runtime.random()};
  Verify(ctx, runtime, *store, ledger, dice);
  opened = true;
  runtime::Gate gate;
  for (int i = 0; i < 4; ++i) {
    runtime.executor().Spawn(gate, "put",
                             [&](Context& own) { PutSome(own, dice, *store, ledger); });
  }
  runtime.executor().Spawn(gate, "read",
                           [&](Context& own) { ReadSome(own, dice, *store, ledger); });
  Context until_stop = ctx.WithCancellation(runtime.stop());
  static_cast<void>(until_stop.SleepFor(hours(1)));
  gate.Close(ctx);
  const Result<void> result = store->Close(ctx);
  EXPECT_TRUE(result.has_value()) << result.error().ToString();
  closed = true;
}

void CrashAndRecover(Context& ctx, Simulation& sim, Ledger& ledger, int rounds) {
  ledger.large_files = sim.seed() % 4 >= 2;
  Machine& machine = sim.AddMachine("broker");
  Dice dice{sim.runtime().random()};
  for (int round = 0; round <= rounds && !testing::Test::HasFailure(); ++round) {
    bool opened = false;
    bool closed = false;
    Process& process = sim.Start(
        machine, fmt::format("broker-{}", round),
        [&](Context& own, Runtime& runtime) { RunStore(own, runtime, ledger, opened, closed); });
    const auto how = round == rounds ? End::kClose : static_cast<End>(dice.Below(3));
    // Also in the middle of the recovery, once in a while.
    const bool early = how != End::kClose && dice.Below(6) == 0;
    const nanoseconds patience =
        early ? microseconds(dice.Below(3000)) : milliseconds(20 + dice.Below(120));
    while (!early && !opened && process.alive()) {
      if (!ctx.SleepFor(milliseconds(1)).has_value()) return;
    }
    if (!ctx.SleepFor(patience).has_value()) return;
    switch (how) {
      case End::kKill:
        sim.Kill(process);
        break;
      case End::kPowerCut:
        sim.PowerCut(machine);
        if (ledger.mode == FlushMode::kAsyncFlush) ledger.ForgetPromises();
        break;
      case End::kClose:
        sim.Stop(process);
        ASSERT_TRUE(sim.WaitForEnd(ctx, process).has_value());
        EXPECT_TRUE(closed);
        break;
    }
  }
  if (std::getenv("RMQ_VERBOSE") != nullptr) {
    fmt::print("seed {}: {} put, {} compared\n", sim.seed(), ledger.next_body, ledger.verified);
  }
}

sim::SimulationOptions OnDisk(sim::DiskPersonality personality) {
  sim::SimulationOptions options;
  options.disk.personality = personality;
  options.disk.faults.short_count_one_in = 20;
  return options;
}

// STORE-11, STORE-62, STORE-69.
SIM_TEST_OPTIONS(StoreCrash, SyncFlushKeepsEveryAnsweredMessage, 100,
                 OnDisk(sim::DiskPersonality::kStrict)) {
  Ledger ledger{.mode = FlushMode::kSyncFlush};
  CrashAndRecover(ctx, sim, ledger, 4);
}

// STORE-10, STORE-69.
SIM_TEST_OPTIONS(StoreCrash, AsyncFlushSurvivesTheDeathOfTheProcess, 100,
                 OnDisk(sim::DiskPersonality::kStrict)) {
  Ledger ledger{.mode = FlushMode::kAsyncFlush};
  CrashAndRecover(ctx, sim, ledger, 4);
}

SIM_TEST_OPTIONS(StoreCrash, HoldsOnExt4, 50, OnDisk(sim::DiskPersonality::kExt4)) {
  Ledger ledger{.mode = sim.seed() % 2 == 0 ? FlushMode::kSyncFlush : FlushMode::kAsyncFlush};
  CrashAndRecover(ctx, sim, ledger, 4);
}

SIM_TEST_OPTIONS(StoreCrash, HoldsOnXfs, 50, OnDisk(sim::DiskPersonality::kXfs)) {
  Ledger ledger{.mode = sim.seed() % 2 == 0 ? FlushMode::kSyncFlush : FlushMode::kAsyncFlush};
  CrashAndRecover(ctx, sim, ledger, 4);
}

}  // namespace
}  // namespace rmq::store
