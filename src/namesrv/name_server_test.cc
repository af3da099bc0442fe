// The name server as a daemon in the simulator: brokers, clients and operators speak to it over the
// network.
#include "namesrv/name_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remoting/client.h"
#include "remoting/server.h"
#include "runtime/replace_file.h"
#include "sim/sim_test.h"
#include "wire/checksum.h"
#include "wire/json_bean.h"
#include "wire/namesrv_headers.h"
#include "wire/register_broker_body.h"
#include "wire/route_data.h"

namespace rmq::namesrv {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

constexpr uint16_t kPort = 9876;
constexpr std::string_view kFile = "/etc/namesrv.conf";

// One name server on a machine of its own.
struct Server {
  Server(sim::Simulation& simulation, std::string name) : sim(simulation) {
    machine = &sim.AddMachine(std::move(name));
    address = Endpoint{machine->ip(), kPort}.ToString();
  }
  void Start(NameServerOptions options = {}) {
    error.reset();
    process = &sim.Start(
        *machine, "namesrv",
        [this, options = std::move(options)](Context& ctx, runtime::Runtime& runtime) mutable {
          const Result<void> ran = RunNameServer(ctx, runtime, std::move(options));
          if (!ran.has_value()) error = ran.error();
        });
  }
  // Writes the configuration file and starts with it.
  void StartWith(std::string text) {
    process = &sim.Start(*machine, "namesrv",
                         [this, text = std::move(text)](Context& ctx, runtime::Runtime& runtime) {
                           {
                             const auto directory =
                                 runtime.files().OpenDirectory(ctx, "/etc", true).value();
                             runtime::ReplaceFile(ctx, *directory, "namesrv.conf", text).value();
                           }
                           NameServerOptions options;
                           options.config_file = kFile;
                           const Result<void> ran = RunNameServer(ctx, runtime, std::move(options));
                           if (!ran.has_value()) error = ran.error();
                         });
  }

  sim::Simulation& sim;
  sim::Machine* machine;
  sim::Process* process = nullptr;
  std::string address;
  std::optional<Error> error;  // that it ended with
};

wire::RegisterBrokerBody TopicsNamed(const std::vector<std::string>& topics) {
  wire::RegisterBrokerBody body;
  body.topic_config_serialize_wrapper.data_version = {0, 1, 100};
  for (const std::string& topic : topics) {
    body.topic_config_serialize_wrapper.topic_config_table[topic] = {.topic_name = topic};
  }
  return body;
}

RemotingCommand RegisterRequest(std::string broker_name, const wire::RegisterBrokerBody& topics,
                                bool compressed = false) {
  const std::string body = wire::EncodeRegisterBrokerBody(topics, compressed).value();
  RemotingCommand request = wire::MakeRequest(
      RequestCode::kRegisterBroker,
      wire::RegisterBrokerRequestHeader{
          .broker_name = broker_name,
          .broker_addr = broker_name + ":10911",
          .cluster_name = "c",
          .ha_server_addr = broker_name + ":10912",
          .heartbeat_timeout_millis = 20'000,
          .compressed = compressed,
          .body_crc32 = static_cast<int32_t>(wire::MessageBodyCrc(AsBytes(body)))});
  request.body = Bytes::Copy(body);
  return request;
}

RemotingCommand RouteRequest(std::string topic) {
  return wire::MakeRequest(RequestCode::kGetRouteInfoByTopic,
                           wire::GetRouteInfoRequestHeader{.topic = std::move(topic)});
}

RemotingCommand PutRequest(std::string key, std::string value) {
  return wire::MakeRequest(
      RequestCode::kPutKvConfig,
      wire::PutKVConfigRequestHeader{
          .kv_namespace = "ns", .key = std::move(key), .value = std::move(value)});
}
RemotingCommand GetRequest(std::string key) {
  return wire::MakeRequest(RequestCode::kGetKvConfig,
                           wire::GetKVConfigRequestHeader{.kv_namespace = "ns", .key = key});
}
RemotingCommand UpdateRequest(std::string_view properties) {
  RemotingCommand request = wire::MakeRequest(RequestCode::kUpdateNamesrvConfig);
  request.body = Bytes::Copy(properties);
  return request;
}

// Asks name servers; one connection to each.
class Asker {
 public:
  Asker(Context& ctx, sim::Simulation& sim) : ctx_(ctx), client_(sim.runtime(), nullptr) {}
  ~Asker() { client_.Close(ctx_); }

  RemotingCommand Ask(const Server& server, RemotingCommand request) {
    Context limited = ctx_.WithTimeout(seconds(5));
    return client_.Call(limited, server.address, std::move(request)).value();
  }
  ResponseCode CodeOf(const Server& server, RemotingCommand request) {
    return Ask(server, std::move(request)).response_code();
  }
  std::string TextOf(const Server& server, RemotingCommand request) {
    return std::string(Ask(server, std::move(request)).body.text());
  }
  void Disconnect(const Server& server) { client_.Disconnect(server.address); }

 private:
  Context& ctx_;
  remoting::Client client_;
};

// NS-16.
SIM_TEST(NameServer, TellsClientsWhereATopicIs) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker broker(ctx, sim);
  Asker client(ctx, sim);
  EXPECT_EQ(broker.CodeOf(server, RegisterRequest("b", TopicsNamed({"T", "U"}))),
            ResponseCode::kSuccess);
  EXPECT_EQ(client.TextOf(server, RouteRequest("T")),
            R"({"brokerDatas":[{"brokerAddrs":{"0":"b:10911"},"brokerName":"b","cluster":"c",)"
            R"("enableActingMaster":false}],"filterServerTable":{},"queueDatas":[)"
            R"({"brokerName":"b","perm":6,"readQueueNums":16,"topicSysFlag":0,)"
            R"("writeQueueNums":16}]})");
  RemotingCommand old_client = RouteRequest("T");
  old_client.version = wire::kVersion4_9_3;
  EXPECT_THAT(client.TextOf(server, old_client), HasSubstr(R"({0:"b:10911"})"));
  old_client.ext_fields.Set("acceptStandardJsonOnly", true);
  EXPECT_THAT(client.TextOf(server, old_client), HasSubstr(R"({"0":"b:10911"})"));

  const RemotingCommand missing = client.Ask(server, RouteRequest("X"));
  EXPECT_EQ(missing.response_code(), ResponseCode::kTopicNotExist);
  EXPECT_EQ(missing.remark,
            "No topic route info in name server for the topic: X\nSee "
            "https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.");
}

SIM_TEST(NameServer, NameServersKnowNothingOfEachOther) {
  Server one(sim, "ns1");
  Server two(sim, "ns2");
  one.Start();
  two.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  asker.Ask(one, RegisterRequest("b", TopicsNamed({"T", "U"})));
  EXPECT_EQ(asker.CodeOf(one, RouteRequest("T")), ResponseCode::kSuccess);
  EXPECT_EQ(asker.CodeOf(two, RouteRequest("T")), ResponseCode::kTopicNotExist);
  asker.Ask(two, RegisterRequest("b", TopicsNamed({"T", "U"}), /*compressed=*/true));
  sim.Kill(*one.process);
  EXPECT_EQ(asker.CodeOf(two, RouteRequest("T")), ResponseCode::kSuccess);
}

// M25: what a restarted name server knows of routes comes with the brokers' next registrations.
SIM_TEST(NameServer, LearnsRoutesAgainAfterARestart) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  asker.Ask(server, RegisterRequest("b", TopicsNamed({"T", "U"})));
  sim.Kill(*server.process);
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  EXPECT_EQ(asker.CodeOf(server, RouteRequest("T")), ResponseCode::kTopicNotExist);
  const auto version = asker.Ask(server, [] {
    RemotingCommand request =
        wire::MakeRequest(RequestCode::kQueryDataVersion,
                          wire::QueryDataVersionRequestHeader{
                              .broker_name = "b", .broker_addr = "b:10911", .cluster_name = "c"});
    request.body = Bytes::Copy(wire::ToJson(wire::DataVersion{0, 1, 100}));
    return request;
  }());
  EXPECT_EQ(version.ext_fields.Find("changed"), "true");
  asker.Ask(server, RegisterRequest("b", TopicsNamed({"T", "U"})));
  EXPECT_EQ(asker.CodeOf(server, RouteRequest("T")), ResponseCode::kSuccess);
}

// --- liveness ---

// NS-11.
SIM_TEST(NameServer, RemovesABrokerThatFallsSilent) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker broker(ctx, sim);
  Asker client(ctx, sim);
  broker.Ask(server, RegisterRequest("b", TopicsNamed({"T", "U"})));  // 20 s
  for (int i = 0; i < 4; ++i) {
    ctx.SleepFor(seconds(15)).value();
    EXPECT_EQ(client.CodeOf(server, RouteRequest("T")), ResponseCode::kSuccess);
    broker.Ask(server,
               wire::MakeRequest(RequestCode::kBrokerHeartbeat,
                                 wire::BrokerHeartbeatRequestHeader{.cluster_name = "c",
                                                                    .broker_addr = "b:10911",
                                                                    .broker_name = "b",
                                                                    .broker_id = 0}));
  }
  ctx.SleepFor(seconds(26)).value();  // 20 s and one interval of 5 s
  EXPECT_EQ(client.CodeOf(server, RouteRequest("T")), ResponseCode::kTopicNotExist);
}

SIM_TEST(NameServer, RemovesABrokerWhoseConnectionEnds) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker client(ctx, sim);
  {
    Asker broker(ctx, sim);
    broker.Ask(server, RegisterRequest("b", TopicsNamed({"T", "U"})));
    EXPECT_EQ(client.CodeOf(server, RouteRequest("T")), ResponseCode::kSuccess);
  }
  ctx.SleepFor(milliseconds(10)).value();
  EXPECT_EQ(client.CodeOf(server, RouteRequest("T")), ResponseCode::kTopicNotExist);
}

SIM_TEST(NameServer, RemovesABrokerThatSaysGoodbye) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker broker(ctx, sim);
  broker.Ask(server, RegisterRequest("b", TopicsNamed({"T", "U"})));
  broker.Ask(server, wire::MakeRequest(
                         RequestCode::kUnregisterBroker,
                         wire::UnRegisterBrokerRequestHeader{
                             .broker_name = "b", .broker_addr = "b:10911", .cluster_name = "c"}));
  EXPECT_EQ(broker.CodeOf(server, RouteRequest("T")), ResponseCode::kTopicNotExist);
}

// M24: the broker connects anew and registers before the end of its old connection is noticed.
SIM_TEST(NameServer, TheEndOfAnOldConnectionDoesNotTouchABrokerThatRegisteredAgain) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker old_life(ctx, sim);
  Asker new_life(ctx, sim);
  old_life.Ask(server, RegisterRequest("b", TopicsNamed({"T", "U"})));
  new_life.Ask(server, RegisterRequest("b", TopicsNamed({"T", "U"})));
  old_life.Ask(server, wire::MakeRequest(
                           RequestCode::kUnregisterBroker,
                           wire::UnRegisterBrokerRequestHeader{
                               .broker_name = "b", .broker_addr = "b:10911", .cluster_name = "c"}));
  old_life.Disconnect(server);
  ctx.SleepFor(seconds(10)).value();
  EXPECT_EQ(new_life.CodeOf(server, RouteRequest("T")), ResponseCode::kSuccess);
}

// --- requests that can't be met ---

// NS-1, NS-2.
SIM_TEST(NameServer, RefusesWhatItDoesNotKnow) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  const auto unknown = asker.Ask(server, wire::MakeRequest(RequestCode::kSendMessage));
  EXPECT_EQ(unknown.response_code(), ResponseCode::kRequestCodeNotSupported);
  EXPECT_EQ(unknown.remark, " request type 10 not supported");
  const auto no_topic = asker.Ask(server, wire::MakeRequest(RequestCode::kGetRouteInfoByTopic));
  EXPECT_EQ(no_topic.response_code(), ResponseCode::kSystemError);
  EXPECT_THAT(no_topic.remark, HasSubstr("topic"));
}

// NS-3.
SIM_TEST(NameServer, RefusesABodyThatDoesNotMatchItsChecksum) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  RemotingCommand request = RegisterRequest("b", TopicsNamed({"T", "U"}));
  request.ext_fields.Set("bodyCrc32", 1);
  const auto refused = asker.Ask(server, request);
  EXPECT_EQ(refused.response_code(), ResponseCode::kSystemError);
  EXPECT_EQ(refused.remark, "crc32 not match");
  request.ext_fields.Set("bodyCrc32", 0);
  EXPECT_EQ(asker.CodeOf(server, request), ResponseCode::kSuccess);
}

// Good requests of every code with bytes of the body changed: each gets an answer.
// NS-2.
SIM_TEST_SEEDS(NameServer, AnswersWhateverTheBodyIs, /*seeds=*/50) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  runtime::Random& random = sim.runtime().random();
  const auto draw = [&](uint64_t bound) { return random.Draw("test: mutate", 0, bound); };
  constexpr int kCodes[] = {100, 101, 102, 103, 104, 105, 106, 205, 206, 216, 217, 219,
                            224, 304, 311, 312, 313, 318, 319, 322, 327, 901, 904, 9999};
  for (int i = 0; i < 40; ++i) {
    RemotingCommand request =
        RegisterRequest("b", TopicsNamed({"T", "U"}), /*compressed=*/draw(2) == 0);
    request.ext_fields.Set("topic", "T");
    request.ext_fields.Set("namespace", "ns");
    request.ext_fields.Set("key", "k");
    if (draw(2) == 0) request.ext_fields.Set("bodyCrc32", 0);
    request.code = kCodes[draw(std::size(kCodes))];
    request.version = draw(2) == 0 ? wire::kOurVersion : 30;
    std::string body(request.body.text());
    for (uint64_t n = draw(3); n > 0; --n) body[draw(body.size())] = static_cast<char>(draw(256));
    request.body = Bytes::Copy(body);
    asker.Ask(server, request);
  }
  EXPECT_EQ(asker.CodeOf(server, wire::MakeRequest(RequestCode::kGetBrokerClusterInfo)),
            ResponseCode::kSuccess);
}

// NS-17.
SIM_TEST(NameServer, AsksForPatienceAfterItsStartIfToldTo) {
  Server server(sim, "ns");
  server.StartWith("needWaitForService=true\nwaitSecondsForService=45\n");
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  const auto early = asker.Ask(server, RouteRequest("T"));
  EXPECT_EQ(early.response_code(), ResponseCode::kSystemError);
  EXPECT_EQ(early.remark, "name server not ready");
  ctx.SleepFor(seconds(45)).value();
  EXPECT_EQ(asker.CodeOf(server, RouteRequest("T")), ResponseCode::kTopicNotExist);
}

// --- stored texts ---

// NS-19.
SIM_TEST(NameServer, GivesBrokersTheQueuesOfOrderedTopics) {
  Server server(sim, "ns");
  server.StartWith("orderMessageEnable=true");
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  EXPECT_EQ(asker.TextOf(server, RegisterRequest("b", TopicsNamed({"T", "U"}))), "");
  RemotingCommand put = PutRequest("T", "b:4");
  put.ext_fields.Set("namespace", "ORDER_TOPIC_CONFIG");
  asker.Ask(server, put);
  EXPECT_EQ(asker.TextOf(server, RegisterRequest("b", TopicsNamed({"T", "U"}))),
            R"({"table":{"T":"b:4"}})");
  EXPECT_THAT(asker.TextOf(server, RouteRequest("T")), HasSubstr(R"("orderTopicConf":"b:4")"));
}

// NS-18.
SIM_TEST(NameServer, KeepsTextsOverARestart) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  EXPECT_EQ(asker.CodeOf(server, GetRequest("k")), ResponseCode::kQueryNotFound);
  asker.Ask(server, PutRequest("k", "v"));
  asker.Ask(server, PutRequest("empty", ""));
  sim.Stop(*server.process);
  sim.WaitForEnd(ctx, *server.process).value();
  EXPECT_FALSE(server.error.has_value());
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  EXPECT_EQ(asker.Ask(server, GetRequest("k")).ext_fields.Find("value"), "v");
  EXPECT_EQ(asker.Ask(server, GetRequest("empty")).ext_fields.Find("value"), "");
  asker.Ask(server,
            wire::MakeRequest(RequestCode::kDeleteKvConfig,
                              wire::DeleteKVConfigRequestHeader{.kv_namespace = "ns", .key = "k"}));
  EXPECT_EQ(asker.CodeOf(server, GetRequest("k")), ResponseCode::kQueryNotFound);
  const auto table =
      wire::MakeRequest(RequestCode::kGetKvListByNamespace,
                        wire::GetKVListByNamespaceRequestHeader{.kv_namespace = "ns"});
  EXPECT_EQ(asker.TextOf(server, table), R"({"table":{"empty":""}})");
}

// Power goes while texts are stored: those that were acknowledged are there afterwards, and the
// name server starts.
// NS-18.
SIM_TEST_SEEDS(NameServer, AnAcknowledgedTextSurvivesAPowerCut, /*seeds=*/100) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  int acknowledged = -1;
  runtime::Gate gate;
  ctx.executor().Spawn(gate, "operator", [&](Context& operator_ctx) {
    Asker asker(operator_ctx, sim);
    remoting::Client client(sim.runtime(), nullptr);
    for (int i = 0;; ++i) {
      const auto put =
          client.Call(operator_ctx, server.address, PutRequest("k", std::to_string(i)));
      if (!put.has_value() || put->response_code() != ResponseCode::kSuccess) break;
      acknowledged = i;
    }
    client.Close(operator_ctx);
  });
  ctx.SleepFor(microseconds(static_cast<int64_t>(sim.runtime().random().Draw("cut", 0, 100'000))))
      .value();
  sim.PowerCut(*server.machine);
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  gate.Close(ctx);
  ASSERT_FALSE(server.error.has_value()) << server.error->ToString();
  Asker asker(ctx, sim);
  const auto got = asker.Ask(server, GetRequest("k"));
  const auto value = got.ext_fields.Find("value");
  EXPECT_GE(value.has_value() ? std::stoi(std::string(*value)) : -1, acknowledged);
}

// --- configuration ---

SIM_TEST(NameServer, RefusesABadValueWithItsPlace) {
  Server server(sim, "ns");
  server.StartWith("# port\n\nlistenPort=99999\n");
  sim.WaitForEnd(ctx, *server.process).value();
  ASSERT_TRUE(server.error.has_value());
  EXPECT_EQ(server.error->code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(server.error->message(),
            "/etc/namesrv.conf:3: listenPort: \"99999\" is not between 0 and 65535");
}

SIM_TEST(NameServer, SaysThatItsPortIsTaken) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Server second(sim, "unused");
  second.machine = server.machine;
  second.Start();
  sim.WaitForEnd(ctx, *second.process).value();
  ASSERT_TRUE(second.error.has_value());
  EXPECT_EQ(second.error->code(), ErrorCode::kAlreadyExists);
}

SIM_TEST(NameServer, ShowsItsWholeConfiguration) {
  Server server(sim, "ns");
  server.StartWith("scanNotActiveBrokerInterval=1000\nserverWorkerThreads=16\nmyKey=x\n");
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  const std::string text = asker.TextOf(server, wire::MakeRequest(RequestCode::kGetNamesrvConfig));
  EXPECT_THAT(text, HasSubstr("\nlistenPort=9876\n"));
  EXPECT_THAT(text, HasSubstr("\nmyKey=x\n"));
  EXPECT_THAT(text, HasSubstr("\nserverWorkerThreads=16\n"));
  EXPECT_THAT(text, HasSubstr("\nconfigStorePath=/etc/namesrv.conf\n"));
}

// NS-20.
SIM_TEST(NameServer, AnUpdateCountsAtOnceAndAfterARestart) {
  Server server(sim, "ns");
  server.StartWith("# topics\nenableTopicList=true\n");
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  const auto list = wire::MakeRequest(RequestCode::kGetUnitTopicList);
  EXPECT_EQ(asker.CodeOf(server, list), ResponseCode::kSuccess);
  EXPECT_EQ(asker.CodeOf(server, UpdateRequest("enableTopicList=false\nunknownKey=1\n")),
            ResponseCode::kSuccess);
  const auto disabled = asker.Ask(server, list);
  EXPECT_EQ(disabled.response_code(), ResponseCode::kSystemError);
  EXPECT_EQ(disabled.remark, "disable");

  sim.PowerCut(*server.machine);
  asker.Disconnect(server);
  NameServerOptions options;
  options.config_file = kFile;
  server.Start(std::move(options));
  ctx.SleepFor(seconds(1)).value();
  EXPECT_EQ(asker.CodeOf(server, list), ResponseCode::kSystemError);
  EXPECT_THAT(asker.TextOf(server, wire::MakeRequest(RequestCode::kGetNamesrvConfig)),
              Not(HasSubstr("unknownKey")));
}

// NS-20, NS-21.
SIM_TEST(NameServer, AnUpdateThatIsPartlyWrongChangesNothing) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  const auto list = wire::MakeRequest(RequestCode::kGetUnitTopicList);
  const auto wrong =
      asker.Ask(server, UpdateRequest("enableTopicList=false\nwaitSecondsForService=soon\n"));
  EXPECT_EQ(wrong.response_code(), ResponseCode::kSystemError);
  EXPECT_EQ(wrong.remark, "waitSecondsForService: \"soon\" is not a 32-bit number");
  for (const std::string_view key :
       {"kvConfigPath", "configStorePath", "configBlackList", "rocketmqHome"}) {
    const auto forbidden =
        asker.Ask(server, UpdateRequest(fmt::format("enableTopicList=false\n{}=/x\n", key)));
    EXPECT_EQ(forbidden.response_code(), ResponseCode::kNoPermission);
    EXPECT_EQ(forbidden.remark, "Can not update config in black list.");
  }
  EXPECT_EQ(asker.CodeOf(server, list), ResponseCode::kSuccess);
}

// NS-20.
SIM_TEST(NameServer, AnUpdateThatCannotBeStoredChangesNothing) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  server.machine->disk().SetReadOnly(true);
  const auto failed = asker.Ask(server, UpdateRequest("enableTopicList=false\n"));
  EXPECT_EQ(failed.response_code(), ResponseCode::kSystemError);
  EXPECT_THAT(failed.remark, HasSubstr("not changed"));
  EXPECT_EQ(asker.CodeOf(server, wire::MakeRequest(RequestCode::kGetUnitTopicList)),
            ResponseCode::kSuccess);
}

// NS-15.
SIM_TEST(NameServer, TellsTheRestThatTheirMasterIsGone) {
  Server server(sim, "ns");
  server.StartWith("notifyMinBrokerIdChanged=true\nsupportActingMaster=true\n");
  ctx.SleepFor(seconds(1)).value();

  // A slave that listens for what name servers say.
  struct Listening : remoting::RequestHandler {
    void HandleRequest(const std::shared_ptr<remoting::Connection>&,
                       RemotingCommand request) override {
      heard.push_back(std::move(request));
    }
    void ConnectionClosed(remoting::Connection&) override {}
    std::vector<RemotingCommand> heard;
  } slave;
  const Endpoint slave_at{sim.test_machine().ip(), 10911};
  const auto port = remoting::Server::Listen(ctx, sim.runtime(), slave_at, slave).value();
  Asker slave_asker(ctx, sim);
  {
    Asker master(ctx, sim);
    RemotingCommand request = RegisterRequest("b", TopicsNamed({"T", "U"}));
    request.ext_fields.Set("enableActingMaster", true);
    master.Ask(server, request);
    request.ext_fields.Set("brokerId", 1);
    request.ext_fields.Set("brokerAddr", slave_at.ToString());
    slave_asker.Ask(server, request);
  }
  ctx.SleepFor(seconds(1)).value();
  ASSERT_EQ(slave.heard.size(), 1U);
  EXPECT_TRUE(slave.heard[0].IsOneway());
  const auto header =
      wire::DecodeHeader<wire::NotifyMinBrokerIdChangeRequestHeader>(slave.heard[0]).value();
  EXPECT_EQ(header.min_broker_id, 1);
  EXPECT_EQ(header.offline_broker_addr, "b:10911");
  EXPECT_THAT(slave_asker.TextOf(server, RouteRequest("T")),
              HasSubstr(fmt::format(R"("brokerAddrs":{{"0":"{}"}})", slave_at.ToString())));
  port->Close(ctx);
}

SIM_TEST(NameServer, StopsWhenItIsTold) {
  Server server(sim, "ns");
  server.Start();
  ctx.SleepFor(seconds(1)).value();
  Asker asker(ctx, sim);
  asker.Ask(server, RouteRequest("T"));
  const Tick before = ctx.Now();
  sim.Stop(*server.process);
  sim.WaitForEnd(ctx, *server.process).value();
  EXPECT_LE(ctx.Now() - before, milliseconds(100));
  EXPECT_FALSE(server.error.has_value());
}

}  // namespace
}  // namespace rmq::namesrv
