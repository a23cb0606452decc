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

}  // namespace damsync
