#include "broker/pull_processor.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/offset_processor.h"

namespace rmq::broker {

using store::GetStatus;
using wire::ResponseCode;

namespace {

// Bits of PullMessageRequestHeader::sysFlag (Apache: PullSysFlag).
constexpr int32_t kCommitOffsetFlag = 1;
constexpr int32_t kSuspendFlag = 2;
constexpr int32_t kSubscriptionFlag = 4;

constexpr seconds kColdReadTimeout{30};
// Connections don't live that long without a word; more would overflow.
constexpr int64_t kLongestHoldMs = 24 * 60 * 60 * 1000;

class TagFilter : public store::MessageFilter {
 public:
  explicit TagFilter(const filter::TagExpression& tags) : tags_(tags) {}
  bool MatchesTagsCode(int64_t tags_code) const override { return tags_.MatchesCode(tags_code); }

 private:
  const filter::TagExpression& tags_;
};

// BROKER-12: what a reader is told for what the store found.
ResponseCode CodeOf(GetStatus status, int64_t asked) {
  switch (status) {
    case GetStatus::kFound:
      return ResponseCode::kSuccess;
    case GetStatus::kNoMatchedMessage:
    case GetStatus::kMessageWasRemoving:
      return ResponseCode::kPullRetryImmediately;
    case GetStatus::kNoMatchedLogicQueue:
    case GetStatus::kNoMessageInQueue:
      return asked == 0 ? ResponseCode::kPullNotFound : ResponseCode::kPullOffsetMoved;
    case GetStatus::kOffsetFoundNull:
    case GetStatus::kOffsetOverflowOne:
      return ResponseCode::kPullNotFound;
    case GetStatus::kOffsetOverflowBadly:
    case GetStatus::kOffsetTooSmall:
      return ResponseCode::kPullOffsetMoved;
  }
  return ResponseCode::kSystemError;
}

std::string_view StatusName(GetStatus status) {
  switch (status) {
    case GetStatus::kFound:
      return "FOUND";
    case GetStatus::kNoMatchedMessage:
      return "NO_MATCHED_MESSAGE";
    case GetStatus::kMessageWasRemoving:
      return "MESSAGE_WAS_REMOVING";
    case GetStatus::kOffsetFoundNull:
      return "OFFSET_FOUND_NULL";
    case GetStatus::kOffsetOverflowBadly:
      return "OFFSET_OVERFLOW_BADLY";
    case GetStatus::kOffsetOverflowOne:
      return "OFFSET_OVERFLOW_ONE";
    case GetStatus::kOffsetTooSmall:
      return "OFFSET_TOO_SMALL";
    case GetStatus::kNoMatchedLogicQueue:
      return "NO_MATCHED_LOGIC_QUEUE";
    case GetStatus::kNoMessageInQueue:
      return "NO_MESSAGE_IN_QUEUE";
  }
  return "UNKNOWN";
}

}  // namespace

PullProcessor::PullProcessor(BrokerParts& parts)
    : parts_(parts), hold_(parts.runtime.executor(), [this](PullRequest pull) {
        if (!pull.connection->closed()) Pull(std::move(pull));
      }) {}

void PullProcessor::ReplyError(PullRequest& pull, ResponseCode code, std::string remark) {
  broker::ReplyError(pull.connection, pull.command, code, std::move(remark));
}

void PullProcessor::HandlePull(const ConnectionPtr& connection, wire::RemotingCommand request) {
  PullRequest pull;
  pull.connection = connection;
  auto header = wire::DecodeHeader<wire::PullMessageRequestHeader>(request);
  pull.command = std::move(request);
  if (!header.has_value()) {
    return ReplyError(pull, ResponseCode::kSystemError, header.error().message());
  }
  pull.header = std::move(*header);
  pull.may_suspend = (pull.header.sys_flag & kSuspendFlag) != 0;
  if (!Check(pull) || !CheckSubscription(pull)) return;
  if (TakeBack(pull)) return;
  const bool commits = pull.may_suspend && (pull.header.sys_flag & kCommitOffsetFlag) != 0;
  if (commits) {
    // What may not count is left out: the pull is answered all the same.
    (void)CommitOffset(parts_, connection->id(), pull.header.consumer_group, pull.header.topic,
                       pull.header.queue_id, pull.header.commit_offset);
  }
  Pull(std::move(pull));
}

// BROKER-10: permission, group, topic, queue, in Java's order and with its codes.
bool PullProcessor::Check(PullRequest& pull) {
  const auto refuse = [&](ResponseCode code, std::string remark) {
    ReplyError(pull, code, std::move(remark));
    return false;
  };
  const wire::PullMessageRequestHeader& header = pull.header;
  if (!parts_.config.readable()) {
    return refuse(ResponseCode::kNoPermission,
                  fmt::format("the broker[{}] pulling message is forbidden",
                              parts_.store_host.ip.ToString()));
  }
  const WallTime now = parts_.runtime.clock().WallNow();
  const wire::SubscriptionGroupConfig* group =
      parts_.groups.FindOrCreate(header.consumer_group, now);
  if (group == nullptr) {
    return refuse(ResponseCode::kSubscriptionGroupNotExist,
                  fmt::format("subscription group [{}] does not exist", header.consumer_group));
  }
  if (!group->consume_enable) {
    return refuse(ResponseCode::kNoPermission,
                  fmt::format("subscription group no permission, {}", header.consumer_group));
  }
  const wire::TopicConfig* topic = parts_.topics.Find(header.topic);
  if (topic == nullptr) {
    return refuse(ResponseCode::kTopicNotExist,
                  fmt::format("topic[{}] not exist, apply first please!", header.topic));
  }
  if ((topic->perm & wire::kPermRead) == 0) {
    return refuse(ResponseCode::kNoPermission,
                  fmt::format("the topic[{}] pulling message is forbidden", header.topic));
  }
  if (header.queue_id < 0 || header.queue_id >= topic->read_queue_nums) {
    return refuse(
        ResponseCode::kInvalidParameter,
        fmt::format(
            "queueId[{}] is illegal, topic:[{}] topicConfig.readQueueNums:[{}] consumer:[{}]",
            header.queue_id, header.topic, topic->read_queue_nums,
            pull.connection->peer().ToString()));
  }
  return true;
}

// BROKER-52: true if the reader was sent back to what survived the last stop.
bool PullProcessor::TakeBack(PullRequest& pull) {
  const wire::PullMessageRequestHeader& header = pull.header;
  const ConsumerGroup* group = parts_.clients.FindConsumers(header.consumer_group);
  std::string reader = header.consumer_group;
  if (group != nullptr && group->message_model == wire::MessageModel::kBroadcasting) {
    reader = fmt::format("{}@{}", reader, pull.connection->peer().ToString());
  }
  const auto end = parts_.recovered_ends.TakeBack(
      reader, pull.connection->id(), header.topic, header.queue_id,
      QueueOffset{header.queue_offset},
      parts_.offsets.Find(header.consumer_group, header.topic, header.queue_id),
      parts_.runtime.clock().Now());
  if (!end.has_value()) return false;
  wire::RemotingCommand response = wire::MakeResponse(
      pull.command, ResponseCode::kPullOffsetMoved,
      fmt::format("offset {} is of messages that were lost with the broker's last stop",
                  header.queue_offset));
  wire::EncodeHeader(
      wire::PullMessageResponseHeader{
          .suggest_which_broker_id = 0,
          .next_begin_offset = end->value,
          .min_offset =
              parts_.store.MinOffset(header.topic, header.queue_id).value_or(QueueOffset{}).value,
          .max_offset =
              parts_.store.MaxOffset(header.topic, header.queue_id).value_or(QueueOffset{}).value},
      response.ext_fields);
  pull.connection->Reply(pull.command, std::move(response));
  return true;
}

// BROKER-11: a pull brings its subscription, or the group's heartbeats have brought it.
bool PullProcessor::CheckSubscription(PullRequest& pull) {
  const wire::PullMessageRequestHeader& header = pull.header;
  std::string_view type = header.expression_type;
  std::string_view text = header.subscription;
  if ((header.sys_flag & kSubscriptionFlag) == 0) {
    const ConsumerGroup* group = parts_.clients.FindConsumers(header.consumer_group);
    if (group == nullptr) {
      ReplyError(pull, ResponseCode::kSubscriptionNotExist, "the consumer's group info not exist");
      return false;
    }
    const auto subscription = group->subscriptions.find(header.topic);
    if (subscription == group->subscriptions.end()) {
      ReplyError(pull, ResponseCode::kSubscriptionNotExist,
                 fmt::format("the consumer's subscription not exist: group {}, topic {}",
                             header.consumer_group, header.topic));
      return false;
    }
    if (subscription->second.sub_version < header.sub_version) {
      ReplyError(pull, ResponseCode::kSubscriptionNotLatest,
                 "the consumer's subscription not latest");
      return false;
    }
    type = subscription->second.expression_type;
    text = subscription->second.sub_string;
  }
  if (!type.empty() && type != filter::kTagType) {
    ReplyError(pull, ResponseCode::kSystemError,
               fmt::format("The broker does not support consumer to filter message by {}", type));
    return false;
  }
  auto tags = filter::TagExpression::Parse(text);
  if (!tags.has_value()) {
    ReplyError(pull, ResponseCode::kSubscriptionParseFailed,
               "parse the consumer's subscription failed");
    return false;
  }
  pull.tags = std::move(*tags);
  return true;
}

void PullProcessor::Pull(PullRequest pull) {
  const TagFilter filter(pull.tags);
  store::GetRequest get{.topic = pull.header.topic,
                        .queue_id = pull.header.queue_id,
                        .from = QueueOffset{pull.header.queue_offset},
                        .max_count = pull.header.max_msg_nums,
                        .filter = &filter};
  if (pull.header.max_msg_bytes.value_or(0) > 0) get.max_bytes = *pull.header.max_msg_bytes;
  const Result<store::GetResult> got = parts_.store.TryGet(get);
  if (got.has_value() || got.error().code() != ErrorCode::kWouldBlock) return Answer(pull, got);
  parts_.runtime.executor().Spawn(
      parts_.gate, "cold pull", [this, pull = std::move(pull), get](Context& ctx) mutable {
        const TagFilter cold_filter(pull.tags);
        get.topic = pull.header.topic;
        get.filter = &cold_filter;
        Context timed = ctx.WithTimeout(kColdReadTimeout);
        const Result<store::GetResult> read = parts_.store.Get(timed, get);
        // Messages may have come while it read: only a look that did not suspend may be held.
        if (read.has_value() && read->status != GetStatus::kFound) {
          const Result<store::GetResult> again = parts_.store.TryGet(get);
          if (again.has_value()) return Answer(pull, again);
          pull.may_suspend = false;
        }
        Answer(pull, read);
      });
}

void PullProcessor::Answer(PullRequest& pull, const Result<store::GetResult>& got) {
  if (!got.has_value()) {
    return ReplyError(pull, ResponseCodeOf(got.error()), got.error().ToString());
  }
  const ResponseCode code = CodeOf(got->status, pull.header.queue_offset);
  wire::RemotingCommand response = wire::MakeResponse(
      pull.command, code,
      code == ResponseCode::kSuccess ? "FOUND" : std::string(StatusName(got->status)));
  wire::EncodeHeader(wire::PullMessageResponseHeader{.suggest_which_broker_id = 0,
                                                     .next_begin_offset = got->next_begin.value,
                                                     .min_offset = got->min.value,
                                                     .max_offset = got->max.value},
                     response.ext_fields);
  if (code == ResponseCode::kPullNotFound) return AnswerNotFound(pull, std::move(response));
  pull.connection->Reply(pull.command, std::move(response), got->messages);
}

void PullProcessor::AnswerNotFound(PullRequest& pull, wire::RemotingCommand response) {
  if (pull.may_suspend && !parts_.gate.closed()) {
    const int64_t wait_ms = parts_.config.long_polling_enable ? pull.header.suspend_timeout_millis
                                                              : parts_.config.short_polling_time_ms;
    const Tick deadline = parts_.runtime.clock().Now() +
                          milliseconds(std::clamp<int64_t>(wait_ms, 0, kLongestHoldMs));
    if (hold_.Hold(pull, deadline, static_cast<size_t>(parts_.config.max_held_pulls))) return;
  }
  pull.connection->Reply(pull.command, std::move(response));
}

}  // namespace rmq::broker
