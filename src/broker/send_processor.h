// SendProcessor stores messages: SEND_MESSAGE (10, 310), SEND_BATCH_MESSAGE (320) and
// CONSUMER_SEND_MSG_BACK (36). Requests become store appends without a fiber; the answer leaves
// when the store's promise holds. Rules: spec/wire/broker.md.
#pragma once

#include "broker/broker_parts.h"
#include "runtime/mutex.h"
#include "wire/send_headers.h"

namespace rmq::broker {

class SendProcessor {
 public:
  explicit SendProcessor(BrokerParts& parts) : parts_(parts) {}

  void HandleSend(const ConnectionPtr& connection, wire::RemotingCommand request);
  // Stores a message of a consumer again under its group's retry topic, or under its dead-letter
  // topic once it has been tried max_reconsume_times. Until delay levels exist it can be consumed
  // again at once.
  void HandleSendBack(const ConnectionPtr& connection, wire::RemotingCommand request);
  // Waits until every send is answered, at most until the deadline of `ctx`.
  void WaitForAnswers(Context& ctx);

 private:
  struct Work;
  Result<const wire::TopicConfig*> CheckedTopic(wire::SendMessageRequestHeader& header,
                                                wire::RemotingCommand& response);
  bool RedirectToDlq(wire::SendMessageRequestHeader& header, wire::RemotingCommand& response);
  store::MessageToStore MessageOf(const wire::SendMessageRequestHeader& header, Endpoint peer,
                                  Bytes body) const;
  void StoreOne(std::unique_ptr<Work> work, wire::SendMessageRequestHeader header, Bytes body);
  void StoreBatch(std::unique_ptr<Work> work, wire::SendMessageRequestHeader header, Bytes body);
  void Began(const Work& work);
  void Answer(Work& work, const Result<store::PutResult>& result);
  void SendBack(Context& ctx, const ConnectionPtr& connection,
                const wire::RemotingCommand& request);
  int32_t AnyQueue(int32_t queue_count);

  BrokerParts& parts_;
  int64_t next_queue_ = 0;
  size_t unanswered_ = 0;  // sends that are with the store
  runtime::Condition answered_;
};

}  // namespace rmq::broker
