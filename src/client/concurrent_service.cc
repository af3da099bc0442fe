#include "client/concurrent_service.h"

#include <algorithm>

namespace rmq::client {

void ConcurrentService::Arrived(const ProcessQueuePtr& queue, std::vector<MessagePtr> messages) {
  const size_t batch = std::max<size_t>(parts_.options.consume_batch, 1);
  for (size_t at = 0; at < messages.size(); at += batch) {
    const size_t end = std::min(at + batch, messages.size());
    const auto first = messages.begin();
    Add({.queue = queue,
         .messages = {first + static_cast<ptrdiff_t>(at), first + static_cast<ptrdiff_t>(end)}});
  }
}

// A worker lives as long as there is something to do.
void ConcurrentService::Add(Task task) {
  if (closing_) return;
  tasks_.push_back(std::move(task));
  if (workers_ >= std::max(parts_.options.concurrency, 1)) return;
  ++workers_;
  parts_.runtime().executor().Spawn(gate_, "consume", [this](Context& ctx) { Work(ctx); });
}

void ConcurrentService::Work(Context& ctx) {
  while (!tasks_.empty()) {
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    Consume(ctx, task);
  }
  if (--workers_ == 0) idle_.NotifyAll();
}

void ConcurrentService::Consume(Context& ctx, const Task& task) {
  if (task.queue->dropped()) return;
  ConsumeContext consume{.queue = task.queue->queue()};
  const ConsumeResult result = Listen(ctx, parts_, *task.queue, task.messages, consume);
  if (task.queue->dropped()) return;  // Its next owner gets them again.
  if (result == ConsumeResult::kSuccess) return task.queue->Finish(task.messages);
  if (parts_.clustering()) return ReturnFailed(ctx, task, consume.delay_level);
  RMQ_LOG(parts_.runtime().log(), kWarn, "client",
          "the listener failed; broadcast messages do not come again: {}",
          task.messages.front()->msg_id);
  task.queue->Finish(task.messages);
}

// What can't be given back stays unfinished, so that nothing behind it is committed, and comes
// again by ourselves.
void ConcurrentService::ReturnFailed(Context& ctx, const Task& task, int32_t delay_level) {
  Task kept{.queue = task.queue};
  for (const MessagePtr& message : task.messages) {
    const Result<void> back = SendBack(ctx, parts_, *message, delay_level);
    if (back.has_value()) {
      task.queue->Finish({&message, 1});
      continue;
    }
    RMQ_LOG(parts_.runtime().log(), kInfo, "client", "{}", back.error().ToString());
    ++message->reconsume_times;
    kept.messages.push_back(message);
  }
  if (!kept.messages.empty()) AddLater(std::move(kept));
}

void ConcurrentService::AddLater(Task task) {
  if (closing_) return;
  const Tick due = parts_.runtime().clock().Now() + parts_.options.retry_pause;
  delayed_.push_back({.due = due, .task = std::move(task)});
  if (delaying_) return;
  delaying_ = true;
  parts_.runtime().executor().Spawn(gate_, "consume later", [this](Context& ctx) {
    RunDelayed(ctx);
    delaying_ = false;
  });
}

void ConcurrentService::RunDelayed(Context& ctx) {
  while (!delayed_.empty()) {
    if (!ctx.SleepUntil(delayed_.front().due).has_value()) return;
    Task task = std::move(delayed_.front().task);
    delayed_.pop_front();
    if (!task.queue->dropped()) Add(std::move(task));
  }
}

void ConcurrentService::Close(Context& ctx, nanoseconds grace) {
  closing_ = true;
  tasks_.clear();
  Context limited = ctx.WithTimeout(grace);
  while (workers_ > 0 && idle_.Wait(limited).has_value()) {
  }
  gate_.Close(ctx);
}

}  // namespace rmq::client
