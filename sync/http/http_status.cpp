#include "sync/http/http_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "storage/base/time.h"

namespace damsync {

namespace {

constexpr Millis kShortest{1'000};

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<UtcTime> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end() || text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return std::nullopt;
  // Rewritten so that the strict date parser judges it.
  const auto time = parse_rfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - kMonths.begin() + 1,
                                              text.substr(5, 2), text.substr(17, 8)));
  if (!time) return std::nullopt;
  return *time;
}

std::optional<Millis> retry_after(const Headers& headers, UtcTime now) {
  const std::string* value = headers.find("Retry-After");
  if (value == nullptr) return std::nullopt;
  if (all_digits(*value)) {
    std::int64_t seconds = 0;
    const auto parsed = std::from_chars(value->data(), value->data() + value->size(), seconds);
    if (parsed.ec != std::errc{} || seconds > 3600) return kLongestRetryAfter;
    return std::clamp(Millis(seconds * 1000), kShortest, kLongestRetryAfter);
  }
  const auto date = parse_http_date(*value);
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::duration_cast<Millis>(*date - now), kShortest, kLongestRetryAfter);
}

bool is_temporary(int status) noexcept {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

Error error_from_status(const HttpResponse& answer, std::string_view what, UtcTime now) {
  const int status = answer.status;
  Error error;
  error.http_status = status;
  error.message = fmt::format("{}: {} answered {}", what, answer.final_url.display(), status);
  error.code = status == 401 || status == 403 ? ErrorCode::kUnauthorized
               : status == 404                ? ErrorCode::kNotFound
               : status == 410                ? ErrorCode::kGone
               : status == 429                ? ErrorCode::kThrottled
               : status >= 500                ? ErrorCode::kUnavailable
                                              : ErrorCode::kProtocol;
  if (!is_temporary(status)) return error;
  error.retry = Retry::kAfterBackoff;
  if (const auto wait = retry_after(answer.headers, now)) {
    error.retry = Retry::kAt;
    error.retry_after = *wait;
  }
  return error;
}

}  // namespace damsync
