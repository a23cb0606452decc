#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace damsync {

/// Paces calls to one provider account: a token bucket of `burst` calls, refilled at `rate`.
///
/// Units    calls per second; waits in milliseconds of the injected clock.
/// Errors   kCancelled: a stop was asked for while waiting.
/// Threads  shared by every worker of the account; who asks first goes first.
/// Source   limits come from settings.
class RateLimiter {
 public:
  struct Pace {
    double rate = 5.0;
    int burst = 5;
  };

  RateLimiter(Clock& clock, Pace pace);

  /// Waits until one more call may be made.
  Status acquire(std::stop_token stop);

  /// Nobody calls for that long: the other side asked for it.
  void pause(Millis duration);

 private:
  Clock& clock_;
  const std::chrono::nanoseconds interval_;
  const std::chrono::nanoseconds tolerance_;
  std::mutex mutex_;
  std::chrono::nanoseconds next_;  // when the bucket will be full again, since the clock's epoch
};

}  // namespace damsync
