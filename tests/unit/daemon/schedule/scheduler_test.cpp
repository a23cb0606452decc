#include "daemon/schedule/scheduler.h"

#include <doctest/doctest.h>

#include "storage/base/time.h"

namespace damsync {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

UtcTime utc(const char* text) { return parse_rfc3339(text).value(); }

ScheduleSettings settings() {
  ScheduleSettings out;
  out.zone = TimeZone::find("Europe/Berlin").value();
  return out;
}
Scheduler scheduler(const ScheduleSettings& from = settings()) { return Scheduler::make(from).value(); }

}  // namespace

TEST_CASE("K1 K3 K4 scheduler: a poll is due when either clock says that the interval is over") {
  struct Row {
    const char* what;
    Millis steady, utc;  ///< how far each clock has gone since the poll began
    Millis left;
  };
  const Row rows[] = {
      {"just begun", seconds(0), seconds(0), minutes(15)},
      {"a third", minutes(5), minutes(5), minutes(10)},
      {"over", minutes(15), minutes(15), minutes(0)},
      {"set back an hour", minutes(5), minutes(5) - hours(1), minutes(10)},
      {"set back to 1970", minutes(15), -hours(24 * 365 * 56), minutes(0)},
      {"set forward a day", minutes(1), hours(24), minutes(0)},
      {"set to 2100", minutes(1), hours(24 * 365 * 74), minutes(0)},
      {"suspended for eight hours", minutes(1), hours(8), minutes(0)},
      {"a leap second", minutes(5), minutes(5) - seconds(1), minutes(10)},
      {"clock slewed", minutes(10), minutes(11), minutes(4)},
  };
  const Now begun{SteadyTime{} + hours(3), utc("2026-03-16T12:00:00Z")};
  for (const Row& row : rows) {
    INFO(row.what);
    const Now now{begun.steady + row.steady, begun.utc + row.utc};
    CHECK(scheduler().until_poll({begun, 0.5}, now) == row.left);
  }
}

TEST_CASE("K4 scheduler: after a suspension one poll is due, and the next an interval later") {
  const Now woken{SteadyTime{} + minutes(1), utc("2026-03-16T20:00:00Z")};
  CHECK(scheduler().until_poll({Now{SteadyTime{}, utc("2026-03-16T12:00:00Z")}, 0.5}, woken) == Millis(0));
  CHECK(scheduler().until_poll({woken, 0.5}, woken) == minutes(15));
}

TEST_CASE("scheduler: jitter spreads polls by a tenth of the interval to both sides") {
  const Now now{SteadyTime{}, utc("2026-03-16T12:00:00Z")};
  CHECK(scheduler().until_poll({now, 0.0}, now) == seconds(810));
  CHECK(scheduler().until_poll({now, 1.0}, now) == seconds(990));
  CHECK(scheduler().until_poll({{}, 0.7}, now) == Millis(0));
}

TEST_CASE("scheduler: no poll begins in quiet hours, the first one neither") {
  ScheduleSettings quiet = settings();
  quiet.quiet_hours = {"Mon-Fri 08:00-18:00"};
  const Now noon{SteadyTime{}, utc("2026-03-16T11:00:00Z")}, early{SteadyTime{}, utc("2026-03-16T06:50:00Z")};
  CHECK(scheduler(quiet).until_poll({}, noon) == hours(6));
  CHECK(scheduler(quiet).until_poll({early, 0.5}, early) == minutes(10) + hours(10));
  CHECK(scheduler(quiet).until_poll({}, early) == Millis(0));
}

TEST_CASE("scheduler: a success is late after three intervals, one minute at least, and quiet hours do not count") {
  ScheduleSettings quiet = settings();  // 15 minutes
  CHECK(scheduler(quiet).late_from(utc("2026-03-16T11:00:00Z")) == utc("2026-03-16T11:45:00Z"));
  CHECK(scheduler(quiet).late_after(utc("2026-03-16T11:00:00Z")) == minutes(45));
  quiet.quiet_hours = {"Mon-Fri 08:00-18:00", "Sat,Sun 00:00-24:00"};
  struct Row {
    std::string success, late;
  };
  const Row rows[] = {
      {"2026-03-16T05:00:00Z", "2026-03-16T05:45:00Z"},  // a Monday, 06:00 in Berlin
      {"2026-03-16T06:40:30Z", "2026-03-16T17:25:30Z"},  // 07:40: twenty minutes before, the rest behind
      {"2026-03-16T12:00:00Z", "2026-03-16T17:45:00Z"},
      {"2026-03-27T22:50:00Z", "2026-03-29T22:35:00Z"},  // Friday 23:50, until the clock was set forward on Sunday
  };
  for (const Row& row : rows) {
    INFO(row.success);
    CHECK(format_rfc3339(scheduler(quiet).late_from(utc(row.success.c_str()))) == row.late);
    // The oldest success that is not late at that moment, and none older.
    const UtcTime now = utc(row.late.c_str()), oldest = now - scheduler(quiet).late_after(now);
    CHECK(scheduler(quiet).late_from(oldest) >= now);
    CHECK(scheduler(quiet).late_from(oldest - minutes(1)) < now);
  }
  quiet.quiet_hours = {"Mon-Sat 00:00-24:00", "Sun 00:01-24:00"};  // a minute a week
  CHECK(scheduler(quiet).late_from(utc("2026-03-16T12:00:00Z")) > utc("2027-01-16T12:00:00Z"));
  quiet.poll_interval = seconds(1);
  quiet.quiet_hours.clear();
  CHECK(scheduler(quiet).late_after(utc("2026-03-16T12:00:00Z")) == minutes(1));
}

TEST_CASE("scheduler: the bandwidth follows the timetable") {
  ScheduleSettings slow = settings();
  slow.bandwidth = {"Mon-Fri 08:00-18:00 2MiB/s"};
  CHECK(scheduler(slow).bandwidth(utc("2026-03-16T11:00:00Z")) == 2 << 20);
  CHECK(scheduler(slow).bandwidth(utc("2026-03-16T20:00:00Z")) == 0);
}

}  // namespace damsync
