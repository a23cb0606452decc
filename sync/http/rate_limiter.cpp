#include "sync/http/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace damsync {

namespace {

using std::chrono::nanoseconds;

nanoseconds interval_of(double rate) {
  const double usable = std::clamp(std::isfinite(rate) ? rate : 1.0, 0.001, 1e6);
  return nanoseconds(static_cast<std::int64_t>(1e9 / usable));
}

}  // namespace

RateLimiter::RateLimiter(Clock& clock, Pace pace)
    : clock_(clock),
      interval_(interval_of(pace.rate)),
      tolerance_(interval_ * (std::max(pace.burst, 1) - 1)),
      next_(clock.steady().time_since_epoch()) {}

Status RateLimiter::acquire(std::stop_token stop) {
  nanoseconds wait{};
  {
    const std::lock_guard lock(mutex_);
    const nanoseconds now = clock_.steady().time_since_epoch();
    next_ = std::max(next_, now);
    wait = next_ - tolerance_ - now;
    next_ += interval_;
  }
  if (wait <= nanoseconds(0)) return {};
  if (!clock_.wait(std::chrono::ceil<Millis>(wait), std::move(stop)))
    return make_error(ErrorCode::kCancelled, "stopped while waiting for the rate limit");
  return {};
}

void RateLimiter::pause(Millis duration) {
  const std::lock_guard lock(mutex_);
  next_ = std::max(next_, clock_.steady().time_since_epoch() + duration + tolerance_);
}

}  // namespace damsync
