// PullProcessor answers PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361): at once from the tail in
// memory, in a fiber when the disk is needed, later when there is nothing yet (PullHold).
// Rules: spec/wire/broker.md.
#pragma once

#include "broker/broker_parts.h"
#include "broker/pull_hold.h"

namespace rmq::broker {

class PullProcessor {
 public:
  explicit PullProcessor(BrokerParts& parts);

  void HandlePull(const ConnectionPtr& connection, wire::RemotingCommand request);

  // From MessageStore::OnArrival.
  void Arrived(const store::MessageArrival& arrival) { hold_.Arrived(arrival); }
  void ConnectionClosed(const remoting::Connection& connection) {
    hold_.ConnectionClosed(connection);
  }
  // Answers all held pulls now, for a graceful stop.
  void ReleaseAll() { hold_.ReleaseAll(); }
  size_t held_count() const { return hold_.held_count(); }

 private:
  bool Check(PullRequest& pull);
  bool CheckSubscription(PullRequest& pull);
  bool TakeBack(PullRequest& pull);
  void Pull(PullRequest pull);
  void Answer(PullRequest& pull, const Result<store::GetResult>& got);
  void AnswerNotFound(PullRequest& pull, wire::RemotingCommand response);
  static void ReplyError(PullRequest& pull, wire::ResponseCode code, std::string remark);

  BrokerParts& parts_;
  PullHold hold_;
};

}  // namespace rmq::broker
