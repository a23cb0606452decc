#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/schedule/calendar.h"
#include "daemon/schedule/week.h"
#include "storage/base/clock.h"

namespace damsync {

/// What time it is, by both clocks.
struct Now {
  SteadyTime steady{};
  UtcTime utc{};
};
inline Now now_of(const Clock& clock) { return {clock.steady(), clock.utc()}; }

/// When an account was polled last, and where in the jitter its next poll lies.
struct PollMark {
  std::optional<Now> begun;  ///< nothing: not since the process started
  double spread = 0.5;       ///< from 0 (early) to 1 (late)
};

/// The settings' schedule, ready to be asked. Pure: time and state are passed in.
///
/// An interval has passed when either clock says so: the steady one does not care who sets the time, the other one goes
/// on while the machine is suspended. So a clock that is set back delays no poll, and a machine that wakes up polls
/// once.
class Scheduler {
 public:
  /// Errors: kSettings.
  static Result<Scheduler> make(const ScheduleSettings& settings);

  [[nodiscard]] const TimeZone& zone() const noexcept { return settings_.zone; }
  [[nodiscard]] Nightly audit() const { return {zone(), settings_.audit_at}; }
  [[nodiscard]] Nightly verify() const { return {zone(), settings_.verify_at}; }

  /// How long until the account's next poll; zero: it is due. A first poll is due at once; none begins in quiet hours.
  [[nodiscard]] Millis until_poll(const PollMark& mark, const Now& now) const;
  /// When a success of that moment lies too far back: after three poll intervals (one minute at least), in which quiet
  /// hours do not count.
  [[nodiscard]] UtcTime late_from(UtcTime success) const;
  /// How far back a success may lie at that moment without being late.
  [[nodiscard]] Millis late_after(UtcTime now) const;
  /// Bytes a second; 0: no limit.
  [[nodiscard]] std::int64_t bandwidth(UtcTime time) const { return limit_at(bandwidth_, zone().local(time)); }

 private:
  explicit Scheduler(ScheduleSettings settings) : settings_(std::move(settings)) {}

  ScheduleSettings settings_;
  std::vector<WeekSpan> quiet_;
  std::vector<BandwidthRule> bandwidth_;
};

}  // namespace damsync
