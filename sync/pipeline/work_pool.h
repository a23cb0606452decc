#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace damsync {

/// A fixed number of threads that turn tasks into outcomes. One thread owns the pool: it submits, and takes outcomes in
/// the order they are ready, so everything but the work itself stays single-threaded. Memory is bounded by the owner,
/// who submits only while `open() < limit`.
///
/// Errors   an exception of the work is thrown again by `next` in the owner's thread.
template <class Task, class Outcome>
class WorkPool {
 public:
  using Work = std::function<Outcome(Task&, std::stop_token)>;

  WorkPool(int threads, Work work, std::stop_token stop) : work_(std::move(work)), stop_(std::move(stop)) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { loop(); });
  }

  ~WorkPool() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
      tasks_.clear();
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// Tasks submitted whose outcome was not taken yet.
  [[nodiscard]] std::size_t open() const noexcept { return open_; }

  void submit(Task task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    ++open_;
    wake_.notify_one();
  }

  /// Waits for the next outcome; call only while `open() > 0`.
  std::pair<Task, Outcome> next() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !outcomes_.empty() || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    auto outcome = std::move(outcomes_.front());
    outcomes_.pop_front();
    --open_;
    return outcome;
  }

 private:
  void loop() {
    while (true) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
      if (closing_) return;
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      run(std::move(task));
    }
  }

  void run(Task task) {
    try {
      Outcome outcome = work_(task, stop_);
      const std::lock_guard lock(mutex_);
      outcomes_.emplace_back(std::move(task), std::move(outcome));
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    ready_.notify_one();
  }

  Work work_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable wake_, ready_;
  std::deque<Task> tasks_;
  std::deque<std::pair<Task, Outcome>> outcomes_;
  std::exception_ptr failure_;
  bool closing_ = false;
  std::size_t open_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace damsync
