#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "storage/base/result.h"

namespace damsync {

/// One thread that does one job at a time and sleeps in between.
///
/// Errors   what a job throws becomes an `Error`: the code of a failed SQL statement, else kInternal.
class Worker {
 public:
  /// A job's error is one the daemon cannot go on with; everything else is the job's own business.
  using Job = std::function<Status(std::stop_token)>;

  /// `ended` is called in the worker's thread after each job, when the worker is free again.
  explicit Worker(std::function<void(const Status&)> ended);
  /// Asks the job to stop and waits for it.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Begins the job; false when there is one already.
  bool start(Job job);
  [[nodiscard]] bool busy() const;
  void request_stop() { thread_.request_stop(); }

 private:
  void loop(const std::stop_token& stop);

  std::function<void(const Status&)> ended_;
  mutable std::mutex mutex_;
  std::condition_variable_any given_;
  Job job_;
  bool busy_ = false;
  std::jthread thread_;
};

/// Runs `work`, an exception turned into an error.
Status run_guarded(const std::function<Status()>& work);

}  // namespace damsync
