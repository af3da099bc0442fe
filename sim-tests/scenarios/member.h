// Member is a consumer on the test's own machine: it handles what it gets at once, tells the Oracle
// of it, and remembers.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "client/push_consumer.h"
#include "harness/queue_reader.h"
#include "scenarios/scenario.h"

namespace rmq::simtest {

class Member {
 public:
  // Joins `options.group` and takes all of `topic`.
  Member(Scenario& scenario, client::PushConsumerOptions options,
         const std::string& topic = Scenario::kTopic, std::string_view tags = "*")
      : ctx_(scenario.ctx()),
        client_(*client::ClientInstance::Create(
            scenario.sim().runtime(),
            {.name_servers = scenario.cluster().name_server_list(), .instance_name = "member"})) {
    options.from = wire::ConsumeFromWhere::kFirstOffset;
    const auto handle = [this, &scenario, group = options.group, orderly = options.orderly](
                            Context&, std::span<const client::MessagePtr> messages,
                            client::ConsumeContext& consume) {
      for (const client::MessagePtr& message : messages) {
        got_.push_back(IdOf(message->body));
        scenario.oracle().Delivered(group, orderly, got_.back(), consume.queue,
                                    message->queue_offset.value);
      }
      return client::ConsumeResult::kSuccess;
    };
    consumer_ = *client::PushConsumer::Create(*client_, std::move(options), handle);
    (void)consumer_->Subscribe(topic, tags);
    (void)consumer_->Start(ctx_);
  }
  // Commits, and leaves the group.
  ~Member() {
    consumer_->Close(ctx_);
    client_->Close(ctx_);
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // In the order of their coming, repetitions too.
  const std::vector<MessageId>& got() const { return got_; }
  bool Has(const MessageId& id) const { return std::ranges::find(got_, id) != got_.end(); }
  bool HasAll(const std::vector<MessageId>& ids) const {
    return std::ranges::all_of(ids, [this](const MessageId& id) { return Has(id); });
  }
  client::PushConsumer& consumer() { return *consumer_; }

 private:
  Context& ctx_;
  std::vector<MessageId> got_;
  std::unique_ptr<client::ClientInstance> client_;
  std::unique_ptr<client::PushConsumer> consumer_;
};

}  // namespace rmq::simtest
