// SendRequest: what stays the same over all attempts of one send. Making one checks the message,
// names it, and compresses its body.
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "client/client_id.h"
#include "client/message.h"
#include "client/producer_options.h"
#include "runtime/runtime.h"
#include "wire/remoting_command.h"
#include "wire/send_headers.h"

namespace rmq::client {

struct SendRequest {
  wire::RequestCode code = wire::RequestCode::kSendMessageV2;
  wire::SendMessageRequestHeader header;
  Bytes body;
  std::string msg_id;

  // The request for `queue`.
  wire::RemotingCommand For(const MessageQueue& queue) const;
};

// CLIENT-22. kInvalidArgument says what is wrong with the message, in the words of the Java client
// where it has some.
Result<void> CheckMessage(const Message& message, const ProducerOptions& options);

Result<SendRequest> MakeSendRequest(Context& ctx, runtime::Runtime& runtime, UniqIdSource& ids,
                                    const ProducerOptions& options, const Message& message);

// CLIENT-25. All messages in one request: of one topic, without delay, with the same
// wait_store_ok. kInvalidArgument.
Result<SendRequest> MakeBatchRequest(runtime::Runtime& runtime, UniqIdSource& ids,
                                     const ProducerOptions& options,
                                     std::span<const Message> messages);

}  // namespace rmq::client
