#include <doctest/doctest.h>

#include "storage/journal/audit_log.h"
#include "tests/unit/sync/report/audit_bench.h"

namespace damsync {
namespace {

/// Reports of a catalog that follow one of yesterday; no account is asked for.
struct TotalsBench : ReportBench {
  TotalsBench() { input.accounts.clear(); }
  ReportTotals totals() { return report().totals; }
  /// The report of yesterday is written now, and tells of those moments.
  void reported(UtcTime as_of, UtcTime judged_at) {
    Change event;
    event.type = EventType::kReportCompleted;
    event.fields = {"2026-03-14", "judged_at=" + format_rfc3339(judged_at), "as_of=" + format_rfc3339(as_of)};
    commit([&] {
      AuditLog(*db).append_report_published({"2026-03-14", std::string(64, 'a'), std::string(64, 'b')}, now());
      journal.append(event);
    });
  }
};

}  // namespace

TEST_CASE("audit report: a license counts in the month of the schedule's zone") {
  TotalsBench bench;
  auto license = sample_license("e1");
  license.licensed_at = parse_rfc3339("2026-01-31T23:30:00Z").value();
  bench.upsert(license);
  bench.input.rules.day_of = [](UtcTime time) {
    return std::chrono::floor<std::chrono::days>(time + std::chrono::hours(1));
  };
  CHECK(bench.totals().licenses_by_month == std::map<std::string, std::int64_t>{{"2026-02", 1}});
}

TEST_CASE("audit report: what came to light after the night of a report that was written late is new in the next one") {
  TotalsBench bench;
  const auto night = bench.now();
  bench.clock.advance(std::chrono::hours(6));
  bench.upsert(sample_license("e1"));
  bench.clock.advance(std::chrono::hours(1));
  bench.reported(night, night);
  bench.clock.advance(std::chrono::minutes(1));

  const auto totals = bench.totals();
  CHECK(totals.findings_new > 0);
  CHECK(totals.findings_new == totals.by_severity[1].open + totals.by_severity[2].open);
}

TEST_CASE("audit report: a silence that the earlier report judged is not new again though nothing was heard since") {
  TotalsBench bench;
  bench.input.accounts = {"newsroom"};
  const auto heard = bench.now();
  bench.clock.advance(std::chrono::hours(2));
  bench.reported(heard, bench.now());
  bench.clock.advance(std::chrono::hours(24));

  const auto totals = bench.totals();
  CHECK(totals.by_code[static_cast<std::size_t>(FindingCode::kStaleProvider)].open == 1);
  CHECK(totals.findings_new == 0);
}

TEST_CASE("audit report: a gap is new when it ends, also when an earlier report was written in it") {
  TotalsBench bench;
  const auto start = bench.now();
  bench.commit([&] {
    bench.writer.add_coverage({"newsroom", "changes", start - std::chrono::hours(9), start - std::chrono::hours(5)});
    bench.writer.put_stream({"newsroom", "changes", "", bench.now(), std::nullopt, ""});
  });
  bench.reported(start, start);
  bench.clock.advance(std::chrono::hours(2));
  bench.commit([&] {
    bench.writer.add_coverage({"newsroom", "changes", start + std::chrono::hours(1), bench.now()});
    bench.writer.put_stream({"newsroom", "changes", "", bench.now(), std::nullopt, ""});
  });
  bench.polled();
  bench.input.accounts = {"newsroom"};
  const auto totals = bench.totals();
  CHECK(totals.by_code[static_cast<std::size_t>(FindingCode::kCoverageGap)].open == 1);
  CHECK(totals.findings_new == 1);
}

TEST_CASE("audit report: an account that was never read is new once") {
  TotalsBench bench;
  bench.reported(bench.now(), bench.now());
  bench.clock.advance(std::chrono::hours(1));
  bench.commit([&] { bench.writer.ensure_account("photo-desk", "getty", bench.now()); });
  bench.input.accounts = {"photo-desk"};
  CHECK(bench.totals().findings_new == 1);
  bench.reported(bench.now(), bench.now());
  bench.clock.advance(std::chrono::hours(1));
  CHECK(bench.totals().findings_new == 0);
}

TEST_CASE("audit report: a finding whose waiver ended since the earlier report is new again, once") {
  TotalsBench bench;
  bench.upsert(sample_license("e1"));
  bench.upsert(sample_license("e2", "2002"));
  const auto today = std::chrono::floor<std::chrono::days>(bench.now());
  const auto waive = [&](std::chrono::sys_days until) {
    bench.input.rules.waivers = {
        {FindingCode::kEndDateUnknown, "", "newsroom", "1001", "", "", "legal", until, "is being asked"}};
  };
  bench.clock.advance(std::chrono::hours(1));
  bench.reported(bench.now(), bench.now());
  bench.clock.advance(std::chrono::hours(24));  // the waiver ended at midnight
  waive(today);
  CHECK(bench.totals().findings_new == 1);
  waive(today + std::chrono::days(1));  // it holds
  CHECK(bench.totals().findings_new == 0);
  waive(today - std::chrono::days(1));  // the earlier report counted it
  CHECK(bench.totals().findings_new == 0);
}

}  // namespace damsync
