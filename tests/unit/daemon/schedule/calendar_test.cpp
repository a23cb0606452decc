#include "daemon/schedule/calendar.h"

#include <doctest/doctest.h>

#include "storage/base/time.h"

namespace damsync {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

UtcTime utc(const char* text) { return parse_rfc3339(text).value(); }
Day day(const char* text) { return parse_date(text).value(); }
TimeZone zone(const char* name) { return TimeZone::find(name).value(); }

std::string days_of(const std::vector<Day>& nights) {
  std::string out;
  for (const Day night : nights) out += (out.empty() ? "" : " ") + format_date(night);
  return out;
}

/// Which nights a daemon does that wakes up every `step` and does what is missed.
std::vector<Day> nights_done(const Nightly& nightly, UtcTime from, UtcTime to, Millis step) {
  NightBook book;
  book.add(nightly.latest(from));
  std::vector<Day> out;
  for (UtcTime now = from; now < to; now += step)
    for (const Day night : nightly.missed(book, now, 31)) {
      out.push_back(night);
      book.add(night);
    }
  return out;
}

}  // namespace

TEST_CASE("calendar: a night is due at its local time, whatever the offset of the day") {
  struct Row {
    const char *zone, *day;
    minutes at;
    const char* due;
  };
  const Row rows[] = {
      {"Europe/Berlin", "2026-01-15", minutes(150), "2026-01-15T01:30:00Z"},
      {"Europe/Berlin", "2026-07-15", minutes(150), "2026-07-15T00:30:00Z"},
      {"Europe/Berlin", "2026-03-29", minutes(150), "2026-03-29T01:00:00Z"},  // 02:30 is skipped: when it is set
      {"Europe/Berlin", "2026-10-25", minutes(150), "2026-10-25T00:30:00Z"},  // 02:30 comes twice: the first
      {"America/New_York", "2026-03-08", minutes(150), "2026-03-08T07:00:00Z"},
      {"America/New_York", "2026-11-01", minutes(90), "2026-11-01T05:30:00Z"},
      {"Asia/Kathmandu", "2026-01-15", minutes(0), "2026-01-14T18:15:00Z"},
      {"America/Sao_Paulo", "2018-11-04", minutes(0), "2018-11-04T03:00:00Z"},  // midnight is skipped
      {"Pacific/Kiritimati", "2026-01-15", minutes(1439), "2026-01-15T09:59:00Z"},
      {"UTC", "2026-01-15", minutes(150), "2026-01-15T02:30:00Z"},
  };
  for (const Row& row : rows) {
    INFO(row.zone << " " << row.day);
    CHECK(format_rfc3339(Nightly(zone(row.zone), row.at).due(day(row.day))) == row.due);
  }
}

TEST_CASE("K2 calendar: every local date has exactly one night, where 02:30 is skipped and where it comes twice") {
  struct Row {
    const char *zone, *from, *to;
    minutes at;
    const char* dates;
  };
  const Row rows[] = {
      {"Europe/Berlin", "2026-03-27T12:00:00Z", "2026-03-31T12:00:00Z", minutes(150),
       "2026-03-28 2026-03-29 2026-03-30 2026-03-31"},
      {"Europe/Berlin", "2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z", minutes(150),
       "2026-10-24 2026-10-25 2026-10-26 2026-10-27"},
      {"Australia/Lord_Howe", "2026-04-03T12:00:00Z", "2026-04-07T12:00:00Z", minutes(105),
       "2026-04-04 2026-04-05 2026-04-06 2026-04-07"},
      {"America/Sao_Paulo", "2018-11-02T12:00:00Z", "2018-11-06T12:00:00Z", minutes(0),
       "2018-11-03 2018-11-04 2018-11-05 2018-11-06"},
      {"America/Sao_Paulo", "2018-02-15T12:00:00Z", "2018-02-19T12:00:00Z", minutes(1410),
       "2018-02-15 2018-02-16 2018-02-17 2018-02-18"},
      {"Pacific/Apia", "2011-12-28T00:00:00Z", "2012-01-02T00:00:00Z", minutes(150),
       "2011-12-28 2011-12-29 2011-12-31 2012-01-01 2012-01-02"},  // no 30 December there
  };
  for (const Row& row : rows) {
    INFO(row.zone << " " << row.from);
    const auto done = nights_done(Nightly(zone(row.zone), row.at), utc(row.from), utc(row.to), minutes(10));
    CHECK(days_of(done) == row.dates);
  }
}

TEST_CASE("A1 calendar: nights a daemon slept through are done in order, the newest of too many") {
  const Nightly nightly(zone("Europe/Berlin"), minutes(150));
  NightBook book;
  const UtcTime now = utc("2026-03-31T12:00:00Z");
  CHECK(nightly.missed(book, now, 31).empty());  // nothing was promised before the first start
  book.add(day("2026-03-27"));
  CHECK(days_of(nightly.missed(book, now, 31)) == "2026-03-28 2026-03-29 2026-03-30 2026-03-31");
  CHECK(days_of(nightly.missed(book, now, 2)) == "2026-03-30 2026-03-31");
  CHECK(days_of(nightly.missed(book, utc("2026-03-31T00:29:59Z"), 31)) == "2026-03-28 2026-03-29 2026-03-30");
  CHECK(format_rfc3339(nightly.next(book, now)) == "2026-04-01T00:30:00Z");
}

TEST_CASE("K1 calendar: a clock that jumps and comes back neither repeats a night nor stops the nights to come") {
  const Nightly nightly(zone("Europe/Berlin"), minutes(150));
  NightBook book;
  book.add(day("2026-03-20"));
  const UtcTime now = utc("2026-03-20T12:00:00Z");

  CHECK(nightly.missed(book, now - hours(1), 31).empty());
  CHECK(nightly.missed(book, utc("1970-01-03T00:00:00Z"), 31).empty());
  for (const char* jump : {"2026-03-22T12:00:00Z", "2038-01-19T03:14:08Z", "2100-06-01T12:00:00Z"}) {
    for (const Day night : nightly.missed(book, utc(jump), 31)) book.add(night);
    CHECK(nightly.missed(book, utc(jump), 31).empty());
  }
  CHECK(nightly.missed(book, now, 31).empty());
  CHECK(format_rfc3339(nightly.next(book, now)) == "2026-03-23T01:30:00Z");  // the 21st and 22nd are done
  CHECK(days_of(nightly.missed(book, utc("2026-03-24T12:00:00Z"), 31)) == "2026-03-23 2026-03-24");
}

TEST_CASE("K2 calendar: a zone that is changed while a daemon runs repeats no night") {
  NightBook book;
  const UtcTime now = utc("2026-03-20T02:00:00Z");  // 03:00 in Berlin, the evening of the 19th in New York
  const Nightly berlin(zone("Europe/Berlin"), minutes(150)), york(zone("America/New_York"), minutes(150));
  book.add(day("2026-03-19"));
  for (const Day night : berlin.missed(book, now, 31)) book.add(night);
  CHECK(book.has(day("2026-03-20")));

  CHECK(york.missed(book, now, 31).empty());
  CHECK(york.missed(book, utc("2026-03-20T12:00:00Z"), 31).empty());
  CHECK(days_of(york.missed(book, utc("2026-03-21T12:00:00Z"), 31)) == "2026-03-21");
  CHECK(berlin.missed(book, now, 31).empty());
}

TEST_CASE("K1 calendar: a book full of nights to come takes a present one, and keeps those of a clock that went back") {
  NightBook ahead;
  for (int i = 0; i < 400; ++i) ahead.add(day("2100-03-20") + std::chrono::days(i));
  for (const char* night : {"2026-03-20", "2026-03-21"}) {
    ahead.add(day(night));
    CHECK(ahead.latest_until(day("2026-12-31")) == day(night));
  }
  NightBook behind;
  for (int i = 0; i < 400; ++i) behind.add(day("2026-03-20") + std::chrono::days(i));
  behind.add(day("1971-01-01"));
  CHECK(behind.has(day("2026-03-20") + std::chrono::days(399)));
}

TEST_CASE("calendar: the book of nights survives writing and reading, rubbish in it does not") {
  NightBook book;
  book.add(day("2026-03-20"));
  book.add(day("2026-03-19"));
  CHECK(book.text() == "2026-03-19 2026-03-20");
  CHECK(NightBook::parse(book.text()).text() == book.text());
  CHECK(NightBook::parse("x 2026-02-30  2026-03-19 ").text() == "2026-03-19");
  for (int i = 0; i < 400; ++i) book.add(day("2026-03-20") + std::chrono::days(i));
  CHECK(book.text().size() < 2000);
  CHECK(book.has(day("2026-03-20") + std::chrono::days(399)));
}

TEST_CASE("calendar: a zone is found by its name only, and the system's is always there") {
  CHECK(TimeZone::find("").ok());
  CHECK(zone("Europe/Berlin").name() == "Europe/Berlin");
  for (const char* wrong : {"Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "europe/berlin ", "CET-1CEST",
                            "zone.tab", "Europe", "\x1b[2J"})
    CHECK_MESSAGE(!TimeZone::find(wrong).ok(), wrong);
}

}  // namespace damsync
