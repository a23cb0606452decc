#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "sync/providers/shutterstock/update_feed.h"

using namespace damsync;
using namespace damsync::shutterstock;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

namespace {

UtcTime day(int year, unsigned month, unsigned number) {
  return UtcTime(sys_days(std::chrono::year(year) / month / number));
}

struct Edit {
  int asset = 0;
  UtcTime time{};
};

/// A change feed in the process: one row an asset, at its latest edit; oldest first; dates in the service's own zone.
struct FeedModel {
  std::map<int, UtcTime> rows;
  std::vector<Edit> future;  ///< sorted; becomes visible as time goes by
  std::size_t next = 0;
  UtcTime now{};
  std::size_t page_size = 5;
  hours zone{0};
  hours lag{0};  ///< rows appear this much after their own time

  void go_to(UtcTime time) {
    now = std::max(now, time);
    while (next < future.size() && future[next].time + lag <= now) {
      auto& row = rows[future[next].asset];
      row = std::max(row, future[next].time);
      ++next;
    }
  }

  std::vector<Edit> ask(const FeedCursor& cursor) const {
    UtcTime from = now - cursor.interval;
    UtcTime to = now + hours(1);
    if (cursor.phase == FeedPhase::kWindow) {
      from = UtcTime(cursor.start) + zone;
      to = UtcTime(cursor.end) + zone;
    }
    std::vector<Edit> all;
    for (const auto& [asset, time] : rows)
      if (time >= from && time < to) all.push_back({asset, time});
    std::sort(all.begin(), all.end(),
              [](const Edit& a, const Edit& b) { return std::tie(a.time, a.asset) < std::tie(b.time, b.asset); });
    const std::size_t skip = std::min(all.size(), page_size * static_cast<std::size_t>(cursor.scan.page - 1));
    const std::size_t take = std::min(all.size() - skip, page_size);
    return {all.begin() + static_cast<long>(skip), all.begin() + static_cast<long>(skip + take)};
  }
};

enum class Mutant { kNone, kNoOverlap, kCursorBeforePage, kLocalClockOnly };

/// A mirror that reads the model, is killed between pages and starts again from what it committed.
struct Mirror {
  Mutant mutant = Mutant::kNone;
  FeedRules rules;
  FeedCursor committed;
  std::map<int, UtcTime> noticed;

  /// One cycle; false when it was killed.
  bool run(FeedModel& model, hours skew, std::mt19937& random, int kill_in_100) {
    rules.light_limit = hours(2);  // the windows must do it: the light poll is a convenience
    FeedCursor cursor = *feed_cursor_from_text(to_text(committed));
    for (bool last = false; !last;) {
      Clocks clocks{.local = model.now + skew, .server = model.now};
      if (mutant == Mutant::kLocalClockOnly) clocks.server.reset();
      cursor = begin_cycle(cursor, rules, clocks);
      const auto page = model.ask(cursor);
      PageFacts facts;
      for (const Edit& row : page) facts.all.add(std::to_string(row.asset));
      facts.counted = facts.all;
      facts.uncut_below = static_cast<std::int64_t>(model.page_size);
      const auto outcome = take_page(cursor, facts, rules, clocks);
      if (!outcome) FAIL(outcome.error().message);
      if (mutant == Mutant::kCursorBeforePage) committed = cursor;
      if (static_cast<int>(random() % 100) < kill_in_100) return false;
      for (const Edit& row : page) noticed[row.asset] = std::max(noticed[row.asset], row.time);
      committed = cursor;
      last = outcome->last;
      model.go_to(model.now + seconds(1 + random() % 20));
    }
    return true;
  }
};

/// Edits that come alone, in bursts of one second, and while pages are being read.
std::vector<Edit> random_edits(std::mt19937& random, UtcTime from, const std::vector<UtcTime>& polls) {
  std::vector<Edit> edits;
  const auto pick = [&] { return static_cast<int>(random() % 20); };
  const auto span = static_cast<std::uint64_t>((polls.back() - from) / seconds(1)) + 1;
  for (int i = 0; i < 12; ++i) edits.push_back({pick(), from + seconds(random() % span)});
  for (int burst = 0; burst < 2; ++burst) {
    const UtcTime at = from + seconds(random() % span);
    for (int i = 0; i < 8; ++i) edits.push_back({pick(), at});
  }
  for (const UtcTime poll : polls)
    if (random() % 3 == 0) edits.push_back({pick(), poll + seconds(random() % 60)});
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.time < b.time; });
  return edits;
}

/// True when every edit was noticed.
bool schedule_holds(unsigned seed, Mutant mutant) {
  std::mt19937 random(seed);
  Mirror mirror;
  mirror.mutant = mutant;
  if (mutant == Mutant::kNoOverlap) mirror.rules.overlap = hours(0);
  const UtcTime begin = day(2025, 10, 20) + minutes(random() % (60 * 24 * 200));
  std::vector<UtcTime> polls{begin};
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t most = random() % 4 == 0 ? 90 * 24 * 60 : 3 * 24 * 60;
    polls.push_back(polls.back() + minutes(5 + random() % most));
  }
  FeedModel model;
  model.zone = hours(random() % 3 == 0 ? 0 : 4 + random() % 2);
  model.lag = hours(random() % 2 == 0 ? 0 : random() % 12);
  model.page_size = 3 + random() % 6;
  model.future = random_edits(random, begin + minutes(1), polls);
  for (const UtcTime poll : polls) {
    model.go_to(poll);
    const hours skew(static_cast<int>(random() % 97) - 48);
    const int kill_in_100 = poll == begin ? 0 : 12;
    for (int tries = 0; tries < 3 && !mirror.run(model, skew, random, kill_in_100); ++tries) {
    }
  }
  for (int i = 0; i < 2; ++i) {
    model.go_to(model.now + hours(24 * 3));
    mirror.run(model, hours(0), random, 0);
  }
  return std::all_of(model.rows.begin(), model.rows.end(),
                     [&](const auto& row) { return mirror.noticed[row.first] >= row.second; });
}

int broken_schedules(Mutant mutant, unsigned count) {
  int broken = 0;
  for (unsigned seed = 1; seed <= count; ++seed) broken += schedule_holds(seed, mutant) ? 0 : 1;
  return broken;
}

Clocks both(UtcTime now) { return Clocks{.local = now, .server = now}; }

PageFacts page_of(std::initializer_list<const char*> ids) {
  PageFacts page;
  for (const char* id : ids) page.all.add(id);
  page.counted = page.all;
  page.uncut_below = 2;
  return page;
}

/// The windows of one cycle over an empty feed.
std::vector<std::string> windows_of(FeedCursor cursor, const Clocks& clocks) {
  std::vector<std::string> out;
  const FeedRules rules;
  cursor = begin_cycle(cursor, rules, clocks);
  for (bool last = false; !last;) {
    if (cursor.phase == FeedPhase::kWindow) out.push_back(format_date(cursor.start) + ".." + format_date(cursor.end));
    const auto outcome = take_page(cursor, PageFacts{}, rules, clocks);
    REQUIRE(outcome.ok());
    last = outcome->last;
  }
  return out;
}

}  // namespace

TEST_CASE("update feed: no edit is missed in 10,000 random schedules of downtime, skew, kills, drift and bursts") {
  CHECK(broken_schedules(Mutant::kNone, 10'000) == 0);
}

TEST_CASE("update feed: the schedules catch a reader without overlap, with an early cursor, or with one clock") {
  CHECK(broken_schedules(Mutant::kNoOverlap, 400) > 0);
  CHECK(broken_schedules(Mutant::kCursorBeforePage, 400) > 0);
  CHECK(broken_schedules(Mutant::kLocalClockOnly, 400) > 0);
}

TEST_CASE("update feed: the first cycle begins two days before the service's today") {
  const auto windows = windows_of({}, both(day(2026, 3, 15) + hours(9)));
  CHECK(windows.front() == "2026-03-11..2026-03-14");
  CHECK(windows.back() == "2026-03-14..2026-03-15");
}

TEST_CASE("update feed: after ten days offline every day is covered by windows of at most three days") {
  const auto windows = windows_of({.through = day(2026, 3, 5)}, both(day(2026, 3, 15) + hours(9)));
  CHECK(windows == std::vector<std::string>{"2026-03-03..2026-03-06", "2026-03-06..2026-03-09",
                                            "2026-03-09..2026-03-12", "2026-03-12..2026-03-15"});
}

TEST_CASE("update feed: windows are due once a day, the polls between are light") {
  CHECK(windows_of({.through = day(2026, 3, 15)}, both(day(2026, 3, 15) + hours(9))).empty());
  CHECK(windows_of({.through = day(2026, 3, 15)}, both(day(2026, 3, 16))).size() == 1);
}

TEST_CASE("update feed: when only the service's clock went on, every day up to its today is read, and read once") {
  const Clocks asleep{.local = day(2026, 3, 5) + hours(9), .server = day(2026, 3, 15) + hours(9)};
  FeedCursor cursor{.through = day(2026, 3, 5), .read_to = sys_days(std::chrono::year(2026) / 3 / 5)};
  CHECK(windows_of(cursor, asleep) == std::vector<std::string>{"2026-03-03..2026-03-06", "2026-03-06..2026-03-09",
                                                               "2026-03-09..2026-03-12", "2026-03-12..2026-03-15"});
  cursor.read_to = sys_days(std::chrono::year(2026) / 3 / 15);
  CHECK(windows_of(cursor, asleep).empty());
}

TEST_CASE(
    "update feed: a light poll that our slow clock made too short is asked again, once, when the answer shows it") {
  const Clocks before{.local = day(2026, 3, 5) + hours(19)};  // nothing was heard of the service yet
  const Clocks after{.local = day(2026, 3, 5) + hours(19), .server = day(2026, 3, 15) + hours(19)};
  FeedCursor cursor = begin_cycle({.through = day(2026, 3, 5), .light = before.local}, FeedRules{}, before);
  CHECK(cursor.interval == hours(1));

  REQUIRE(take_page(cursor, PageFacts{}, FeedRules{}, after).ok());
  CHECK(cursor.phase == FeedPhase::kLight);
  CHECK(cursor.interval == hours(72));

  REQUIRE(take_page(cursor, PageFacts{}, FeedRules{}, after).ok());
  CHECK(cursor.phase != FeedPhase::kLight);
}

TEST_CASE("F6 update feed: the cursor moves up to the earlier clock, reading up to the later one") {
  const Clocks ahead{.local = day(2026, 3, 15) + hours(9), .server = day(2026, 3, 17) + hours(9)};
  FeedCursor cursor{.through = day(2026, 3, 14), .phase = FeedPhase::kWindow};
  cursor.start = sys_days(std::chrono::year(2026) / 3 / 14);
  cursor.end = sys_days(std::chrono::year(2026) / 3 / 17);
  cursor.asked = ahead.earlier();
  const auto outcome = take_page(cursor, PageFacts{}, FeedRules{}, ahead);
  REQUIRE(outcome.ok());
  CHECK(cursor.through == ahead.local);
  REQUIRE(outcome->observed);
  CHECK(outcome->observed->to == ahead.local);
}

TEST_CASE("F6 update feed: a service whose clock is ten years ahead moves nothing beyond our own") {
  const Clocks broken{.local = day(2026, 3, 15) + hours(9), .server = day(2036, 3, 15)};
  const auto windows = windows_of({.through = day(2026, 3, 14)}, broken);
  CHECK(windows == std::vector<std::string>{"2026-03-12..2026-03-15"});
}

TEST_CASE("update feed: a clock that fell back to 1970 reads and moves nothing") {
  const Clocks broken{.local = day(1970, 1, 1), .server = day(2026, 3, 15)};
  FeedCursor cursor{.through = day(2026, 3, 10)};
  cursor = begin_cycle(cursor, FeedRules{}, broken);
  const auto outcome = take_page(cursor, PageFacts{}, FeedRules{}, broken);
  REQUIRE(outcome.ok());
  CHECK(outcome->last);
  CHECK(cursor.through == day(2026, 3, 10));
}

TEST_CASE("F2 update feed: a window of several pages is read until two reads see the same ids") {
  FeedCursor cursor{.through = day(2026, 3, 14), .phase = FeedPhase::kWindow};
  cursor.start = sys_days(std::chrono::year(2026) / 3 / 12);
  cursor.end = sys_days(std::chrono::year(2026) / 3 / 15);
  cursor.asked = day(2026, 3, 15) + hours(1);
  const Clocks clocks = both(day(2026, 3, 15) + hours(1));
  const std::vector<PageFacts> reads{page_of({"1", "2"}), page_of({"4"}), {},  // 3 slid into page 1 unseen
                                     page_of({"2", "3"}), page_of({"4"}), {}, page_of({"3", "2"}), page_of({"4"})};
  for (const auto& page : reads) {
    const auto outcome = take_page(cursor, page, FeedRules{}, clocks);
    REQUIRE(outcome.ok());
    CHECK_FALSE(outcome->last);
    CHECK(cursor.through == day(2026, 3, 14));
  }
  CHECK(take_page(cursor, {}, FeedRules{}, clocks)->last);
  CHECK(cursor.through == day(2026, 3, 15));
}

TEST_CASE("F4 update feed: a service that repeats a page is an error, not an end") {
  FeedCursor cursor{.through = day(2026, 3, 14), .phase = FeedPhase::kWindow};
  cursor.start = sys_days(std::chrono::year(2026) / 3 / 12);
  cursor.end = sys_days(std::chrono::year(2026) / 3 / 15);
  cursor.asked = day(2026, 3, 15) + hours(1);
  const Clocks clocks = both(day(2026, 3, 15) + hours(1));
  int pages = 0;
  auto outcome = take_page(cursor, page_of({"1", "2"}), FeedRules{}, clocks);
  for (; outcome.ok() && !outcome->last && pages < 100; ++pages)
    outcome = take_page(cursor, page_of({"2", "1"}), FeedRules{}, clocks);
  REQUIRE_FALSE(outcome.ok());
  CHECK(outcome.error().code == ErrorCode::kProtocol);
  CHECK(pages == 9);
  CHECK(cursor.through == day(2026, 3, 14));
}

TEST_CASE("F4 update feed: ids that never settle end a window after five reads") {
  FeedCursor cursor{.through = day(2026, 3, 14), .phase = FeedPhase::kWindow};
  cursor.start = sys_days(std::chrono::year(2026) / 3 / 12);
  cursor.end = sys_days(std::chrono::year(2026) / 3 / 15);
  cursor.asked = day(2026, 3, 15) + hours(1);
  const Clocks clocks = both(day(2026, 3, 15) + hours(1));
  int reads = 0;
  for (bool last = false; !last && reads < 100; ++reads) {
    const std::string fresh = std::to_string(reads);
    REQUIRE(take_page(cursor, page_of({"1", fresh.c_str()}), FeedRules{}, clocks).ok());
    REQUIRE(take_page(cursor, page_of({"9"}), FeedRules{}, clocks).ok());
    last = take_page(cursor, {}, FeedRules{}, clocks)->last;
  }
  CHECK(reads == 5);
}

TEST_CASE("update feed: an interval is told in the service's words and never shorter than asked") {
  CHECK(interval_text(minutes(0)) == "1 MINUTE");
  CHECK(interval_text(minutes(45)) == "45 MINUTE");
  CHECK(interval_text(minutes(60)) == "1 HOUR");
  CHECK(interval_text(minutes(61)) == "2 HOUR");
  CHECK(interval_text(hours(24)) == "1 DAY");
  CHECK(interval_text(hours(25)) == "25 HOUR");
}

TEST_CASE("update feed: the cursor survives its own text in every phase, and no other text is believed") {
  FeedCursor window{.through = day(2026, 3, 14), .phase = FeedPhase::kWindow};
  window.start = sys_days(std::chrono::year(2026) / 3 / 12);
  window.end = sys_days(std::chrono::year(2026) / 3 / 15);
  window.asked = day(2026, 3, 15);
  window.scan =
      ScanState{.page = 3, .reads = 2, .seen = {~0ull, 7}, .previous = {5, 9}, .last_page = {1, 2}, .rows = 8};
  const FeedCursor light{.through = day(2026, 3, 14),
                         .light = day(2026, 3, 15),
                         .phase = FeedPhase::kLight,
                         .asked = day(2026, 3, 15) + minutes(7),
                         .interval = minutes(90)};
  for (const FeedCursor& cursor : {FeedCursor{}, FeedCursor{.through = day(2026, 3, 14)}, window, light}) {
    const auto read = feed_cursor_from_text(to_text(cursor));
    REQUIRE(read.ok());
    CHECK(*read == cursor);
  }
  for (const char* text : {"{}", "[]", "x", R"({"v":2})", R"({"v":1,"through":"x"})", R"({"v":1,"scan":{}})"}) {
    const auto read = feed_cursor_from_text(text);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == ErrorCode::kDamaged);
  }
}
