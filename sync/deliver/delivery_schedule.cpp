#include "sync/deliver/delivery_schedule.h"

#include <algorithm>
#include <array>

namespace damsync {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// The first attempt is made at once.
constexpr std::array<Millis, 9> kWaits{seconds(5), minutes(5), minutes(30), hours(2), hours(5),
                                       hours(10),  hours(14),  hours(20),   hours(24)};
constexpr Millis kFirstProbe{5'000};
constexpr Millis kLongestProbe{15 * 60'000};

Millis spread(Millis wait, double chance) {
  return wait +
         Millis(static_cast<std::int64_t>(static_cast<double>(wait.count()) * 0.1 * std::clamp(chance, 0.0, 1.0)));
}

}  // namespace

std::optional<Millis> wait_after(int attempts, double chance) {
  if (attempts < 1 || attempts > static_cast<int>(kWaits.size())) return std::nullopt;
  return spread(kWaits[static_cast<std::size_t>(attempts) - 1], chance);
}

std::span<const Millis> longest_waits() {
  static const auto kLongest = [] {
    std::array<Millis, kWaits.size() + 1> longest{};
    for (std::size_t i = 0; i < kWaits.size(); ++i) longest[i + 1] = std::max(spread(kWaits[i], 1), kLongestQuiet);
    return longest;
  }();
  return kLongest;
}

Millis probe_wait(int failures, double chance) {
  const int doublings = std::clamp(failures - kFailingAfter, 0, 20);
  return spread(std::min(kFirstProbe * (1 << doublings), kLongestProbe), chance);
}

}  // namespace damsync
