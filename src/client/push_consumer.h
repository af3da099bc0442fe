// A PushConsumer brings the messages of its subscriptions to a listener, as one member of a
// consumer group. In a clustering group the members share the queues and each message goes to one
// of them; in a broadcasting group every member gets all messages.
//
//   auto consumer = PushConsumer::Create(*client, {.group = "billing"}, listener);
//   (*consumer)->Subscribe("orders", "paid || refunded");
//   (*consumer)->Start(ctx);
//   …
//   (*consumer)->Close(ctx);
//
// Each message is delivered at least once. Its offset is committed only after the listener was
// through with it and with everything before it in its queue. One executor. Rules:
// spec/client/consumer.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "client/calls.h"
#include "client/client_instance.h"
#include "client/consumer_member.h"
#include "client/consumer_parts.h"
#include "client/push_options.h"
#include "client/queue_table.h"
#include "client/rebalancer.h"

namespace rmq::client {

class PushConsumer final : private ConsumerMember {
 public:
  using MakeService = std::function<std::unique_ptr<ConsumeService>(ConsumerParts&)>;

  // `client` outlives it. kInvalidArgument: the group's name, or broadcasting without a directory
  // for offsets.
  static Result<std::unique_ptr<PushConsumer>> Create(ClientInstance& client,
                                                      PushConsumerOptions options,
                                                      Listener listener);
  // For consumers that are called instead of calling a listener: without retries, and told to the
  // brokers as pulling.
  static Result<std::unique_ptr<PushConsumer>> CreatePolled(ClientInstance& client,
                                                            PushConsumerOptions options,
                                                            const MakeService& make_service);
  ~PushConsumer() override;  // REQUIRES: closed, or its process is dead
  PushConsumer(const PushConsumer&) = delete;
  PushConsumer& operator=(const PushConsumer&) = delete;

  // Before or after Start. `tags` is "*" or "a || b"; a second call for a topic replaces the first.
  // kInvalidArgument: the topic's name or the tags.
  Result<void> Subscribe(const std::string& topic, std::string_view tags);
  void Unsubscribe(const std::string& topic);

  // These queues instead of a share of all, whoever else there is, and their topics as
  // subscriptions.
  void Assign(const std::vector<MessageQueue>& queues);
  // Goes on at `offset` in a queue that it owns, and commits that.
  void Seek(const MessageQueue& queue, QueueOffset offset);

  // Joins the group. Succeeds also when no topic and no broker can be reached yet: it goes on
  // trying. kAlreadyExists: `client` has a consumer of the group already; the errors of FileSystem
  // in broadcasting. Once.
  Result<void> Start(Context& ctx);
  // Gives back the queues and leaves the group: takes no more messages, waits for the listener
  // calls under way (close_grace), commits what is finished. No listener call comes afterwards.
  // Idempotent. REQUIRES: not called by a listener.
  void Close(Context& ctx);

  // Stops and resumes pulling. What is cached is still consumed.
  void Suspend() { parts_.suspended = true; }
  void Resume();

  const std::string& group() const override { return options_.group; }
  // What it owns now: up to which offset each queue is finished.
  std::map<MessageQueue, int64_t> Owned() const;

 private:
  PushConsumer(ClientInstance& client, PushConsumerOptions options, Listener listener);
  static Result<void> CheckOptions(const PushConsumerOptions& options);
  Result<void> OpenOffsets(Context& ctx);
  void SubscribeToRetries();
  void PersistUntilStopped(Context& ctx);
  void RenewLocksUntilStopped(Context& ctx);
  void RenewLocks(Context& ctx);

  wire::ConsumerData Describe() const override;
  void GroupChanged() override { rebalancer_.Wake(); }
  void ConnectionLost(Endpoint peer) override;
  wire::ConsumerRunningInfo RunningInfo() const override;
  std::map<MessageQueue, int64_t> Offsets(std::string_view topic) const override;
  void ResetOffsets(const std::map<MessageQueue, int64_t>& offsets) override;
  wire::ConsumeMessageDirectlyResult ConsumeDirectly(Context& ctx, MessagePtr message) override;

  const PushConsumerOptions options_;
  const Listener listener_;
  ConsumerParts parts_;
  QueueTable table_;
  Rebalancer rebalancer_;
  Calls calls_;
  const bool polled_;  // no listener
  WallTime started_at_;
  bool started_ = false;
  bool closed_ = false;
};

}  // namespace rmq::client
