#pragma once

#include <cstdint>
#include <functional>

#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync {

/// When the local day began that `now` belongs to, by the system's time zone (`TZ`); right on days of 23 or 25 hours.
UtcTime local_day_start(UtcTime now);

/// Whether and how much an account may spend.
struct SpendRules {
  bool may_consume = false;                                     ///< `may_consume = "once"`
  std::int64_t budget_per_day = 0;                              ///< calls in a local day
  std::int64_t min_free = 0;                                    ///< bytes that must stay free in the store
  std::function<UtcTime(UtcTime)> day_start = local_day_start;  ///< of the day a moment belongs to
};

/// What a call would meet.
struct SpendSituation {
  std::int64_t calls_today = 0;
  std::int64_t free_bytes = 0;      ///< in the store
  std::int64_t expected_bytes = 0;  ///< of the file
};

/// The reason for a file that only a spending call can fetch, where the settings forbid those. Scripts rely on it.
inline constexpr const char* kWouldConsumeQuota = "would consume quota";

/// Whether the rules let one more call pass. Room on the disk comes before the budget: a file that was paid for must
/// find its place. Pure.
///
/// Errors   kLowSpace; kRefusedByPolicy with the reason.
Status may_spend(const SpendRules& rules, const SpendSituation& situation);

}  // namespace damsync
