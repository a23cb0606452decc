#pragma once

#include <optional>
#include <span>

#include "storage/base/clock.h"
#include "sync/http/http_status.h"

namespace damsync {

/// The wait after the `attempts`-th failed attempt of a change, counted from 1; nothing: it is given up. `chance`, from
/// 0 to 1, adds up to a tenth, so that what failed together is not tried together for ever.
///
/// Source   the schedule that Standard Webhooks recommends.
std::optional<Millis> wait_after(int attempts, double chance);

/// The wait before a receiver that answers nothing well is tried with another change; grows with `failures` in a row to
/// a quarter of an hour.
Millis probe_wait(int failures, double chance);

/// The longest time that nothing at all is sent to a receiver, whether it failed or asked for it.
inline constexpr Millis kLongestQuiet = kLongestRetryAfter;

/// How far off the next attempt of a change can be after so many, counted from 0.
std::span<const Millis> longest_waits();

/// From so many changes of different assets on that failed one after another, it is the receiver that fails.
inline constexpr int kFailingAfter = 3;

}  // namespace damsync
