#include "namesrv/route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/json_bean.h"
#include "wire/mq_version.h"

namespace rmq::namesrv {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using wire::DataVersion;
using wire::kPermRead;
using wire::kPermWrite;

constexpr uint64_t kConnection = 7;

Tick At(int64_t second) {
  return Tick{} + seconds(second);
}

wire::TopicConfig Topic(std::string name, int32_t flags = 0) {
  return {.attributes = {},
          .perm = kPermRead | kPermWrite,
          .read_queue_nums = 4,
          .topic_name = std::move(name),
          .topic_sys_flag = flags,
          .write_queue_nums = 4};
}

// The master of broker-a with two topics; tests change what they are about.
Registration Master(std::string address = "10.0.0.1:10911") {
  Registration r{.broker = {.cluster = "c", .address = std::move(address)},
                 .broker_name = "broker-a",
                 .broker_id = 0,
                 .ha_address = "10.0.0.1:10912",
                 .zone_name = {},
                 .enable_acting_master = false,
                 .topics = {},
                 .filter_servers = {},
                 .connection_id = kConnection};
  r.topics.data_version = {.state_version = 0, .counter = 1, .timestamp = 100};
  r.topics.topic_config_table = {{"T", Topic("T")}, {"U", Topic("U")}};
  return r;
}

Registration Slave(int64_t id, std::string address) {
  Registration r = Master(std::move(address));
  r.broker_id = id;
  r.ha_address = "10.0.0.9:10912";
  return r;
}

Registration WithVersion(Registration r, int64_t counter) {
  r.topics.data_version.counter = counter;
  return r;
}

class RouteTableTest : public testing::Test {
 protected:
  Registered Register(Registration r, Tick now = {}) {
    return table_.Register(std::move(r), now).value();
  }
  int32_t PermOf(std::string_view topic) { return table_.FindRoute(topic)->queue_datas[0].perm; }
  // Of broker-a: id and address.
  std::map<int64_t, std::string> Members() { return table_.Members("c", "broker-a").broker_addrs; }
  void RemoveClosed(uint64_t connection) { table_.Remove(table_.DecideClosed(connection)); }

  RouteOptions options_;
  RouteTable table_{options_};
};

TEST_F(RouteTableTest, ShowsWhatABrokerRegistered) {
  Register(Master());
  const auto route = table_.FindRoute("T");
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(wire::TopicRouteDataToJson(*route, wire::kVersion4_9_4, false),
            R"({"brokerDatas":[{"brokerAddrs":{"0":"10.0.0.1:10911"},"brokerName":"broker-a",)"
            R"("cluster":"c","enableActingMaster":false}],"filterServerTable":{},)"
            R"("queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,)"
            R"("topicSysFlag":0,"writeQueueNums":4}]})");
  EXPECT_EQ(wire::TopicRouteDataToJson(*route, wire::kVersion4_9_3, false),
            R"({"brokerDatas":[{"brokerAddrs":{0:"10.0.0.1:10911"},"brokerName":"broker-a",)"
            R"("cluster":"c","enableActingMaster":false}],"filterServerTable":{},)"
            R"("queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,)"
            R"("topicSysFlag":0,"writeQueueNums":4}]})");
  EXPECT_FALSE(table_.FindRoute("V").has_value());
}

TEST_F(RouteTableTest, ShowsAllBrokersOfATopic) {
  Register(Master());
  Registration other = Master("10.0.0.2:10911");
  other.broker_name = "broker-b";
  Register(std::move(other));
  const auto route = table_.FindRoute("T");
  EXPECT_EQ(route->broker_datas.size(), 2U);
  EXPECT_EQ(route->queue_datas.size(), 2U);
  EXPECT_EQ(wire::ToJson(table_.Clusters()),
            R"({"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"10.0.0.1:10911"},)"
            R"("brokerName":"broker-a","cluster":"c","enableActingMaster":false},)"
            R"("broker-b":{"brokerAddrs":{0:"10.0.0.2:10911"},"brokerName":"broker-b",)"
            R"("cluster":"c","enableActingMaster":false}},)"
            R"("clusterAddrTable":{"c":["broker-a","broker-b"]}})");
}

// --- masters and slaves ---

TEST_F(RouteTableTest, ASlaveLearnsItsMaster) {
  EXPECT_EQ(Register(Slave(1, "10.0.0.2:10911")).master_address, "");
  EXPECT_EQ(Register(Master()).master_address, "");
  const Registered answer = Register(Slave(1, "10.0.0.2:10911"));
  EXPECT_EQ(answer.master_address, "10.0.0.1:10911");
  EXPECT_EQ(answer.ha_address, "10.0.0.1:10912");
}

// NS-7.
TEST_F(RouteTableTest, TakesNoTopicsFromASlaveOf4x) {
  Registration slave = Slave(1, "10.0.0.2:10911");
  slave.enable_acting_master = std::nullopt;
  Register(std::move(slave));
  EXPECT_EQ(table_.topic_count(), 0U);
  EXPECT_THAT(Members(), ElementsAre(Pair(1, "10.0.0.2:10911")));
}

// NS-4.
TEST_F(RouteTableTest, ASlaveThatBecomesTheMasterLeavesItsOldId) {
  Register(Master());
  Register(Slave(1, "10.0.0.2:10911"));
  Register(Master("10.0.0.2:10911"));
  EXPECT_THAT(Members(), ElementsAre(Pair(0, "10.0.0.2:10911")));
}

// NS-5.
TEST_F(RouteTableTest, TheLastMasterByStateVersionKeepsTheId) {
  Registration newer = Master("10.0.0.2:10911");
  newer.topics.data_version.state_version = 2;
  Register(newer);
  Registration older = Master("10.0.0.1:10911");
  older.topics.data_version.state_version = 1;
  Register(older);
  EXPECT_THAT(Members(), ElementsAre(Pair(0, "10.0.0.2:10911")));
  EXPECT_EQ(table_.FindDataVersion(older.broker), nullptr);
}

TEST_F(RouteTableTest, TheDeposedMasterDoesNotTakeTheNewOneAlong) {
  Registration old_master = Master();
  old_master.connection_id = 1;
  Register(old_master);
  Registration new_master = Master("10.0.0.2:10911");
  new_master.topics.data_version.state_version = 1;
  new_master.connection_id = 2;
  Register(new_master);
  RemoveClosed(1);
  EXPECT_THAT(Members(), ElementsAre(Pair(0, "10.0.0.2:10911")));
  EXPECT_TRUE(table_.FindRoute("T").has_value());
}

// NS-13.
TEST_F(RouteTableTest, RefusesOneTopicOfAnUnknownBroker) {
  Registration single = Master();
  single.topics.topic_config_table.erase("U");
  EXPECT_EQ(table_.Register(single, {}).error().code(), ErrorCode::kRejected);
  EXPECT_THAT(table_.Clusters().cluster_addr_table, IsEmpty());

  Register(Master());
  single.topics.topic_config_table = {{"V", Topic("V")}};
  Register(WithVersion(single, 2));
  EXPECT_TRUE(table_.FindRoute("V").has_value());
  EXPECT_TRUE(table_.FindRoute("T").has_value());
}

// --- data versions ---

// NS-6.
TEST_F(RouteTableTest, AnOldDataVersionKeepsWhatOperatorsChanged) {
  Register(Master());
  EXPECT_EQ(table_.WipeWritePermission("broker-a"), 2);
  Register(Master());
  EXPECT_EQ(PermOf("T"), kPermRead);
  Register(WithVersion(Master(), 2));
  EXPECT_EQ(PermOf("T"), kPermRead | kPermWrite);
  EXPECT_EQ(table_.WipeWritePermission("broker-x"), 0);
}

// NS-22.
TEST_F(RouteTableTest, AddingWritePermissionGivesReadAndWrite) {
  Registration locked = Master();
  locked.topics.topic_config_table["T"].perm = 0;
  Register(locked);
  EXPECT_EQ(table_.AddWritePermission("broker-a"), 2);
  EXPECT_EQ(PermOf("T"), kPermRead | kPermWrite);
}

// M26: a topic that was deleted here but not at the broker comes back.
TEST_F(RouteTableTest, ATopicThatTheBrokerStillHasComesBackWithTheSameVersion) {
  Register(Master());
  table_.DeleteTopic("T");
  EXPECT_FALSE(table_.FindRoute("T").has_value());
  Register(Master());
  EXPECT_TRUE(table_.FindRoute("T").has_value());
}

// NS-24.
TEST_F(RouteTableTest, DropsTopicsMissingInARegistrationIfToldTo) {
  Register(Master());
  Registration fewer = WithVersion(Master(), 2);
  fewer.topics.topic_config_table = {{"U", Topic("U")}, {"V", Topic("V")}};
  Register(fewer);
  EXPECT_TRUE(table_.FindRoute("T").has_value());
  options_.delete_topic_with_registration = true;
  Register(fewer);
  EXPECT_FALSE(table_.FindRoute("T").has_value());
  EXPECT_TRUE(table_.FindRoute("U").has_value());
}

// --- who is gone ---

// NS-11.
TEST_F(RouteTableTest, ABrokerExpiresByItsOwnTimeout) {
  Registration quick = Master();
  quick.heartbeat_timeout = seconds(10);
  Register(quick, At(100));
  EXPECT_THAT(table_.DecideExpired(At(110)), IsEmpty());
  EXPECT_TRUE(table_.Heartbeat(quick.broker, kConnection, At(105)));
  EXPECT_THAT(table_.DecideExpired(At(115)), IsEmpty());
  const auto expired = table_.DecideExpired(At(115) + nanoseconds(1));
  ASSERT_EQ(expired.size(), 1U);
  table_.Remove(expired);
  EXPECT_EQ(table_.broker_count(), 0U);
  EXPECT_FALSE(table_.FindRoute("T").has_value());
  EXPECT_FALSE(table_.Heartbeat(quick.broker, kConnection, At(116)));
}

TEST_F(RouteTableTest, TheEndOfItsConnectionRemovesABroker) {
  Register(Master());
  RemoveClosed(kConnection + 1);
  EXPECT_EQ(table_.broker_count(), 1U);
  RemoveClosed(kConnection);
  EXPECT_EQ(table_.broker_count(), 0U);
}

// M24: the decision is made, the broker registers again, the decision is carried out.
// NS-9.
TEST_F(RouteTableTest, ALateRemovalDoesNotTouchABrokerThatRegisteredAgain) {
  Register(Master(), At(0));
  const auto expired = table_.DecideExpired(At(1000));
  const auto closed = table_.DecideClosed(kConnection);
  const auto left = table_.DecideUnregister(Master().broker, kConnection);
  ASSERT_EQ(expired.size(), 1U);
  ASSERT_EQ(closed.size(), 1U);
  ASSERT_TRUE(left.has_value());
  Registration again = Master();
  again.connection_id = kConnection + 1;
  Register(again, At(1000));

  table_.Remove(expired);
  table_.Remove(closed);
  table_.Remove({*left});
  EXPECT_TRUE(table_.FindRoute("T").has_value());
}

// NS-10.
TEST_F(RouteTableTest, AFarewellFromAnOlderConnectionIsFromAPreviousLife) {
  Register(Master());
  EXPECT_FALSE(table_.DecideUnregister(Master().broker, kConnection - 1).has_value());
  EXPECT_TRUE(table_.DecideUnregister(Master().broker, kConnection).has_value());
  EXPECT_TRUE(table_.DecideUnregister(Master().broker, kConnection + 1).has_value());
}

// NS-8.
TEST_F(RouteTableTest, AHeartbeatOnANewConnectionMakesTheOldOneUnimportant) {
  Register(Master());
  table_.Heartbeat(Master().broker, kConnection + 1, At(1));
  table_.Heartbeat(Master().broker, kConnection, At(2));  // It was under way on the old one.
  EXPECT_THAT(table_.DecideClosed(kConnection), IsEmpty());
  EXPECT_EQ(table_.DecideClosed(kConnection + 1).size(), 1U);
}

// NS-4.
TEST_F(RouteTableTest, ABrokerWithAnotherNameAtTheSameAddressReplacesTheOld) {
  Register(Master());
  Registration renamed = Master();
  renamed.broker_name = "broker-b";
  Register(renamed);
  EXPECT_THAT(Members(), IsEmpty());
  EXPECT_THAT(table_.Clusters().cluster_addr_table["c"], ElementsAre("broker-b"));
}

TEST_F(RouteTableTest, ABrokerThatChangesItsClusterLeavesTheOldOneLater) {
  Registration before = Master();
  before.connection_id = 1;
  Register(before);
  Registration after = Master();
  after.broker.cluster = "d";
  after.connection_id = 2;
  Register(after);
  RemoveClosed(1);
  EXPECT_THAT(table_.Clusters().cluster_addr_table,
              ElementsAre(Pair("d", ElementsAre("broker-a"))));
  EXPECT_TRUE(table_.FindRoute("T").has_value());
}

// --- slaves in the master's place ---

// NS-14.
TEST_F(RouteTableTest, ShowsTheLeastSlaveAsAMasterThatTakesNoMessages) {
  options_.support_acting_master = true;
  Registration master = Master();
  master.enable_acting_master = true;
  Registration slave = Slave(2, "10.0.0.2:10911");
  slave.enable_acting_master = true;
  slave.connection_id = kConnection + 1;
  Register(master);
  Register(slave);
  EXPECT_THAT(table_.FindRoute("T")->broker_datas[0].broker_addrs,
              ElementsAre(Pair(0, "10.0.0.1:10911"), Pair(2, "10.0.0.2:10911")));

  const auto changes = table_.Remove(table_.DecideClosed(kConnection));
  EXPECT_THAT(table_.FindRoute("T")->broker_datas[0].broker_addrs,
              ElementsAre(Pair(0, "10.0.0.2:10911")));
  EXPECT_EQ(PermOf("T"), kPermRead);
  EXPECT_THAT(Members(), ElementsAre(Pair(2, "10.0.0.2:10911")));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].min_broker_id, 2);
  EXPECT_EQ(changes[0].offline_address, "10.0.0.1:10911");
  EXPECT_THAT(changes[0].notify, ElementsAre("10.0.0.2:10911"));

  options_.support_acting_master = false;
  EXPECT_THAT(table_.FindRoute("T")->broker_datas[0].broker_addrs,
              ElementsAre(Pair(2, "10.0.0.2:10911")));
}

// NS-15.
TEST_F(RouteTableTest, TellsTheOthersThatTheMasterIsBack) {
  Registration slave = Slave(2, "10.0.0.2:10911");
  slave.enable_acting_master = true;
  EXPECT_FALSE(Register(slave).min_id_change.has_value());
  EXPECT_EQ(PermOf("T"), kPermRead);  // It stands in for its master.
  Registration master = Master();
  master.enable_acting_master = true;
  const auto change = Register(master).min_id_change;
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->min_broker_id, 0);
  EXPECT_EQ(change->min_broker_address, "10.0.0.1:10911");
  EXPECT_EQ(change->ha_address, "10.0.0.1:10912");
  EXPECT_THAT(change->notify, ElementsAre("10.0.0.2:10911"));
  EXPECT_EQ(PermOf("T"), kPermRead | kPermWrite);
}

// --- topics ---

// NS-23.
TEST_F(RouteTableTest, RegistersATopicAtKnownBrokersOnly) {
  Register(Master());
  const wire::QueueData known{.broker_name = "broker-a", .perm = 6, .read_queue_nums = 8};
  const wire::QueueData unknown{.broker_name = "broker-x", .perm = 6};
  EXPECT_TRUE(table_.RegisterTopic("V", {known}));
  EXPECT_EQ(table_.FindRoute("V")->queue_datas[0].read_queue_nums, 8);
  EXPECT_FALSE(table_.RegisterTopic("W", {known, unknown}));
  EXPECT_FALSE(table_.FindRoute("W").has_value());
}

// NS-24.
TEST_F(RouteTableTest, DeletesATopicInOneCluster) {
  Register(Master());
  Registration other = Master("10.0.0.2:10911");
  other.broker.cluster = "d";
  other.broker_name = "broker-b";
  Register(other);
  table_.DeleteTopic("T", "d");
  EXPECT_EQ(table_.FindRoute("T")->queue_datas.size(), 1U);
  table_.DeleteTopic("T", "nowhere");
  table_.DeleteTopic("T", "c");
  EXPECT_FALSE(table_.FindRoute("T").has_value());
}

// NS-25.
TEST_F(RouteTableTest, ListsTopics) {
  Registration r = Master();
  r.topics.topic_config_table = {{"plain", Topic("plain")},
                                 {"unit", Topic("unit", 1)},
                                 {"sub", Topic("sub", 2)},
                                 {"both", Topic("both", 3)}};
  Register(r);
  EXPECT_THAT(table_.AllTopics().topic_list, ElementsAre("both", "plain", "sub", "unit"));
  EXPECT_THAT(table_.TopicsOfCluster("c").topic_list, ElementsAre("both", "plain", "sub", "unit"));
  EXPECT_THAT(table_.TopicsOfCluster("d").topic_list, IsEmpty());
  EXPECT_THAT(table_.UnitTopics().topic_list, ElementsAre("both", "unit"));
  EXPECT_THAT(table_.UnitSubTopics().topic_list, ElementsAre("both", "sub"));
  EXPECT_THAT(table_.UnitSubButNotUnitTopics().topic_list, ElementsAre("sub"));
  EXPECT_EQ(wire::ToJson(table_.SystemTopics()),
            R"({"brokerAddr":"10.0.0.1:10911","topicList":["broker-a","c"]})");
}

TEST_F(RouteTableTest, ShowsFilterServersUntilTheyAreTakenBack) {
  Registration r = Master();
  r.filter_servers = {"10.0.0.5:1234"};
  Register(r);
  r.filter_servers = std::nullopt;
  Register(r);
  EXPECT_THAT(table_.FindRoute("T")->filter_server_table,
              ElementsAre(Pair("10.0.0.1:10911", ElementsAre("10.0.0.5:1234"))));
  r.filter_servers.emplace();
  Register(r);
  EXPECT_THAT(table_.FindRoute("T")->filter_server_table, IsEmpty());
}

TEST_F(RouteTableTest, ShowsTheMappingOfAStaticTopic) {
  Registration r = Master();
  r.topics.topic_queue_mapping_info_map["T"] = {
      .bname = "broker-a", .curr_id_map = {{0, 0}}, .topic = "T", .total_queues = 1};
  Register(r);
  EXPECT_EQ(table_.FindRoute("T")->topic_queue_mapping_by_broker->at("broker-a").total_queues, 1);
  EXPECT_FALSE(table_.FindRoute("U")->topic_queue_mapping_by_broker.has_value());
  table_.DeleteTopic("T");
  Registration plain = WithVersion(Master(), 2);
  Register(plain);
  EXPECT_FALSE(table_.FindRoute("T")->topic_queue_mapping_by_broker.has_value());
}

// NS-16.
TEST(KeepZone, LeavesOutMastersOfOtherZones) {
  const auto group = [](std::string name, std::string zone, int64_t id, std::string address) {
    return wire::BrokerData{.broker_addrs = {{id, std::move(address)}},
                            .broker_name = std::move(name),
                            .cluster = "c",
                            .zone_name = std::move(zone)};
  };
  wire::TopicRouteData route;
  route.broker_datas = {group("a", "East", 0, "1"), group("b", "west", 0, "2"),
                        group("c", "west", 1, "3")};
  route.queue_datas = {{.broker_name = "a"}, {.broker_name = "b"}, {.broker_name = "c"}};
  route.filter_server_table = {{"1", {"f"}}, {"2", {"f"}}};
  KeepZone(route, "east");
  EXPECT_THAT(route.broker_datas, ElementsAre(testing::Field(&wire::BrokerData::broker_name, "a"),
                                              testing::Field(&wire::BrokerData::broker_name, "c")));
  EXPECT_EQ(route.queue_datas.size(), 2U);
  EXPECT_THAT(route.filter_server_table, ElementsAre(Pair("1", ElementsAre("f"))));
}

// Whatever brokers do: who is shown is alive, and when all have gone nothing is left.
// NS-12.
RC_GTEST_PROP(RouteTableProperty, ShowsOnlyLiveBrokersAndForgetsAll,
              (const std::vector<std::array<uint8_t, 6>>& steps)) {
  RouteOptions options;
  options.support_acting_master = *rc::gen::arbitrary<bool>();
  RouteTable table(options);
  std::set<BrokerAddress> broker_addresses;
  uint64_t connection = 1;
  Tick now;
  std::vector<Removal> late;
  for (const auto& [what, cluster, name, address, id, version] : steps) {
    now = now + seconds(10);
    Registration r = Master("a" + std::to_string(address % 3));
    r.broker.cluster = "c" + std::to_string(cluster % 2);
    r.broker_name = "n" + std::to_string(name % 2);
    r.broker_id = id % 3;
    r.enable_acting_master = id % 2 == 0;
    r.topics.data_version.state_version = version % 4;
    r.topics.topic_config_table.emplace("own of " + r.broker_name, Topic("x"));
    r.connection_id = ++connection;
    broker_addresses.insert(r.broker);
    switch (what % 6) {
      case 0:
        table.Remove(table.DecideClosed(connection - version % 8));
        break;
      case 1:
        if (const auto left = table.DecideUnregister(r.broker, connection)) table.Remove({*left});
        break;
      case 2:
        late = table.DecideExpired(now);
        break;
      case 3:
        table.Remove(late);
        break;
      default:
        (void)table.Register(std::move(r), now);
    }
    const wire::ClusterInfo shown = table.Clusters();
    for (const auto& [broker_name, group] : shown.broker_addr_table) {
      RC_ASSERT(!group.broker_addrs.empty());
      for (const auto& [member, member_address] : group.broker_addrs) {
        const std::string& a = member_address;
        RC_ASSERT(std::ranges::any_of(broker_addresses, [&](const BrokerAddress& b) {
          return b.address == a && table.FindDataVersion(b) != nullptr;
        }));
      }
    }
    for (const auto& [cluster_name, names] : shown.cluster_addr_table) {
      for (const auto& n : names) RC_ASSERT(shown.broker_addr_table.contains(n));
    }
  }
  table.Remove(table.DecideExpired(now + hours(1)));
  RC_ASSERT(table.broker_count() == 0U);
  RC_ASSERT(table.topic_count() == 0U);
  RC_ASSERT(table.Clusters() == wire::ClusterInfo());
}

}  // namespace
}  // namespace rmq::namesrv
