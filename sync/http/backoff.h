#pragma once

#include <mutex>
#include <random>

#include "storage/base/clock.h"

namespace damsync {

/// Exponential waits with full jitter: many clients that failed together do not come back together.
///
/// Threads  any thread.
class Backoff {
 public:
  Backoff(Millis base, Millis cap) : Backoff(base, cap, std::random_device{}()) {}
  Backoff(Millis base, Millis cap, std::uint32_t seed) : base_(base), cap_(cap), random_(seed) {}

  /// A wait from 0 to `min(cap, base * 2^failures)`; `failures` counts from 0.
  [[nodiscard]] Millis next(int failures);

 private:
  const Millis base_;
  const Millis cap_;
  std::mutex mutex_;
  std::mt19937 random_;
};

}  // namespace damsync
