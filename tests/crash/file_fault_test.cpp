#include <doctest/doctest.h>

#include "tests/crash/trial.h"
#include "tests/support/fault_file_ops.h"

namespace damsync {
namespace {

using Times = FaultFileOps::Times;

/// Puts countable, breakable file calls under the trial's store.
FaultFileOps& break_files_of(Trial& trial) {
  FaultFileOps* faults = nullptr;
  trial.bench().wrap_ops = [&](FileOps& real) {
    auto wrapped = std::make_unique<FaultFileOps>(real);
    faults = wrapped.get();
    return wrapped;
  };
  trial.bench().reopen();
  trial.bench().wrap_ops = nullptr;  // the next process has sound files
  faults->heal();
  return *faults;
}

long count_calls(const Stage& stage) {
  Trial trial(stage);
  const auto& faults = break_files_of(trial);
  REQUIRE_FALSE(trial.bench().cycle().error);
  return faults.calls();
}

void fail_at(const Stage& stage, long at, Times times, const Error& error) {
  CAPTURE(at);
  CAPTURE(error.message);
  CAPTURE(static_cast<int>(times));
  Trial trial(stage);
  auto& faults = break_files_of(trial);
  faults.fail_at(at, times, error);
  const auto summary = trial.bench().cycle();
  REQUIRE(faults.fired() > 0);
  if (summary.error)
    CHECK(summary.error->code == ErrorCode::kStorage);
  else
    CHECK(trial.unlike_wanted() == "");  // what nobody hears of has changed nothing
  const std::string struck = faults.log().back();
  CAPTURE(struck);
  faults.heal();
  trial.check_recovery(at % 2 == 0);
}

void fail_every_call(Moment moment) {
  const Stage stage(moment);
  const std::pair<Times, Error> faults[] = {{Times::kOnce, FaultFileOps::io_failure()},
                                            {Times::kOnce, FaultFileOps::disk_full()},
                                            {Times::kFromThenOn, FaultFileOps::io_failure()},
                                            {Times::kFromThenOn, FaultFileOps::disk_full()}};
  std::size_t turn = 0;
  for (const long at : points_up_to(count_calls(stage), 7, 4)) {
    if (all_points())
      for (const auto& [times, error] : faults) fail_at(stage, at, times, error);
    else
      fail_at(stage, at, faults[turn % 4].first, faults[turn % 4].second);
    ++turn;
  }
}

}  // namespace

TEST_CASE("X1 X4 I1 I2 fault: a first cycle whose files fail at any call says so, and the next one makes good") {
  fail_every_call(Moment::kFirst);
}

TEST_CASE("X1 X4 I1 I2 I8 fault: a cycle with losses whose files fail at any call says so, and the next makes good") {
  fail_every_call(Moment::kSecond);
}

}  // namespace damsync
