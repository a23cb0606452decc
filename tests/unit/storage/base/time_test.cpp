#include "storage/base/time.h"

#include <doctest/doctest.h>

namespace damsync {
namespace {

UtcTime at(int year, unsigned month, unsigned day, int hour, int minute, int second, int millis = 0) {
  const std::chrono::sys_days date = std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day);
  return UtcTime(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) +
         Millis(millis);
}

}  // namespace

TEST_CASE("J9 time: what is not a full RFC 3339 date-time is refused") {
  const char* const bad[] = {"",
                             "1",
                             "1475510298",
                             "2016-10-03",
                             "2016-10-03T15:58:18",
                             "2016-10-03T15:58:18+99:99",
                             "2016-10-03T15:58:18+24:00",
                             "2016-10-03T15:58:18+05:60",
                             "2016-10-03T15:58:18+0500",
                             "2016-10-03T15:58:18+05",
                             "2016-10-03T15:58:18Zulu",
                             "2016-10-03T15:58:18Z ",
                             " 2016-10-03T15:58:18Z",
                             "2016-10-03T15:58:18.Z",
                             "2016-10-03T15:58Z",
                             "2016-10-03T24:00:00Z",
                             "2016-10-03T15:60:18Z",
                             "2016-10-03T15:58:61Z",
                             "2016-10-03_15:58:18Z",
                             "2016-10-03  15:58:18Z",
                             "2015-02-29T00:00:00Z",
                             "2016-02-30T00:00:00Z",
                             "2016-13-01T00:00:00Z",
                             "2016-00-01T00:00:00Z",
                             "2016-01-00T00:00:00Z",
                             "0000-01-01T00:00:00Z",
                             "1969-12-31T23:59:59Z",
                             "9999-01-01T00:00:00Z",
                             "9999999-01-01T00:00:00Z",
                             "-016-10-03T15:58:18Z",
                             "2016-1-03T15:58:18Z",
                             "20161003T155818Z"};
  for (const char* text : bad) {
    CAPTURE(text);
    const auto parsed = parse_rfc3339(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == ErrorCode::kInvalid);
  }
  CHECK_FALSE(parse_rfc3339(std::string_view("2016-10-03T15:58:18Z\0", 21)).ok());
}

TEST_CASE("J9 time: the offset is applied, so that Eastern times name the moment they mean") {
  const struct {
    const char* text;
    UtcTime moment;
  } rows[] = {{"2016-10-03T15:58:18-04:00", at(2016, 10, 3, 19, 58, 18)},
              {"2016-12-31T23:30:00-05:00", at(2017, 1, 1, 4, 30, 0)},
              {"2016-10-03T15:58:18+05:30", at(2016, 10, 3, 10, 28, 18)},
              {"2016-10-03T15:58:18Z", at(2016, 10, 3, 15, 58, 18)},
              {"2016-10-03t15:58:18z", at(2016, 10, 3, 15, 58, 18)},
              {"2016-10-03 15:58:18-00:00", at(2016, 10, 3, 15, 58, 18)},
              {"2016-10-03T15:58:18.5Z", at(2016, 10, 3, 15, 58, 18, 500)},
              {"2016-10-03T15:58:18.123456789Z", at(2016, 10, 3, 15, 58, 18, 123)},
              {"2016-02-29T00:00:00Z", at(2016, 2, 29, 0, 0, 0)}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_rfc3339(row.text);
    REQUIRE(parsed.ok());
    CHECK(*parsed == row.moment);
  }
}

TEST_CASE("J9 time: a leap second is read as the second before it") {
  CHECK(*parse_rfc3339("2016-12-31T23:59:60Z") == at(2016, 12, 31, 23, 59, 59));
}

TEST_CASE("time: a missing zone means UTC only where the caller says so") {
  CHECK_FALSE(parse_rfc3339("2016-10-03T15:58:18").ok());
  CHECK(*parse_rfc3339("2016-10-03T15:58:18", MissingZone::kUtc) == at(2016, 10, 3, 15, 58, 18));
  CHECK(*parse_rfc3339("2016-10-03T15:58:18-04:00", MissingZone::kUtc) == at(2016, 10, 3, 19, 58, 18));
  CHECK_FALSE(parse_rfc3339("2016-10-03T15:58:18 rubbish", MissingZone::kUtc).ok());
}

TEST_CASE("time: what was formatted parses to the same moment") {
  for (const auto moment : {at(1970, 1, 1, 0, 0, 0), at(2026, 1, 31, 23, 59, 59), at(2038, 1, 19, 3, 14, 8, 7)}) {
    CHECK(*parse_rfc3339(format_rfc3339(moment)) == moment);
    CHECK(from_millis(to_millis(moment)) == moment);
  }
  CHECK(format_rfc3339(at(2026, 1, 31, 23, 59, 59)) == "2026-01-31T23:59:59Z");
  CHECK(format_rfc3339(at(2026, 1, 31, 23, 59, 59, 120)) == "2026-01-31T23:59:59.120Z");
}

TEST_CASE("time: a date is four, two and two digits and exists in the calendar") {
  CHECK(format_date(*parse_date("2024-02-29")) == "2024-02-29");
  for (const char* text : {"2023-02-29", "2024-2-29", "2024-02-29T", "24-02-29", "", "today"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_date(text).ok());
  }
}

}  // namespace damsync
