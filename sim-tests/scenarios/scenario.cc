#include "scenarios/scenario.h"

#include <fmt/format.h>

#include "client/admin.h"
#include "harness/queue_reader.h"
#include "harness/retry.h"
#include "sim/disk.h"
#include "wire/message_id.h"
#include "wire/topic_config.h"

namespace rmq::simtest {
namespace {

constexpr seconds kPatience{30};

ClusterOptions WithSmallFiles(ClusterOptions options) {
  KeyValues keys = SmallFiles();
  keys.insert(keys.end(), options.broker_keys.begin(), options.broker_keys.end());
  options.broker_keys = std::move(keys);
  return options;
}

}  // namespace

KeyValues SmallFiles() {
  return {{"mappedFileSizeCommitLog", "16384"},
          {"mappedFileSizeConsumeQueue", "320"},
          {"maxHashSlotNum", "64"},
          {"maxIndexNum", "128"}};
}

KeyValues QuietDisk() {
  return {{"mappedFileSizeCommitLog", "1048576"},
          {"flushIntervalCommitLog", "3600000"},
          {"flushIntervalConsumeQueue", "3600000"},
          {"flushConsumerOffsetInterval", "3600000"}};
}

Scenario::Scenario(Context& ctx, sim::Simulation& sim, ClusterOptions options)
    : ctx_(ctx),
      sim_(sim),
      cluster_(sim, oracle_, WithSmallFiles(std::move(options))),
      inspector_(cluster_, oracle_, {kTopic}, {}),
      client_(*client::ClientInstance::Create(
          sim.runtime(),
          {.name_servers = cluster_.name_server_list(), .instance_name = "scenario"})),
      producer_(*client::Producer::Create(
          *client_, {.group = "senders", .retries = 0, .compress_above = SIZE_MAX})),
      reader_(*client::PullConsumer::Create(*client_, {.group = "readers"})) {}

Scenario::~Scenario() {
  reader_->Close(ctx_);
  producer_->Close(ctx_);
  client_->Close(ctx_);
  for (int i = 0; i < cluster_.broker_count(); ++i) cluster_.KillBroker(i);
  for (int i = 0; i < cluster_.name_server_count(); ++i) cluster_.KillNameServer(i);
}

void Scenario::Begin(int queues) {
  cluster_.StartAll();
  cluster_.HealAndWait(ctx_, kPatience);
  for (int i = 0; i < cluster_.broker_count(); ++i) {
    wire::TopicConfig topic;
    topic.topic_name = kTopic;
    topic.read_queue_nums = topic.write_queue_nums = queues;
    ASSERT_TRUE(client::CreateTopic(ctx_, *client_, cluster_.broker_address(i), topic).has_value());
  }
  SleepFor(seconds(2));
  ASSERT_EQ(client_->routes().Get(ctx_, kTopic).value()->read_queues().size(),
            static_cast<size_t>(queues * cluster_.broker_count()));
}

bool Scenario::StartBroker(int number) {
  cluster_.StartBroker(number);
  (void)WaitUntil(ctx_, kPatience,
                  [&] { return cluster_.BrokerServes(number) || !cluster_.BrokerRuns(number); });
  if (!cluster_.BrokerServes(number)) return false;
  // After a power cut the client's connection is dead, and nobody has told it.
  const auto reached =
      WithRetries(ctx_, [&] { return reader_->MaxOffset(ctx_, Queue(0, number)); });
  return reached.has_value();
}

bool Scenario::StopBroker(int number) {
  cluster_.StopBroker(number);
  return WaitUntil(ctx_, kPatience, [&] { return !cluster_.BrokerRuns(number); });
}

void Scenario::CutPowerLosingEverythingPending(int number) {
  if (!cluster_.options().sync_flush) oracle_.MayLoseSuffix(Cluster::BrokerName(number));
  cluster_.KillBroker(number);
  disk(number).CutPowerLosingEverythingPending();
}

client::Message Scenario::MessageOf(const MessageId& id) const {
  client::Message message;
  message.topic = kTopic;
  message.body = Bytes::Copy(BodyOf(id, padding_));
  message.keys = {id};
  return message;
}

bool Scenario::Send(Context& ctx, const MessageId& id, const MessageQueue& queue,
                    std::string tags) {
  client::Message message = MessageOf(id);
  message.tags = std::move(tags);
  oracle_.SendBegan(id);
  client::SendOptions options;
  options.queue = queue;
  return Conclude(id, producer_->Send(ctx, message, options));
}

bool Scenario::SendAnywhere(client::Producer& producer, const MessageId& id) {
  oracle_.SendBegan(id);
  return Conclude(id, producer.Send(ctx_, MessageOf(id)));
}

bool Scenario::Conclude(const MessageId& id, const Result<client::SendResult>& sent) {
  if (sent.has_value() && sent->status == client::SendStatus::kSendOk) {
    const auto place = wire::OffsetMessageId::Parse(sent->offset_msg_id);
    oracle_.SendOk(id, sent->queue, sent->queue_offset.value, place->physical_offset.value);
    return true;
  }
  // Everything else may have been stored, or not: the producer's contract.
  const bool unknown = sent.has_value() || sent.error().code() == ErrorCode::kDeadlineExceeded ||
                       sent.error().code() == ErrorCode::kConnectionReset ||
                       sent.error().code() == ErrorCode::kCancelled;
  if (!unknown) oracle_.SendFailed(id);
  return false;
}

std::vector<MessageId> Scenario::Read(const MessageQueue& queue) {
  std::vector<MessageId> ids;
  const auto held = ReadQueue(ctx_, *reader_, queue, oracle_);
  if (!held.has_value()) oracle_.Report("I15", held.error().ToString());
  if (!held.has_value()) return ids;
  for (const auto& [offset, id] : held->messages) ids.push_back(id);
  return ids;
}

std::vector<std::string> Scenario::CheckContents() {
  inspector_.CheckContents(ctx_);
  return Findings();
}

std::vector<std::string> Scenario::Findings() const {
  std::vector<std::string> findings;
  for (const Violation& violation : oracle_.violations()) {
    findings.push_back(fmt::format("{}: {}", violation.checker, violation.text));
  }
  return findings;
}

bool Scenario::RouteIsRight(int name_server) {
  auto asker = client::ClientInstance::Create(
      sim_.runtime(), {.name_servers = cluster_.name_server_address(name_server)});
  const auto route = client::FetchTopicRoute(ctx_, **asker, kTopic);
  (*asker)->Close(ctx_);
  std::set<std::string> shown;
  if (route.has_value()) {
    for (const auto& broker : route->broker_datas) shown.insert(broker.broker_name);
  }
  std::set<std::string> serving;
  for (int i = 0; i < cluster_.broker_count(); ++i) {
    if (cluster_.BrokerServes(i)) serving.insert(Cluster::BrokerName(i));
  }
  return shown == serving;
}

}  // namespace rmq::simtest
