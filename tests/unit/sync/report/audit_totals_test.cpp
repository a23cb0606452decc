#include <doctest/doctest.h>

#include "sync/report/audit_report.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// Keeps what a report adds up to.
struct TotalsOnly final : ReportRenderer {
  Status begin(const ReportHead&) override { return {}; }
  Status license(const ReportLicense&, std::span<const Finding>) override { return {}; }
  Status finding(const Finding&) override { return {}; }
  Status end(const ReportTotals& all) override {
    totals = all;
    return {};
  }
  ReportTotals totals;
};

struct TotalsBench : CatalogBench {
  TotalsBench() {
    input.report_date = "2026-03-15";
    input.rules.stale_after = std::chrono::minutes(45);
  }
  ReportTotals totals() {
    input.rules.as_of = input.rules.judged_at = now();
    input.rules.today = std::chrono::floor<std::chrono::days>(now());
    TotalsOnly out;
    const AuditReader reader(*db, {});
    CHECK(AuditReport(reader, input).write(out, {}, {}));
    return out.totals;
  }
  AuditInput input;
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

}  // namespace damsync
