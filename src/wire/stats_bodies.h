// What brokers tell operators about queues and progress.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"

namespace rmq::wire {

struct TopicOffset {
  int64_t last_update_timestamp = 0;
  int64_t max_offset = 0;
  int64_t min_offset = 0;
  bool operator==(const TopicOffset&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("lastUpdateTimestamp", last_update_timestamp);
    v.Field("maxOffset", max_offset);
    v.Field("minOffset", min_offset);
  }
};

struct TopicStatsTable {
  std::map<MessageQueue, TopicOffset> offset_table;
  double topic_put_tps = 0;
  bool operator==(const TopicStatsTable&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("offsetTable", offset_table);
    v.Field("topicPutTps", topic_put_tps);
  }
};

struct OffsetWrapper {
  int64_t broker_offset = 0;
  int64_t consumer_offset = 0;
  int64_t last_timestamp = 0;
  int64_t pull_offset = 0;
  bool operator==(const OffsetWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerOffset", broker_offset);
    v.Field("consumerOffset", consumer_offset);
    v.Field("lastTimestamp", last_timestamp);
    v.Field("pullOffset", pull_offset);
  }
};

struct ConsumeStats {
  double consume_tps = 0;
  std::map<MessageQueue, OffsetWrapper> offset_table;
  bool operator==(const ConsumeStats&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumeTps", consume_tps);
    v.Field("offsetTable", offset_table);
  }
};

// Each element maps one group to its statistics by topic.
struct ConsumeStatsList {
  std::string broker_addr;
  std::vector<std::map<std::string, std::vector<ConsumeStats>>> consume_stats_list;
  int64_t total_diff = 0;
  int64_t total_inflight_diff = 0;
  bool operator==(const ConsumeStatsList&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerAddr", broker_addr);
    v.Field("consumeStatsList", consume_stats_list);
    v.Field("totalDiff", total_diff);
    v.Field("totalInflightDiff", total_inflight_diff);
  }
};

// The …Str properties are Java's formatting of the stamps in its own time zone; readers ignore
// them.
struct QueueTimeSpan {
  int64_t consume_time_stamp = 0;
  int64_t delay_time = 0;
  int64_t max_time_stamp = 0;
  MessageQueue message_queue;
  int64_t min_time_stamp = 0;
  bool operator==(const QueueTimeSpan&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumeTimeStamp", consume_time_stamp);
    v.Field("delayTime", delay_time);
    v.Field("maxTimeStamp", max_time_stamp);
    v.Field("messageQueue", message_queue);
    v.Field("minTimeStamp", min_time_stamp);
  }
};

struct QueryConsumeTimeSpanBody {
  std::vector<QueueTimeSpan> consume_time_span_set;
  bool operator==(const QueryConsumeTimeSpanBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumeTimeSpanSet", consume_time_span_set);
  }
};

struct BrokerStatsItem {
  double avgpt = 0;
  int64_t sum = 0;
  double tps = 0;
  bool operator==(const BrokerStatsItem&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("avgpt", avgpt);
    v.Field("sum", sum);
    v.Field("tps", tps);
  }
};

struct BrokerStatsData {
  std::optional<BrokerStatsItem> stats_day;
  std::optional<BrokerStatsItem> stats_hour;
  std::optional<BrokerStatsItem> stats_minute;
  bool operator==(const BrokerStatsData&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("statsDay", stats_day);
    v.Field("statsHour", stats_hour);
    v.Field("statsMinute", stats_minute);
  }
};

struct GroupList {
  std::set<std::string> group_list;
  bool operator==(const GroupList&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("groupList", group_list);
  }
};

struct ConsumeByWho {
  std::set<std::string> consumed_group;
  std::set<std::string> not_consumed_group;
  int64_t offset = 0;
  int32_t queue_id = 0;
  std::string topic;
  bool operator==(const ConsumeByWho&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumedGroup", consumed_group);
    v.Field("notConsumedGroup", not_consumed_group);
    v.Field("offset", offset);
    v.Field("queueId", queue_id);
    v.Field("topic", topic);
  }
};

}  // namespace rmq::wire
