// The file `queuesnapshot`: the state of all ConsumeQueues at a clean exit, so that a store with a
// hundred thousand of them need not open a hundred thousand files at its start (STORE-70).
//
// It is only believed after a clean exit at the very position it was made for; whoever finds that
// it was wrong removes it, and the next start looks at the files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "runtime/file_system.h"

namespace rmq::store {

struct QueueState {
  std::string topic;
  int32_t queue_id = 0;
  QueueOffset first;
  QueueOffset min;
  QueueOffset max;
  CommitLogOffset last_offset;
  bool operator==(const QueueState&) const = default;
};

// `position` is the end of the log that the states belong to.
std::string EncodeQueueSnapshot(CommitLogOffset position, const std::vector<QueueState>& queues);
// Empty: damaged, or of another position.
std::optional<std::vector<QueueState>> DecodeQueueSnapshot(Slice bytes, CommitLogOffset position);

// Durable when it returns.
Result<void> WriteQueueSnapshot(Context& ctx, runtime::Directory& directory,
                                CommitLogOffset position, const std::vector<QueueState>& queues);
// Empty: there is none to be believed.
Result<std::optional<std::vector<QueueState>>> ReadQueueSnapshot(Context& ctx,
                                                                 runtime::Directory& directory,
                                                                 CommitLogOffset position);
Result<void> RemoveQueueSnapshot(Context& ctx, runtime::Directory& directory);

}  // namespace rmq::store
