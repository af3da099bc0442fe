// RecoveredEnds remembers where each queue ended when the broker started, so that consumers who
// read further than what survived are taken back.
//
// With ASYNC_FLUSH a consumer may have read messages that a power cut then took. The offsets are
// given to new messages, and a consumer that went on at its own offset would skip them (museum M03;
// BROKER-52). So a group that asks for a queue beyond the recovered end, without having asked for
// anything before it in this life, is sent back there; also again, for the answer may get lost.
//
// That holds for kWindow after the start, in which whoever was connected comes back. Later on a
// group that asks beyond the end is a new one that wants the newest messages alone. After a clean
// stop, and with SYNC_FLUSH, nothing that was read can be lost, and nobody is sent back. One
// executor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "store/message_store.h"

namespace rmq::broker {

class RecoveredEnds {
 public:
  static constexpr minutes kWindow{10};

  RecoveredEnds(const store::MessageStore& store, bool may_have_lost, Tick now);

  // A reader asks for `from` over connection number `connection`. Returns where it must go instead.
  // `reader` is the group, in broadcasting the member, since each has offsets of its own. A group
  // that has been seen may still have a member that was away: one whose connection is new to the
  // queue goes no further than what the group has committed.
  std::optional<QueueOffset> TakeBack(std::string_view reader, uint64_t connection,
                                      std::string_view topic, int32_t queue_id, QueueOffset from,
                                      std::optional<QueueOffset> committed, Tick now);
  // What a commit of `offset` is worth: no more than the recovered end from a connection over which
  // the queue has not been read in this life.
  QueueOffset Trusted(uint64_t connection, std::string_view topic, int32_t queue_id,
                      QueueOffset offset, Tick now) const;

 private:
  struct Queue {
    QueueOffset end;
    std::set<std::string, std::less<>> seen;  // readers of this life
    std::set<uint64_t> connections;           // that they read over
  };
  const Queue* Find(std::string_view topic, int32_t queue_id) const;

  const Tick until_;
  std::map<std::string, std::map<int32_t, Queue>, std::less<>> queues_;
};

}  // namespace rmq::broker
