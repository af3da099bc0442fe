// The body of SEND_BATCH_MESSAGE and of a stored inner batch: records one after another, each
//
//   i32 total size, i32 magic, i32 body CRC, i32 flag, i32 body size, body, i16 properties size,
//   properties
//
// What the records share (topic, queue, sysFlag, hosts, times) stands in the request's header. The
// broker walks the batch to store each record, the client to unwrap an inner batch; both without
// allocation, on hostile bytes: kCorruption names the record. Rules: MSG-30 to MSG-33.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace rmq::wire {

inline constexpr size_t kBatchRecordOverhead = 22;

// One message of a batch; body and properties are views.
struct BatchRecord {
  int32_t flag = 0;
  Slice body;
  std::string_view properties;
};

//   BatchReader reader(body);
//   while (true) {
//     RMQ_TRY(const std::optional<BatchRecord> record, reader.Next());
//     if (!record) break;
class BatchReader {
 public:
  explicit BatchReader(Slice batch) : rest_(batch) {}

  // The next record; empty at the end. After an error, every further call fails likewise.
  Result<std::optional<BatchRecord>> Next();

 private:
  Slice rest_;
  size_t number_ = 0;
};

// The number of records of a whole batch; kCorruption if it does not end with a record.
Result<size_t> CountBatchRecords(Slice batch);

// kInvalidArgument names the first record whose properties or body don't fit their size fields.
Result<Bytes> EncodeBatch(std::span<const BatchRecord> records);

}  // namespace rmq::wire
