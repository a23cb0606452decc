#include "sync/report/report_coverage.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/sync/report/audit_bench.h"

namespace damsync {
namespace {

struct CoverageBench : ReportBench {
  /// A run that ends now, with that error or none.
  void ran(std::optional<Error> error = {}, std::int64_t assets_failed = 0) {
    RunSummary run;
    run.run_id = "r" + std::to_string(++runs);
    run.started_at = run.finished_at = now();
    run.ok = !error;
    AccountSummary account;
    account.name = "newsroom";
    account.provider = "shutterstock";
    account.error = std::move(error);
    account.assets_failed = assets_failed;
    run.accounts.push_back(account);
    commit([&] { writer.put_run(run); });
  }
  /// Whether the report says what begins so.
  static bool gives(const RecordingRenderer& report, const std::string& reason) {
    const auto& all = report.head.incomplete_reasons;
    return std::any_of(all.begin(), all.end(), [&](const auto& given) { return given.starts_with(reason); });
  }
  static bool found(const RecordingRenderer& report, FindingCode code) {
    return std::any_of(report.loose.begin(), report.loose.end(), [&](const auto& f) { return f.code == code; });
  }
  int runs = 0;
};

}  // namespace

TEST_CASE_FIXTURE(CoverageBench, "report coverage: withdrawals that the deletion brake holds make it incomplete") {
  for (const char* asset : {"1001", "1002"}) {
    upsert(sample_license(std::string("e") + asset, asset));
    describe(asset, kPlain);
  }
  commit([&] { writer.put_stream({"newsroom", "licenses", "c", now(), std::nullopt, ""}); });
  const auto hold = [&](PendingKind kind, const char* key) {
    commit([&] { writer.put_pending({"newsroom", kind, key, 1, std::nullopt, "gone", now()}); });
  };
  hold(PendingKind::kWithdrawal, "1001");
  CHECK(gives(report(), "newsroom: 1 withdrawal waits for a person and is in no row"));
  hold(PendingKind::kWithdrawal, "1002");
  hold(PendingKind::kVanish, "e1001");
  const auto out = report();
  CHECK_FALSE(out.head.complete);
  CHECK(gives(out, "newsroom: 2 withdrawals and 1 vanished license wait for a person"));
  CHECK(out.head.incomplete_reasons.back().ends_with("`damsync sync --accept-withdrawals newsroom`"));

  commit([&] {
    for (const auto kind : {PendingKind::kWithdrawal, PendingKind::kVanish}) writer.clear_pending("newsroom", kind);
  });
  CHECK_FALSE(gives(report(), "newsroom: 2 withdrawals"));
}

TEST_CASE_FIXTURE(CoverageBench,
                  "report coverage: of the past a run that a brake or a full store ended has read the provider") {
  ran();
  for (const auto code : {ErrorCode::kGuard, ErrorCode::kStorage, ErrorCode::kLowSpace}) {
    clock.advance(std::chrono::hours(1));
    ran(make_error(code, "held"));
    const auto out = report(now());
    CHECK(out.head.coverage.at(0).last_ok_at == now());
    CHECK_FALSE(found(out, FindingCode::kStaleProvider));
    CHECK(gives(out, "newsroom: the last run until then failed: held"));
  }
  clock.advance(std::chrono::hours(1));
  ran(make_error(ErrorCode::kUnavailable, "HTTP 503"));
  CHECK(found(report(now()), FindingCode::kStaleProvider));
}

}  // namespace damsync
