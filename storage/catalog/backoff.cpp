#include "storage/catalog/backoff.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace damsync {

Millis longest_backoff(int attempts) noexcept {
  constexpr Millis kFirst = std::chrono::minutes(5);
  constexpr Millis kLongest = std::chrono::hours(24);
  if (attempts <= 0) return Millis(0);
  return std::min(kLongest, kFirst * (1 << std::clamp(attempts - 1, 0, 10)));
}

std::string due_condition(std::string_view table, std::string_view now, std::span<const Millis> longest) {
  std::string waits;
  for (std::size_t attempts = 0; attempts + 1 < longest.size(); ++attempts)
    fmt::format_to(std::back_inserter(waits), " WHEN {} THEN {}", attempts, longest[attempts].count());
  return fmt::format("(coalesce({0}.next_at, 0) <= {1} OR {0}.next_at > {1} + CASE {0}.attempts{2} ELSE {3} END)",
                     table, now, waits, longest.back().count());
}

}  // namespace damsync
