// Frames from the network. Whatever decodes is encoded and decoded again; from then on nothing may
// change. (The first time bytes that are no UTF-8 are replaced, which can make two keys one.)
#include <string>

#include "base/assert.h"
#include "wire/pull_headers.h"
#include "wire/remoting_command.h"
#include "wire/send_headers.h"

namespace {

using rmq::AsBytes;
using rmq::Bytes;
using namespace rmq::wire;  // NOLINT: a fuzz target speaks of nothing else.

void CheckRoundTrip(const RemotingCommand& command) {
  const std::string frame = EncodeFrame(command);
  RMQ_ASSERT(PeekFrameSize(AsBytes(frame)).value() == frame.size());
  const auto again = DecodeFrame(Bytes::Copy(frame));
  RMQ_ASSERT(again.has_value());
  RMQ_ASSERT(again->code == command.code || !command.IsResponse());
  RMQ_ASSERT(again->opaque == command.opaque);
  RMQ_ASSERT(again->ext_fields.size() <= command.ext_fields.size());
  const std::string second = EncodeFrame(*again);
  RMQ_ASSERT(EncodeFrame(DecodeFrame(Bytes::Copy(second)).value()) == second);
}

void ReadHeaders(const RemotingCommand& command) {
  if (const auto send = DecodeSendMessageHeader(command)) {
    ExtFields fields;
    EncodeSendMessageHeader(*send, fields);
    RMQ_ASSERT(fields.Find("b") == send->topic);
  }
  if (const auto pull = DecodeHeader<PullMessageRequestHeader>(command)) {
    ExtFields fields;
    EncodeHeader(*pull, fields);
    RMQ_ASSERT(DecodeHeader<PullMessageRequestHeader>(fields).value() == *pull);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const rmq::Slice input(reinterpret_cast<const std::byte*>(data), size);
  const auto frame_size = PeekFrameSize(input);
  const auto command = DecodeFrame(Bytes::Copy(input));
  if (!command.has_value()) return 0;
  RMQ_ASSERT(frame_size.has_value() && *frame_size == size);
  CheckRoundTrip(*command);
  ReadHeaders(*command);
  return 0;
}
