// The broker and its NameServers: BROKER-41 to BROKER-43.
#include "broker/registration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_for_test.h"
#include "remoting/server.h"
#include "wire/namesrv_headers.h"
#include "wire/register_broker_body.h"

namespace rmq::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

// As little of a NameServer as a broker needs.
class FakeNameServer final : public remoting::RequestHandler {
 public:
  FakeNameServer(Context& ctx, sim::Simulation& sim, uint16_t port) : ctx_(ctx), sim_(sim) {
    server_ = remoting::Server::Listen(ctx, sim.runtime(), {sim.test_machine().ip(), port}, *this)
                  .value();
  }
  ~FakeNameServer() override { server_->Close(ctx_); }

  std::string address() const { return server_->local().ToString(); }
  void DropConnections() {
    for (const auto& connection : std::exchange(connections_, {})) connection->Close();
  }

  // The time of each registration since the start of the simulation, in ms.
  std::vector<int64_t> times;
  wire::RegisterBrokerRequestHeader last;
  wire::RegisterBrokerBody last_body;
  int unregistered = 0;
  ResponseCode answer = ResponseCode::kSuccess;
  bool silent = false;

  void HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                     RemotingCommand request) override {
    if (connections_.empty() || connections_.back() != connection) {
      connections_.push_back(connection);
    }
    if (request.request_code() == RequestCode::kRegisterBroker) {
      times.push_back((sim_.Now() - Tick{}).count() / 1'000'000);
      last = wire::DecodeHeader<wire::RegisterBrokerRequestHeader>(request).value();
      last_body = wire::FromJson<wire::RegisterBrokerBody>(request.body).value();
    }
    if (request.request_code() == RequestCode::kUnregisterBroker) ++unregistered;
    if (!silent) connection->Reply(request, wire::MakeResponse(request, answer));
  }
  void ConnectionClosed(remoting::Connection&) override {}

 private:
  Context& ctx_;
  sim::Simulation& sim_;
  std::unique_ptr<remoting::Server> server_;
  std::vector<std::shared_ptr<remoting::Connection>> connections_;
};

const std::map<std::string, wire::TopicConfig>& TopicsOf(const FakeNameServer& server) {
  return server.last_body.topic_config_serialize_wrapper.topic_config_table;
}

// BROKER-41.
SIM_TEST(Registration, TellsEveryNameServerAllTopicsAndAgainEveryPeriod) {
  FakeNameServer one(ctx, sim, 9876);
  FakeNameServer two(ctx, sim, 9877);
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(
      ctx, {{"namesrvAddr", one.address() + ";" + two.address()}, {"brokerId", "0"}}));
  ctx.SleepFor(seconds(1)).value();
  for (FakeNameServer* server : {&one, &two}) {
    EXPECT_EQ(server->times.size(), 1U);
    EXPECT_EQ(server->last.broker_name, "broker-a");
    EXPECT_EQ(server->last.cluster_name, "c");
    EXPECT_EQ(server->last.broker_addr, broker.address());
    EXPECT_EQ(server->last.heartbeat_timeout_millis, 120'000);
    EXPECT_TRUE(TopicsOf(*server).contains("TBW102"));
  }
  ctx.SleepFor(seconds(60)).value();
  EXPECT_EQ(one.times.size(), 3U);  // 30 s
}

// BROKER-41.
SIM_TEST(Registration, APeriodIsBetweenTenSecondsAndAMinute) {
  FakeNameServer server(ctx, sim, 9876);
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(
      ctx, {{"namesrvAddr", server.address()}, {"registerNameServerPeriod", "1"}}));
  ctx.SleepFor(seconds(25)).value();
  EXPECT_EQ(server.times.size(), 3U);
}

// BROKER-41: a new topic is known at once.
SIM_TEST(Registration, RegistersAsSoonAsATopicHasChanged) {
  FakeNameServer server(ctx, sim, 9876);
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"namesrvAddr", server.address()}}));
  ctx.SleepFor(seconds(2)).value();
  EXPECT_EQ(server.times.size(), 1U);
  const wire::DataVersion before = server.last_body.topic_config_serialize_wrapper.data_version;
  client.Ask(broker, CreateTopicRequest("T"));
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_EQ(server.times.size(), 2U);
  EXPECT_TRUE(TopicsOf(server).contains("T"));
  EXPECT_GT(server.last_body.topic_config_serialize_wrapper.data_version, before);
}

// BROKER-41: NameServers drop the routes of a broker whose connection ends; waiting for the next
// period would leave clients without it for half a minute.
SIM_TEST(Registration, RegistersSoonAfterAConnectionToANameServerWasLost) {
  FakeNameServer server(ctx, sim, 9876);
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"namesrvAddr", server.address()}}));
  ctx.SleepFor(seconds(2)).value();
  EXPECT_EQ(server.times.size(), 1U);
  server.DropConnections();
  ctx.SleepFor(seconds(2)).value();
  EXPECT_EQ(server.times.size(), 2U);
}

// BROKER-41: a NameServer that comes late or refuses is asked again every second.
SIM_TEST(Registration, TriesAgainSoonAfterAFailure) {
  const std::string address = Endpoint{sim.test_machine().ip(), 9876}.ToString();
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"namesrvAddr", address}}));
  ctx.SleepFor(seconds(20)).value();
  FakeNameServer server(ctx, sim, 9876);
  server.answer = ResponseCode::kSystemError;
  ctx.SleepFor(seconds(3)).value();
  EXPECT_GE(server.times.size(), 2U);
  server.answer = ResponseCode::kSuccess;
  ctx.SleepFor(seconds(2)).value();
  const size_t until_success = server.times.size();
  ctx.SleepFor(seconds(20)).value();
  EXPECT_EQ(server.times.size(), until_success);
}

// BROKER-41, M25: one that does not answer delays no other.
SIM_TEST(Registration, ASilentNameServerDelaysNoOther) {
  FakeNameServer silent(ctx, sim, 9876);
  silent.silent = true;
  FakeNameServer good(ctx, sim, 9877);
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"namesrvAddr", silent.address() + ";" + good.address()}}));
  ctx.SleepFor(seconds(1)).value();
  client.Ask(broker, CreateTopicRequest("T"));
  ctx.SleepFor(milliseconds(100)).value();
  EXPECT_TRUE(TopicsOf(good).contains("T"));
}

// BROKER-42.
SIM_TEST(Registration, NarrowsThePermissionsOfTopicsByTheBrokersOwn) {
  FakeNameServer server(ctx, sim, 9876);
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(
      broker.StartAndWait(ctx, {{"namesrvAddr", server.address()}, {"brokerPermission", "4"}}));
  client.Ask(broker, CreateTopicRequest("T"));
  ctx.SleepFor(seconds(1)).value();
  ASSERT_TRUE(TopicsOf(server).contains("T"));
  EXPECT_EQ(TopicsOf(server).at("T").perm, wire::kPermRead);
}

// BROKER-43.
SIM_TEST(Registration, SaysGoodbyeWhenItStopsInOrder) {
  FakeNameServer server(ctx, sim, 9876);
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"namesrvAddr", server.address()}}));
  ctx.SleepFor(seconds(1)).value();
  EXPECT_TRUE(broker.StopAndWait(ctx));
  EXPECT_EQ(server.unregistered, 1);
}

// BROKER-43: one that does not answer holds the stop up for 3 s.
SIM_TEST(Registration, ASilentNameServerDoesNotHoldUpTheStop) {
  FakeNameServer server(ctx, sim, 9876);
  TestBroker broker(sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"namesrvAddr", server.address()}}));
  ctx.SleepFor(seconds(1)).value();
  server.silent = true;
  const Tick before = ctx.Now();
  EXPECT_TRUE(broker.StopAndWait(ctx));
  EXPECT_LE(ctx.Now() - before, seconds(6));
}

TEST(SplitAddresses, TakesSemicolonsAndCommas) {
  EXPECT_THAT(SplitAddresses("a:1;b:2,c:3"), ElementsAre("a:1", "b:2", "c:3"));
  EXPECT_THAT(SplitAddresses(" a:1 ;; b:2;"), ElementsAre("a:1", "b:2"));
  EXPECT_THAT(SplitAddresses(""), IsEmpty());
  EXPECT_THAT(SplitAddresses(" ; ,"), IsEmpty());
}

}  // namespace
}  // namespace rmq::broker
