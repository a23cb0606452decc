#include "daemon/schedule/week.h"

#include <doctest/doctest.h>

#include "storage/base/time.h"

namespace damsync {
namespace {

using std::chrono::minutes;

UtcTime utc(const char* text) { return parse_rfc3339(text).value(); }
WeekSpan span(const char* text) { return WeekSpan::parse(text).value(); }
const TimeZone& berlin() {
  static const TimeZone kZone = TimeZone::find("Europe/Berlin").value();
  return kZone;
}

}  // namespace

TEST_CASE("week: a span covers its hours on its days, and the morning after where it goes on") {
  struct Row {
    const char *span, *local;
    bool covered;
  };
  const Row rows[] = {
      {"Mon-Fri 08:00-18:00", "2026-03-16T08:00:00Z", true},
      {"Mon-Fri 08:00-18:00", "2026-03-16T07:59:00Z", false},
      {"Mon-Fri 08:00-18:00", "2026-03-20T17:59:00Z", true},
      {"Mon-Fri 08:00-18:00", "2026-03-20T18:00:00Z", false},
      {"Mon-Fri 08:00-18:00", "2026-03-21T12:00:00Z", false},
      {"sat,SUN 00:00-24:00", "2026-03-22T23:59:00Z", true},
      {"Sat,Sun 00:00-24:00", "2026-03-23T00:00:00Z", false},
      {"Fri-Mon 00:00-24:00", "2026-03-23T00:00:00Z", true},
      {"Fri-Mon 00:00-24:00", "2026-03-24T00:00:00Z", false},
      {"daily 22:00-06:00", "2026-03-18T03:00:00Z", true},
      {"Fri 22:00-06:00", "2026-03-21T05:59:00Z", true},
      {"Fri 22:00-06:00", "2026-03-20T05:59:00Z", false},
      {"Mon,Wed-Thu 10:00-11:00", "2026-03-18T10:30:00Z", true},
      {"Mon,Wed-Thu 10:00-11:00", "2026-03-17T10:30:00Z", false},
  };
  for (const Row& row : rows) {
    INFO(row.span << " " << row.local);
    const auto at = utc(row.local);
    const auto day = std::chrono::floor<std::chrono::days>(at);
    CHECK(span(row.span).covers({day, std::chrono::floor<minutes>(at - day)}) == row.covered);
  }
}

TEST_CASE("week: what is no span or no limit is refused with an example") {
  for (const char* wrong : {"", "Mon", "Mon-Fri", "08:00-18:00", "Mon-Fri 8:00-18:00", "Mon-Fri 08:00-18:60",
                            "Mon-Fri 08:00-24:01", "Mon-Fri 24:00-08:00", "Mon-Fri 08:00-08:00", "Mon-Fri  08:00-18:00",
                            "Mon--Fri 08:00-18:00", "Mo-Fr 08:00-18:00", "Mon, 08:00-18:00", "Mon-Fri 08:00-18:00 "})
    CHECK_MESSAGE(!WeekSpan::parse(wrong).ok(), wrong);
  for (const char* wrong :
       {"Mon-Fri 08:00-18:00", "Mon-Fri 08:00-18:00 2MiB", "Mon-Fri 08:00-18:00 2/s", "2MiB/s",
        "Mon-Fri 08:00-18:00 1KiB/s", "Mon-Fri 08:00-18:00 -1MiB/s", "Mon-Fri 08:00-18:00 /s", "/s", " /s"})
    CHECK_MESSAGE(!BandwidthRule::parse(wrong).ok(), wrong);
  CHECK(BandwidthRule::parse("Mon-Fri 08:00-18:00 2MiB/s").value().bytes_per_second == 2 << 20);
}

TEST_CASE("week: the first free moment is found through spans that touch, over midnight and where the clock is set") {
  struct Row {
    std::vector<WeekSpan> spans;
    const char *from, *free;
  };
  const Row rows[] = {
      {{}, "2026-03-16T12:00:00Z", "2026-03-16T12:00:00Z"},
      {{span("Mon-Fri 08:00-18:00")}, "2026-03-16T06:59:59Z", "2026-03-16T06:59:59Z"},
      {{span("Mon-Fri 08:00-18:00")}, "2026-03-16T07:00:00Z", "2026-03-16T17:00:00Z"},
      {{span("Mon-Fri 08:00-18:00"), span("daily 18:00-20:00")}, "2026-03-16T12:00:00Z", "2026-03-16T19:00:00Z"},
      {{span("daily 22:00-06:00")}, "2026-03-28T23:30:00Z", "2026-03-29T04:00:00Z"},  // the short night
      {{span("daily 22:00-06:00")}, "2026-10-24T23:30:00Z", "2026-10-25T05:00:00Z"},  // the long one
      {{span("daily 01:00-02:30")}, "2026-10-25T01:05:00Z", "2026-10-25T01:30:00Z"},  // 02:30 the second time
  };
  for (const Row& row : rows) {
    INFO(row.from);
    const auto free = first_outside(row.spans, berlin(), utc(row.from));
    REQUIRE(free.has_value());
    CHECK(format_rfc3339(*free) == row.free);
  }
  CHECK_FALSE(
      first_outside({span("daily 00:00-12:00"), span("daily 12:00-24:00")}, berlin(), utc("2026-03-16T12:00:00Z")));
  CHECK(cover_whole_week({span("daily 18:00-12:00"), span("daily 12:00-18:00")}));
  CHECK_FALSE(cover_whole_week({span("Mon-Sat 00:00-24:00"), span("Sun 00:00-23:59")}));
}

TEST_CASE("week: the lowest of the limits that hold counts, none means as fast as it goes") {
  const std::vector<BandwidthRule> rules = {BandwidthRule::parse("Mon-Fri 08:00-18:00 2MiB/s").value(),
                                            BandwidthRule::parse("daily 12:00-13:00 100KiB/s").value()};
  const auto at = [&](const char* time) { return limit_at(rules, berlin().local(utc(time))); };
  CHECK(at("2026-03-16T07:00:00Z") == 2 << 20);
  CHECK(at("2026-03-16T11:30:00Z") == 100 << 10);
  CHECK(at("2026-03-16T20:00:00Z") == 0);
  CHECK(at("2026-03-21T11:30:00Z") == 100 << 10);
}

}  // namespace damsync
