#include "sync/pipeline/policy.h"

#include <algorithm>
#include <cmath>

#include "storage/catalog/backoff.h"

namespace damsync {

bool brake_trips(std::int64_t losses, std::int64_t total, double share) noexcept {
  constexpr double kAlwaysAllowed = 50;
  return static_cast<double>(losses) > std::max(kAlwaysAllowed, share * static_cast<double>(total));
}

UtcTime next_attempt(UtcTime now, int attempts, std::size_t spread) noexcept {
  const Millis full = longest_backoff(std::max(attempts, 1));
  const auto quarter = static_cast<std::size_t>(full.count() / 4);
  return now + full - Millis(static_cast<std::int64_t>(spread % quarter));
}

}  // namespace damsync
