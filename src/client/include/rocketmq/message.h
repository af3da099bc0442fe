// Messages, as they are sent and as they are received. Plain values: copy and move them as you
// like.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rocketmq {

using Time = std::chrono::system_clock::time_point;

// One queue of a topic: on one broker, under one number.
struct MessageQueue {
  std::string topic;
  std::string broker_name;
  int32_t queue_id = 0;
  auto operator<=>(const MessageQueue&) const = default;
};

struct Message {
  std::string topic;
  std::string body;
  std::string tags;               // for subscriptions; one tag
  std::vector<std::string> keys;  // to find the message by; no blanks in them
  // Messages of one topic with the same key go to the same queue, and so are consumed in order.
  std::string sharding_key;
  int32_t delay_level = 0;           // 1 (1 s) to 18 (2 h); 0: at once
  std::optional<Time> deliver_time;  // not before this; instead of a level
  bool wait_store_ok = true;         // false: the broker does not wait for flush and replication
  int32_t flag = 0;                  // for your own use
  std::map<std::string, std::string> properties;  // your own
};

struct MessageExt {
  std::string topic;
  std::string body;
  std::map<std::string, std::string> properties;  // yours, and RocketMQ's
  std::string msg_id;                             // made by the producer: the same in all copies
  std::string offset_msg_id;                      // says where this copy is stored
  MessageQueue queue;
  int64_t queue_offset = 0;
  int32_t flag = 0;
  int32_t reconsume_times = 0;  // how often it has come before
  Time born_time;
  Time store_time;
  std::string born_host;   // "10.0.0.7:51234"
  std::string store_host;  // likewise

  std::string_view tags() const { return Property("TAGS"); }
  // Separated by blanks.
  std::string_view keys() const { return Property("KEYS"); }
  // "" if there is none.
  std::string_view Property(const std::string& name) const {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string_view() : std::string_view(found->second);
  }
};

}  // namespace rocketmq
