#pragma once

#include <string>

#include "storage/base/clock.h"

namespace damsync {

/// US Eastern time with its offset, as the provider writes most times: `2016-10-03T15:58:18-04:00`, in winter `-05:00`.
///
/// Source   US rules since 2007: daylight time from the second Sunday of March to the first Sunday of November, 2:00.
std::string format_eastern(UtcTime time);

/// `2021-07-15T15:46:34.000Z`: the other form the provider uses.
std::string format_zulu_millis(UtcTime time);

}  // namespace damsync
