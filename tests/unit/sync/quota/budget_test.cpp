#include "sync/quota/budget.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace damsync {
namespace {

/// The process's time zone while this lives.
class ZoneGuard {
 public:
  explicit ZoneGuard(const char* zone) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~ZoneGuard() {
    if (before_.empty())
      ::unsetenv("TZ");
    else
      ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }

 private:
  std::string before_;
};

std::string day_start(const char* moment) { return format_rfc3339(local_day_start(*parse_rfc3339(moment))); }

constexpr SpendSituation kRoomy{.calls_today = 0, .free_bytes = 1000, .expected_bytes = 10};

}  // namespace

TEST_CASE("budget: the day begins at local midnight, also when the clocks change") {
  const ZoneGuard zone("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(day_start("2026-01-15T12:00:00Z") == "2026-01-14T23:00:00Z");
  CHECK(day_start("2026-07-15T21:59:59Z") == "2026-07-14T22:00:00Z");
  CHECK(day_start("2026-07-15T22:00:00Z") == "2026-07-15T22:00:00Z");
  CHECK(day_start("2026-03-29T20:00:00Z") == "2026-03-28T23:00:00Z");
  CHECK(day_start("2026-10-25T22:30:00Z") == "2026-10-24T22:00:00Z");
}

TEST_CASE("budget: nothing is spent unless the settings allow it") {
  SpendRules rules;
  rules.budget_per_day = 10;
  const auto refused = may_spend(rules, kRoomy);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kRefusedByPolicy);
  CHECK(refused.error().message == "would consume quota");
  rules.may_consume = true;
  CHECK(may_spend(rules, kRoomy).ok());
}

TEST_CASE("Q6 budget: it is a limit that is never passed, and zero means none") {
  SpendRules rules;
  rules.may_consume = true;
  REQUIRE_FALSE(may_spend(rules, kRoomy).ok());
  CHECK(may_spend(rules, kRoomy).error().message == "the settings give no budget (budget_per_day = 0)");
  rules.budget_per_day = 2;
  SpendSituation situation = kRoomy;
  situation.calls_today = 1;
  CHECK(may_spend(rules, situation).ok());
  situation.calls_today = 2;
  CHECK(may_spend(rules, situation).error().code == ErrorCode::kRefusedByPolicy);
}

TEST_CASE("D7 budget: without room for the file nothing is spent on it") {
  SpendRules rules;
  rules.may_consume = true;
  rules.budget_per_day = 2;
  rules.min_free = 990;
  CHECK(may_spend(rules, kRoomy).ok());
  rules.min_free = 991;
  CHECK(may_spend(rules, kRoomy).error().code == ErrorCode::kLowSpace);
}

}  // namespace damsync
