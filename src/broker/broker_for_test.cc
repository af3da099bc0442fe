#include "broker/broker_for_test.h"

#include <fmt/format.h>

#include <charconv>

#include "wire/admin_headers.h"
#include "wire/message.h"
#include "wire/offset_headers.h"

namespace rmq::broker {

using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

namespace {

constexpr uint16_t kPort = 10911;
constexpr std::string_view kConfigFile = "/broker.conf";

}  // namespace

TestBroker::TestBroker(sim::Simulation& sim, const std::string& name)
    : sim_(sim), machine_(&sim.AddMachine(name)), name_(name) {}

TestBroker::~TestBroker() {
  Kill();
}

void TestBroker::Start(KeyValues keys) {
  keys_ = std::move(keys);
  BrokerOptions options;
  options.config_file = config_file_;
  options.overrides = {{"brokerName", name_},
                       {"brokerClusterName", "c"},
                       {"storePathRootDir", "/store"},
                       {"mappedFileSizeCommitLog", "1048576"},
                       {"mappedFileSizeConsumeQueue", "2000"},
                       {"maxHashSlotNum", "100"},
                       {"maxIndexNum", "1000"},
                       {"hotTailSize", "65536"}};
  options.overrides.insert(options.overrides.end(), keys_.begin(), keys_.end());
  const int life = ++life_;
  serving_ = false;
  error_.reset();
  options.started = [this, life](const std::string&, Endpoint) {
    if (life == life_) serving_ = true;
  };
  process_ = &sim_.Start(
      *machine_, "broker",
      [this, life, options = std::move(options)](Context& ctx, runtime::Runtime& runtime) mutable {
        const Result<void> ran = RunBroker(ctx, runtime, std::move(options));
        if (life != life_) return;
        serving_ = false;
        if (!ran.has_value()) error_ = ran.error();
      });
}

bool TestBroker::StartAndWait(Context& ctx, KeyValues keys) {
  Start(std::move(keys));
  while (!serving_ && process_->alive() && !error_.has_value()) {
    if (!ctx.SleepFor(milliseconds(10)).has_value()) return false;
  }
  return serving_;
}

bool TestBroker::StopAndWait(Context& ctx) {
  sim_.Stop(*process_);
  return sim_.WaitForEnd(ctx, *process_).has_value() && !error_.has_value();
}

void TestBroker::Kill() {
  ++life_;
  serving_ = false;
  if (process_ != nullptr) sim_.Kill(*process_);
}

void TestBroker::PowerCut() {
  ++life_;
  serving_ = false;
  sim_.PowerCut(*machine_);
}

std::string TestBroker::address() const {
  return Endpoint{machine_->ip(), kPort}.ToString();
}

void TestBroker::WriteConfigFile(std::string_view text) {
  config_file_ = kConfigFile;
  disk().WriteFile(kConfigFile, text);
}

RemotingCommand TestClient::Ask(const TestBroker& broker, RemotingCommand request) {
  Context limited = ctx_.WithTimeout(seconds(40));
  auto answer = client_.Call(limited, broker.address(), std::move(request));
  if (answer.has_value()) return std::move(*answer);
  ADD_FAILURE() << answer.error().ToString();
  RemotingCommand none;
  none.code = -1;
  return none;
}

void TestClient::AskAsync(const TestBroker& broker, RemotingCommand request,
                          std::optional<RemotingCommand>& answer) {
  client_.CallAsync(broker.address(), std::move(request), seconds(100),
                    [&answer](Result<RemotingCommand> result) {
                      if (result.has_value()) answer = std::move(*result);
                    });
}

size_t TestClient::asked(RequestCode code) const {
  size_t count = 0;
  for (const RemotingCommand& request : asked_) count += request.request_code() == code ? 1 : 0;
  return count;
}

void TestClient::HandleRequest(const std::shared_ptr<remoting::Connection>& connection,
                               RemotingCommand request) {
  if (answers) {
    RemotingCommand response = wire::MakeResponse(request, ResponseCode::kSuccess, "mine");
    response.body = request.body;
    connection->Reply(request, std::move(response));
  }
  asked_.push_back(std::move(request));
}

RemotingCommand SendRequest(const SendSpec& spec, RequestCode code) {
  const wire::SendMessageRequestHeader header{
      .producer_group = "P",
      .topic = spec.topic,
      .default_topic = spec.default_topic,
      .default_topic_queue_nums = spec.default_topic_queue_nums,
      .queue_id = spec.queue_id,
      .born_timestamp = 1'700'000'000'000,
      .properties = spec.properties,
      .reconsume_times = spec.reconsume_times,
      .max_reconsume_times = spec.max_reconsume_times,
      .batch = spec.batch};
  RemotingCommand request = wire::MakeRequest(code);
  wire::EncodeSendMessageHeader(header, request.ext_fields);
  request.body = Bytes::Copy(spec.body);
  return request;
}

RemotingCommand PullRequestOf(const PullSpec& spec, RequestCode code) {
  wire::PullMessageRequestHeader header{.consumer_group = spec.group,
                                        .topic = spec.topic,
                                        .queue_id = spec.queue_id,
                                        .queue_offset = spec.offset,
                                        .max_msg_nums = spec.count};
  if (spec.commit.has_value()) {
    header.sys_flag |= 1;
    header.commit_offset = *spec.commit;
  }
  if (spec.suspend_ms.has_value()) {
    header.sys_flag |= 2;
    header.suspend_timeout_millis = *spec.suspend_ms;
  }
  if (spec.with_subscription) {
    header.sys_flag |= 4;
    header.subscription = spec.subscription;
    header.expression_type = "TAG";
  }
  return wire::MakeRequest(code, header);
}

RemotingCommand CommitRequest(std::string_view group, std::string_view topic, int32_t queue_id,
                              int64_t offset) {
  return wire::MakeRequest(
      RequestCode::kUpdateConsumerOffset,
      wire::UpdateConsumerOffsetRequestHeader{.consumer_group = std::string(group),
                                              .topic = std::string(topic),
                                              .queue_id = queue_id,
                                              .commit_offset = offset});
}

RemotingCommand CommittedRequest(std::string_view group, std::string_view topic, int32_t queue_id,
                                 bool zero_if_not_found) {
  return wire::MakeRequest(
      RequestCode::kQueryConsumerOffset,
      wire::QueryConsumerOffsetRequestHeader{.consumer_group = std::string(group),
                                             .topic = std::string(topic),
                                             .queue_id = queue_id,
                                             .set_zero_if_not_found = zero_if_not_found});
}

RemotingCommand HeartbeatRequest(const wire::HeartbeatData& heartbeat) {
  RemotingCommand request = wire::MakeRequest(RequestCode::kHeartBeat);
  request.body = Bytes::Copy(wire::ToJson(heartbeat));
  return request;
}

wire::HeartbeatData ConsumerHeartbeat(std::string_view client_id, std::string_view group,
                                      std::string_view topic, std::string_view expression,
                                      int64_t version) {
  wire::HeartbeatData heartbeat;
  heartbeat.client_id = client_id;
  wire::ConsumerData consumer;
  consumer.group_name = group;
  wire::SubscriptionData subscription;
  subscription.topic = topic;
  subscription.sub_string = expression;
  subscription.sub_version = version;
  consumer.subscription_data_set.push_back(std::move(subscription));
  heartbeat.consumer_data_set.push_back(std::move(consumer));
  return heartbeat;
}

RemotingCommand CreateTopicRequest(std::string_view topic, int32_t queues, int32_t perm) {
  return wire::MakeRequest(RequestCode::kUpdateAndCreateTopic,
                           wire::CreateTopicRequestHeader{.topic = std::string(topic),
                                                          .default_topic = "TBW102",
                                                          .read_queue_nums = queues,
                                                          .write_queue_nums = queues,
                                                          .perm = perm,
                                                          .topic_filter_type = "SINGLE_TAG"});
}

RemotingCommand RawRequest(RequestCode code,
                           const std::vector<std::pair<std::string, std::string>>& fields,
                           std::string_view body) {
  RemotingCommand request = wire::MakeRequest(code);
  for (const auto& [name, value] : fields) request.ext_fields.Set(name, value);
  if (!body.empty()) request.body = Bytes::Copy(body);
  return request;
}

int64_t Number(const RemotingCommand& answer, std::string_view field) {
  const std::string text(answer.ext_fields.Find(field).value_or("-999"));
  int64_t number = -999;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::vector<std::string> BodiesOf(const RemotingCommand& answer) {
  std::vector<std::string> bodies;
  Slice rest = answer.body.view();
  while (!rest.empty()) {
    const auto message = wire::DecodeStoredMessage(rest);
    if (!message.has_value()) {
      ADD_FAILURE() << message.error().ToString();
      break;
    }
    bodies.emplace_back(AsText(message->body));
    rest = rest.subspan(message->total_size);
  }
  return bodies;
}

int64_t Send(TestClient& client, const TestBroker& broker, const SendSpec& spec) {
  const RemotingCommand answer = client.Ask(broker, SendRequest(spec));
  if (answer.response_code() != ResponseCode::kSuccess) return -1;
  return Number(answer, "queueOffset");
}

int64_t Committed(TestClient& client, const TestBroker& broker, std::string_view group,
                  std::string_view topic, int32_t queue_id) {
  const RemotingCommand answer = client.Ask(broker, CommittedRequest(group, topic, queue_id));
  return answer.response_code() == ResponseCode::kSuccess ? Number(answer, "offset") : -1;
}

}  // namespace rmq::broker
