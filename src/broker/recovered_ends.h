// RecoveredEnds remembers where each queue ended when the broker started, so that consumers who
// read further than what survived are taken back.
//
// With ASYNC_FLUSH a consumer may have read messages that a power cut then took. The offsets are
// given to new messages, and a consumer that went on at its own offset would skip them (museum M03;
// BROKER-52). So the first time that a group asks for a queue after a start beyond the recovered
// end, it is sent back there; from then on its offsets are of this life. One executor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/message_store.h"

namespace rmq::broker {

class RecoveredEnds {
 public:
  explicit RecoveredEnds(const store::MessageStore& store);

  // A reader asks for `from`. Returns where it must go instead, once. `reader` is the group, in
  // broadcasting the member, since each has offsets of its own.
  std::optional<QueueOffset> TakeBack(std::string_view reader, std::string_view topic,
                                      int32_t queue_id, QueueOffset from);
  // What a commit of `offset` is worth: no more than the recovered end from a reader that has not
  // asked for anything yet.
  QueueOffset Trusted(std::string_view reader, std::string_view topic, int32_t queue_id,
                      QueueOffset offset) const;

 private:
  struct Queue {
    QueueOffset end;
    std::set<std::string, std::less<>> seen;  // readers of this life
  };
  const Queue* Find(std::string_view topic, int32_t queue_id) const;

  std::map<std::string, std::map<int32_t, Queue>, std::less<>> queues_;
};

}  // namespace rmq::broker
