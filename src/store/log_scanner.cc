#include "store/log_scanner.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/message_properties.h"

namespace rmq::store {
namespace {

constexpr int64_t kChunkSize = 256 << 10;
constexpr int64_t kSectorSize = 512;
// Enough to read every size field but those behind the body: IPv6 hosts.
constexpr size_t kLargestHead = 112;
// Sizes, topic and properties behind a body, at most.
constexpr size_t kLargestRest = kLargestHead + 2 + 32767 + 2 + 32767;

bool LooksSealed(std::string_view properties) {
  return properties.size() >= wire::kPropertyCrcSize &&
         properties.substr(properties.size() - wire::kPropertyCrcSize)
             .starts_with(wire::kPropertyCrc32);
}

// A size that its own fields contradict must not make us read, and allocate, a gigabyte.
bool PlausibleSize(Slice head, uint32_t total_size) {
  if (head.size() < kLargestHead) return total_size <= kLargestRest;
  const auto sys_flag = LoadBigEndian<int32_t>(head.data() + wire::kSysFlagAt);
  const auto body_size = LoadBigEndian<uint32_t>(head.data() + wire::BodySizeAt(sys_flag));
  return body_size < total_size && total_size - body_size <= kLargestRest;
}

}  // namespace

std::nullopt_t LogScanner::End(std::string reason) {
  end_reason_ = std::move(reason);
  record_ = {};
  return std::nullopt;
}

Result<Slice> LogScanner::Fetch(Context& ctx, size_t size) {
  const auto buffered = [&] {
    if (position_ < buffer_begin_) return Slice();
    const auto skip = static_cast<size_t>(
        std::min<int64_t>(position_ - buffer_begin_, static_cast<int64_t>(buffer_.size())));
    return Slice(buffer_).subspan(skip);
  };
  if (buffered().size() >= size) return buffered().first(size);
  const int64_t left = std::min(log_.SpaceLeft(position_), to_ - position_);
  const int64_t wanted = std::min(std::max(static_cast<int64_t>(size), kChunkSize), left);
  buffer_.resize(static_cast<size_t>(wanted));
  buffer_begin_ = position_;
  Result<void> read = log_.Read(ctx, position_, buffer_);
  if (!read.has_value()) {
    buffer_.clear();
    return Fail(std::move(read).error());
  }
  return buffered().first(std::min(size, buffer_.size()));
}

Result<std::optional<wire::StoredMessage>> LogScanner::Next(Context& ctx) {
  if (!record_.empty()) position_ = position_ + static_cast<int64_t>(record_.size());
  for (;;) {
    if (position_ >= to_) return End("the end of the range");
    if (!log_.HasFile(position_)) return End("no more files");
    const int64_t left = std::min(log_.SpaceLeft(position_), to_ - position_);
    RMQ_TRY(const Slice head, Fetch(ctx, std::min(kLargestHead, static_cast<size_t>(left))));
    const Result<wire::RecordHead> peeked = wire::PeekRecord(head);
    if (!peeked.has_value()) return End(peeked.error().message());
    const uint32_t size = peeked->total_size;
    if (peeked->kind == wire::RecordKind::kBlank) {
      if (size != log_.SpaceLeft(position_)) {
        return End(
            fmt::format("blank of {} bytes, {} left in the file", size, log_.SpaceLeft(position_)));
      }
      record_ = {};
      position_ = position_ + static_cast<int64_t>(size);
      continue;
    }
    if (size > left || !PlausibleSize(head, size)) {
      return End(fmt::format("impossible total size {}", size));
    }
    RMQ_TRY(const Slice record, Fetch(ctx, size));
    Result<wire::StoredMessage> message = wire::DecodeStoredMessage(
        record,
        {.verify_crc = options_.verify_crc, .verify_property_crc = options_.verify_property_crc});
    if (!message.has_value()) return End(message.error().message());
    if (message->physical_offset != position_) {
      return End(fmt::format("a message of offset {}", message->physical_offset.value));
    }
    if (options_.detect_lost_sectors &&
        HasLostSector(*message, record, position_.value % log_.file_size())) {
      return End("a message with a lost sector");
    }
    record_ = record;
    return *message;
  }
}

bool NeedsSeal(std::string_view topic, std::string_view properties) {
  return topic.find('\0') != topic.npos || properties.find('\0') != properties.npos ||
         LooksSealed(properties);
}

bool HasLostSector(const wire::StoredMessage& message, Slice record, int64_t at) {
  if (LooksSealed(message.properties)) {
    return !wire::DecodeStoredMessage(record, {.verify_property_crc = true}).has_value();
  }
  const auto size = static_cast<int64_t>(record.size());
  for (int64_t sector = kSectorSize - at % kSectorSize; sector < size; sector += kSectorSize) {
    const auto begin = record.data() + sector;
    const auto end = record.data() + std::min(sector + kSectorSize, size);
    bool text = false;
    bool zeros = true;
    for (const std::string_view part : {message.topic, message.properties}) {
      const auto part_bytes = AsBytes(part);
      const std::byte* from = std::max<const std::byte*>(begin, part_bytes.data());
      const std::byte* to = std::min<const std::byte*>(end, part_bytes.data() + part_bytes.size());
      if (from >= to) continue;
      text = true;
      zeros = zeros && std::all_of(from, to, [](std::byte b) { return b == std::byte{0}; });
    }
    if (text && zeros) return true;
  }
  return false;
}

}  // namespace rmq::store
