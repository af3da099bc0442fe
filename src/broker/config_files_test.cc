// topics.json, subscriptionGroup.json, consumerOffset.json: CONFIG-FILE-1 to CONFIG-FILE-6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_config.h"
#include "broker/broker_for_test.h"
#include "broker/consumer_offsets.h"
#include "broker/subscription_groups.h"
#include "broker/topics.h"
#include "wire/admin_headers.h"

namespace rmq::broker {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using wire::RequestCode;
using wire::ResponseCode;

constexpr WallTime kNow{1'700'000'000'000};

std::unique_ptr<runtime::Directory> ConfigDirectory(Context& ctx, sim::Simulation& sim) {
  return sim.files().OpenDirectory(ctx, "config", /*create=*/true).value();
}

std::string PathOf(std::string_view file) {
  return fmt::format("/store/config/{}", file);
}

// --- topics.json ---

// CONFIG-FILE-3.
SIM_TEST(TopicsFile, HasTheFormOfApaches) {
  BrokerConfig config;
  const auto directory = ConfigDirectory(ctx, sim);
  sim.disk().WriteFile("config/topics.json",
                       R"({"dataVersion":{"counter":7,"stateVersion":2,"timestamp":5},)"
                       R"("topicConfigTable":{"T":{"attributes":{"+message.type":"FIFO"},)"
                       R"("order":true,"perm":4,"readQueueNums":3,"topicFilterType":"MULTI_TAG",)"
                       R"("topicName":"T","topicSysFlag":1,"unknown":[1],"writeQueueNums":2}}})");
  Topics topics(config);
  ASSERT_TRUE(topics.Load(ctx, *directory, kNow).has_value());
  const wire::TopicConfig* topic = topics.Find("T");
  ASSERT_NE(topic, nullptr);
  EXPECT_EQ(topic->read_queue_nums, 3);
  EXPECT_EQ(topic->write_queue_nums, 2);
  EXPECT_EQ(topic->perm, 4);
  EXPECT_TRUE(topic->order);
  EXPECT_THAT(topic->attributes, Contains(Key("+message.type")));
  // The topics of the system were missing: one more change.
  EXPECT_EQ(topics.data_version(), (wire::DataVersion{2, 8, kNow.ms}));
  for (const auto* name : {"SELF_TEST_TOPIC", "TBW102", "BenchmarkTest", "DefaultCluster",
                           "broker-a", "OFFSET_MOVED_EVENT", "SCHEDULE_TOPIC_XXXX",
                           "RMQ_SYS_TRACE_TOPIC", "DefaultCluster_REPLY_TOPIC"}) {
    EXPECT_NE(topics.Find(name), nullptr) << name;
    EXPECT_TRUE(topics.IsSystem(name)) << name;
  }

  ASSERT_TRUE(topics.Persist(ctx, *directory).has_value());
  const std::string text = sim.disk().ReadFile("config/topics.json").value();
  EXPECT_THAT(text, HasSubstr("\t\"dataVersion\":{\n\t\t\"counter\":8,"));
  EXPECT_THAT(text, HasSubstr("\"topicFilterType\":\"MULTI_TAG\""));
  Topics again(config);
  ASSERT_TRUE(again.Load(ctx, *directory, WallTime{0}).has_value());
  EXPECT_EQ(again.Snapshot(), topics.Snapshot());
}

// CONFIG-FILE-3: TBW102 comes and goes with autoCreateTopicEnable, but a topic that is in the file
// stays as an operator has set it.
SIM_TEST(TopicsFile, KeepsWhatAnOperatorHasSetOfTheSystemsTopics) {
  BrokerConfig config;
  config.auto_create_topic_enable = false;
  const auto directory = ConfigDirectory(ctx, sim);
  Topics topics(config);
  ASSERT_TRUE(topics.Load(ctx, *directory, kNow).has_value());
  EXPECT_EQ(topics.Find("TBW102"), nullptr);
  topics.Put({.read_queue_nums = 2, .topic_name = "BenchmarkTest", .write_queue_nums = 2}, kNow);
  ASSERT_TRUE(topics.Persist(ctx, *directory).has_value());
  config.auto_create_topic_enable = true;
  Topics again(config);
  ASSERT_TRUE(again.Load(ctx, *directory, kNow).has_value());
  EXPECT_EQ(again.Find("BenchmarkTest")->write_queue_nums, 2);
  EXPECT_EQ(again.Find("TBW102")->perm, wire::kPermInherit | wire::kPermRead | wire::kPermWrite);
}

// CONFIG-FILE-6.
SIM_TEST(TopicsFile, IsWrittenOnlyIfSomethingHasChanged) {
  BrokerConfig config;
  const auto directory = ConfigDirectory(ctx, sim);
  Topics topics(config);
  ASSERT_TRUE(topics.Load(ctx, *directory, kNow).has_value());
  ASSERT_TRUE(topics.Persist(ctx, *directory).has_value());
  const uint64_t before = sim.disk().operation_count();
  ASSERT_TRUE(topics.Persist(ctx, *directory).has_value());
  EXPECT_EQ(sim.disk().operation_count(), before);
  topics.Put({.topic_name = "T"}, kNow);
  ASSERT_TRUE(topics.Persist(ctx, *directory).has_value());
  EXPECT_GT(sim.disk().operation_count(), before);
}

// CONFIG-FILE-6: each failure is tried again, and no change is taken for written.
SIM_TEST(TopicsFile, IsWrittenAgainAfterAFailure) {
  BrokerConfig config;
  for (uint64_t nth = 1;; ++nth) {
    sim.EmptyDisk();
    const auto directory = ConfigDirectory(ctx, sim);
    Topics topics(config);
    ASSERT_TRUE(topics.Load(ctx, *directory, kNow).has_value());
    sim.disk().FailNthOperation(nth);
    const bool failed = !topics.Persist(ctx, *directory).has_value();
    sim.disk().FailNthOperation(0);
    ASSERT_TRUE(topics.Persist(ctx, *directory).has_value());
    Topics again(config);
    ASSERT_TRUE(again.Load(ctx, *directory, kNow).has_value());
    EXPECT_EQ(again.Snapshot(), topics.Snapshot()) << nth;
    if (!failed) break;
  }
}

// --- subscriptionGroup.json ---

// CONFIG-FILE-4.
SIM_TEST(GroupsFile, HasTheFormOfApaches) {
  BrokerConfig config;
  const auto directory = ConfigDirectory(ctx, sim);
  sim.disk().WriteFile("config/subscriptionGroup.json",
                       R"({"dataVersion":{"counter":3,"stateVersion":0,"timestamp":5},)"
                       R"("forbiddenTable":{"G":{"T":4}},)"
                       R"("subscriptionGroupTable":{"G":{"groupName":"G","retryMaxTimes":9,)"
                       R"("consumeEnable":false}}})");
  SubscriptionGroups groups(config);
  ASSERT_TRUE(groups.Load(ctx, *directory, kNow).has_value());
  ASSERT_NE(groups.Find("G"), nullptr);
  EXPECT_EQ(groups.Find("G")->retry_max_times, 9);
  EXPECT_FALSE(groups.Find("G")->consume_enable);
  EXPECT_EQ(groups.Find("G")->retry_queue_nums, 1);
  for (const auto* name : {"TOOLS_CONSUMER", "CID_ONSAPI_PULL", "CID_RMQ_SYS_TRANS"}) {
    EXPECT_NE(groups.Find(name), nullptr) << name;
  }
  // What we do not use is kept for a broker that does.
  EXPECT_EQ(groups.Snapshot().forbidden_table.at("G").at("T"), 4);
  groups.Put({.group_name = "H"}, kNow);
  EXPECT_EQ(groups.Snapshot().data_version, (wire::DataVersion{0, 4, kNow.ms}));
  ASSERT_TRUE(groups.Persist(ctx, *directory).has_value());
  SubscriptionGroups again(config);
  ASSERT_TRUE(again.Load(ctx, *directory, kNow).has_value());
  EXPECT_EQ(again.Snapshot(), groups.Snapshot());
}

// CONFIG-FILE-4, BROKER-10.
SIM_TEST(GroupsFile, GetsGroupsThatShowUpIfThatIsAllowed) {
  BrokerConfig config;
  SubscriptionGroups groups(config);
  EXPECT_NE(groups.FindOrCreate("G", kNow), nullptr);
  EXPECT_EQ(groups.FindOrCreate("a b", kNow), nullptr);
  EXPECT_EQ(groups.FindOrCreate(std::string(121, 'g'), kNow), nullptr);
  config.auto_create_subscription_group = false;
  EXPECT_NE(groups.FindOrCreate("G", kNow), nullptr);
  EXPECT_EQ(groups.FindOrCreate("H", kNow), nullptr);
  EXPECT_NE(groups.FindOrCreate("CID_RMQ_SYS_x", kNow), nullptr);
}

// --- consumerOffset.json ---

// CONFIG-FILE-5.
SIM_TEST(OffsetsFile, HasTheFormOfApaches) {
  const auto directory = ConfigDirectory(ctx, sim);
  sim.disk().WriteFile("config/consumerOffset.json",
                       R"({"dataVersion":{"counter":1},"offsetTable":{"T@G":{0:5,"1":6},)"
                       R"("%RETRY%G@G":{0:1},"nonsense":{0:9},"T@a@b":{0:2}}})");
  ConsumerOffsets offsets;
  ASSERT_TRUE(offsets.Load(ctx, *directory).has_value());
  EXPECT_EQ(offsets.Find("G", "T", 0), QueueOffset{5});
  EXPECT_EQ(offsets.Find("G", "T", 1), QueueOffset{6});
  EXPECT_EQ(offsets.Find("G", "T", 2), std::nullopt);
  EXPECT_EQ(offsets.Find("a@b", "T", 0), QueueOffset{2});
  EXPECT_THAT(offsets.TopicsOf("G"), ElementsAre("%RETRY%G", "T"));
  EXPECT_THAT(offsets.GroupsOf("T"), ElementsAre("G", "a@b"));
  offsets.Commit("G", "T", 0, QueueOffset{7});
  ASSERT_TRUE(offsets.Persist(ctx, *directory).has_value());
  EXPECT_EQ(sim.disk().ReadFile("config/consumerOffset.json").value(),
            "{\n\t\"offsetTable\":{\n"
            "\t\t\"%RETRY%G@G\":{0:1\n\t\t},\n"
            "\t\t\"T@G\":{0:7,1:6\n\t\t},\n"
            "\t\t\"T@a@b\":{0:2\n\t\t}\n\t}\n}");
}

// CONFIG-FILE-5: a crash takes a group back by what it committed since the last time, never more.
SIM_TEST(OffsetsFile, IsWrittenEveryInterval) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(
      ctx, {{"flushConsumerOffsetInterval", "3000"}, {"flushDiskType", "SYNC_FLUSH"}}));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  client.Ask(broker, CommitRequest("G", "T", 0, 1));
  ctx.SleepFor(milliseconds(3500)).value();
  client.Ask(broker, CommitRequest("G", "T", 0, 2));
  broker.Kill();
  broker.disk().CutPowerLosingEverythingPending();
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 1);
}

// --- all three ---

// CONFIG-FILE-1, CONFIG-FILE-2.
SIM_TEST(ConfigFiles, AreTakenFromTheirBackupWhenTheyAreDamaged) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("T"));
  client.Ask(broker, RawRequest(RequestCode::kUpdateAndCreateSubscriptionGroup, {},
                                R"({"groupName":"G"})"));
  Send(client, broker, {});
  client.Ask(broker, CommitRequest("G", "T", 0, 1));
  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("U"));
  client.Ask(broker, RawRequest(RequestCode::kUpdateAndCreateSubscriptionGroup, {},
                                R"({"groupName":"H"})"));
  client.Ask(broker, CommitRequest("G", "T", 0, 0));
  ASSERT_TRUE(broker.StopAndWait(ctx));
  const sim::DiskImage image = broker.disk().Image();
  for (const auto* file : {"topics.json", "subscriptionGroup.json", "consumerOffset.json"}) {
    for (const std::string_view bytes : {"", "{", "garbage", "\0\0\0\0"}) {
      SCOPED_TRACE(fmt::format("{} {}", file, bytes));
      broker.disk().Restore(image);
      EXPECT_TRUE(broker.disk().HasFile(PathOf(file) + ".bak"));
      EXPECT_FALSE(broker.disk().HasFile(PathOf(file) + ".tmp"));
      broker.disk().WriteFile(PathOf(file), bytes);
      ASSERT_TRUE(broker.StartAndWait(ctx)) << broker.error()->ToString();
      EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kGetTopicConfig, {{"topic", "T"}})),
                ResponseCode::kSuccess);
      EXPECT_EQ(client.CodeOf(
                    broker, RawRequest(RequestCode::kGetSubscriptionGroupConfig, {{"group", "G"}})),
                ResponseCode::kSuccess);
      EXPECT_GE(Committed(client, broker, "G", "T", 0), 0);
      ASSERT_TRUE(broker.StopAndWait(ctx));
    }
  }
}

// CONFIG-FILE-2: an empty table would be a disaster that nobody notices.
SIM_TEST(ConfigFiles, KeepTheBrokerFromStartingWhenTheBackupIsDamagedToo) {
  for (const auto* file : {"topics.json", "subscriptionGroup.json", "consumerOffset.json"}) {
    TestBroker broker(sim, fmt::format("b-{}", file));
    broker.disk().WriteFile(PathOf(file), "{\"offsetTable\":{\"T@G\":{\"0\":");
    broker.disk().WriteFile(PathOf(file) + ".bak", "");
    EXPECT_FALSE(broker.StartAndWait(ctx, {}));
    ASSERT_TRUE(broker.error().has_value());
    EXPECT_THAT(broker.error()->ToString(), HasSubstr(PathOf(file)));
    // Nothing was written over what a human may still read.
    EXPECT_EQ(broker.disk().ReadFile(PathOf(file)).value(), "{\"offsetTable\":{\"T@G\":{\"0\":");
    broker.disk().WriteFile(PathOf(file), "{}");
    EXPECT_TRUE(broker.StartAndWait(ctx)) << broker.error()->ToString();
  }
}

// CONFIG-FILE-1: whatever the power cut takes, the old or the new table is there, and what was
// confirmed is.
SIM_TEST_SEEDS(ConfigFiles, SurviveAPowerCutAtAnyPoint, 100) {
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {}));
  int confirmed = -1;
  runtime::Gate gate;
  ctx.executor().Spawn(gate, "operator", [&](Context& own) {
    remoting::Client client(sim.runtime(), nullptr);
    for (int i = 0;; ++i) {
      const auto made =
          client.Call(own, broker.address(), CreateTopicRequest(fmt::format("T{}", i)));
      if (!made.has_value() || made->response_code() != ResponseCode::kSuccess) break;
      confirmed = i;
    }
    client.Close(own);
  });
  const auto until = sim.runtime().random().Draw("test: cut", 0, 50'000);
  ctx.SleepFor(microseconds(static_cast<int64_t>(until))).value();
  broker.PowerCut();
  gate.Close(ctx);
  ASSERT_TRUE(broker.StartAndWait(ctx)) << broker.error()->ToString();
  TestClient client(ctx, sim);
  for (int i = 0; i <= confirmed; ++i) {
    EXPECT_EQ(client.CodeOf(broker, RawRequest(RequestCode::kGetTopicConfig,
                                               {{"topic", fmt::format("T{}", i)}})),
              ResponseCode::kSuccess)
        << i << " of " << confirmed;
  }
}

}  // namespace
}  // namespace rmq::broker
