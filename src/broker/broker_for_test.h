// What the tests of this folder share: a broker on a machine of its own, a client that asks it, and
// requests in a few words.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "remoting/client.h"
#include "remoting/connection.h"
#include "sim/sim_test.h"
#include "wire/header_codec.h"
#include "wire/heartbeat_data.h"
#include "wire/json_bean.h"
#include "wire/pull_headers.h"
#include "wire/remoting_command.h"
#include "wire/send_headers.h"

namespace rmq::broker {

using KeyValues = std::vector<std::pair<std::string, std::string>>;

// One broker, run by the function that the real daemon runs. Small files, port 10911, /store.
class TestBroker {
 public:
  explicit TestBroker(sim::Simulation& sim, const std::string& name = "broker-a");
  ~TestBroker();  // kills it

  // Starts it with these keys over the small defaults; `keys` replaces those of the last start.
  void Start(KeyValues keys);
  void Start() { Start(keys_); }
  // The same, and waits until it serves. False: it ended, see `error`.
  bool StartAndWait(Context& ctx, KeyValues keys);
  bool StartAndWait(Context& ctx) { return StartAndWait(ctx, keys_); }
  // As SIGTERM, and waits for its end. False: it ended with an error.
  bool StopAndWait(Context& ctx);
  void Kill();
  void PowerCut();

  std::string address() const;
  sim::Machine& machine() { return *machine_; }
  sim::Disk& disk() { return machine_->disk(); }
  sim::Process& process() { return *process_; }
  bool serving() const { return serving_; }
  const std::optional<Error>& error() const { return error_; }
  // The file /broker.conf, which it reads from the next start on.
  void WriteConfigFile(std::string_view text);

 private:
  sim::Simulation& sim_;
  sim::Machine* machine_;
  sim::Process* process_ = nullptr;
  const std::string name_;
  std::string config_file_;
  KeyValues keys_;
  int life_ = 0;
  bool serving_ = false;
  std::optional<Error> error_;
};

// One client: one connection to each broker, and what brokers ask of it.
class TestClient : public remoting::RequestHandler {
 public:
  TestClient(Context& ctx, sim::Simulation& sim) : ctx_(ctx), client_(sim.runtime(), this) {}
  ~TestClient() override { client_.Close(ctx_); }

  // Fails the test, and answers with code -1, if there is no answer within 40 s.
  wire::RemotingCommand Ask(const TestBroker& broker, wire::RemotingCommand request);
  wire::ResponseCode CodeOf(const TestBroker& broker, wire::RemotingCommand request) {
    return Ask(broker, std::move(request)).response_code();
  }
  std::string TextOf(const TestBroker& broker, wire::RemotingCommand request) {
    return std::string(Ask(broker, std::move(request)).body.text());
  }
  void AskAsync(const TestBroker& broker, wire::RemotingCommand request,
                std::optional<wire::RemotingCommand>& answer);
  void Disconnect(const TestBroker& broker) { client_.Disconnect(broker.address()); }
  remoting::Client& client() { return client_; }

  // What brokers have asked; answered with success and the request's own body.
  const std::vector<wire::RemotingCommand>& asked() const { return asked_; }
  size_t asked(wire::RequestCode code) const;
  bool answers = true;

  void HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                     wire::RemotingCommand request) override;
  void ConnectionClosed(remoting::Connection&) override {}

 private:
  Context& ctx_;
  remoting::Client client_;
  std::vector<wire::RemotingCommand> asked_;
};

// --- requests ---

struct SendSpec {
  std::string topic = "T";
  std::string body = "hello";
  int32_t queue_id = 0;
  std::string properties;
  std::string default_topic = "TBW102";
  int32_t default_topic_queue_nums = 4;
  int32_t reconsume_times = 0;
  std::optional<int32_t> max_reconsume_times;
  bool batch = false;
};
wire::RemotingCommand SendRequest(const SendSpec& spec,
                                  wire::RequestCode code = wire::RequestCode::kSendMessageV2);

struct PullSpec {
  std::string group = "G";
  std::string topic = "T";
  int32_t queue_id = 0;
  int64_t offset = 0;
  int32_t count = 32;
  std::string subscription = "*";
  std::optional<int64_t> commit;
  std::optional<int64_t> suspend_ms;
  bool with_subscription = true;
};
wire::RemotingCommand PullRequestOf(const PullSpec& spec,
                                    wire::RequestCode code = wire::RequestCode::kPullMessage);

wire::RemotingCommand CommitRequest(std::string_view group, std::string_view topic,
                                    int32_t queue_id, int64_t offset);
wire::RemotingCommand CommittedRequest(std::string_view group, std::string_view topic,
                                       int32_t queue_id, bool zero_if_not_found = true);
wire::RemotingCommand HeartbeatRequest(const wire::HeartbeatData& heartbeat);
// One member of a clustering group that subscribes to `topic`.
wire::HeartbeatData ConsumerHeartbeat(std::string_view client_id, std::string_view group,
                                      std::string_view topic, std::string_view expression = "*",
                                      int64_t version = 1);
wire::RemotingCommand CreateTopicRequest(std::string_view topic, int32_t queues = 4,
                                         int32_t perm = 6);
// A request that no typed header can make: what a hostile client may send.
wire::RemotingCommand RawRequest(wire::RequestCode code,
                                 const std::vector<std::pair<std::string, std::string>>& fields,
                                 std::string_view body = {});

// --- answers ---

// The number of a field; -999 without it.
int64_t Number(const wire::RemotingCommand& answer, std::string_view field);
// The bodies of the messages that a pull has brought.
std::vector<std::string> BodiesOf(const wire::RemotingCommand& answer);

// Sends a message and returns its queue offset, -1 for a refusal.
int64_t Send(TestClient& client, const TestBroker& broker, const SendSpec& spec);
// The committed offset, -1 without one.
int64_t Committed(TestClient& client, const TestBroker& broker, std::string_view group,
                  std::string_view topic, int32_t queue_id);

}  // namespace rmq::broker
