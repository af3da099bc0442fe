// NameServers that hear late, are restarted or were away: M24, M25, M26.
#include <fmt/format.h>

#include "client/admin.h"
#include "client/answer_error.h"
#include "scenarios/member.h"
#include "scenarios/scenario.h"
#include "wire/admin_headers.h"
#include "wire/namesrv_headers.h"

namespace rmq::simtest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

// True if the NameServer shows what it has to, second after second.
bool RouteStaysRight(Scenario& town, int name_server, seconds duration) {
  for (seconds second{0}; second < duration; second += seconds(1)) {
    if (!town.RouteIsRight(name_server)) return false;
    town.SleepFor(seconds(1));
  }
  return true;
}

bool RouteGetsRight(Scenario& town, int name_server, seconds within) {
  return WaitUntil(town.ctx(), within, [&] { return town.RouteIsRight(name_server); });
}

// M24. A broker comes back after a power cut, of which nobody has told the NameServer. Two minutes
// later the connection of its former life ends.
SIM_TEST(NameServerScenario, TheEndOfAFormerLifesConnectionRemovesNobody) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1, .sync_flush = true});
  town.Begin();
  for (int i = 0; i < 3; ++i) {
    town.cluster().PowerCutBroker(0);
    ASSERT_TRUE(town.StartBroker());
    EXPECT_TRUE(RouteGetsRight(town, 0, seconds(5)));
    EXPECT_TRUE(RouteStaysRight(town, 0, seconds(150 + 60 * i)));
  }
}

// M24. The farewell of a broker's former life comes late, over a connection that is older than the
// one of its registration.
SIM_TEST(NameServerScenario, ALateFarewellDoesNotTakeTheNextLifeAway) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1, .sync_flush = true});
  town.Begin();  // Connects the client.
  town.cluster().KillBroker(0);
  ASSERT_TRUE(town.StartBroker());
  ASSERT_TRUE(RouteGetsRight(town, 0, seconds(5)));
  wire::UnRegisterBrokerRequestHeader farewell;
  farewell.broker_name = Cluster::BrokerName(0);
  farewell.broker_addr = town.cluster().broker_address(0);
  farewell.cluster_name = "sim";
  const auto answer =
      town.client().Call(ctx, town.cluster().name_server_address(0),
                         wire::MakeRequest(wire::RequestCode::kUnregisterBroker, farewell));
  EXPECT_TRUE(answer.has_value() && client::Succeeded(*answer));
  EXPECT_TRUE(RouteStaysRight(town, 0, seconds(35)));
}

// M24. A broker is silent until the moment at which the NameServer gives it up, a second less, a
// second more.
SIM_TEST(NameServerScenario, ABrokerThatRegistersAsItExpiresIsShown) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1, .sync_flush = true});
  town.Begin();
  sim::Machine& name_server = town.cluster().name_server_machine(0);
  for (int silence = 112; silence <= 128; ++silence) {
    sim.Clog(town.machine(), name_server, seconds(silence));
    town.SleepFor(seconds(silence));
    EXPECT_TRUE(RouteGetsRight(town, 0, seconds(10))) << silence;
    EXPECT_TRUE(RouteStaysRight(town, 0, seconds(20))) << silence;
  }
}

// M25. One NameServer after the other is restarted, as an update does; messages go on.
SIM_TEST_SEEDS(NameServerScenario, ARollingRestartIsNotNoticedByClients, 4) {
  Scenario town(ctx, sim, {.name_servers = 2, .brokers = 2, .sync_flush = true});
  town.Begin();
  Member member(town, {.group = "group"});
  std::vector<MessageId> sent;
  const auto send = [&] {
    const auto number = static_cast<int>(sent.size());
    sent.push_back(fmt::format("m{}", number));
    EXPECT_TRUE(town.Send(sent.back(), Scenario::Queue(number % 2, number / 2 % 2)));
  };
  for (int number = 0; number < 2; ++number) {
    if (sim.seed() % 2 == 0) {
      town.cluster().StopNameServer(number);
    } else {
      town.cluster().KillNameServer(number);
    }
    for (int i = 0; i < 10; ++i) send();
    EXPECT_TRUE(RouteStaysRight(town, 1 - number, seconds(5)));
    town.cluster().StartNameServer(number);
    // A client that is new asks one that knows nothing yet.
    auto fresh = client::ClientInstance::Create(
        sim.runtime(), {.name_servers = town.cluster().name_server_list()});
    EXPECT_TRUE(client::FetchTopicRoute(ctx, **fresh, Scenario::kTopic).has_value());
    (*fresh)->Close(ctx);
    EXPECT_TRUE(RouteGetsRight(town, number, seconds(3)));
    for (int i = 0; i < 10; ++i) send();
  }
  EXPECT_TRUE(WaitUntil(ctx, seconds(10), [&] { return member.HasAll(sent); }));
  EXPECT_EQ(member.got().size(), sent.size());
  EXPECT_THAT(town.CheckContents(), IsEmpty());
}

// M25. After a power cut brokers don't know that a NameServer is a new one until they speak to it.
SIM_TEST(NameServerScenario, ANameServerKnowsAllAPeriodAfterAPowerCut) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 2, .sync_flush = true});
  town.Begin();
  town.cluster().PowerCutNameServer(0);
  town.cluster().StartNameServer(0);
  EXPECT_TRUE(RouteGetsRight(town, 0, seconds(35)));
}

// M25. The NameServer that a client talks to dies without a word and does not come back.
SIM_TEST_SEEDS(NameServerScenario, AClientLeavesADeadNameServer, 4) {
  Scenario town(ctx, sim, {.name_servers = 3, .brokers = 1, .sync_flush = true});
  town.Begin();
  const std::string dead = town.client().name_servers().current();
  for (int i = 0; i < 3; ++i) {
    if (town.cluster().name_server_address(i) == dead) town.cluster().PowerCutNameServer(i);
  }
  EXPECT_TRUE(client::FetchTopicRoute(ctx, town.client(), Scenario::kTopic).has_value());
  EXPECT_NE(town.client().name_servers().current(), dead);
  const Tick before = ctx.Now();
  EXPECT_TRUE(client::FetchTopicRoute(ctx, town.client(), Scenario::kTopic).has_value());
  EXPECT_LT(ctx.Now() - before, milliseconds(100));
}

// --- M26 ---

// As `mqadmin deleteTopic` does it: on those brokers that can be reached, and everywhere else.
void DeleteTopic(Scenario& town, const std::vector<int>& brokers) {
  for (const int number : brokers) {
    const auto answer = town.client().Call(
        town.ctx(), town.cluster().broker_address(number),
        wire::MakeRequest(wire::RequestCode::kDeleteTopicInBroker,
                          wire::DeleteTopicRequestHeader{.topic = Scenario::kTopic}));
    EXPECT_TRUE(answer.has_value() && client::Succeeded(*answer));
  }
  for (int i = 0; i < town.cluster().name_server_count(); ++i) {
    const auto answer =
        town.client().Call(town.ctx(), town.cluster().name_server_address(i),
                           wire::MakeRequest(wire::RequestCode::kDeleteTopicInNamesrv,
                                             wire::DeleteTopicFromNamesrvRequestHeader{
                                                 .topic = Scenario::kTopic, .cluster_name = {}}));
    EXPECT_TRUE(answer.has_value() && client::Succeeded(*answer));
  }
}

void MakeTopic(Scenario& town, int broker) {
  wire::TopicConfig topic;
  topic.topic_name = Scenario::kTopic;
  topic.read_queue_nums = topic.write_queue_nums = 2;
  EXPECT_TRUE(
      client::CreateTopic(town.ctx(), town.client(), town.cluster().broker_address(broker), topic)
          .has_value());
}

// The brokers that a NameServer shows for the topic.
std::vector<std::string> ShownBrokers(Scenario& town, int name_server) {
  auto asker = client::ClientInstance::Create(
      town.sim().runtime(), {.name_servers = town.cluster().name_server_address(name_server)});
  const auto route = client::FetchTopicRoute(town.ctx(), **asker, Scenario::kTopic);
  (*asker)->Close(town.ctx());
  std::vector<std::string> names;
  if (!route.has_value()) return names;
  for (const auto& broker : route->broker_datas) names.push_back(broker.broker_name);
  return names;
}

// What a group has to do with a topic ends with it: one of the same name is another topic.
SIM_TEST_SEEDS(NameServerScenario, ATopicThatIsMadeAgainBeginsAnew, 2) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1, .sync_flush = true});
  town.Begin();
  for (const MessageId& id : Numbered("old", 10)) EXPECT_TRUE(town.Send(id));
  {
    Member member(town, {.group = "group"});
    EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.HasAll(Numbered("old", 10)); }));
  }
  DeleteTopic(town, {0});
  if (sim.seed() % 2 == 0) {
    town.cluster().PowerCutBroker(0);
    ASSERT_TRUE(town.StartBroker());
  }
  EXPECT_THAT(ShownBrokers(town, 0), IsEmpty());
  MakeTopic(town, 0);
  town.SleepFor(seconds(1));
  town.oracle().MayLoseSuffix(Cluster::BrokerName(0));  // Offsets mean other messages now.
  for (const MessageId& id : Numbered("new", 3)) EXPECT_TRUE(town.Send(id));
  Member member(town, {.group = "group"});
  town.SleepFor(seconds(40));
  EXPECT_THAT(member.got(), ElementsAre("new-0", "new-1", "new-2"));
  EXPECT_THAT(town.Read(), ElementsAre("new-0", "new-1", "new-2"));
}

// A member that is there all the time, whatever the time between.
SIM_TEST_SEEDS(NameServerScenario, ALiveMemberGetsAllOfATopicThatIsMadeAgain, 6) {
  Scenario town(ctx, sim, {.name_servers = 1, .brokers = 1, .sync_flush = true});
  town.Begin();
  Member member(town, {.group = "group"});
  std::vector<MessageId> expected = Numbered("old", 10);
  for (const MessageId& id : expected) EXPECT_TRUE(town.Send(id));
  EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.HasAll(expected); }));
  DeleteTopic(town, {0});
  town.SleepFor(seconds(10 * (sim.seed() - 1)));
  MakeTopic(town, 0);
  town.oracle().MayLoseSuffix(Cluster::BrokerName(0));  // Offsets mean other messages now.
  for (const MessageId& id : Numbered("new", 3)) {
    EXPECT_TRUE(town.Send(id));
    expected.push_back(id);
  }
  town.SleepFor(seconds(60));
  EXPECT_EQ(member.got(), expected);
}

// A broker that was away has not heard of the deletion: it brings the topic back, as Java's does.
// Nobody gets twice what the group has handled, and a second deletion is for good.
SIM_TEST(NameServerScenario, ADeletedTopicOfABrokerThatWasAwayIsNotConsumedAgain) {
  Scenario town(ctx, sim, {.name_servers = 2, .brokers = 2, .sync_flush = true});
  town.Begin();
  const std::vector<MessageId> old = Numbered("old", 10);
  for (size_t i = 0; i < old.size(); ++i) {
    EXPECT_TRUE(town.Send(old[i], Scenario::Queue(0, static_cast<int>(i % 2))));
  }
  {
    Member member(town, {.group = "group"});
    EXPECT_TRUE(WaitUntil(ctx, seconds(30), [&] { return member.HasAll(old); }));
  }
  town.SleepFor(seconds(10));
  town.cluster().PowerCutBroker(1);
  DeleteTopic(town, {0});
  MakeTopic(town, 0);
  town.oracle().MayLoseSuffix(Cluster::BrokerName(0));
  ASSERT_TRUE(town.StartBroker(1));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(RouteGetsRight(town, i, seconds(40)));

  Member member(town, {.group = "group"});
  std::vector<MessageId> fresh;
  for (int i = 0; i < 6; ++i) {
    fresh.push_back(fmt::format("new-{}", i));
    EXPECT_TRUE(town.Send(fresh.back(), Scenario::Queue(0, i % 2)));
  }
  town.SleepFor(seconds(40));
  EXPECT_THAT(member.got(), UnorderedElementsAreArray(fresh));

  DeleteTopic(town, {0, 1});
  for (int second = 0; second < 90; ++second) {
    for (int i = 0; i < 2; ++i) ASSERT_THAT(ShownBrokers(town, i), IsEmpty()) << second;
    town.SleepFor(seconds(1));
  }
}

}  // namespace
}  // namespace rmq::simtest
