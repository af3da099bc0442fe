// Who consumes how: request modes, assignments of queues by the broker, and batches of POP acks.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "wire/heartbeat_data.h"

namespace rmq::wire {

enum class MessageRequestMode : uint8_t { kPull, kPop };
constexpr auto JsonNames(MessageRequestMode) {
  return std::array<std::string_view, 2>{"PULL", "POP"};
}

struct QueryAssignmentRequestBody {
  std::string client_id;
  std::string consumer_group;
  std::optional<MessageModel> message_model;
  std::optional<std::string> strategy_name;
  std::string topic;
  bool operator==(const QueryAssignmentRequestBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("clientId", client_id);
    v.Field("consumerGroup", consumer_group);
    v.Field("messageModel", message_model);
    v.Field("strategyName", strategy_name);
    v.Field("topic", topic);
  }
};

struct MessageQueueAssignment {
  std::optional<std::map<std::string, std::string>> attachments;
  MessageQueue message_queue;
  MessageRequestMode mode = MessageRequestMode::kPull;
  bool operator==(const MessageQueueAssignment&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("attachments", attachments);
    v.Field("messageQueue", message_queue);
    v.Field("mode", mode);
  }
};

struct QueryAssignmentResponseBody {
  std::vector<MessageQueueAssignment> message_queue_assignments;
  bool operator==(const QueryAssignmentResponseBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("messageQueueAssignments", message_queue_assignments);
  }
};

struct SetMessageRequestModeRequestBody {
  std::string consumer_group;
  MessageRequestMode mode = MessageRequestMode::kPull;
  int32_t pop_share_queue_num = 0;
  std::string topic;
  bool operator==(const SetMessageRequestModeRequestBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("consumerGroup", consumer_group);
    v.Field("mode", mode);
    v.Field("popShareQueueNum", pop_share_queue_num);
    v.Field("topic", topic);
  }
};

// The file messageRequestMode.json: topic, group.
struct MessageRequestModeSerializeWrapper {
  std::map<std::string, std::map<std::string, SetMessageRequestModeRequestBody>>
      message_request_mode_map;
  bool operator==(const MessageRequestModeSerializeWrapper&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("messageRequestModeMap", message_request_mode_map);
  }
};

// Short names, since many travel in one request: c group, t topic, r retry, so start offset, q
// queue, rq revive queue, pt pop time, it invisible time, b the base64 of a bit set of acked
// messages.
struct BatchAck {
  std::string b;
  std::string c;
  int64_t it = 0;
  int64_t pt = 0;
  int32_t q = 0;
  std::string r;
  int32_t rq = 0;
  int64_t so = 0;
  std::string t;
  bool operator==(const BatchAck&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("b", b);
    v.Field("c", c);
    v.Field("it", it);
    v.Field("pt", pt);
    v.Field("q", q);
    v.Field("r", r);
    v.Field("rq", rq);
    v.Field("so", so);
    v.Field("t", t);
  }
};

struct BatchAckMessageRequestBody {
  std::vector<BatchAck> acks;
  std::string broker_name;
  bool operator==(const BatchAckMessageRequestBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("acks", acks);
    v.Field("brokerName", broker_name);
  }
};

}  // namespace rmq::wire
