// The two ids of a message, both upper-case hex text.
//
// The offset message id says where a broker stored the message: address of the broker, offset in
// its CommitLog. The uniq id (property UNIQ_KEY) is made by the producer: its address, process and
// class loader, the time within the month, a counter. Pure functions: the caller brings the time.
// Rules: MSG-50 to MSG-53.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/host_address.h"

namespace rmq::wire {

struct OffsetMessageId {
  HostAddress store_host;
  CommitLogOffset physical_offset;

  // MSG-50: 32 characters, or 56 with an IPv6 host.
  std::string ToString() const;
  // Accepts lower-case digits too. kInvalidArgument names the text.
  static Result<OffsetMessageId> Parse(std::string_view text);
  bool operator==(const OffsetMessageId&) const = default;
};

struct UniqId {
  IpAddress ip;
  uint16_t pid = 0;
  uint32_t class_hash = 0;  // anything that tells two producers of one process apart
  uint32_t span_ms = 0;     // since the start of the month, modulo 2^32
  uint16_t counter = 0;

  // MSG-51: 32 characters, or 56 with an IPv6 address.
  std::string ToString() const;
  static Result<UniqId> Parse(std::string_view text);
  bool operator==(const UniqId&) const = default;
};

// The start of the month of some time, and of the month before.
struct Month {
  WallTime start;
  WallTime previous_start;
};
// In a time zone `utc_offset` east of Greenwich; Java clients use their local one.
Month MonthOf(WallTime now, minutes utc_offset);

// The span_ms of an id made at `now` (MSG-52).
uint32_t UniqIdSpan(WallTime now, WallTime month_start);
// When an id was made, seen from `now` in `month`: in it, or else in the month before (MSG-53).
WallTime UniqIdTime(uint32_t span_ms, WallTime now, const Month& month);

}  // namespace rmq::wire
