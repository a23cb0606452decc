#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace damsync {

/// What to make of a date-time without a zone designator.
enum class MissingZone { kRefuse, kUtc };

/// Parses an RFC 3339 date-time strictly: full date, `T`, `t` or one blank, full time, optional
/// fraction (kept to the millisecond), then `Z` or `±hh:mm`. The offset is applied. Second 60 is read as 59.
///
/// Errors   kInvalid for anything else: impossible dates, offsets beyond 23:59, trailing text, years
///          outside 1970–9998.
/// Source   RFC 3339 §5.6.
Result<UtcTime> parse_rfc3339(std::string_view text, MissingZone missing_zone = MissingZone::kRefuse);

/// Parses `YYYY-MM-DD`. Errors: kInvalid for any other form or an impossible date.
Result<std::chrono::sys_days> parse_date(std::string_view text);

/// `2026-01-31T23:59:59Z`; with `.123` before the `Z` only when the milliseconds are not zero.
std::string format_rfc3339(UtcTime time);

/// `2026-01-31`.
std::string format_date(std::chrono::sys_days day);

/// Milliseconds since 1970-01-01 UTC, as stored in the catalog.
std::int64_t to_millis(UtcTime time) noexcept;
UtcTime from_millis(std::int64_t millis) noexcept;

}  // namespace damsync
