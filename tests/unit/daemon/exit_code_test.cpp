#include "daemon/cli/exit_code.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace damsync {

TEST_CASE("exit code: every kind of failure has its documented number") {
  struct Row {
    ErrorCode error;
    int code;
  };
  const Row rows[] = {
      {ErrorCode::kUnavailable, 69},  {ErrorCode::kThrottled, 69},     {ErrorCode::kProtocol, 69},
      {ErrorCode::kUnauthorized, 77}, {ErrorCode::kStorage, 74},       {ErrorCode::kLocked, 75},
      {ErrorCode::kSettings, 78},     {ErrorCode::kDamaged, 78},       {ErrorCode::kGuard, 78},
      {ErrorCode::kLowSpace, 1},      {ErrorCode::kCancelled, 1},      {ErrorCode::kNotFound, 1},
      {ErrorCode::kGone, 1},          {ErrorCode::kInvalid, 1},        {ErrorCode::kRefusedByPolicy, 1},
      {ErrorCode::kUsage, 2},         {ErrorCode::kUnknownOutcome, 1}, {ErrorCode::kInternal, 70},
  };
  for (const Row& row : rows) {
    CAPTURE(to_word(row.error));
    CHECK(static_cast<int>(exit_code_for(row.error)) == row.code);
  }
}

TEST_CASE("exit code: where several apply, the first of 70, 78, 74, 77, 75, 69, 1 wins") {
  const int order[] = {70, 78, 74, 77, 75, 69, 1, 0};
  for (const int a : order)
    for (const int b : order) {
      const auto first =
          std::find_if(std::begin(order), std::end(order), [&](int code) { return code == a || code == b; });
      CHECK(static_cast<int>(worst(static_cast<ExitCode>(a), static_cast<ExitCode>(b))) == *first);
    }
}

TEST_CASE("exit code: a cycle is as bad as the worst of its accounts, blocked files are no failure") {
  RunSummary run;
  run.ok = true;
  run.accounts.resize(2);
  run.accounts[0].files_blocked = 3;
  CHECK(exit_code_of(run) == ExitCode::kDone);
  run.accounts[0].files_failed = 1;
  CHECK(exit_code_of(run) == ExitCode::kIncomplete);
  run.accounts[0].error = make_error(ErrorCode::kUnavailable, "x");
  CHECK(exit_code_of(run) == ExitCode::kUnavailable);
  run.accounts[1].error = make_error(ErrorCode::kUnauthorized, "x");
  CHECK(exit_code_of(run) == ExitCode::kUnauthorized);
  RunSummary leftovers;
  CHECK(exit_code_of(leftovers) == ExitCode::kIncomplete);
}

}  // namespace damsync
