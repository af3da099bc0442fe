// What is kept in small files, and files that are not what they were: M07, M08.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "client/admin.h"
#include "client/answer_error.h"
#include "client/offset_calls.h"
#include "harness/broker_view.h"
#include "harness/retry.h"
#include "scenarios/scenario.h"
#include "sim/disk.h"
#include "wire/namesrv_headers.h"

namespace rmq::simtest {
namespace {

using testing::AnyOf;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kNoCrash = 0;

BrokerAt BrokerA(Scenario& town) {
  return {.name = Cluster::BrokerName(0), .address = town.cluster().broker_address(0)};
}

// M07. Gives something one version after the other, with a power cut before the first operation of
// the disk, then before the second, and so on until no operation is left: each time there is the
// old version or the new one, and the new one if it was acknowledged.
//
// `set` says whether the version was acknowledged, `get` what is there after a restart.
void CutPowerAtEachStep(Scenario& town, const auto& set, const auto& get) {
  int cuts = 0;
  int there = 1;
  ASSERT_TRUE(set(there));
  for (uint64_t nth = 1;; ++nth) {
    const int next = there + 1;
    town.disk().CrashBefore(nth);
    const bool acked = set(next);
    const bool cut = town.disk().frozen();
    EXPECT_TRUE(acked || cut);
    town.cluster().PowerCutBroker(0);
    town.disk().CrashBefore(kNoCrash);
    ASSERT_TRUE(town.StartBroker()) << "after a power cut before operation " << nth;
    const int found = get();
    ASSERT_THAT(found, AnyOf(Eq(next), Eq(acked ? next : there))) << nth;
    there = found;
    cuts += cut ? 1 : 0;
    if (!cut) break;
  }
  EXPECT_GE(cuts, 6);
  EXPECT_THAT(town.Findings(), IsEmpty());
}

ClusterOptions OneQuietBroker() {
  return {.name_servers = 1, .brokers = 1, .sync_flush = true, .broker_keys = QuietDisk()};
}

SIM_TEST_SEEDS(MetadataScenario, APowerCutAtAnyStepLeavesATopicOldOrNew, 10) {
  Scenario town(ctx, sim, OneQuietBroker());
  town.Begin();
  const auto set = [&](int version) {
    return SetTopicVersion(ctx, town.client(), BrokerA(town), "made", version).has_value();
  };
  CutPowerAtEachStep(town, set, [&] {
    return FetchTopicVersions(ctx, town.client(), BrokerA(town)).value()["made"];
  });
}

SIM_TEST_SEEDS(MetadataScenario, APowerCutAtAnyStepLeavesAGroupOldOrNew, 10) {
  Scenario town(ctx, sim, OneQuietBroker());
  town.Begin();
  const auto set = [&](int version) {
    return SetGroupVersion(ctx, town.client(), BrokerA(town), "made", version).has_value();
  };
  CutPowerAtEachStep(town, set, [&] {
    return FetchGroupVersions(ctx, town.client(), BrokerA(town)).value()["made"];
  });
}

// Offsets are not durable when they are answered, but a while later. After the restart the broker
// writes nothing by itself that would repair what is torn.
SIM_TEST_SEEDS(MetadataScenario, APowerCutAtAnyStepLeavesOffsetsOldOrNew, 10) {
  ClusterOptions options = OneQuietBroker();
  options.broker_keys.emplace_back("flushConsumerOffsetInterval", "1000");
  Scenario town(ctx, sim, options);
  town.Begin();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(town.Send(fmt::format("m{}", i)));
  const auto set = [&](int version) {
    (void)client::UpdateOffset(ctx, town.client(), "made", Scenario::Queue(), QueueOffset{version});
    (void)WaitUntil(ctx, seconds(3), [&] { return town.disk().frozen(); });
    return !town.disk().frozen();
  };
  CutPowerAtEachStep(town, set, [&] {
    const auto offset = client::QueryOffset(ctx, town.client(), "made", Scenario::Queue());
    return static_cast<int>(offset.value().value_or(QueueOffset{-1}).value);
  });
}

// --- the name server ---

bool PutText(Context& ctx, client::ClientInstance& client, int version) {
  const auto answer = client.CallNameServer(
      ctx,
      wire::MakeRequest(wire::RequestCode::kPutKvConfig,
                        wire::PutKVConfigRequestHeader{
                            .kv_namespace = "ns", .key = "key", .value = std::to_string(version)}));
  return answer.has_value() && client::Succeeded(*answer);
}

// 0: there is none.
Result<int> GetText(Context& ctx, client::ClientInstance& client) {
  RMQ_TRY(const auto answer,
          client.CallNameServer(ctx, wire::MakeRequest(wire::RequestCode::kGetKvConfig,
                                                       wire::GetKVConfigRequestHeader{
                                                           .kv_namespace = "ns", .key = "key"})));
  return std::stoi(std::string(answer.ext_fields.Find("value").value_or("0")));
}

SIM_TEST_SEEDS(MetadataScenario, APowerCutAtAnyStepLeavesATextOfANameServerOldOrNew, 10) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 0});
  town.cluster().StartAll();
  town.cluster().HealAndWait(ctx, seconds(30));
  sim::Disk& disk = town.cluster().name_server_machine(0).disk();
  int there = 0;
  uint64_t nth = 1;
  for (bool cut = true; cut; ++nth) {
    disk.CrashBefore(nth);
    const bool acked = PutText(ctx, town.client(), there + 1);
    cut = disk.frozen();
    EXPECT_TRUE(acked || cut);
    town.cluster().PowerCutNameServer(0);
    disk.CrashBefore(kNoCrash);
    town.cluster().StartNameServer(0);
    const auto found = WithRetries(ctx, [&] { return GetText(ctx, town.client()); });
    ASSERT_TRUE(found.has_value()) << "after a power cut before operation " << nth;
    ASSERT_THAT(*found, AnyOf(Eq(there + 1), Eq(acked ? there + 1 : there))) << nth;
    there = *found;
  }
  EXPECT_GT(nth, 6U);
  EXPECT_THAT(town.Findings(), IsEmpty());
}

// --- M08 ---

struct Damage {
  std::string name;
  bool changes_size;
  std::string (*of)(std::string text);
};
const Damage kDamages[] = {
    {"empty", true, [](std::string) { return std::string(); }},
    {"short", true, [](std::string text) { return text.substr(0, text.size() / 2); }},
    {"over-long", true,
     [](std::string text) { return text + std::string(text.size() / 2 + 7, 'x'); }},
    {"zeros", false, [](std::string text) { return std::string(text.size(), '\0'); }}};

// Eighty messages in two queues, of which a group has committed thirty, and topics, groups and
// offsets have been written more than once, so that there are backups. The checkpoint follows.
sim::DiskImage WholeStore(Scenario& town, bool stopped_in_order) {
  town.Begin();
  for (int i = 0; i < 40; ++i) {
    EXPECT_TRUE(town.Send(fmt::format("left-{}", i), Scenario::Queue(0)));
    EXPECT_TRUE(town.Send(fmt::format("right-{}", i), Scenario::Queue(1)));
  }
  for (const int version : {10, 30}) {
    EXPECT_TRUE(SetTopicVersion(town.ctx(), town.client(), BrokerA(town), "other", version));
    EXPECT_TRUE(SetGroupVersion(town.ctx(), town.client(), BrokerA(town), "group", version));
    EXPECT_TRUE(client::UpdateOffset(town.ctx(), town.client(), "group", Scenario::Queue(),
                                     QueueOffset{version}));
    town.SleepFor(seconds(10));
  }
  town.SleepFor(seconds(60));
  if (stopped_in_order) {
    EXPECT_TRUE(town.StopBroker());
  } else {
    town.cluster().KillBroker(0);
  }
  town.disk().SyncEverything();
  return town.disk().Image();
}

// True: it serves all that it had. False: it refuses to start and names the file. A start does not
// look at all bytes of the log: only when damage leaves the file its size, it may serve and refuse
// to be read instead.
bool StartsWhole(Scenario& town, const std::string& path, const Damage& damage) {
  const size_t findings = town.Findings().size();
  const bool started = town.StartBroker();
  const bool whole = started && town.Read(Scenario::Queue(0)) == Numbered("left", 40) &&
                     town.Read(Scenario::Queue(1)) == Numbered("right", 40);
  if (!whole) {
    EXPECT_FALSE(started && damage.changes_size);
    EXPECT_EQ(town.Findings().size(), findings + 1) << "no reason given";
    EXPECT_THAT(town.Findings().back(), HasSubstr(path.substr(path.rfind('/') + 1)));
    town.cluster().KillBroker(0);
    return false;
  }
  for (const MessageId id : {"left-0", "right-39"}) {
    const auto found = client::QueryMessages(town.ctx(), town.client(),
                                             {.topic = Scenario::kTopic, .key = id, .begin = {}});
    EXPECT_TRUE(found.has_value() && found->size() == 1) << id;
  }
  const auto offset =
      client::QueryOffset(town.ctx(), town.client(), "group", Scenario::Queue()).value();
  EXPECT_THAT(offset.value_or(QueueOffset{}).value, AnyOf(10, 30));
  EXPECT_EQ(town.Findings().size(), findings);
  town.cluster().KillBroker(0);
  return true;
}

// M08. Each file of a store, after a stop in order and after a kill.
SIM_TEST_SEEDS(MetadataScenario, ADamagedFileIsMadeGoodOrNamed, 2 * std::size(kDamages)) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1});
  const uint64_t number = sim.seed() - 1;
  const Damage& damage = kDamages[number % std::size(kDamages)];
  const sim::DiskImage whole = WholeStore(town, number < std::size(kDamages));
  int served = 0;
  for (const auto& [path, file] : whole.files) {
    SCOPED_TRACE(fmt::format("{} is {}", path, damage.name));
    town.disk().Restore(whole);
    town.disk().WriteFile(path, damage.of(town.disk().ReadFile(path).value()));
    served += StartsWhole(town, path, damage) ? 1 : 0;
  }
  EXPECT_GT(whole.files.size(), 15U);
  EXPECT_GE(served, static_cast<int>(whole.files.size()) / 2);
}

}  // namespace
}  // namespace rmq::simtest
