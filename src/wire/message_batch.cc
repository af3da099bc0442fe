#include "wire/message_batch.h"

#include <fmt/format.h>

#include <limits>

#include "wire/message.h"

namespace rmq::wire {
namespace {

constexpr size_t kFlagInBatchAt = 12;
constexpr size_t kBodySizeInBatchAt = 16;
constexpr size_t kBodyInBatchAt = 20;

std::byte* EncodeRecord(const BatchRecord& record, std::byte* at) {
  const size_t total = kBatchRecordOverhead + record.body.size() + record.properties.size();
  StoreBigEndian(at, static_cast<uint32_t>(total));
  // MSG-31: magic and CRC are the broker's to fill in.
  StoreBigEndian<uint64_t>(at + 4, 0);
  StoreBigEndian(at + kFlagInBatchAt, record.flag);
  StoreBigEndian(at + kBodySizeInBatchAt, static_cast<uint32_t>(record.body.size()));
  at += kBodyInBatchAt;
  if (!record.body.empty()) std::memcpy(at, record.body.data(), record.body.size());
  at += record.body.size();
  StoreBigEndian(at, static_cast<uint16_t>(record.properties.size()));
  at += 2;
  if (!record.properties.empty()) {
    std::memcpy(at, record.properties.data(), record.properties.size());
  }
  return at + record.properties.size();
}

}  // namespace

Result<std::optional<BatchRecord>> BatchReader::Next() {
  if (rest_.empty()) return std::nullopt;
  const auto corrupt = [&](std::string_view what, size_t size) {
    return Fail(ErrorCode::kCorruption, fmt::format("batch: record {}: {} of {} bytes, {} left",
                                                    number_, what, size, rest_.size()));
  };
  if (rest_.size() < kBatchRecordOverhead) return corrupt("head", kBatchRecordOverhead);
  // MSG-32: the total size, the magic and the CRC may say what they like.
  const std::byte* at = rest_.data();
  const size_t body_size = LoadBigEndian<uint32_t>(at + kBodySizeInBatchAt);
  if (body_size > rest_.size() - kBatchRecordOverhead) return corrupt("body", body_size);

  const size_t properties_at = kBatchRecordOverhead + body_size;
  const size_t properties_size = LoadBigEndian<uint16_t>(at + properties_at - 2);
  if (properties_size > kMaxPropertiesSize || properties_size > rest_.size() - properties_at) {
    return corrupt("properties", properties_size);
  }
  BatchRecord record{.flag = LoadBigEndian<int32_t>(at + kFlagInBatchAt),
                     .body = rest_.subspan(kBodyInBatchAt, body_size),
                     .properties = AsText(rest_.subspan(properties_at, properties_size))};
  rest_ = rest_.subspan(properties_at + properties_size);
  ++number_;
  return record;
}

Result<size_t> CountBatchRecords(Slice batch) {
  BatchReader reader(batch);
  size_t count = 0;
  while (true) {
    RMQ_TRY(const std::optional<BatchRecord> record, reader.Next());
    if (!record) return count;
    ++count;
  }
}

Result<Bytes> EncodeBatch(std::span<const BatchRecord> records) {
  size_t total = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const BatchRecord& record = records[i];
    total += kBatchRecordOverhead + record.body.size() + record.properties.size();
    if (record.properties.size() > kMaxPropertiesSize ||
        total > std::numeric_limits<int32_t>::max()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("batch: record {}: body of {} bytes, properties of {}", i,
                              record.body.size(), record.properties.size()));
    }
  }
  return Bytes::Make(total, [&](std::span<std::byte> out) {
    std::byte* at = out.data();
    for (const BatchRecord& record : records) at = EncodeRecord(record, at);
  });
}

}  // namespace rmq::wire
