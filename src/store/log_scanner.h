// LogScanner reads the CommitLog record by record, from a place where a record begins, and stops at
// the first bytes that are no record: behind a crash, that is the end of the log (STORE-60).
//
// Recovery uses it to find the end and to rebuild derived state, the index to catch up. One fiber.
// Everything it reads may be damaged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/context.h"
#include "store/commit_log.h"
#include "wire/message.h"

namespace rmq::store {

struct ScanOptions {
  bool verify_crc = true;
  bool verify_property_crc = false;
  // Also stop at a message that a lost sector has hit outside of its body (STORE-62).
  bool detect_lost_sectors = true;
};

class LogScanner {
 public:
  // Reads [from, to). Both outlive it.
  LogScanner(CommitLog& log, CommitLogOffset from, CommitLogOffset to, ScanOptions options)
      : log_(log), options_(options), position_(from), to_(to) {}

  // The next message, whose views hold until the next call; empty at the end. Fails only if the
  // disk does.
  Result<std::optional<wire::StoredMessage>> Next(Context& ctx);

  // Where the next record begins, or would begin. Behind the last message of a file that has been
  // ended with a blank it is the begin of the next file.
  CommitLogOffset position() const { return position_; }
  // Of the message that Next returned last.
  Slice record() const { return record_; }
  // Why the scan ended.
  const std::string& end_reason() const { return end_reason_; }

 private:
  // The bytes [position_, position_ + size), in the buffer.
  Result<Slice> Fetch(Context& ctx, size_t size);
  std::nullopt_t End(std::string reason);

  CommitLog& log_;
  const ScanOptions options_;
  CommitLogOffset position_;
  const CommitLogOffset to_;
  Slice record_;
  std::string end_reason_;
  std::vector<std::byte> buffer_;
  CommitLogOffset buffer_begin_;
};

// Power cuts lose whole sectors, which then read as zeros, and the CRC covers the body alone. Says
// whether a sector of `record`, which lies at `at` in its file, has lost its part of the topic or
// the properties. A message whose own checksum covers all of it (MSG-10) is judged by that.
bool HasLostSector(const wire::StoredMessage& message, Slice record, int64_t at);
// Whether HasLostSector could misjudge such a message: it is stored with a checksum of its own.
bool NeedsSeal(std::string_view topic, std::string_view properties);

}  // namespace rmq::store
