#include "sync/transfer/throttle.h"

#include <algorithm>

namespace damsync {
namespace {

/// Waits are cut up, so that a limit that ends does not hold anybody back any longer.
constexpr Millis kLongestStep{1'000};
constexpr Millis kBurst{250};

}  // namespace

bool Throttle::limits() const { return limit_(clock_.utc()) > 0; }

/// How long to wait for these bytes at the present rate.
Millis Throttle::reserve(std::int64_t bytes) {
  const std::int64_t rate = limit_(clock_.utc());
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  if (rate <= 0) {
    free_at_ = now;
    return Millis(0);
  }
  const auto cost =
      std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / static_cast<double>(rate)));
  free_at_ = std::max(free_at_, now - kBurst) + cost;
  return std::chrono::ceil<Millis>(std::max(free_at_ - now, SteadyTime::duration(0)));
}

Status Throttle::take(std::int64_t bytes, std::stop_token stop) {
  Millis left = reserve(bytes);
  while (left > Millis(0)) {
    const Millis step = std::min(left, kLongestStep);
    if (!clock_.wait(step, stop)) return make_error(ErrorCode::kCancelled, "stopped");
    left = limits() ? left - step : Millis(0);
  }
  return {};
}

}  // namespace damsync
