#pragma once

#include <optional>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync {

/// The moment of an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`; nothing for any other text.
///
/// Source   RFC 9110 §5.6.7, its one current form (IMF-fixdate).
std::optional<UtcTime> parse_http_date(std::string_view text);

/// What `retry_after` answers at most.
inline constexpr Millis kLongestRetryAfter = std::chrono::hours(1);

/// How long the other side asks to wait: `Retry-After` in seconds or as an HTTP date, clamped to 1 s … 1 h. Nothing
/// when it is absent or rubbish.
///
/// Source   RFC 9110 §10.2.3.
std::optional<Millis> retry_after(const Headers& headers, UtcTime now);

/// Statuses that say "later": 429, 500, 502, 503, 504.
[[nodiscard]] bool is_temporary(int status) noexcept;

/// What a status means when the provider's own words add nothing: 401 and 403 kUnauthorized, 404 kNotFound, 410 kGone,
/// 429 kThrottled, 5xx kUnavailable, anything else kProtocol. Temporary ones are retryable, at a time when the answer
/// names one. `what` begins the message.
Error error_from_status(const HttpResponse& answer, std::string_view what, UtcTime now);

}  // namespace damsync
