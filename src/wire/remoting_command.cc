#include "wire/remoting_command.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "wire/header_encoding.h"

namespace rmq::wire {
namespace {

constexpr size_t kLengthWord = 4;
constexpr size_t kPrefix = 8;
constexpr uint32_t kHeaderLengthMask = 0xffffff;

std::unexpected<Error> Corrupt(std::string message) {
  return Fail(ErrorCode::kCorruption, std::move(message));
}

Result<void> CheckHeaderLength(uint32_t header_length, uint32_t total) {
  if (header_length > total - (kPrefix - kLengthWord)) {
    return Corrupt(fmt::format("frame: header of {} bytes in a frame of {}", header_length, total));
  }
  return {};
}

uint32_t HeaderLength(const std::byte* frame) {
  return LoadBigEndian<uint32_t>(frame + kLengthWord) & kHeaderLengthMask;
}

// What is sent in place of a command whose header does not fit its length field.
RemotingCommand WithoutHeader(const RemotingCommand& command) {
  RemotingCommand small;
  small.code =
      command.IsResponse() ? static_cast<int32_t>(ResponseCode::kSystemError) : command.code;
  small.opaque = command.opaque;
  small.flag = command.flag;
  small.remark = "the header was too large to be sent";
  small.header_type = command.header_type;
  return small;
}

}  // namespace

RemotingCommand MakeRequest(RequestCode code) {
  RemotingCommand request;
  request.code = static_cast<int32_t>(code);
  return request;
}

// WIRE-8.
RemotingCommand MakeResponse(const RemotingCommand& request, ResponseCode code,
                             std::string remark) {
  RemotingCommand response;
  response.code = static_cast<int32_t>(code);
  response.opaque = request.opaque;
  response.flag = RemotingCommand::kResponseFlag;
  response.remark = std::move(remark);
  response.header_type = request.header_type;
  return response;
}

// WIRE-1, WIRE-2.
Result<std::optional<uint32_t>> PeekFrameSize(Slice received, uint32_t max_size) {
  if (received.size() < kLengthWord) return std::nullopt;
  const auto total = LoadBigEndian<uint32_t>(received.data());
  if (total > max_size - kLengthWord) {
    return Corrupt(fmt::format("frame: length {} is above the limit of {}",
                               static_cast<int32_t>(total), max_size));
  }
  if (total < kPrefix - kLengthWord) {
    return Corrupt(fmt::format("frame: length {} leaves no room for the header length", total));
  }
  if (received.size() >= kPrefix) RMQ_TRY(CheckHeaderLength(HeaderLength(received.data()), total));
  return total + static_cast<uint32_t>(kLengthWord);
}

Result<RemotingCommand> DecodeFrame(Bytes frame) {
  if (frame.size() < kPrefix || frame.size() > UINT32_MAX) {
    return Corrupt(fmt::format("frame: {} bytes", frame.size()));
  }
  const auto total = LoadBigEndian<uint32_t>(frame.data());
  if (total != frame.size() - kLengthWord) {
    return Corrupt(fmt::format("frame: length {} but {} bytes", total, frame.size()));
  }
  const uint32_t header_length = HeaderLength(frame.data());
  RMQ_TRY(CheckHeaderLength(header_length, total));

  const auto type = std::to_integer<uint8_t>(frame.data()[kLengthWord]);
  RemotingCommand command;
  if (type == static_cast<uint8_t>(HeaderType::kJson)) {
    RMQ_TRY(DecodeJsonHeader(frame, kPrefix, header_length, command));
  } else if (type == static_cast<uint8_t>(HeaderType::kRocketmq)) {
    RMQ_TRY(DecodeBinaryHeader(frame, kPrefix, header_length, command));
  } else {
    return Corrupt(fmt::format("frame: unknown header type {}", type));
  }
  command.header_type = static_cast<HeaderType>(type);
  const size_t body_at = kPrefix + header_length;
  if (body_at < frame.size()) command.body = frame.Sub(body_at, frame.size() - body_at);
  return command;
}

// WIRE-18.
void EncodeFrameHeader(const RemotingCommand& command, size_t body_size, std::string& out) {
  const size_t begin = out.size();
  out.append(kPrefix, '\0');
  if (command.header_type == HeaderType::kJson) {
    EncodeJsonHeader(command, out);
  } else {
    EncodeBinaryHeader(command, out);
  }
  const size_t header_size = out.size() - begin - kPrefix;
  if (header_size > kHeaderLengthMask) {
    out.resize(begin);
    EncodeFrameHeader(WithoutHeader(command), body_size, out);
    return;
  }
  RMQ_ASSERT(body_size <= INT32_MAX - kPrefix - kHeaderLengthMask);
  auto* words = reinterpret_cast<std::byte*>(out.data() + begin);
  const auto total = static_cast<uint32_t>(kPrefix - kLengthWord + header_size + body_size);
  const auto type = static_cast<uint32_t>(command.header_type);
  StoreBigEndian<uint32_t>(words, total);
  StoreBigEndian<uint32_t>(words + kLengthWord, type << 24 | static_cast<uint32_t>(header_size));
}

std::string EncodeFrame(const RemotingCommand& command) {
  std::string out;
  EncodeFrameHeader(command, command.body.size(), out);
  out.append(command.body.text());
  return out;
}

}  // namespace rmq::wire
