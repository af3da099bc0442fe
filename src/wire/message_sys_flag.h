// The bits of a message's sysFlag (MSG-5). The numbers are on the wire and on disk.
#pragma once

#include <cstdint>
#include <optional>

namespace rmq::wire {

inline constexpr int32_t kCompressedFlag = 0x1;
inline constexpr int32_t kMultiTagsFlag = 0x2;
inline constexpr int32_t kBornHostV6Flag = 0x10;
inline constexpr int32_t kStoreHostV6Flag = 0x20;
inline constexpr int32_t kNeedUnwrapFlag = 0x40;
inline constexpr int32_t kInnerBatchFlag = 0x80;

// Bits 2 and 3; END_TRANSACTION's commitOrRollback carries the same values.
enum class TransactionType : int32_t {
  kNone = 0,
  kPrepared = 0x4,
  kCommit = 0x8,
  kRollback = 0xc,
};
inline constexpr int32_t kTransactionMask = 0xc;

constexpr TransactionType TransactionTypeOf(int32_t sys_flag) {
  return static_cast<TransactionType>(sys_flag & kTransactionMask);
}
constexpr int32_t WithTransactionType(int32_t sys_flag, TransactionType type) {
  return (sys_flag & ~kTransactionMask) | static_cast<int32_t>(type);
}
// MSG-7: prepared and rolled back messages carry queue offset 0 and enter no ConsumeQueue.
constexpr bool EntersConsumeQueue(int32_t sys_flag) {
  const TransactionType type = TransactionTypeOf(sys_flag);
  return type == TransactionType::kNone || type == TransactionType::kCommit;
}

// Bits 8 to 10, meaningful when kCompressedFlag is set.
enum class CompressionType : int32_t { kLz4 = 1, kZstd = 2, kZlib = 3 };
inline constexpr int32_t kCompressionTypeMask = 0x700;

// 0 is what clients older than the field send, and means zlib. Empty: an unknown number.
constexpr std::optional<CompressionType> CompressionTypeOf(int32_t sys_flag) {
  const int32_t number = (sys_flag & kCompressionTypeMask) >> 8;
  if (number == 0) return CompressionType::kZlib;
  if (number > 3) return std::nullopt;
  return static_cast<CompressionType>(number);
}
constexpr int32_t WithCompression(int32_t sys_flag, CompressionType type) {
  return (sys_flag & ~kCompressionTypeMask) | static_cast<int32_t>(type) << 8 | kCompressedFlag;
}
// Leaves the type bits, as Java does.
constexpr int32_t WithoutCompression(int32_t sys_flag) {
  return sys_flag & ~kCompressedFlag;
}

}  // namespace rmq::wire
