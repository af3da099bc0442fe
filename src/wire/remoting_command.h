// RemotingCommand: the one kind of frame that clients, brokers and name servers exchange. A
// request names a code and carries header fields and a body; its response carries the same
// `opaque`.
//
//   i32 total_length | i32 header_type << 24 | header_length | header | body
//
// The header is JSON or Apache's binary form; we answer a request in the form it used. Bytes in,
// values out: connections feed this from their buffers. Everything fails with kCorruption, after
// which the stream can't be resynchronised and must be closed. Rules: spec/wire/remoting.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/ext_fields.h"
#include "wire/language_code.h"
#include "wire/mq_version.h"
#include "wire/request_code.h"
#include "wire/response_code.h"

namespace rmq::wire {

enum class HeaderType : uint8_t { kJson = 0, kRocketmq = 1 };

inline constexpr uint32_t kMaxFrameSize = 16 * 1024 * 1024;  // with its length word
inline constexpr size_t kMaxExtFields = 1024;

struct RemotingCommand {
  static constexpr int32_t kResponseFlag = 1;
  static constexpr int32_t kOnewayFlag = 2;

  int32_t code = 0;
  LanguageCode language = LanguageCode::kCpp;
  int32_t version = kOurVersion;
  int32_t opaque = 0;
  int32_t flag = 0;
  std::string remark;  // empty = absent
  ExtFields ext_fields;
  Bytes body;
  HeaderType header_type = HeaderType::kJson;

  bool IsResponse() const { return (flag & kResponseFlag) != 0; }
  bool IsOneway() const { return (flag & kOnewayFlag) != 0; }
  // For a switch: the value may be none of the enumerators.
  RequestCode request_code() const { return static_cast<RequestCode>(code); }
  ResponseCode response_code() const { return static_cast<ResponseCode>(code); }
};

RemotingCommand MakeRequest(RequestCode code);
// Answers `request` under its opaque and in its header type.
RemotingCommand MakeResponse(const RemotingCommand& request, ResponseCode code,
                             std::string remark = {});

// The size of the frame that begins with `received`, length word included; nullopt when too little
// has been received to tell. Fails on a negative length, on one above `max_size`, and on a header
// longer than its frame (seen once 8 bytes are there).
Result<std::optional<uint32_t>> PeekFrameSize(Slice received, uint32_t max_size = kMaxFrameSize);

// Decodes one whole frame. The command's fields and body share `frame`.
Result<RemotingCommand> DecodeFrame(Bytes frame);

// Appends both length words and the header of a frame whose body has `body_size` bytes. The body
// itself is left to the caller, who sends it from where it is. A header above 16 MiB, which only
// echoed input can make, is replaced by one that says so (WIRE-18).
void EncodeFrameHeader(const RemotingCommand& command, size_t body_size, std::string& out);

// Header and body in one string, which copies the body.
std::string EncodeFrame(const RemotingCommand& command);

}  // namespace rmq::wire
