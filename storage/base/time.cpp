#include "storage/base/time.h"

#include <fmt/format.h>

#include <algorithm>

namespace damsync {
namespace {

/// Reads fixed-width fields from the left; the first misfit sticks.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    if (rest_.size() < count) return fail();
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = rest_[i];
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail();
  }

  /// `.` and any number of digits, at least one; kept to the millisecond.
  int fraction_millis() {
    if (!take('.')) return 0;
    int value = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count) {
      if (count < 3) value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (count == 0) return fail();
    for (; count < 3; ++count) value *= 10;
    return value;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && rest_.empty(); }

 private:
  int fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

Error not_a(std::string_view what, std::string_view text) {
  return make_error(ErrorCode::kInvalid, fmt::format("'{}' is not {}", text.substr(0, 64), what));
}

std::optional<std::chrono::sys_days> scan_date(Scanner& in) {
  const std::chrono::year year(in.digits(4));
  in.expect('-');
  const std::chrono::month month(static_cast<unsigned>(in.digits(2)));
  in.expect('-');
  const std::chrono::day day(static_cast<unsigned>(in.digits(2)));
  const std::chrono::year_month_day date(year, month, day);
  if (!in.ok() || !date.ok() || year < std::chrono::year(1970) || year > std::chrono::year(9998)) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::minutes> scan_zone(Scanner& in, MissingZone missing_zone) {
  if (in.take('Z') || in.take('z')) return std::chrono::minutes(0);
  const bool west = in.take('-');
  if (!west && !in.take('+')) {
    if (missing_zone == MissingZone::kUtc && in.done()) return std::chrono::minutes(0);
    return std::nullopt;
  }
  const int hours = in.digits(2);
  in.expect(':');
  const int minutes = in.digits(2);
  if (!in.ok() || hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return west ? -offset : offset;
}

/// A mark and a number with leading zeros. Reports write millions of times, which is too many for a formatter.
void append_padded(std::string& out, char mark, std::int64_t value, int digits) {
  char text[4] = {mark};
  for (int at = digits; at > 0; --at, value /= 10) text[at] = static_cast<char>('0' + value % 10);
  out.append(text, static_cast<std::size_t>(digits) + 1);
}

}  // namespace

Result<UtcTime> parse_rfc3339(std::string_view text, MissingZone missing_zone) {
  constexpr std::string_view kWhat = "an RFC 3339 date-time";
  Scanner in(text);
  const auto day = scan_date(in);
  if (!day) return not_a(kWhat, text);
  if (!in.take('T') && !in.take('t')) in.expect(' ');
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  const int millis = in.fraction_millis();
  if (!in.ok() || hour > 23 || minute > 59 || second > 60) return not_a(kWhat, text);
  const auto offset = scan_zone(in, missing_zone);
  if (!offset || !in.done()) return not_a(kWhat, text);
  return UtcTime(*day) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(std::min(second, 59)) + Millis(millis) - *offset;
}

Result<std::chrono::sys_days> parse_date(std::string_view text) {
  Scanner in(text);
  const auto day = scan_date(in);
  if (!day || !in.done()) return not_a("a date (YYYY-MM-DD)", text);
  return *day;
}

std::string format_rfc3339(UtcTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out = format_date(day);
  append_padded(out, 'T', clock.hours().count(), 2);
  append_padded(out, ':', clock.minutes().count(), 2);
  append_padded(out, ':', clock.seconds().count(), 2);
  if (clock.subseconds().count() != 0) append_padded(out, '.', clock.subseconds().count(), 3);
  out += 'Z';
  return out;
}

std::string format_date(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  const int year = static_cast<int>(date.year());
  std::string out;
  out.reserve(sizeof "2026-01-31T23:59:59.123Z");
  if (year >= 1000 && year <= 9999)
    out = std::to_string(year);
  else
    out = fmt::format("{:04}", year);
  append_padded(out, '-', static_cast<unsigned>(date.month()), 2);
  append_padded(out, '-', static_cast<unsigned>(date.day()), 2);
  return out;
}

std::int64_t to_millis(UtcTime time) noexcept { return time.time_since_epoch().count(); }
UtcTime from_millis(std::int64_t millis) noexcept { return UtcTime(Millis(millis)); }

}  // namespace damsync
