#include "client/pull_call.h"

#include <fmt/format.h>

#include "client/answer_error.h"
#include "wire/name_rules.h"
#include "wire/pull_headers.h"

namespace rmq::client {
namespace {

using wire::RemotingCommand;
using wire::ResponseCode;

// Bits of PullMessageRequestHeader::sysFlag (Apache: PullSysFlag). The bit that commits an offset
// along with the pull is never set: a pull that is long under way could commit after the next owner
// of the queue did (CLIENT-45).
constexpr int32_t kSuspendFlag = 2;
constexpr int32_t kSubscriptionFlag = 4;

// The subscription goes with every pull, so that a broker that was just started, and has heard no
// heartbeat yet, serves us.
RemotingCommand MakePull(const PullRequest& request) {
  const bool suspend = request.suspend > milliseconds(0);
  wire::PullMessageRequestHeader header;
  header.consumer_group = request.group;
  header.topic = request.queue.topic;
  header.queue_id = request.queue.queue_id;
  header.queue_offset = request.offset.value;
  header.max_msg_nums = request.max_count;
  header.max_msg_bytes = request.max_bytes;
  header.sys_flag = kSubscriptionFlag | (suspend ? kSuspendFlag : 0);
  header.suspend_timeout_millis = request.suspend.count();
  header.subscription = request.subscription.expression;
  header.sub_version = request.subscription.version;
  header.expression_type = request.subscription.type;
  return wire::MakeRequest(wire::RequestCode::kPullMessage, header);
}

std::optional<PullStatus> StatusOf(ResponseCode code) {
  switch (code) {
    case ResponseCode::kSuccess:
      return PullStatus::kFound;
    case ResponseCode::kPullNotFound:
      return PullStatus::kNoNewMessage;
    case ResponseCode::kPullRetryImmediately:
      return PullStatus::kNoMatchedMessage;
    case ResponseCode::kPullOffsetMoved:
      return PullStatus::kOffsetIllegal;
    default:
      return std::nullopt;
  }
}

// CLIENT-34: consumers see messages under the topic they were sent to.
void RestoreTopic(const std::string& group, MessageExt& message) {
  if (message.topic != wire::RetryTopic(group)) return;
  const auto original = message.properties.Find(wire::kPropertyRetryTopic);
  if (original.has_value()) message.topic = *original;
}

Result<PullResult> ReadAnswer(const PullRequest& request, const RemotingCommand& answer) {
  const std::string what =
      fmt::format("pull {} queue {} of {} at {}", request.queue.topic, request.queue.queue_id,
                  request.queue.broker_name, request.offset.value);
  const std::optional<PullStatus> status = StatusOf(answer.response_code());
  if (!status.has_value()) return Fail(AnswerError(what, answer));
  RMQ_TRY(const auto header, wire::DecodeHeader<wire::PullMessageResponseHeader>(answer));
  PullResult result{.status = *status,
                    .next_begin_offset = QueueOffset{header.next_begin_offset},
                    .min_offset = QueueOffset{header.min_offset},
                    .max_offset = QueueOffset{header.max_offset},
                    .suggested_broker_id = header.suggest_which_broker_id};
  if (*status != PullStatus::kFound) return result;
  auto messages = DecodeMessages(answer.body.view(), request.queue.broker_name);
  if (!messages.has_value()) return Fail(WithContext(std::move(messages).error(), what));
  for (MessagePtr& message : *messages) {
    // CLIENT-10: the broker compared hashes.
    const bool by_tag = request.subscription.type == filter::kTagType;
    if (by_tag && !request.subscription.tags.MatchesTag(message->tags())) continue;
    message->queue = request.queue;
    RestoreTopic(request.group, *message);
    result.messages.push_back(std::move(message));
  }
  return result;
}

}  // namespace

Result<PullResult> PullMessages(Context& ctx, ClientInstance& client, const PullRequest& request,
                                nanoseconds timeout) {
  RMQ_TRY(const std::string address,
          client.BrokerAddress(ctx, request.queue.topic, request.queue.broker_name,
                               request.broker_id, /*only_this=*/false));
  RMQ_TRY(const RemotingCommand answer, client.Call(ctx, address, MakePull(request), timeout));
  return ReadAnswer(request, answer);
}

}  // namespace rmq::client
