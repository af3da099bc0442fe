#include "broker/broker_service.h"

#include <fmt/format.h>

#include "wire/mq_version.h"

namespace rmq::broker {

using wire::RequestCode;
using wire::ResponseCode;

namespace {

// How long a request may take that reads the disk or asks a client.
constexpr seconds kSlowRequestTimeout{30};

}  // namespace

BrokerService::BrokerService(BrokerParts& parts)
    : parts_(parts),
      send_(parts),
      pull_(parts),
      offsets_(parts),
      clients_(parts),
      query_(parts),
      admin_(parts) {
  parts.store.OnArrival([this](const store::MessageArrival& arrival) { pull_.Arrived(arrival); });
}

void BrokerService::HandleRequest(const ConnectionPtr& connection, wire::RemotingCommand request) {
  // Older clients don't know the code and would take it for a failure.
  if (leaving_ && request.version > wire::kVersion5_3_1) {
    return ReplyError(connection, request, ResponseCode::kGoAway,
                      "please go away, this broker is stopping");
  }
  Dispatch(connection, std::move(request));
}

void BrokerService::ConnectionClosed(remoting::Connection& connection) {
  pull_.ConnectionClosed(connection);
  parts_.clients.ConnectionClosed(connection);
}

void BrokerService::SendClientsAway() {
  leaving_ = true;
  pull_.ReleaseAll();
}

void BrokerService::InFiber(const ConnectionPtr& connection, wire::RemotingCommand request,
                            Slow handler) {
  parts_.runtime.executor().Spawn(
      parts_.gate, "slow request",
      [this, connection, request = std::move(request), handler](Context& ctx) {
        Context timed = ctx.WithTimeout(kSlowRequestTimeout);
        handler(*this, timed, connection, request);
      });
}

void BrokerService::Dispatch(const ConnectionPtr& connection, wire::RemotingCommand request) {
  switch (request.request_code()) {
    case RequestCode::kSendMessage:
    case RequestCode::kSendMessageV2:
    case RequestCode::kSendBatchMessage:
      return send_.HandleSend(connection, std::move(request));
    case RequestCode::kConsumerSendMsgBack:
      return send_.HandleSendBack(connection, std::move(request));
    case RequestCode::kPullMessage:
    case RequestCode::kLitePullMessage:
      return pull_.HandlePull(connection, std::move(request));
    case RequestCode::kQueryConsumerOffset:
      return offsets_.QueryConsumerOffset(connection, request);
    case RequestCode::kUpdateConsumerOffset:
      return offsets_.UpdateConsumerOffset(connection, request);
    case RequestCode::kGetMaxOffset:
      return offsets_.GetMaxOffset(connection, request);
    case RequestCode::kGetMinOffset:
      return offsets_.GetMinOffset(connection, request);
    case RequestCode::kSearchOffsetByTimestamp:
      return InFiber(connection, std::move(request),
                     [](BrokerService& self, Context& ctx, const ConnectionPtr& from,
                        const wire::RemotingCommand& command) {
                       self.offsets_.SearchOffset(ctx, from, command);
                     });
    case RequestCode::kGetEarliestMsgStoreTime:
      return InFiber(connection, std::move(request),
                     [](BrokerService& self, Context& ctx, const ConnectionPtr& from,
                        const wire::RemotingCommand& command) {
                       self.offsets_.GetEarliestStoreTime(ctx, from, command);
                     });
    case RequestCode::kQueryMessage:
      return InFiber(connection, std::move(request),
                     [](BrokerService& self, Context& ctx, const ConnectionPtr& from,
                        const wire::RemotingCommand& command) {
                       self.query_.QueryMessage(ctx, from, command);
                     });
    case RequestCode::kViewMessageById:
      return InFiber(connection, std::move(request),
                     [](BrokerService& self, Context& ctx, const ConnectionPtr& from,
                        const wire::RemotingCommand& command) {
                       self.query_.ViewMessage(ctx, from, command);
                     });
    case RequestCode::kHeartBeat:
      return clients_.Heartbeat(connection, request);
    case RequestCode::kUnregisterClient:
      return clients_.Unregister(connection, request);
    case RequestCode::kGetConsumerListByGroup:
      return clients_.ListConsumers(connection, request);
    case RequestCode::kCheckClientConfig:
      return clients_.CheckConfig(connection, request);
    case RequestCode::kLockBatchMq:
      return clients_.LockQueues(connection, request);
    case RequestCode::kUnlockBatchMq:
      return clients_.UnlockQueues(connection, request);
    default:
      break;
  }
  if (AdminProcessor::Knows(request.request_code())) {
    return InFiber(connection, std::move(request),
                   [](BrokerService& self, Context& ctx, const ConnectionPtr& from,
                      const wire::RemotingCommand& command) {
                     self.admin_.Handle(ctx, from, command);
                     // Who waits in a queue of the topic learns now that it is gone: a topic of the
                     // same name begins anew, and may be further than they are by then.
                     if (command.request_code() == RequestCode::kDeleteTopicInBroker) {
                       self.pull_.ReleaseAll();
                     }
                   });
  }
  ReplyError(connection, request, ResponseCode::kRequestCodeNotSupported,
             fmt::format(" request type {} not supported", request.code));
}

}  // namespace rmq::broker
