#include "daemon/service/vitals.h"

#include <doctest/doctest.h>

#include "tests/support/fake_clock.h"

namespace damsync {
namespace {

using namespace std::chrono_literals;

AccountSummary cycle_of(const std::string& account) {
  AccountSummary summary;
  summary.name = account;
  summary.bytes = 100;
  summary.calls_free = 3;
  return summary;
}

}  // namespace

TEST_CASE("vitals: a worker that says nothing for longer than its patience is stuck") {
  FakeClock clock;
  Vitals vitals(clock);
  vitals.moved("sync newsroom", "reading the history", 60s);

  clock.advance(60s);
  CHECK(vitals.view().stuck_workers().empty());
  clock.advance(1ms);
  CHECK(vitals.view().stuck_workers() == std::vector<std::string>{"sync newsroom"});

  vitals.moved("sync newsroom", "fetching files", 60s);
  CHECK(vitals.view().stuck_workers().empty());
}

TEST_CASE("vitals: a worker that rests may do so for as long as it likes, and one that is gone is not missed") {
  FakeClock clock;
  Vitals vitals(clock);
  vitals.resting("sync newsroom", "waiting for the next poll");
  vitals.moved("audit", "writing the report", 1s);
  vitals.gone("audit");

  clock.advance(std::chrono::hours(24 * 7));
  const auto view = vitals.view();
  CHECK(view.stuck_workers().empty());
  REQUIRE(view.workers.size() == 1);
  CHECK(view.workers[0].resting());
  CHECK(view.workers[0].still_for == std::chrono::hours(24 * 7));
}

TEST_CASE("vitals: cycles are counted by result, and failures in a row end with the first that is none") {
  FakeClock clock;
  Vitals vitals(clock);
  auto failed = cycle_of("newsroom");
  failed.error = make_error(ErrorCode::kUnavailable, "no answer");
  auto incomplete = cycle_of("newsroom");
  incomplete.files_failed = 1;

  vitals.cycle_finished(failed);
  vitals.cycle_finished(failed);
  auto cycle = vitals.view().cycles.at(0);
  CHECK(cycle.failures_in_a_row == 2);
  CHECK(cycle.error->message == "no answer");

  vitals.cycle_finished(incomplete);
  vitals.cycle_finished(cycle_of("newsroom"));
  cycle = vitals.view().cycles.at(0);
  CHECK(cycle.failures_in_a_row == 0);
  CHECK_FALSE(cycle.error);
  CHECK(cycle.ok == 1);
  CHECK(cycle.incomplete == 1);
  CHECK(cycle.failed == 2);
  CHECK(cycle.bytes == 400);
  CHECK(cycle.calls_free == 12);
}

TEST_CASE("vitals: of who is gone nothing is told, whatever it still says, until it is here again") {
  FakeClock clock;
  Vitals vitals(clock);
  vitals.here("newsroom");
  vitals.cycle_finished(cycle_of("newsroom"));
  vitals.gone("newsroom");
  CHECK(vitals.view().cycles.empty());
  vitals.moved("newsroom", "polling newsroom");
  vitals.resting("newsroom", "waiting");
  vitals.cycle_finished(cycle_of("newsroom"));
  CHECK(vitals.view().cycles.empty());
  CHECK(vitals.view().workers.empty());

  vitals.here("newsroom");
  vitals.cycle_finished(cycle_of("newsroom"));
  CHECK(vitals.view().cycles.at(0).ok == 1);
  CHECK(vitals.view().workers.at(0).name == "newsroom");
}

TEST_CASE("vitals: the next jobs are told soonest first") {
  FakeClock clock;
  Vitals vitals(clock);
  vitals.set_next({{"audit", clock.utc() + 5h}, {"sync newsroom", clock.utc() + 15min}});

  CHECK(write_json(json_of(vitals.view().next)) ==
        R"([{"job":"sync newsroom","at":"2026-03-15T00:15:00Z"},{"job":"audit","at":"2026-03-15T05:00:00Z"}])");
}

TEST_CASE("vitals: a refused change of settings is told until one is taken") {
  FakeClock clock;
  Vitals vitals(clock);
  vitals.settings_refused("damsync.toml:3: unknown key");
  CHECK(vitals.view().settings_error == "damsync.toml:3: unknown key");
  vitals.settings_taken();
  CHECK(vitals.view().settings_error.empty());
}

}  // namespace damsync
