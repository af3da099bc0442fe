#include "client/queue_locks.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "client/answer_error.h"
#include "wire/client_bodies.h"
#include "wire/json_bean.h"

namespace rmq::client {

using wire::RemotingCommand;

Result<std::set<MessageQueue>> LockQueues(Context& ctx, ClientInstance& client,
                                          const std::string& group,
                                          const std::set<MessageQueue>& queues) {
  RMQ_ASSERT(!queues.empty());
  const wire::LockBatchRequestBody body{
      .client_id = client.client_id(), .consumer_group = group, .mq_set = queues};
  RemotingCommand request = wire::MakeRequest(wire::RequestCode::kLockBatchMq);
  request.body = Bytes::Copy(wire::ToJson(body));
  RMQ_TRY(const RemotingCommand answer,
          client.CallBroker(ctx, *queues.begin(), std::move(request)));
  const std::string what =
      fmt::format("lock {} queues of {}", queues.size(), queues.begin()->broker_name);
  if (!Succeeded(answer)) return Fail(AnswerError(what, answer));
  auto locked = wire::FromJson<wire::LockBatchResponseBody>(answer.body);
  if (!locked.has_value()) return Fail(WithContext(std::move(locked).error(), what));
  return std::move(locked->lock_ok_mq_set);
}

void UnlockQueues(Context& ctx, ClientInstance& client, const std::string& group,
                  const std::set<MessageQueue>& queues) {
  for (const auto& [broker, part] : ByBroker(queues)) {
    const wire::UnlockBatchRequestBody body{
        .client_id = client.client_id(), .consumer_group = group, .mq_set = part};
    RemotingCommand request = wire::MakeRequest(wire::RequestCode::kUnlockBatchMq);
    request.body = Bytes::Copy(wire::ToJson(body));
    const auto answer = client.CallBroker(ctx, *part.begin(), std::move(request));
    if (answer.has_value()) continue;
    RMQ_LOG(client.runtime().log(), kInfo, "client", "unlock {} queues of {}: {}", part.size(),
            broker, answer.error().ToString());
  }
}

std::map<std::string, std::set<MessageQueue>> ByBroker(const std::set<MessageQueue>& queues) {
  std::map<std::string, std::set<MessageQueue>> by_broker;
  for (const MessageQueue& queue : queues) by_broker[queue.broker_name].insert(queue);
  return by_broker;
}

}  // namespace rmq::client
