// ConcurrentService: at most `concurrency` listener calls at a time, in any order. One executor.
#pragma once

#include <deque>
#include <vector>

#include "client/consumer_parts.h"

namespace rmq::client {

class ConcurrentService final : public ConsumeService {
 public:
  explicit ConcurrentService(ConsumerParts& parts) : parts_(parts) {}

  void Arrived(const ProcessQueuePtr& queue, std::vector<MessagePtr> messages) override;
  void Close(Context& ctx, nanoseconds grace) override;

 private:
  struct Task {
    ProcessQueuePtr queue;
    std::vector<MessagePtr> messages;
  };
  struct Delayed {
    Tick due;
    Task task;
  };

  void Add(Task task);
  void Work(Context& ctx);
  void Consume(Context& ctx, const Task& task);
  void ReturnFailed(Context& ctx, const Task& task, int32_t delay_level);
  void AddLater(Task task);
  void RunDelayed(Context& ctx);

  ConsumerParts& parts_;
  std::deque<Task> tasks_;
  int workers_ = 0;
  std::deque<Delayed> delayed_;  // by time: all wait equally long
  bool delaying_ = false;
  bool closing_ = false;
  runtime::Condition idle_;
  runtime::Gate gate_;
};

}  // namespace rmq::client
