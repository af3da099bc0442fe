// The two encodings of a RemotingCommand's header. Only remoting_command.cc calls these: everyone
// else encodes and decodes frames.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/remoting_command.h"

namespace rmq::wire {

// Fill all of `command` except header_type and body from frame[at, at + size). The ext fields
// share `frame`. Fail with kCorruption.
Result<void> DecodeJsonHeader(const Bytes& frame, size_t at, size_t size, RemotingCommand& command);
Result<void> DecodeBinaryHeader(const Bytes& frame, size_t at, size_t size,
                                RemotingCommand& command);

void EncodeJsonHeader(const RemotingCommand& command, std::string& out);
void EncodeBinaryHeader(const RemotingCommand& command, std::string& out);

}  // namespace rmq::wire
