#include "real/worker_pool.h"

#include <pthread.h>
#include <signal.h>

namespace rmq::real {
namespace {

// Signals belong to the thread of the main executor.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::Submit(UniqueFunction<void()> work) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(work));
  if (queue_.size() > idle_ && threads_.size() < static_cast<size_t>(max_threads_)) {
    threads_.emplace_back([this] { Serve(); });
  }
  arrived_.notify_one();
}

void WorkerPool::Serve() {
  BlockSignals();
  pthread_setname_np(pthread_self(), "rmq-worker");
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    arrived_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    UniqueFunction<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace rmq::real
