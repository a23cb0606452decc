#include "tests/simulators/eastern_time.h"

#include <chrono>
#include <cstdio>

namespace damsync {
namespace {

using namespace std::chrono;

bool is_daylight_time(UtcTime time) {
  const year in_year = year_month_day(floor<days>(time)).year();
  const UtcTime begin = sys_days(in_year / March / Sunday[2]) + hours(7);   // 2:00 standard time
  const UtcTime end = sys_days(in_year / November / Sunday[1]) + hours(6);  // 2:00 daylight time
  return time >= begin && time < end;
}

std::string format_local(UtcTime local, const char* suffix) {
  const auto day = floor<days>(local);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(local - day));
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d%s", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), suffix);
  return text;
}

}  // namespace

std::string format_eastern(UtcTime time) {
  const bool daylight = is_daylight_time(time);
  return format_local(time - hours(daylight ? 4 : 5), daylight ? "-04:00" : "-05:00");
}

std::string format_zulu_millis(UtcTime time) {
  char suffix[8];
  const auto millis = (time - floor<seconds>(time)).count();
  std::snprintf(suffix, sizeof suffix, ".%03dZ", static_cast<int>(millis));
  return format_local(time, suffix);
}

}  // namespace damsync
