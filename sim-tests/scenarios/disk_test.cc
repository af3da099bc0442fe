// What a disk does to a broker at the worst moment: M01, M03, M04, M05.
#include <fmt/format.h>

#include <set>

#include "client/admin.h"
#include "runtime/gate.h"
#include "scenarios/member.h"
#include "scenarios/scenario.h"
#include "sim/disk.h"
#include "sim/process.h"

namespace rmq::simtest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kLogFile = "/store/commitlog/00000000000000000000";

sim::SyncFailure FailureOf(const sim::Simulation& sim) {
  constexpr sim::SyncFailure kAll[] = {sim::SyncFailure::kKeepCache, sim::SyncFailure::kRevertCache,
                                       sim::SyncFailure::kOneHandleOnly};
  return kAll[sim.seed() % std::size(kAll)];
}

// M01. The sync of one message fails once, and all later ones would succeed.
void FailOneSync(Scenario& town) {
  town.Begin();
  for (const MessageId& id : Numbered("before", 3)) EXPECT_TRUE(town.Send(id));
  town.disk().FailNextSync(FailureOf(town.sim()));
  town.SetPadding(30'000);  // On pages of its own, which nobody else makes dirty again.
  EXPECT_FALSE(town.Send("unlucky"));
  town.SetPadding(50);
  for (const MessageId& id : Numbered("after", 3)) EXPECT_FALSE(town.Send(id));
}

// A broker whose store has failed may end, if it says why.
std::vector<std::string> ButThatItEnded(std::vector<std::string> findings) {
  std::erase_if(findings, [](const std::string& finding) {
    return finding.starts_with("I13: broker-a ended") &&
           finding.find(kLogFile) != std::string::npos;
  });
  return findings;
}

SIM_TEST_SEEDS(DiskScenario, AFailedSyncIsTheLastAnswerThatPromisesAnything, 9) {
  Scenario town(ctx, sim,
                {.name_servers = 1, .brokers = 1, .sync_flush = true, .broker_keys = QuietDisk()});
  FailOneSync(town);
  town.cluster().PowerCutBroker(0);
  ASSERT_TRUE(town.StartBroker());
  EXPECT_TRUE(town.Send("again"));
  EXPECT_THAT(ButThatItEnded(town.CheckContents()), IsEmpty());
}

// M01. The broker is restarted, and finds in the cache what the disk does not have.
SIM_TEST_SEEDS(DiskScenario, WhatIsReadAfterAFailedSyncAndARestartSurvivesAPowerCut, 9) {
  Scenario town(ctx, sim,
                {.name_servers = 1, .brokers = 1, .sync_flush = true, .broker_keys = QuietDisk()});
  FailOneSync(town);
  town.cluster().KillBroker(0);
  ASSERT_TRUE(town.StartBroker());
  const std::vector<MessageId> seen = town.Read();
  EXPECT_TRUE(town.Send("again"));
  town.cluster().PowerCutBroker(0);
  ASSERT_TRUE(town.StartBroker());
  EXPECT_THAT(ButThatItEnded(town.CheckContents()), IsEmpty());
  std::vector<MessageId> expected = seen;
  expected.push_back("again");
  EXPECT_EQ(town.Read(), expected);
}

// M03. A message is written, and its sync does not end before the power is cut.
SIM_TEST_SEEDS(DiskScenario, NobodyReadsWhatASynchronousBrokerHasNotSynced, 10) {
  Scenario town(ctx, sim,
                {.name_servers = 1, .brokers = 1, .sync_flush = true, .broker_keys = QuietDisk()});
  town.Begin();
  Member member(town, {.group = "fast", .persist_interval = seconds(1)});
  EXPECT_TRUE(town.Send("durable"));
  EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.Has("durable"); }));
  town.SleepFor(seconds(5));

  town.disk().CrashBefore(2);  // After the write.
  EXPECT_FALSE(town.Send("unsynced"));
  ASSERT_TRUE(town.disk().frozen());
  EXPECT_THAT(town.disk().ReadFile(kLogFile).value(), HasSubstr("unsynced"));
  EXPECT_THAT(member.got(), ElementsAre("durable"));

  town.CutPowerLosingEverythingPending();
  ASSERT_TRUE(town.StartBroker());
  for (const MessageId& id : Numbered("new", 3)) EXPECT_TRUE(town.Send(id));
  EXPECT_TRUE(WaitUntil(ctx, seconds(60), [&] { return member.HasAll(Numbered("new", 3)); }));
  EXPECT_THAT(town.CheckContents(), IsEmpty());
}

// M03. A consumer has read, and committed durably, what the power cut takes from the log.
SIM_TEST(DiskScenario, AReaderOfLostMessagesMissesNoneOfThoseThatFollow) {
  KeyValues keys = QuietDisk();
  keys.emplace_back("flushConsumerOffsetInterval", "100");
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1, .broker_keys = keys});
  town.Begin();
  Member member(town, {.group = "fast", .persist_interval = seconds(1)});
  for (const MessageId& id : Numbered("kept", 3)) EXPECT_TRUE(town.Send(id));
  town.SleepFor(seconds(5));
  town.disk().SyncEverything();
  for (const MessageId& id : Numbered("lost", 5)) EXPECT_TRUE(town.Send(id));
  EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.HasAll(Numbered("lost", 5)); }));
  town.SleepFor(seconds(5));
  EXPECT_THAT(town.disk().ReadDurableFile("/store/config/consumerOffset.json").value(),
              HasSubstr("8"));

  town.CutPowerLosingEverythingPending();
  ASSERT_TRUE(town.StartBroker());
  for (const MessageId& id : Numbered("new", 9)) EXPECT_TRUE(town.Send(id));
  EXPECT_TRUE(WaitUntil(ctx, seconds(60), [&] { return member.HasAll(Numbered("new", 9)); }));
  EXPECT_THAT(town.Read(), Not(testing::Contains("lost-0")));
  EXPECT_THAT(town.CheckContents(), IsEmpty());
}

// M04. Seven keyed messages, which fill a file of the log, of the queue and of the index once in a
// while, and the checkpoint that follows them, with a power cut before each operation of the disk.
SIM_TEST_SEEDS(DiskScenario, APowerCutAtAnyStepFromTheLogToTheCheckpointLeavesNoGap, 4) {
  Scenario town(ctx, sim,
                {.name_servers = 1,
                 .brokers = 1,
                 .sync_flush = sim.seed() % 2 == 0,
                 .broker_keys = {{"mappedFileSizeCommitLog", "4096"}, {"maxIndexNum", "32"}}});
  town.Begin(1);
  int cuts = 0;
  for (uint64_t nth = 1;; ++nth) {
    town.disk().CrashBefore(nth);
    for (int i = 0; i < 7 && !town.disk().frozen(); ++i) {
      (void)town.Send(fmt::format("m{}-{}", nth, i));
    }
    // The next checkpoint, and what the broker writes of itself.
    (void)WaitUntil(ctx, seconds(70), [&] { return town.disk().frozen(); });
    if (!town.disk().frozen()) break;
    ++cuts;
    town.cluster().PowerCutBroker(0);
    ASSERT_TRUE(town.StartBroker()) << "after a power cut before operation " << nth;
  }
  town.disk().CrashBefore(0);
  EXPECT_GT(cuts, 20);
  EXPECT_THAT(town.CheckContents(), IsEmpty());
  for (const MessageId& id : town.Read()) {
    const auto found = client::QueryMessages(ctx, town.client(),
                                             {.topic = Scenario::kTopic, .key = id, .begin = {}});
    ASSERT_TRUE(found.has_value() && found->size() == 1) << id;
  }
  ASSERT_TRUE(town.StopBroker());  // Compares queues and index with the log.
  EXPECT_THAT(town.Findings(), IsEmpty());
}

// Sends `ids` at the same time, to both queues in turn.
void SendTogether(Scenario& town, const std::vector<MessageId>& ids) {
  runtime::TaskGroup group(town.ctx());
  for (size_t i = 0; i < ids.size(); ++i) {
    group.Spawn("send", [&town, &ids, i](Context& own) {
      (void)town.Send(own, ids[i], Scenario::Queue(static_cast<int>(i % 2)));
    });
  }
  group.Wait();
}

// M05. Ten messages at once, of which some fill the file; the first operation of the disk fails,
// then the second, and so on until none does.
SIM_TEST(DiskScenario, ARefusedAppendLeavesNoHoleInAnyQueue) {
  Scenario town(ctx, sim,
                {.name_servers = 1,
                 .brokers = 1,
                 .broker_keys = {{"mappedFileSizeCommitLog", "4096"},
                                 {"flushConsumerOffsetInterval", "3600000"}}});
  town.Begin();
  const uint64_t begun = town.disk().operation_count();
  SendTogether(town, Numbered("first", 10));
  const uint64_t operations = town.disk().operation_count() - begun;
  size_t refused = 0;
  for (uint64_t nth = 1; nth <= 2 * operations; ++nth) {
    const size_t acked = town.oracle().acked();
    town.disk().FailNthOperation(nth);
    SendTogether(town, Numbered(fmt::format("round{}", nth), 10));
    refused += 10 - (town.oracle().acked() - acked);
    town.disk().FailNthOperation(0);
    if (town.Send(fmt::format("probe{}", nth))) continue;
    // It was a sync: the store has failed, and says so.
    town.cluster().KillBroker(0);
    ASSERT_TRUE(town.StartBroker()) << nth;
    ASSERT_TRUE(town.Send(fmt::format("probe-again{}", nth))) << nth;
  }
  EXPECT_GT(refused, 10U);
  EXPECT_THAT(ButThatItEnded(town.CheckContents()), IsEmpty());
}

// M05. The same with a disk on which nothing can be written for a while.
SIM_TEST(DiskScenario, OffsetsGoOnWithoutAHoleWhenADiskIsWritableAgain) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1, .broker_keys = QuietDisk()});
  town.Begin();
  SendTogether(town, Numbered("before", 6));
  town.disk().SetReadOnly(true);
  const size_t acked = town.oracle().acked();
  for (int i = 0; i < 3; ++i) SendTogether(town, Numbered(fmt::format("refused{}", i), 6));
  EXPECT_EQ(town.oracle().acked(), acked);
  town.disk().SetReadOnly(false);
  SendTogether(town, Numbered("after", 6));
  EXPECT_EQ(town.oracle().acked(), acked + 6);
  EXPECT_EQ(town.Read(Scenario::Queue(0)).size() + town.Read(Scenario::Queue(1)).size(), 12U);
  EXPECT_THAT(town.CheckContents(), IsEmpty());
}

}  // namespace
}  // namespace rmq::simtest
