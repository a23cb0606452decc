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
  /// Six hours of `changes`, of which the third was not observed; the assets are described before them. Its end.
  UtcTime miss_an_hour() {
    using std::chrono::hours;
    for (const char* asset : {"1001", "1002"}) {
      upsert(sample_license(std::string("e") + asset, asset));
      describe(asset, kPlain);
    }
    auto video = sample_license("v1", "3003");
    video.media_kind = "video";
    upsert(video);  // nobody describes those
    const auto start = now();
    clock.advance(hours(6));
    commit([&] {
      for (const char* stream : {"licenses", "changes"}) {
        writer.add_coverage({"newsroom", stream, start, start + hours(2)});
        writer.add_coverage({"newsroom", stream, start + hours(3), now()});
        writer.put_stream({"newsroom", stream, "c", now(), std::nullopt, ""});
      }
    });
    input.asset_feeds = {{"newsroom", "changes"}};
    return start + hours(3);
  }
  void look_at(const char* asset) {
    commit([&] { writer.touch_checked("newsroom", asset, now()); });
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

TEST_CASE_FIXTURE(CoverageBench,
                  "report coverage: I11 a gap of a feed of changes is made good when every held asset was looked at") {
  miss_an_hour();
  const char* const kMissed = "newsroom, changes: a span of time was not observed";
  CHECK(gives(report(), kMissed));
  look_at("1001");
  CHECK(gives(report(), kMissed));
  look_at("1002");
  upsert(sample_license("e4", "4004"));  // not known in the gap

  const auto out = report();
  CHECK_FALSE(gives(out, kMissed));
  const auto& changes = out.head.coverage.at(0);
  REQUIRE(changes.stream == "changes");
  CHECK(changes.complete);
  CHECK(changes.gaps.size() == 1);
  CHECK(changes.gaps_made_good == changes.gaps);
  CHECK(out.totals.notes.at(1) ==
        "newsroom, changes: 1 span of time was not observed, and every asset of the account was looked at since, so "
        "that no change is missing.");
}

TEST_CASE_FIXTURE(CoverageBench,
                  "report coverage: I11 looking at assets does not tell which licenses were taken in a gap") {
  miss_an_hour();
  for (const char* asset : {"1001", "1002"}) look_at(asset);
  const auto out = report();
  CHECK(gives(out, "newsroom, licenses: a span of time was not observed"));
  REQUIRE(out.loose.size() == 1);
  CHECK(out.loose[0].code == FindingCode::kCoverageGap);
  CHECK(out.loose[0].message.starts_with("licenses: not observed from"));
}

TEST_CASE_FIXTURE(
    CoverageBench,
    "report coverage: I11 of the past a gap is made good when the run that met it went well, and stays so") {
  const auto end = miss_an_hour();
  const auto missed = [&](UtcTime then) { return gives(report(then), "newsroom, changes: a span of time"); };
  CHECK(missed(end));
  SUBCASE("well") { ran(); }
  SUBCASE("not all assets could be described") { ran({}, 1); }
  SUBCASE("it failed") { ran(make_error(ErrorCode::kUnavailable, "HTTP 503")); }
  const bool well = number("SELECT count(*) FROM run_account WHERE error_code IS NULL AND assets_failed = 0") == 1;
  const auto then = now();
  CHECK(missed(then) != well);
  CHECK(missed(then - Millis(1)));
  clock.advance(std::chrono::hours(1));
  ran();
  for (const char* asset : {"1001", "1002"}) look_at(asset);
  CHECK(missed(then) != well);
}

}  // namespace damsync
