// A NameServer and brokers for the client's tests: as little of the protocol as a client needs, in
// memory, on machines of a simulation. Tests look into their state, bend their answers, and stop
// and start them.
//
//   FakeCluster cluster(sim);
//   FakeBroker& broker = cluster.AddBroker("broker-a");
//   broker.AddTopic("orders", 4);
//   ASSERT_TRUE(cluster.Start(ctx));
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "filter/tag_expression.h"
#include "remoting/connection.h"
#include "runtime/gate.h"
#include "runtime/mutex.h"
#include "sim/simulation.h"
#include "wire/heartbeat_data.h"
#include "wire/message.h"
#include "wire/pull_headers.h"
#include "wire/remoting_command.h"
#include "wire/route_data.h"
#include "wire/send_headers.h"

namespace rmq::client {

// What a test wants done with a request.
struct Verdict {
  bool ignore = false;                            // no answer ever
  std::optional<wire::ResponseCode> refuse;       // this answer, and no effect
  std::optional<wire::ResponseCode> answer_code;  // the effect, but this code
  std::optional<std::string> answer_body;         // success with this body, and no effect
  nanoseconds delay{0};                           // the effect now, the answer later
};
using Judge = std::function<Verdict(const wire::RemotingCommand&)>;

class FakeBroker final : public remoting::RequestHandler {
 public:
  FakeBroker(std::string name, int64_t id, Endpoint endpoint, sim::Machine* machine)
      : name_(std::move(name)), id_(id), endpoint_(endpoint), machine_(machine) {}

  // --- for tests ---

  const std::string& name() const { return name_; }
  int64_t id() const { return id_; }
  // REQUIRES: it is simulated.
  sim::Machine& machine() { return *machine_; }
  // Which broker of its name it recommends for the next pull.
  void set_suggested_id(int64_t id) { suggested_id_ = id; }
  std::string address() const { return endpoint_.ToString(); }
  uint16_t port() const { return endpoint_.port; }
  MessageQueue Queue(std::string_view topic, int32_t id) const {
    return {std::string(topic), name_, id};
  }

  void AddTopic(const std::string& topic, int32_t queues) { topics_[topic] = queues; }
  const std::map<std::string, int32_t>& topics() const { return topics_; }
  // Returns its offset.
  int64_t Append(const std::string& topic, int32_t queue, std::string_view body,
                 std::string_view tag = {}, int32_t sys_flag = 0);
  // The bodies as stored, in order.
  std::vector<std::string> Bodies(const std::string& topic, int32_t queue) const;
  std::vector<std::string> AllBodies(const std::string& topic) const;
  const std::vector<wire::SendMessageRequestHeader>& sends() const { return sends_; }
  // Forgets messages: the oldest ones, or those from `end` on.
  void DeleteBefore(const std::string& topic, int32_t queue, int64_t begin);
  void Truncate(const std::string& topic, int32_t queue, int64_t end);

  std::optional<int64_t> Committed(const std::string& group, const std::string& topic,
                                   int32_t queue) const;
  void Commit(const std::string& group, const std::string& topic, int32_t queue, int64_t offset);
  // Whether an offset was ever set back by a client.
  bool went_back() const { return went_back_; }

  std::set<std::string> Members(const std::string& group) const;
  const wire::HeartbeatData& last_heartbeat() const { return last_heartbeat_; }
  const std::vector<wire::PullMessageRequestHeader>& pulls() const { return pulls_; }
  std::string LockOwner(const std::string& group, const MessageQueue& queue) const;
  void StealLock(const std::string& group, const MessageQueue& queue, const std::string& client);

  void SetJudge(Judge judge) { judge_ = std::move(judge); }
  int received(wire::RequestCode code) const;
  // Sends a request to a client that has sent heartbeats.
  void Tell(const std::string& client_id, wire::RemotingCommand request);
  Result<wire::RemotingCommand> Ask(Context& ctx, const std::string& client_id,
                                    wire::RemotingCommand request);
  // The record of a message as clients get it.
  Bytes Record(const std::string& topic, int32_t queue, int64_t offset) const;

  // --- for FakeCluster ---

  // The daemon, until runtime.stop(). With port 0 it chooses one.
  void Run(Context& ctx, runtime::Runtime& runtime);
  // It was killed: what belonged to its process is gone.
  void Died();

  void HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                     wire::RemotingCommand request) override;
  void ConnectionClosed(remoting::Connection& connection) override;

 private:
  using ConnectionPtr = std::shared_ptr<remoting::Connection>;
  using QueueKey = std::pair<std::string, int32_t>;  // topic, queue id
  struct Stored {
    int64_t begin = 0;
    std::vector<std::string> records;
    int64_t end() const { return begin + static_cast<int64_t>(records.size()); }
  };
  struct Member {
    ConnectionPtr connection;
    std::set<std::string> groups;
  };
  struct Lock {
    std::string owner;
    Tick renewed;
  };

  wire::RemotingCommand Handle(const ConnectionPtr& connection,
                               const wire::RemotingCommand& request);
  wire::RemotingCommand Send(const wire::RemotingCommand& request);
  wire::RemotingCommand SendBack(const wire::RemotingCommand& request);
  wire::RemotingCommand Offset(const wire::RemotingCommand& request);
  wire::RemotingCommand Heartbeat(const ConnectionPtr& connection,
                                  const wire::RemotingCommand& request);
  wire::RemotingCommand Unregister(const wire::RemotingCommand& request);
  wire::RemotingCommand ListMembers(const wire::RemotingCommand& request);
  wire::RemotingCommand LockOrUnlock(const wire::RemotingCommand& request);
  void Pull(const ConnectionPtr& connection, wire::RemotingCommand request);
  std::optional<wire::RemotingCommand> TryPull(const wire::RemotingCommand& request,
                                               const wire::PullMessageRequestHeader& header);
  int64_t Put(wire::MessageToStore message);
  void NotifyGroups(const std::set<std::string>& groups);
  void Forget(const std::string& client_id);

  const std::string name_;
  const int64_t id_;
  Endpoint endpoint_;
  sim::Machine* const machine_;
  int64_t suggested_id_ = wire::kMasterId;
  std::map<std::string, int32_t> topics_;  // name, number of queues
  std::map<QueueKey, Stored> queues_;
  std::vector<wire::SendMessageRequestHeader> sends_;
  std::vector<wire::PullMessageRequestHeader> pulls_;
  wire::HeartbeatData last_heartbeat_;
  int64_t physical_offset_ = 0;
  std::map<std::pair<std::string, QueueKey>, int64_t> committed_;  // by group
  bool went_back_ = false;
  std::map<int32_t, int> received_;
  Judge judge_;

  // Of the running process.
  runtime::Runtime* runtime_ = nullptr;
  runtime::Gate* gate_ = nullptr;
  std::map<std::string, Member> members_;  // by client id
  std::map<std::pair<std::string, MessageQueue>, Lock> locks_;
  runtime::Condition* arrived_ = nullptr;
};

class FakeNameServer final : public remoting::RequestHandler {
 public:
  FakeNameServer(const std::vector<std::unique_ptr<FakeBroker>>& brokers, Endpoint endpoint)
      : brokers_(brokers), endpoint_(endpoint) {}

  std::string address() const { return endpoint_.ToString(); }
  uint16_t port() const { return endpoint_.port; }

  void Run(Context& ctx, runtime::Runtime& runtime);
  void HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                     wire::RemotingCommand request) override;
  void ConnectionClosed(remoting::Connection&) override {}

  int questions() const { return questions_; }
  // It has just been started and knows nothing yet.
  void set_empty(bool empty) { empty_ = empty; }
  // Brokers of these names are not in its routes.
  std::set<std::string>& hidden() { return hidden_; }

 private:
  wire::TopicRouteData RouteOf(const std::string& topic) const;

  const std::vector<std::unique_ptr<FakeBroker>>& brokers_;
  Endpoint endpoint_;
  std::set<std::string> hidden_;
  bool empty_ = false;
  int questions_ = 0;
};

class FakeCluster {
 public:
  explicit FakeCluster(sim::Simulation& sim, int name_servers = 1);
  ~FakeCluster();  // kills what is still running

  FakeBroker& AddBroker(const std::string& name, int64_t id = wire::kMasterId);
  // Starts what is not running and waits until it is likely to serve.
  bool Start(Context& ctx);
  void Kill(FakeBroker& broker);
  void KillNameServer(size_t index);

  sim::Simulation& sim() { return sim_; }
  FakeNameServer& name_server(size_t index = 0) { return *name_servers_[index]; }
  sim::Machine& name_server_machine(size_t index) { return *name_server_machines_[index]; }
  // What clients are told.
  std::string name_server_list() const;

 private:
  sim::Simulation& sim_;
  std::vector<std::unique_ptr<FakeBroker>> brokers_;
  std::vector<std::unique_ptr<FakeNameServer>> name_servers_;
  std::vector<sim::Machine*> name_server_machines_;
  std::map<std::string, sim::Process*> processes_;  // by machine
};

}  // namespace rmq::client
