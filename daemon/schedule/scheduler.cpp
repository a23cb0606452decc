#include "daemon/schedule/scheduler.h"

#include <algorithm>

namespace damsync {
namespace {

constexpr double kJitter = 0.1;  ///< of the interval, to both sides

}  // namespace

Result<Scheduler> Scheduler::make(const ScheduleSettings& settings) {
  const auto zone = TimeZone::find(settings.time_zone);
  if (!zone) return zone.error();
  Scheduler scheduler(settings, *zone);
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
  return left + (first_outside(quiet_, zone_, at).value_or(at) - at);
}

}  // namespace damsync
