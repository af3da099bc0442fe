// Oracle watches a run and knows what the cluster owes its users. Every event is checked when it
// happens, in constant time; the sums are drawn at quiet points. It reads answers and deliveries
// only, never the inside of a broker, so it can judge any broker's history.
//
// What an answer obliges to depends on the broker's flush mode and on the faults it met (the
// promise, spec/sim/oracle.md): ASYNC_FLUSH survives the death of the process and may lose a suffix
// of the log in a power cut; SYNC_FLUSH loses nothing. Beyond the promise loss is allowed, lying
// is not.
//
// Checkers here: I1 acked durability, I2 one message per offset, I5 offset sanity, I6 at least
// once, I8 queue order, and Jepsen's aborted read. Those that need other facts live beside it and
// report to it: StoreImage (I3), Inspector (I12), Cluster (I13, I15), ConfigLedger (I14),
// Promptness (I15), Stranger (I20).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "harness/message_names.h"

namespace rmq::simtest {

// A message is known by the text of its body: "p1/2#17", producer, its how-manieth life, number.
using MessageId = std::string;

struct Violation {
  std::string checker;  // "I2"
  std::string text;
};

// "broker-a/orders/3"
std::string Text(const MessageQueue& queue);

class Oracle {
 public:
  // --- what clients tell ---
  void SendBegan(const MessageId& id);
  // Answered SEND_OK. `commit_log_offset` from the offset message id.
  void SendOk(const MessageId& id, const MessageQueue& queue, int64_t queue_offset,
              int64_t commit_log_offset);
  // Answered with a code that says: not stored. Whatever ends otherwise (time-out, reset, death of
  // the client) stays unknown: the message may be there, once or more often.
  void SendFailed(const MessageId& id);

  // A consumer of `group` got a message. `orderly`: the listener is promised the queue's order.
  void Delivered(const std::string& group, bool orderly, const MessageId& id,
                 const MessageQueue& queue, int64_t queue_offset);
  // Somebody read a message at its place, outside of any group.
  void Read(const MessageId& id, const MessageQueue& queue, int64_t queue_offset);
  // A broker said at any time that `group` has committed `offset`: what is known to lie before it
  // must have been handled by then.
  void Committed(const std::string& group, const MessageQueue& queue, int64_t offset);

  // --- what the scenario tells ---
  // A power cut of a broker whose mode does not promise to survive it.
  void MayLoseSuffix(const std::string& broker_name);
  // A broker dies or stops. One that lost a suffix and is gone again before a consumer came back
  // can't tell that consumer that its offset is of lost messages: Apache's protocol has no epoch.
  // What such a broker holds is not owed to consumers any more (spec/sim/oracle.md).
  void BrokerGone(const std::string& broker_name);

  // --- quiet points ---
  // `contents` is what a queue holds now, from its first to its last offset.
  struct QueueContents {
    int64_t min = 0;
    int64_t max = 0;
    std::map<int64_t, MessageId> messages;
  };
  void CheckDurable(const std::map<MessageQueue, QueueContents>& contents);
  // Every acked message that is still there reached `group`.
  void CheckDeliveredToAll(const std::string& group);
  // The queue holds up to `max`; all of it has been looked at since the last commit.
  void CheckCommitted(const std::string& group, const MessageQueue& queue, int64_t committed,
                      int64_t max);
  // What groups had committed when nobody consumed any more, and after a stop that loses nothing.
  using CommittedOffsets = std::map<std::pair<std::string, MessageQueue>, int64_t>;
  void CheckCommitsKept(const CommittedOffsets& before, const CommittedOffsets& after);
  // For checkers that live outside.
  void Report(std::string checker, std::string text);

  // The topics and brokers that hold acked messages, or may hold them.
  std::set<std::pair<std::string, std::string>> AckedPlaces(bool doubtful_too) const;

  const std::vector<Violation>& violations() const { return violations_; }
  size_t sent() const { return sends_.size(); }
  size_t acked() const { return acked_; }
  size_t delivered() const { return delivered_; }
  size_t lost_within_promise() const { return lost_; }
  // How many acked messages `group` has not got yet.
  size_t MissingOf(const std::string& group) const;

 private:
  // The number of a message among all, in the order in which their sends began.
  using Number = MessageNames::Number;
  static constexpr Number kNobody = ~Number{0};

  struct Slot {
    Number message = kNobody;
    bool promised = true;
  };
  // What was seen of a queue, by offset.
  struct Queue {
    size_t number = 0;  // among all
    std::vector<Slot> slots;
  };
  using QueueEntry = std::pair<const MessageQueue, Queue>;

  enum class Outcome { kUnknown, kOk, kFailed };
  struct Send {
    Outcome outcome = Outcome::kUnknown;
    const QueueEntry* queue = nullptr;  // of kOk
    int64_t queue_offset = -1;
    int64_t commit_log_offset = -1;
    bool promised = true;  // false after a power cut that its mode does not cover
    int first_cut = 0;     // the number of that cut among all; 0: none, or it can't be told
    int began_after_cut = 0;
    bool lost = false;
  };

  struct Group {
    std::vector<bool> got;  // by message
    // Of orderly groups: the largest offset that was delivered for the first time.
    std::map<MessageQueue, int64_t> last_first_time;
    std::map<MessageQueue, int64_t> handled_to;  // checked by Committed up to here

    bool Got(Number message) const { return message < got.size() && got[message]; }
    bool SetGot(Number message);  // true if it is the first time
  };

  Number NumberOf(const MessageId& id);  // a new one, if it has none
  QueueEntry& QueueOf(const MessageQueue& queue);
  // nullopt: it was never sent, which is reported.
  std::optional<Number> Find(const MessageId& id, const MessageQueue& queue, int64_t queue_offset,
                             const char* how);
  // False: the place is doubtful, a power cut may have emptied it.
  bool Observe(Number message, const MessageQueue& queue, int64_t queue_offset, const char* how);
  void CheckLossIsASuffix();
  void PromiseAgain(const std::map<MessageQueue, QueueContents>& contents);
  void CheckHandled(const std::string& group, const MessageQueue& queue, int64_t from, int64_t to);
  bool IsOwed(const Send& send) const;
  bool IsOfThisLife(const Send& send, const std::string& broker_name) const;

  MessageNames names_;
  std::vector<Send> sends_;  // by number
  std::map<MessageQueue, Queue> queues_;
  std::map<std::string, Group> groups_;
  int cuts_ = 0;
  std::map<std::string, int> last_cut_;  // by broker: the number of its last cut among all
  std::set<std::string> twice_gone_;
  std::vector<Violation> violations_;
  size_t acked_ = 0;
  size_t delivered_ = 0;
  size_t lost_ = 0;
};

}  // namespace rmq::simtest
