// What the tests of the store say in a few words: small stores, messages, and everything in a
// queue.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/runtime.h"
#include "store/message_store.h"
#include "wire/message.h"
#include "wire/message_properties.h"

namespace rmq::store {

// Files of a few messages each, so that every test rolls over.
inline StoreOptions SmallStore(FlushMode mode = FlushMode::kAsyncFlush) {
  StoreOptions options;
  options.root = "store";
  options.commit_log_file_size = 4096;
  options.consume_queue_file_units = 16;
  options.index_slot_count = 16;
  options.index_entry_count = 64;
  options.flush_disk_type = mode;
  options.hot_segment_size = 2048;
  options.hot_tail_size = 8192;
  options.max_message_size = 2000;
  return options;
}

inline std::unique_ptr<MessageStore> OpenStore(Context& ctx, runtime::Runtime& runtime,
                                               StoreOptions options = SmallStore()) {
  Result<std::unique_ptr<MessageStore>> store =
      MessageStore::Open(ctx, runtime, std::move(options));
  if (!store.has_value()) fmt::print(stderr, "open: {}\n", store.error().ToString());
  return std::move(store).value();
}

inline MessageToStore TestMessage(std::string_view topic, int32_t queue_id, std::string_view body) {
  MessageToStore message;
  message.topic = topic;
  message.queue_id = queue_id;
  message.body = Bytes::Copy(body);
  message.born_time = WallTime{1'700'000'000'000};
  message.born_host = {.ip = IpAddress::V4(10, 0, 0, 1), .port = 40001};
  message.store_host = {.ip = IpAddress::V4(10, 0, 0, 2), .port = 10911};
  return message;
}

inline MessageToStore TaggedMessage(std::string_view topic, int32_t queue_id, std::string_view body,
                                    std::string_view tag) {
  MessageToStore message = TestMessage(topic, queue_id, body);
  wire::AppendProperty(message.properties, wire::kPropertyTags, tag);
  return message;
}

inline MessageToStore KeyedMessage(std::string_view topic, int32_t queue_id, std::string_view body,
                                   std::string_view keys) {
  MessageToStore message = TestMessage(topic, queue_id, body);
  wire::AppendProperty(message.properties, wire::kPropertyKeys, keys);
  return message;
}

inline std::string BodyOf(const Bytes& record) {
  return std::string(AsText(wire::DecodeStoredMessage(record.view()).value().body));
}

// The bodies of a queue from `from` on.
inline std::vector<std::string> BodiesOf(Context& ctx, MessageStore& store, std::string_view topic,
                                         int32_t queue_id, QueueOffset from = {}) {
  std::vector<std::string> bodies;
  for (;;) {
    const Result<GetResult> got =
        store.Get(ctx, {.topic = topic, .queue_id = queue_id, .from = from});
    if (!got.has_value()) return {got.error().ToString()};
    for (const Bytes& record : got->messages) bodies.push_back(BodyOf(record));
    if (got->next_begin == from || got->next_begin >= got->max) return bodies;
    from = got->next_begin;
  }
}

}  // namespace rmq::store
