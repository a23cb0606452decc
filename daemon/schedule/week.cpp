#include "daemon/schedule/week.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr unsigned kEveryDay = 0x7F;
constexpr minutes kWholeDay{24 * 60};

std::optional<unsigned> weekday_of(std::string_view word) {
  constexpr std::array<std::string_view, 7> kNames = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  const auto found = std::find(kNames.begin(), kNames.end(), to_lower(word));
  if (found == kNames.end()) return std::nullopt;
  return static_cast<unsigned>(found - kNames.begin());
}

/// `Mon-Fri`, `Fri-Mon`, `Sat`; nothing for anything else.
std::optional<unsigned> days_of_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = weekday_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : weekday_of(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  unsigned out = 0;
  for (unsigned day = *first;; day = (day + 1) % 7) {
    out |= 1U << day;
    if (day == *last) return out;
  }
}

std::optional<unsigned> days_of(std::string_view text) {
  if (to_lower(text) == "daily") return kEveryDay;
  unsigned out = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    const auto range = days_of_range(text.substr(begin, comma - begin));
    if (!range) return std::nullopt;
    out |= *range;
    begin = comma + 1;
  }
  return out;
}

/// `08:30`, up to `24:00`.
std::optional<minutes> time_of_day(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const minutes time((text[0] - '0') * 600 + (text[1] - '0') * 60 + (text[3] - '0') * 10 + (text[4] - '0'));
  if (text[3] > '5' || time > kWholeDay) return std::nullopt;
  return time;
}

Error wrong_span(std::string_view text) {
  return make_error(ErrorCode::kSettings,
                    fmt::format("'{}' names no hours of the week; expected such as \"Mon-Fri 08:00-18:00\", "
                                "\"Sat,Sun 00:00-24:00\" or \"daily 22:00-06:00\"",
                                printable(text)));
}

/// A Monday, in a zone that never sets its clock.
constexpr Day kSomeMonday = std::chrono::sys_days(std::chrono::year(2024) / 1 / 1);

}  // namespace

Result<WeekSpan> WeekSpan::parse(std::string_view text) {
  const auto blank = text.find(' ');
  const auto hours = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  const auto dash = hours.find('-');
  if (dash == std::string_view::npos) return wrong_span(text);
  const auto on = days_of(text.substr(0, blank));
  const auto from = time_of_day(hours.substr(0, dash)), to = time_of_day(hours.substr(dash + 1));
  if (!on || !from || !to || *from == *to || *from == kWholeDay) return wrong_span(text);
  WeekSpan span;
  span.days_ = *on;
  span.from_ = *from;
  span.to_ = *to;
  return span;
}

bool WeekSpan::begins_on(Day day) const noexcept { return (days_ >> std::chrono::weekday(day).c_encoding() & 1U) != 0; }

bool WeekSpan::covers(const LocalMoment& moment) const noexcept {
  if (!overnight()) return begins_on(moment.day) && moment.time >= from_ && moment.time < to_;
  return (begins_on(moment.day) && moment.time >= from_) || (begins_on(moment.day - days(1)) && moment.time < to_);
}

LocalMoment WeekSpan::end_of(const LocalMoment& moment) const noexcept {
  const bool goes_on = overnight() && moment.time >= from_ && begins_on(moment.day);
  return {goes_on ? moment.day + days(1) : moment.day, to_};
}

std::optional<UtcTime> first_outside(const std::vector<WeekSpan>& spans, const TimeZone& zone, UtcTime time) {
  constexpr int kMostSteps = 200;  // far more than a week can hold in turn
  for (int step = 0; step < kMostSteps; ++step) {
    const LocalMoment moment = zone.local(time);
    const auto span = std::find_if(spans.begin(), spans.end(), [&](const WeekSpan& s) { return s.covers(moment); });
    if (span == spans.end()) return time;
    const LocalMoment end = span->end_of(moment);
    // Where the clock is set back within a span, its end may seem to lie behind us.
    time = std::max(zone.at(end.day, end.time), time + minutes(1));
  }
  return std::nullopt;
}

bool cover_whole_week(const std::vector<WeekSpan>& spans) {
  for (minutes at{0}; at < 7 * kWholeDay; at += minutes(1)) {
    const LocalMoment moment{kSomeMonday + days(at / kWholeDay), at % kWholeDay};
    if (std::none_of(spans.begin(), spans.end(), [&](const WeekSpan& span) { return span.covers(moment); }))
      return false;
  }
  return true;
}

Result<BandwidthRule> BandwidthRule::parse(std::string_view text) {
  const auto wrong = [&] {
    return make_error(ErrorCode::kSettings,
                      fmt::format("'{}' is no limit; expected hours and a rate from {}/s, such as "
                                  "\"Mon-Fri 08:00-18:00 2MiB/s\"",
                                  printable(text), format_size(kLeast)));
  };
  const auto blank = text.rfind(' ');
  if (blank == std::string_view::npos || !text.ends_with("/s")) return wrong();
  const auto rate = parse_size(text.substr(blank + 1, text.size() - blank - 3));
  auto span = WeekSpan::parse(text.substr(0, blank));
  if (!rate || *rate < kLeast || !span) return wrong();
  return BandwidthRule{*span, *rate};
}

std::int64_t limit_at(const std::vector<BandwidthRule>& rules, const LocalMoment& moment) noexcept {
  std::int64_t limit = 0;
  for (const auto& rule : rules)
    if (rule.span.covers(moment) && (limit == 0 || rule.bytes_per_second < limit)) limit = rule.bytes_per_second;
  return limit;
}

}  // namespace damsync
