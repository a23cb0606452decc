#include <doctest/doctest.h>
#include <sqlite3.h>

#include "tests/crash/trial.h"

namespace damsync {
namespace {

struct Fault {
  int sqlite_code;
  ErrorCode surfaces_as;
};
constexpr Fault kFaults[] = {
    {SQLITE_FULL, ErrorCode::kStorage}, {SQLITE_IOERR, ErrorCode::kStorage}, {SQLITE_BUSY, ErrorCode::kLocked}};

long count_calls(const Stage& stage) {
  Trial trial(stage);
  long calls = 0;
  trial.bench().db().set_fault_hook([&](std::string_view) { return ++calls, SQLITE_OK; });
  REQUIRE_FALSE(trial.bench().cycle().error);
  return calls;
}

/// The code a cycle fails with when its `at`-th call of the database does.
ErrorCode code_of_failure(CycleBench& bench, long at, int sqlite_code) {
  long calls = 0;
  bench.db().set_fault_hook([&](std::string_view) { return ++calls == at ? sqlite_code : SQLITE_OK; });
  auto code = ErrorCode::kUsage;  // nothing failed
  try {
    bench.cycle();
  } catch (const DatabaseError& error) {
    code = error.code();
  }
  bench.db().set_fault_hook(nullptr);
  REQUIRE(calls >= at);
  return code;
}

void fail_every_call(Moment moment) {
  const Stage stage(moment);
  long turn = 0;
  for (const long at : points_up_to(count_calls(stage), 29, 5)) {
    for (const Fault& fault : kFaults) {
      if (!all_points() && &fault != &kFaults[turn % 3]) continue;
      CAPTURE(at);
      CAPTURE(fault.sqlite_code);
      Trial trial(stage);
      CHECK(code_of_failure(trial.bench(), at, fault.sqlite_code) == fault.surfaces_as);
      trial.check_recovery(at % 2 == 0);
    }
    ++turn;
  }
}

}  // namespace

TEST_CASE("D7 I2 I3 fault: a first cycle whose database fails at any call says so, and the next one makes good") {
  fail_every_call(Moment::kFirst);
}

TEST_CASE("D7 I2 I3 I8 fault: a cycle with losses whose database fails at any call says so, and the next makes good") {
  fail_every_call(Moment::kSecond);
}

}  // namespace damsync
