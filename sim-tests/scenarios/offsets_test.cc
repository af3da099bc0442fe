// Many who commit, and brokers that are restarted meanwhile: M27.
#include <fmt/format.h>

#include <map>

#include "client/offset_calls.h"
#include "runtime/gate.h"
#include "scenarios/member.h"
#include "scenarios/scenario.h"
#include "sim/disk.h"

namespace rmq::simtest {
namespace {

using testing::IsEmpty;

constexpr int kQueues = 8;
constexpr milliseconds kPersistInterval{100};

// Commits of one group for each queue of a broker, all at the same time.
class CommitStorm {
 public:
  explicit CommitStorm(Scenario& town) : town_(town) {}

  // Until `duration` is over. Offsets only grow, also from one run to the next.
  void Run(nanoseconds duration) {
    const Tick end = town_.ctx().Now() + duration;
    runtime::TaskGroup group(town_.ctx());
    for (int queue = 0; queue < kQueues; ++queue) {
      group.Spawn("commit", [this, queue, end](Context& ctx) { Commit(ctx, queue, end); });
    }
    group.Wait();
  }

  int64_t Committed(int queue) {
    const auto offset =
        client::QueryOffset(town_.ctx(), town_.client(), "group", Scenario::Queue(queue));
    return offset.value().value_or(QueueOffset{-1}).value;
  }
  int64_t newest(int queue) const { return newest_.at(queue); }  // that may have been stored
  // What was taken from the broker is no promise any more.
  void Forget(int queue, int64_t committed) { acked_[queue] = {{town_.ctx().Now(), committed}}; }
  int64_t acked(int queue) const { return acked_.at(queue).rbegin()->second; }
  // The last one that was answered before `time`.
  int64_t acked_before(int queue, Tick time) const {
    const auto later = acked_.at(queue).lower_bound(time);
    return later == acked_.at(queue).begin() ? -1 : std::prev(later)->second;
  }

 private:
  void Commit(Context& ctx, int queue, Tick end) {
    while (ctx.Now() < end) {
      const int64_t offset = ++newest_[queue];
      const auto done = client::UpdateOffset(ctx, town_.client(), "group", Scenario::Queue(queue),
                                             QueueOffset{offset});
      if (done.has_value()) acked_[queue][ctx.Now()] = offset;
      if (!ctx.SleepFor(milliseconds(3)).has_value()) return;
    }
  }

  Scenario& town_;
  std::map<int, int64_t> newest_;
  std::map<int, std::map<Tick, int64_t>> acked_;
};

// A commit is no further than its queue, so there must be something in it.
void FillQueues(Scenario& town, int count) {
  for (int queue = 0; queue < kQueues; ++queue) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(town.Send(fmt::format("q{}-{}", queue, i), Scenario::Queue(queue)));
    }
  }
}

ClusterOptions OneBrokerThatPersistsOften() {
  return {.name_servers = 1,
          .brokers = 1,
          .sync_flush = true,
          .broker_keys = {{"flushConsumerOffsetInterval", "100"}}};
}

// M27. No commit of one queue takes that of another away, and a stop in order loses none.
SIM_TEST_SEEDS(OffsetScenario, CommitsOfManyQueuesAtOnceAreAllKept, 3) {
  Scenario town(ctx, sim, OneBrokerThatPersistsOften());
  town.Begin(kQueues);
  FillQueues(town, 60);
  CommitStorm storm(town);
  for (int round = 0; round < 3; ++round) {
    storm.Run(milliseconds(50));
    for (int queue = 0; queue < kQueues; ++queue) {
      EXPECT_EQ(storm.Committed(queue), storm.acked(queue)) << queue;
    }
    ASSERT_TRUE(town.StopBroker());
    ASSERT_TRUE(town.StartBroker());
    for (int queue = 0; queue < kQueues; ++queue) {
      EXPECT_EQ(storm.Committed(queue), storm.acked(queue)) << queue << " after a stop";
    }
  }
}

// M27. The power is cut before each operation of the disk in the storm: a group goes back by no
// more than what it has committed since the broker last wrote, and never forward.
SIM_TEST(OffsetScenario, APowerCutTakesNoMoreThanTheLastCommits) {
  Scenario town(ctx, sim, OneBrokerThatPersistsOften());
  town.Begin(kQueues);
  FillQueues(town, 200);
  CommitStorm storm(town);
  storm.Run(milliseconds(20));
  for (uint64_t nth = 1; nth <= 18; ++nth) {
    town.SleepFor(3 * kPersistInterval);
    const Tick durable = ctx.Now() + -nanoseconds(kPersistInterval);
    town.disk().CrashBefore(nth);
    storm.Run(milliseconds(30));
    (void)WaitUntil(ctx, seconds(1), [&] { return town.disk().frozen(); });
    town.cluster().PowerCutBroker(0);
    town.disk().CrashBefore(0);
    ASSERT_TRUE(town.StartBroker());
    for (int queue = 0; queue < kQueues; ++queue) {
      EXPECT_GE(storm.Committed(queue), storm.acked_before(queue, durable)) << nth;
      EXPECT_LE(storm.Committed(queue), storm.newest(queue)) << nth;
      storm.Forget(queue, storm.Committed(queue));
    }
  }
  EXPECT_THAT(town.Findings(), IsEmpty());
}

// M27. Locks are in memory alone: a broker that dies has forgotten them. Whoever takes a queue over
// goes on where it was.
SIM_TEST_SEEDS(OffsetScenario, ALostLockTakesNobodyBackToTheBegin, 6) {
  Scenario town(ctx, sim, OneBrokerThatPersistsOften());
  town.Begin(2);
  Member one(town, {.group = "group", .orderly = true, .persist_interval = seconds(1)});
  Member two(town, {.group = "group", .orderly = true, .persist_interval = seconds(1)});
  town.SleepFor(seconds(30));
  std::vector<MessageId> sent;
  constexpr int kRounds = 4;
  constexpr int kBurst = 10;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kBurst; ++i) {
      sent.push_back(fmt::format("m{}-{}", round, i));
      EXPECT_TRUE(town.Send(sent.back(), Scenario::Queue(i % 2)));
    }
    EXPECT_TRUE(WaitUntil(ctx, seconds(90), [&] {
      return std::ranges::all_of(sent,
                                 [&](const MessageId& id) { return one.Has(id) || two.Has(id); });
    }));
    // In every other round before the members have committed.
    if (round % 2 == 0) town.SleepFor(seconds(5));
    sim.seed() % 2 == 0 ? town.cluster().PowerCutBroker(0) : town.cluster().KillBroker(0);
    ASSERT_TRUE(town.StartBroker());
  }
  town.SleepFor(seconds(70));
  std::vector<MessageId> got = one.got();
  got.insert(got.end(), two.got().begin(), two.got().end());
  EXPECT_EQ(std::ranges::count(got, "m0-0"), 1);
  EXPECT_LE(got.size(), sent.size() + kRounds / 2 * kBurst);
  for (int queue = 0; queue < 2; ++queue) {
    const auto committed =
        client::QueryOffset(ctx, town.client(), "group", Scenario::Queue(queue)).value();
    EXPECT_EQ(committed.value_or(QueueOffset{}).value, kRounds * kBurst / 2);
  }
  EXPECT_THAT(town.CheckContents(), IsEmpty());
}

// M27. A member joins; one of the brokers that it takes queues of does not answer for a second, for
// two, and so on: until each of the questions that it asks first was the last one unanswered.
SIM_TEST_SEEDS(OffsetScenario, AnOffsetThatCannotBeReadIsNotTakenForNone, 15) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 2, .sync_flush = true});
  town.Begin();
  const std::vector<MessageId> old = Numbered("old", 10);
  for (const MessageId& id : old) EXPECT_TRUE(town.Send(id));
  {
    Member member(town, {.group = "group"});
    EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.HasAll(old); }));
  }
  sim.Clog(sim.test_machine(), town.machine(), seconds(sim.seed()));
  Member member(town, {.group = "group"});
  town.SleepFor(seconds(50));
  EXPECT_TRUE(town.Send("new"));
  EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.Has("new"); }));
  EXPECT_THAT(member.got(), testing::ElementsAre("new"));
}

}  // namespace
}  // namespace rmq::simtest
