// Names of topics and groups: which are valid, which belong to the system, how one is made from
// another, and the delay levels. Error texts are those of the Java broker, since clients and
// operators search for them. Rules: MSG-60 to MSG-65.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace rmq::wire {

// MSG-61 and MSG-62.
inline constexpr size_t kMaxTopicLength = 127;            // TopicValidator
inline constexpr size_t kMaxRetryOrDlqTopicLength = 255;  // TopicValidator
inline constexpr size_t kMaxGroupLength = 120;            // TopicValidator and client Validators

// MSG-63: topics of the system. Clusters, brokers and `<cluster>_REPLY_TOPIC` name topics as well.
inline constexpr std::string_view kAutoCreateTopicKeyTopic = "TBW102";
inline constexpr std::string_view kScheduleTopic = "SCHEDULE_TOPIC_XXXX";
inline constexpr std::string_view kBenchmarkTopic = "BenchmarkTest";
inline constexpr std::string_view kTransHalfTopic = "RMQ_SYS_TRANS_HALF_TOPIC";
inline constexpr std::string_view kTraceTopic = "RMQ_SYS_TRACE_TOPIC";
inline constexpr std::string_view kTransOpHalfTopic = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
inline constexpr std::string_view kTransCheckMaxTimeTopic = "TRANS_CHECK_MAX_TIME_TOPIC";
inline constexpr std::string_view kSelfTestTopic = "SELF_TEST_TOPIC";
inline constexpr std::string_view kOffsetMovedEventTopic = "OFFSET_MOVED_EVENT";
inline constexpr std::string_view kCheckpointTopic = "CHECKPOINT_TOPIC";
inline constexpr std::string_view kTimerTopic = "rmq_sys_wheel_timer";

inline constexpr std::array kSystemTopics = {
    kAutoCreateTopicKeyTopic, kScheduleTopic, kBenchmarkTopic,
    kTransHalfTopic,          kTraceTopic,    kTransOpHalfTopic,
    kTransCheckMaxTimeTopic,  kSelfTestTopic, kOffsetMovedEventTopic,
    kCheckpointTopic};

inline constexpr std::string_view kSystemTopicPrefix = "rmq_sys_";
inline constexpr std::string_view kReviveTopicPrefix = "rmq_sys_REVIVE_LOG_";
inline constexpr std::string_view kSyncBrokerMemberPrefix = "rmq_sys_SYNC_BROKER_MEMBER_";
inline constexpr std::string_view kReplyTopicPostfix = "REPLY_TOPIC";
inline constexpr std::string_view kRetryTopicPrefix = "%RETRY%";
inline constexpr std::string_view kDlqTopicPrefix = "%DLQ%";
inline constexpr std::string_view kLmqPrefix = "%LMQ%";
inline constexpr std::string_view kSystemGroupPrefix = "CID_RMQ_SYS_";
inline constexpr std::string_view kTransGroup = "CID_RMQ_SYS_TRANS";

// kInvalidArgument with the Java broker's text.
Result<void> ValidateTopic(std::string_view topic);
Result<void> ValidateGroup(std::string_view group);

// A fixed one, or one with the system's prefix. Those that carry a cluster's or a broker's name
// are known to the broker alone.
bool IsSystemTopic(std::string_view topic);
// System topics that only brokers may send to (MSG-63).
bool IsSendForbidden(std::string_view topic);

inline bool IsRetryTopic(std::string_view topic) {
  return topic.starts_with(kRetryTopicPrefix);
}
inline bool IsDlqTopic(std::string_view topic) {
  return topic.starts_with(kDlqTopicPrefix);
}
inline bool IsLmq(std::string_view queue) {
  return queue.starts_with(kLmqPrefix);
}
inline bool IsSystemGroup(std::string_view group) {
  return group.starts_with(kSystemGroupPrefix);
}

std::string RetryTopic(std::string_view group);
std::string DlqTopic(std::string_view group);
// MSG-64: `%RETRY%group_topic`, and with `version2` `%RETRY%group+topic`, which can be taken apart
// again.
std::string PopRetryTopic(std::string_view topic, std::string_view group, bool version2);
// The topic whose messages `topic` holds for the retries of `group`: `topic` itself unless it is a
// pop retry topic of that group.
std::string_view NormalTopic(std::string_view topic, std::string_view group);

// Delay levels are numbered from 1.
inline constexpr std::string_view kDefaultDelayLevelsText =
    "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";
inline constexpr std::array<milliseconds, 18> kDefaultDelayLevels = {
    seconds(1), seconds(5),  seconds(10), seconds(30), minutes(1), minutes(2),
    minutes(3), minutes(4),  minutes(5),  minutes(6),  minutes(7), minutes(8),
    minutes(9), minutes(10), minutes(20), minutes(30), hours(1),   hours(2)};

// Reads the value of messageDelayLevel: numbers with the unit s, m, h or d, between blanks.
// kInvalidArgument names the level that is none.
Result<std::vector<milliseconds>> ParseDelayLevels(std::string_view text);

}  // namespace rmq::wire
