#pragma once

#include <chrono>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace date {
class time_zone;
}

namespace damsync {

/// A day of a calendar on the wall, wherever the wall is.
using Day = std::chrono::sys_days;

/// What calendar and clock on the wall show.
struct LocalMoment {
  Day day;
  std::chrono::minutes time{0};  ///< after midnight as the clock shows it
};

/// A zone of the system's time zone database. Who decides by dates takes that of the settings
/// (`ScheduleSettings::zone`): the system's may be another one by now.
///
/// Threads  any; values are small and copied freely.
class TimeZone {
 public:
  /// UTC, for which no database is needed.
  TimeZone() = default;
  /// `name` as `Europe/Berlin`; empty: the system's, `TZ` first. Errors: kSettings when there is no such zone.
  static Result<TimeZone> find(const std::string& name);

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] LocalMoment local(UtcTime time) const;
  [[nodiscard]] Day day_of(UtcTime time) const { return local(time).day; }
  /// When the clock on the wall shows `time` on `day` for the first time; if it is set forward past it, the moment it
  /// is set. `time` may be 24:00 and more.
  [[nodiscard]] UtcTime at(Day day, std::chrono::minutes time) const;
  /// False for a day that was left out (a place that moved across the date line).
  [[nodiscard]] bool has(Day day) const { return day_of(at(day, std::chrono::minutes(0))) == day; }

 private:
  explicit TimeZone(const date::time_zone& zone) : zone_(&zone) {}

  /// Of the library's database, which lasts as long as the process; null: UTC.
  const date::time_zone* zone_ = nullptr;
};

}  // namespace damsync
