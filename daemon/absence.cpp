#include "daemon/absence.h"

#include <fmt/format.h>

#include "storage/base/time.h"

namespace damsync {
namespace {

/// No provider's limit is for longer than a day.
constexpr Millis kLongest = std::chrono::hours(25);

}  // namespace

std::string absence_key(const std::string& account) { return "away " + account; }

std::string to_text(const Absence& absence) { return format_rfc3339(absence.until) + " " + absence.reason; }

std::optional<Absence> absence_from(const std::string& text, UtcTime now) {
  const auto blank = text.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  const auto until = parse_rfc3339(text.substr(0, blank), MissingZone::kRefuse);
  if (!until || *until <= now || *until - now > kLongest) return std::nullopt;
  return Absence{*until, text.substr(blank + 1)};
}

Error to_error(const Absence& absence, UtcTime now) {
  Error error =
      make_error(ErrorCode::kThrottled,
                 fmt::format("not polled before {}: {}",
                             format_rfc3339(std::chrono::ceil<std::chrono::seconds>(absence.until)), absence.reason));
  error.retry = Retry::kAt;
  error.retry_after = absence.until - now;
  return error;
}

}  // namespace damsync
