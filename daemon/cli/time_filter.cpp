#include "daemon/cli/time_filter.h"

#include <fmt/format.h>

#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {

Result<UtcTime> parse_time_filter(std::string_view text, UtcTime now) {
  if (const auto time = parse_rfc3339(text)) return *time;
  if (const auto day = parse_date(text)) return UtcTime(*day);
  if (const auto age = parse_duration(text)) return now - *age;
  return make_error(
      ErrorCode::kUsage,
      fmt::format("'{}' is no time; expected 2026-01-31T12:00:00Z, 2026-01-31, or an age such as 5d", printable(text)));
}

}  // namespace damsync
