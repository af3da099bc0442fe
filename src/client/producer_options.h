// What a Producer is told. The defaults are those of Apache's Java client (CLIENT-20).
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "wire/compression.h"

namespace rmq::client {

struct ProducerOptions {
  std::string group = "DEFAULT_PRODUCER";
  milliseconds send_timeout{3000};  // of a whole send, with its retries
  int retries = 2;                  // attempts after the first
  // Also try another broker when one answered that it stored the message, but not yet flushed or
  // replicated it in time.
  bool retry_when_not_store_ok = false;
  bool avoid_slow_brokers = true;

  size_t max_message_size = 4 * 1024 * 1024;
  size_t compress_above = 4096;
  wire::CompressionType compression = wire::CompressionType::kZlib;
  int compression_level = wire::kDefaultCompressionLevel;

  int32_t default_topic_queue_nums = 4;  // of a topic that sending creates

  size_t max_async_count = 1024;  // sends in flight by SendAsync
  size_t max_async_bytes = 100 * 1024 * 1024;
  milliseconds close_grace{3000};  // for sends in flight at Close
};

}  // namespace rmq::client
