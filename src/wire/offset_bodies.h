// Tables of offsets: the files a broker keeps them in and the bodies that carry them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "wire/data_version.h"

namespace rmq::wire {

// The file consumerOffset.json: "topic@group", queue id, offset.
struct ConsumerOffsetSerializeWrapper {
  std::optional<DataVersion> data_version;
  std::map<std::string, std::map<int32_t, int64_t>> offset_table;
  bool operator==(const ConsumerOffsetSerializeWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("dataVersion", data_version);
    v.Field("offsetTable", offset_table);
  }
};

// The file delayOffset.json: delay level, offset.
struct DelayOffsetSerializeWrapper {
  std::optional<DataVersion> data_version;
  std::map<int32_t, int64_t> offset_table;
  bool operator==(const DelayOffsetSerializeWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("dataVersion", data_version);
    v.Field("offsetTable", offset_table);
  }
};

struct ResetOffsetBody {
  std::map<MessageQueue, int64_t> offset_table;
  bool operator==(const ResetOffsetBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("offsetTable", offset_table);
  }
};

struct MessageQueueForC {
  std::string broker_name;
  int64_t offset = 0;
  int32_t queue_id = 0;
  std::string topic;
  bool operator==(const MessageQueueForC&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("brokerName", broker_name);
    v.Field("offset", offset);
    v.Field("queueId", queue_id);
    v.Field("topic", topic);
  }
};

// The same for clients in C++, which read no objects as keys.
struct ResetOffsetBodyForC {
  std::vector<MessageQueueForC> offset_table;
  bool operator==(const ResetOffsetBodyForC&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("offsetTable", offset_table);
  }
};

struct GetConsumerStatusBody {
  std::map<std::string, std::map<MessageQueue, int64_t>> consumer_table;
  std::map<MessageQueue, int64_t> message_queue_table;
  bool operator==(const GetConsumerStatusBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumerTable", consumer_table);
    v.Field("messageQueueTable", message_queue_table);
  }
};

struct QueryCorrectionOffsetBody {
  std::map<int32_t, int64_t> correction_offsets;
  bool operator==(const QueryCorrectionOffsetBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("correctionOffsets", correction_offsets);
  }
};

}  // namespace rmq::wire
