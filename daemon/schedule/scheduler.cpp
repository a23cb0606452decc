#include "daemon/schedule/scheduler.h"

#include <algorithm>
#include <utility>

namespace damsync {
namespace {

constexpr double kJitter = 0.1;  ///< of the interval, to both sides

}  // namespace

Result<Scheduler> Scheduler::make(const ScheduleSettings& settings) {
  Scheduler scheduler(settings);
  for (const auto& text : settings.quiet_hours) {
    const auto span = WeekSpan::parse(text);
    if (!span) return span.error();
    scheduler.quiet_.push_back(*span);
  }
  for (const auto& text : settings.bandwidth) {
    const auto rule = BandwidthRule::parse(text);
    if (!rule) return rule.error();
    scheduler.bandwidth_.push_back(*rule);
  }
  return scheduler;
}

Millis Scheduler::until_poll(const PollMark& mark, const Now& now) const {
  Millis left{0};
  if (mark.begun) {
    const double share = 1 - kJitter + 2 * kJitter * std::clamp(mark.spread, 0.0, 1.0);
    const Millis interval(static_cast<std::int64_t>(static_cast<double>(settings_.poll_interval.count()) * share));
    const auto by_steady = std::chrono::ceil<Millis>(mark.begun->steady + interval - now.steady);
    const auto by_utc = mark.begun->utc + interval - now.utc;
    left = std::max(std::min(by_steady, by_utc), Millis(0));
  }
  const UtcTime at = now.utc + left;
  return left + (first_outside(quiet_, zone(), at).value_or(at) - at);
}

UtcTime Scheduler::late_from(UtcTime success) const {
  Millis left = std::max<Millis>(3 * settings_.poll_interval, std::chrono::minutes(1));
  if (quiet_.empty()) return success + left;
  UtcTime at = success;
  while (left > Millis(0)) {
    at = first_outside(quiet_, zone(), at).value_or(at);
    const auto next_minute = std::chrono::floor<std::chrono::minutes>(at) + std::chrono::minutes(1);
    const Millis step = std::min(left, std::chrono::ceil<Millis>(next_minute - at));
    at += step;
    left -= step;
  }
  return at;
}

/// The later a success, the later it is late: so the earliest that is not can be searched for.
Millis Scheduler::late_after(UtcTime now) const {
  Millis late(0), fresh(0);
  for (Millis step = std::chrono::minutes(1); late_from(now - late) >= now; step *= 2)
    fresh = std::exchange(late, step);
  while (late - fresh > Millis(1)) {
    const Millis middle = fresh + (late - fresh) / 2;
    (late_from(now - middle) >= now ? fresh : late) = middle;
  }
  return fresh;
}

}  // namespace damsync
