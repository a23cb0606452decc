#include <doctest/doctest.h>

#include "storage/catalog/plan_book.h"
#include "tests/unit/sync/report/audit_bench.h"

namespace damsync {
namespace {

using std::chrono::days;

/// A report's bench whose account has one plan.
struct PlanDesk : ReportBench {
  /// An hour later the plan is read with that end.
  void read_end(UtcTime end) {
    clock.advance(std::chrono::hours(1));
    Plan plan;
    plan.plan_id = "p";
    plan.expires_at = end;
    commit([&] { PlanBook(*db).replace("newsroom", {plan}, now()); });
    polled();
  }
  /// Codes of what is found.
  std::string found() {
    std::string out;
    for (const auto& finding : report().loose) out += std::string(to_word(finding.code)) + " ";
    return out;
  }
};

}  // namespace

TEST_CASE_FIXTURE(PlanDesk,
                  "audit plans: the end of a plan that goes from month to month is no news until it has come") {
  const auto end = now() + days(10);
  read_end(end - days(31));
  read_end(end);
  CHECK(found().empty());
  clock.advance(days(11));
  polled();
  CHECK(found() == "PLAN_ENDING ");
}

TEST_CASE_FIXTURE(PlanDesk,
                  "audit plans: the end of a contract that was renewed for a year is told like the first one") {
  const auto end = now() + days(10);
  read_end(end - days(365));
  read_end(end);
  read_end(end);
  CHECK(found() == "PLAN_ENDING ");
}

TEST_CASE_FIXTURE(PlanDesk, "audit plans: what counts is how the end was moved last") {
  const auto end = now() + days(10);
  read_end(end - days(396));
  read_end(end - days(31));
  read_end(end);
  CHECK(found().empty());
  read_end(end - days(5));
  CHECK(found() == "PLAN_ENDING ");
}

TEST_CASE("audit plans: that plans were never read, or not for a week, is a note of a report that is complete") {
  ReportBench bench;
  const auto note = [&] {
    const auto out = bench.report();
    CHECK(out.head.complete);
    return out.totals.notes.empty() ? "" : out.totals.notes.front();
  };
  const auto read_at = bench.now();
  bench.clock.advance(days(7));
  bench.polled();
  CHECK(note().empty());
  bench.clock.advance(std::chrono::minutes(1));
  CHECK(note() == "newsroom: its plans were last read at " + format_rfc3339(read_at) +
                      ": QUOTA_LOW and PLAN_ENDING are judged by what they were then.");
  bench.db->execute("DELETE FROM plan_reading");
  CHECK(note() == "newsroom: its plans were never read: QUOTA_LOW and PLAN_ENDING are not judged.");
}

TEST_CASE("audit plans: that the provider does not let the account read them is told with it") {
  ReportBench bench;
  bench.db->execute("DELETE FROM plan_reading");
  bench.commit([&] { PlanBook(*bench.db).put_refused("newsroom", true); });
  const auto out = bench.report();
  CHECK(out.head.complete);
  REQUIRE(out.totals.notes.size() == 1);
  CHECK(out.totals.notes[0] ==
        "newsroom: its plans were never read: QUOTA_LOW and PLAN_ENDING are not judged; the provider does not let the "
        "account read them, `damsync auth check newsroom` tells what is missing.");
}

TEST_CASE("audit plans: of the past it is a note when they were last read, and stays so") {
  ReportBench bench;
  const auto read_at = bench.now();
  bench.clock.advance(days(9));
  bench.polled();
  const auto then = bench.now();
  const auto notes = [&] { return bench.report(then).totals.notes; };
  const auto first = notes();
  REQUIRE(first.size() == 2);
  CHECK(first[1].starts_with("newsroom: its plans were last read at " + format_rfc3339(read_at)));
  bench.clock.advance(days(1));
  bench.commit([&] { PlanBook(*bench.db).replace("newsroom", {}, bench.now()); });
  CHECK(notes() == first);
}

TEST_CASE_FIXTURE(PlanDesk, "audit plans: each says when it was read") {
  read_end(now() + days(100));
  const auto read_at = now();
  clock.advance(std::chrono::minutes(5));
  CHECK(report().head.plans.at(0).read_at == read_at);
}

}  // namespace damsync
