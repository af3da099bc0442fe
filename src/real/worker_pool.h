// Threads for work that blocks or computes: disk operations without io_uring, name look-ups,
// Executor::Offload. One per process, shared by all executors; threads start when needed.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/unique_function.h"

namespace rmq::real {

class WorkerPool {
 public:
  explicit WorkerPool(int max_threads) : max_threads_(max_threads) {}
  // Finishes what was submitted.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // From any thread. First come, first served.
  void Submit(UniqueFunction<void()> work);

 private:
  void Serve();

  const int max_threads_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<UniqueFunction<void()>> queue_;
  size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rmq::real
