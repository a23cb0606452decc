#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace damsync {

/// Keeps what several transfers receive together below a rate that may change with the time of day.
///
/// Units    bytes a second; 0: no limit.
/// Errors   kCancelled when a stop is asked for while waiting.
/// Threads  shared by every transfer; all methods lock, and nobody waits with the lock held.
class Throttle {
 public:
  using Limit = std::function<std::int64_t(UtcTime)>;

  Throttle(Clock& clock, Limit limit) : clock_(clock), limit_(std::move(limit)) {}

  /// Takes note of bytes that arrived, and waits until they were due.
  Status take(std::int64_t bytes, std::stop_token stop);
  [[nodiscard]] bool limits() const;  ///< at this moment

 private:
  Millis reserve(std::int64_t bytes);

  Clock& clock_;
  Limit limit_;
  std::mutex mutex_;
  SteadyTime free_at_{};  ///< when everything taken so far is paid off
};

}  // namespace damsync
