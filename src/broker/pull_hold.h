// PullHold keeps pulls that found nothing (long polling) until a message arrives that may interest
// them or their time is up; then each goes back to the pull processor once.
//
// A wake-up may be false (hash collision): the processor looks again. It must never be missing:
// whoever looked at a queue's end and holds a pull does so without suspending in between.
// One executor.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "filter/tag_expression.h"
#include "remoting/connection.h"
#include "runtime/executor.h"
#include "store/message_store.h"
#include "wire/pull_headers.h"

namespace rmq::broker {

// One pull, from its arrival to its answer.
struct PullRequest {
  std::shared_ptr<remoting::Connection> connection;
  wire::RemotingCommand command;
  wire::PullMessageRequestHeader header;
  filter::TagExpression tags;
  bool may_suspend = false;  // false once it has been held: it is answered now, found or not
};

class PullHold {
 public:
  using Resume = UniqueFunction<void(PullRequest)>;

  // `resume` answers a pull whose wait is over; called through the run queue.
  PullHold(runtime::Executor& executor, Resume resume);
  ~PullHold();

  // Holds `pull` for messages at or after header.queue_offset, at most until `deadline`. False, and
  // `pull` unchanged, when `max_held` are held already.
  bool Hold(PullRequest& pull, Tick deadline, size_t max_held);
  // From MessageStore::OnArrival.
  void Arrived(const store::MessageArrival& arrival);
  // Forgets the pulls of a closed connection.
  void ConnectionClosed(const remoting::Connection& connection);
  // Gives all pulls back now: for a graceful stop.
  void ReleaseAll();

  size_t held_count() const { return held_count_; }

 private:
  struct Held;
  using Queue = std::pair<std::string, int32_t>;
  void Release(Held& held);

  runtime::Executor& executor_;
  Resume resume_;
  // Exists in both maps' lists; ordered maps, for the order of wake-ups must not depend on hashes.
  std::map<Queue, IntrusiveList<Held>, std::less<>> by_queue_;
  std::map<uint64_t, std::unique_ptr<Held>> held_;  // by order of arrival
  uint64_t next_id_ = 0;
  size_t held_count_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rmq::broker
