#include "sync/pipeline/policy.h"

#include <algorithm>
#include <cmath>

namespace damsync {

bool brake_trips(std::int64_t losses, std::int64_t total, double share) noexcept {
  constexpr double kAlwaysAllowed = 50;
  return static_cast<double>(losses) > std::max(kAlwaysAllowed, share * static_cast<double>(total));
}

UtcTime next_attempt(UtcTime now, int attempts, std::size_t spread) noexcept {
  constexpr Millis kFirst = std::chrono::minutes(5);
  constexpr Millis kLongest = std::chrono::hours(24);
  const int doublings = std::clamp(attempts - 1, 0, 10);
  const Millis full = std::min(kLongest, kFirst * (1 << doublings));
  const auto quarter = static_cast<std::size_t>(full.count() / 4);
  return now + full - Millis(static_cast<std::int64_t>(spread % quarter));
}

}  // namespace damsync
