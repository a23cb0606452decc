#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/base/clock.h"

namespace damsync {

/// How long work of the catalog that failed `attempts` times waits for its next attempt, at most: 5 minutes, doubling
/// up to a day; what never failed does not wait.
Millis longest_backoff(int attempts) noexcept;

/// SQL that is true of a row of `table` (its name or alias) whose next attempt, `next_at`, is due at the moment that
/// the parameter `now` stands for. One that lies further off than work with so many `attempts` ever waits was noted by
/// a clock that was ahead, and is due.
///
/// Units    `longest` by attempts, from 0; the last one is that of all more.
std::string due_condition(std::string_view table, std::string_view now, std::span<const Millis> longest);

}  // namespace damsync
