// Messages as programs write and read them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/message_properties.h"

namespace rmq::client {

// To be sent. Fields that are left alone are not sent.
struct Message {
  std::string topic;
  Bytes body;
  std::string tags;               // one tag: subscriptions compare the whole text
  std::vector<std::string> keys;  // to find it by; no blanks in them
  // Messages of one topic with the same key go to the same queue (CLIENT-26).
  std::string sharding_key;
  int32_t delay_level = 0;               // 1 to 18; 0: at once
  std::optional<WallTime> deliver_time;  // not before this; instead of a level
  bool wait_store_ok = true;             // false: the broker answers before flush and replication
  int32_t flag = 0;                      // for the program's own use
  wire::Properties properties;           // the program's own
};

// As it was received. The body is decompressed, unless that failed: then kCompressedFlag is still
// in sys_flag.
struct MessageExt {
  std::string topic;  // what it was sent to, also when it comes from the retry topic
  Bytes body;
  wire::Properties properties;  // all of them
  std::string msg_id;           // the producer's uniq id, else the offset message id
  std::string offset_msg_id;
  MessageQueue queue;  // where it was read
  QueueOffset queue_offset;
  CommitLogOffset commit_log_offset;
  int32_t flag = 0;
  int32_t sys_flag = 0;
  int32_t reconsume_times = 0;
  uint32_t store_size = 0;
  WallTime born_time;
  WallTime store_time;
  Endpoint born_host;
  Endpoint store_host;

  std::string_view tags() const { return properties.Find(wire::kPropertyTags).value_or(""); }
  // Separated by blanks.
  std::string_view keys() const { return properties.Find(wire::kPropertyKeys).value_or(""); }
};

using MessagePtr = std::shared_ptr<MessageExt>;

// Decodes the messages of a pull, view or query answer that came from `broker_name`, in order;
// inner batches are taken apart. kCorruption.
Result<std::vector<MessagePtr>> DecodeMessages(Slice records, std::string_view broker_name);

}  // namespace rmq::client
