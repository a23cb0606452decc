#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sync/providers/shutterstock/license_history.h"

using namespace damsync;
using namespace damsync::shutterstock;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct Row {
  int id = 0;
  UtcTime time{};
  UtcTime visible{};  ///< shown from then on: a team's licenses appear late
  UtcTime revoked{};
};

/// A license history in the process, paged by number over whatever is there at the moment.
struct HistoryModel {
  std::vector<Row> rows;
  UtcTime now{};
  std::size_t page_size = 4;
  bool knows_start_date = true;

  HistoryPageFacts ask(const HistoryCursor& cursor) const {
    std::vector<Row> all;
    for (const Row& row : rows)
      if (row.visible <= now && row.revoked > now && (!knows_start_date || !cursor.start || row.time >= *cursor.start))
        all.push_back(row);
    std::sort(all.begin(), all.end(), [&](const Row& a, const Row& b) {
      const bool before = std::tie(a.time, a.id) < std::tie(b.time, b.id);
      return cursor.newest_first ? std::tie(b.time, b.id) < std::tie(a.time, a.id) : before;
    });
    HistoryPageFacts page;
    const std::size_t first = page_size * static_cast<std::size_t>(cursor.scan.page - 1);
    for (std::size_t i = first; i < std::min(all.size(), first + page_size); ++i)
      page.rows.push_back({std::to_string(all[i].id), all[i].time});
    return page;
  }
};

enum class Mutant { kNone, kNoOverlap, kCursorBeforePage };

struct Mirror {
  Mutant mutant = Mutant::kNone;
  HistoryRules rules;
  std::string committed;
  std::set<std::string> held;

  void run(HistoryModel& model, hours skew, std::mt19937& random, int kill_in_100) {
    HistoryCursor cursor = *history_cursor_from_text(committed);
    for (bool last = false; !last;) {
      const Clocks clocks{.local = model.now + skew, .server = model.now};
      cursor = begin_scan(cursor, rules, clocks, false);
      const auto page = model.ask(cursor);
      const auto outcome = take_page(cursor, page, clocks);
      if (!outcome) FAIL(outcome.error().message);
      if (mutant == Mutant::kCursorBeforePage) committed = to_text(cursor);
      if (static_cast<int>(random() % 100) < kill_in_100) return;
      for (const auto& row : page.rows) held.insert(row.key);
      committed = to_text(cursor);
      last = outcome->last;
      model.now += seconds(1 + random() % 60);
    }
  }
};

/// True when every license that was not revoked is held.
bool schedule_holds(unsigned seed, Mutant mutant) {
  std::mt19937 random(seed);
  const UtcTime begin = UtcTime(std::chrono::sys_days(std::chrono::year(2025) / 10 / 20)) + minutes(random() % 200'000);
  HistoryModel model;
  model.now = begin;
  model.page_size = 20 + random() % 3;  // never below what the service uses by itself
  model.knows_start_date = random() % 4 != 0;
  const auto count = static_cast<int>(20 + random() % 60);
  for (int id = 1; id <= count; ++id) {
    const UtcTime time = begin - hours(24 * 30) + minutes(random() % (60 * 24 * 60));
    const bool burst = id > 1 && random() % 3 == 0;
    const UtcTime at = burst ? model.rows.back().time : time;
    const UtcTime revoked = random() % 8 == 0 ? at + minutes(random() % 100'000) : UtcTime::max();
    model.rows.push_back({id, at, at + minutes(random() % (60 * 24)), revoked});
  }
  Mirror mirror;
  mirror.mutant = mutant;
  if (mutant == Mutant::kNoOverlap) mirror.rules.overlap = hours(0);
  while (model.now < begin + hours(24 * 35)) {
    mirror.run(model, hours(static_cast<int>(random() % 97) - 48), random, 12);
    model.now += minutes(random() % 5 == 0 ? random() % (60 * 24 * 20) : random() % (60 * 24 * 2));
  }
  mirror.run(model, hours(0), random, 0);
  mirror.run(model, hours(0), random, 0);
  return std::all_of(model.rows.begin(), model.rows.end(), [&](const Row& row) {
    return row.revoked <= model.now || mirror.held.contains(std::to_string(row.id));
  });
}

int broken_schedules(Mutant mutant, unsigned count) {
  int broken = 0;
  for (unsigned seed = 1; seed <= count; ++seed) broken += schedule_holds(seed, mutant) ? 0 : 1;
  return broken;
}

}  // namespace

TEST_CASE(
    "license history: no license is missed in 2,000 random schedules of downtime, skew, kills, drift and bursts") {
  CHECK(broken_schedules(Mutant::kNone, 2'000) == 0);
}

TEST_CASE("license history: the schedules catch a reader without overlap or with an early cursor") {
  CHECK(broken_schedules(Mutant::kNoOverlap, 200) > 0);
  CHECK(broken_schedules(Mutant::kCursorBeforePage, 200) > 0);
}

TEST_CASE("license history: the cursor survives its own text while scanning and between scans") {
  HistoryCursor scanning;
  scanning.high = from_millis(5);
  scanning.newest_first = scanning.scanning = scanning.full = true;
  scanning.start = from_millis(3);
  scanning.bound = from_millis(9);
  scanning.highest = from_millis(7);
  scanning.total = 12;
  scanning.scan =
      ScanState{.page = 3, .reads = 2, .seen = {~0ull, 7}, .previous = {5, 9}, .last_page = {1, 2}, .rows = 8};
  HistoryCursor idle;
  idle.high = from_millis(5);
  for (const HistoryCursor& cursor : {HistoryCursor{}, idle, scanning}) {
    const auto read = history_cursor_from_text(to_text(cursor));
    REQUIRE(read.ok());
    CHECK(*read == cursor);
  }
}

TEST_CASE("I11 license history: a scan that can be believed tells which span was observed, and scans leave no gap") {
  const UtcTime now = from_millis(1'800'000'000'000);
  const UtcTime oldest = now - hours(500);
  const auto ask = [](HistoryCursor& cursor, std::vector<HistoryRow> rows, const Clocks& clocks) {
    return take_page(cursor, HistoryPageFacts{std::move(rows)}, clocks).value().observed;
  };
  HistoryCursor cursor = begin_scan({}, HistoryRules{}, {.local = now}, true);

  CHECK_FALSE(ask(cursor, {{"a", oldest}, {"b", now - hours(100)}}, {.local = now}));
  std::optional<ObservedInterval> first;
  for (int page = 0; page < 4 && !first; ++page) first = ask(cursor, {}, {.local = now + minutes(1)});

  REQUIRE(first);
  CHECK(first->from == oldest);
  CHECK(first->to == now);

  cursor = begin_scan(cursor, HistoryRules{}, {.local = now + hours(24)}, false);
  std::optional<ObservedInterval> next;
  for (int page = 0; page < 4 && !next; ++page) next = ask(cursor, {}, {.local = now + hours(24)});
  REQUIRE(next);
  CHECK(next->from <= first->to);
  CHECK(next->to == now + hours(24));
}
