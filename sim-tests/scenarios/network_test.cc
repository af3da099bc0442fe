// A broker that is there and can't be talked to: M30.
#include <fmt/format.h>

#include "scenarios/member.h"
#include "scenarios/scenario.h"

namespace rmq::simtest {
namespace {

using testing::IsEmpty;

constexpr seconds kSendTimeout{3};
// After the end of the fault every queue is read again within this time: a pull that will never be
// answered is given up after 30 s.
constexpr seconds kReadAgain{45};

// A producer as programs have it, with a client of its own.
class Sender {
 public:
  explicit Sender(Scenario& town)
      : town_(town),
        client_(*client::ClientInstance::Create(
            town.sim().runtime(), {.name_servers = town.cluster().name_server_list()})),
        producer_(*client::Producer::Create(*client_, {.group = "any"})) {}
  ~Sender() {
    producer_->Close(town_.ctx());
    client_->Close(town_.ctx());
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Twice a second. All succeed, and in time.
  void SendFor(nanoseconds duration) {
    const Tick end = town_.ctx().Now() + duration;
    while (town_.ctx().Now() < end) {
      const Tick before = town_.ctx().Now();
      sent_.push_back(fmt::format("m{}", sent_.size()));
      EXPECT_TRUE(town_.SendAnywhere(*producer_, sent_.back())) << "at " << before.ns;
      EXPECT_LE(town_.ctx().Now() - before, kSendTimeout);
      town_.SleepFor(milliseconds(500));
    }
  }
  const std::vector<MessageId>& sent() const { return sent_; }

 private:
  Scenario& town_;
  std::unique_ptr<client::ClientInstance> client_;
  std::unique_ptr<client::Producer> producer_;
  std::vector<MessageId> sent_;
};

// M30. Something is wrong with one of two brokers for a while. Every send succeeds all the same,
// and afterwards every queue is read.
void BreakAndHeal(Scenario& town, const auto& begin_fault, const auto& end_fault) {
  town.Begin();
  Member member(town, {.group = "group"});
  Sender sender(town);
  sender.SendFor(seconds(5));
  EXPECT_TRUE(WaitUntil(town.ctx(), seconds(30), [&] { return member.HasAll(sender.sent()); }));
  begin_fault();
  sender.SendFor(seconds(50));
  end_fault();
  town.SleepFor(kReadAgain);
  EXPECT_TRUE(member.HasAll(sender.sent()));
  for (int broker = 0; broker < 2; ++broker) {
    for (int queue = 0; queue < 2; ++queue) {
      const MessageId id = fmt::format("probe{}-{}", broker, queue);
      EXPECT_TRUE(town.Send(id, Scenario::Queue(queue, broker)));
      EXPECT_TRUE(WaitUntil(town.ctx(), seconds(5), [&] { return member.Has(id); })) << id;
    }
  }
  EXPECT_THAT(town.CheckContents(), IsEmpty());
}

ClusterOptions TwoBrokers() {
  return {.name_servers = 1, .brokers = 2, .sync_flush = true};
}

SIM_TEST_SEEDS(NetworkScenario, ABrokerWithoutPowerHoldsUpNobodyAndIsReadAgain, 3) {
  Scenario town(ctx, sim, TwoBrokers());
  BreakAndHeal(
      town, [&] { town.cluster().PowerCutBroker(0); }, [&] { ASSERT_TRUE(town.StartBroker()); });
}

SIM_TEST_SEEDS(NetworkScenario, ABrokerThatHearsNobodyHoldsUpNobodyAndIsReadAgain, 3) {
  Scenario town(ctx, sim, TwoBrokers());
  BreakAndHeal(
      town,
      [&] { sim.Partition({&sim.test_machine()}, {&town.machine()}, sim::Direction::kForthOnly); },
      [&] { sim.Heal(); });
}

SIM_TEST_SEEDS(NetworkScenario, ABrokerThatNobodyHearsHoldsUpNobodyAndIsReadAgain, 3) {
  Scenario town(ctx, sim, TwoBrokers());
  BreakAndHeal(
      town,
      [&] { sim.Partition({&town.machine()}, {&sim.test_machine()}, sim::Direction::kForthOnly); },
      [&] { sim.Heal(); });
}

SIM_TEST_SEEDS(NetworkScenario, ASlowBrokerHoldsUpNobodyAndIsReadAgain, 3) {
  Scenario town(ctx, sim, TwoBrokers());
  const auto set_latency = [&](nanoseconds latency) {
    sim.ChangeLink(town.machine(), sim.test_machine(), {.latency = latency});
  };
  BreakAndHeal(town, [&] { set_latency(seconds(10)); }, [&] { set_latency(milliseconds(1)); });
}

}  // namespace
}  // namespace rmq::simtest
