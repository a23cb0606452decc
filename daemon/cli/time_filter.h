#pragma once

#include <string_view>

#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync {

/// A moment as people write it: an RFC 3339 date-time, a date (its start in UTC), or an age such as `5d` before `now`.
/// Errors: kUsage.
Result<UtcTime> parse_time_filter(std::string_view text, UtcTime now);

}  // namespace damsync
