#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sync/report/report_renderer.h"
#include "sync/report/report_writer.h"
#include "tests/support/temp_dir.h"

namespace damsync {

inline UtcTime report_time(const std::string& text) { return parse_rfc3339(text).value(); }

inline ReportTime report_moment(const std::string& text) {
  ReportTime out;
  out.set(report_time(text));
  return out;
}

/// A report of one account, as long as is asked for, and the same whenever it is made.
struct ReportSample {
  explicit ReportSample(int licenses = 3) {
    head.report_date = "2026-03-15";
    head.as_of = report_time("2026-03-15T01:30:00Z");
    head.judged_on = "2026-03-15";
    head.time_zone = "Europe/Berlin";
    head.complete = true;
    ReportCoverage coverage;
    coverage.account = "newsroom";
    coverage.provider = "stock";
    coverage.stream = "licenses";
    coverage.observed = {{report_time("2026-01-01T00:00:00Z"), report_time("2026-03-15T01:30:00Z")}};
    coverage.last_ok_at = report_time("2026-03-15T01:29:00Z");
    coverage.last_full_at = report_time("2026-03-14T01:29:00Z");
    coverage.rows_seen = licenses;
    coverage.rows_expected = licenses;
    coverage.complete = true;
    head.coverage = {coverage};
    totals.terms = {{"account=newsroom", "Example Media Ltd", "2024-01-01", "2026-12-31", "https://example.org/terms",
                     "/etc/damsync/terms.pdf", std::string(64, 'c')}};
    totals.notes = {"The agreement for account=photo-desk covers no license of this report."};
    Plan plan;
    plan.plan_id = "p-1";
    plan.description = "Team 750";
    plan.limit = 750;
    plan.left = 60;
    head.plans = {{"newsroom", "stock", plan, false, {}, report_time("2026-03-15T01:00:00Z")}};
    for (int i = 0; i < licenses; ++i) rows.push_back(license(i));
    totals.assets = totals.licenses = totals.licenses_held = totals.files_mirrored = licenses;
    totals.bytes = licenses * 1234;
    totals.files_by_state = {{"mirrored", licenses}};
    totals.licenses_by_month = {{"2025-11", 1}, {"2026-01", licenses}};
    totals.licenses_by_provider = {{"stock", licenses}};
    totals.licenses_by_type = {{"standard", licenses}};
  }

  static ReportLicense license(int i) {
    ReportLicense row;
    row.provider = "stock";
    row.account = "newsroom";
    row.asset_id = std::to_string(1000 + i);
    row.license_id = "l-" + std::to_string(i);
    row.title = "Harbour at dawn " + std::to_string(i);
    row.creator = "Jo Example";
    row.media_kind = "image";
    row.license_type = "standard";
    row.size = "huge";
    row.licensed_at =
        report_moment("2026-01-" + std::string(i % 28 < 9 ? "0" : "") + std::to_string(i % 28 + 1) + "T12:00:00Z");
    row.licensed_by = "anna";
    row.editorial = false;
    row.path = "newsroom/00/" + row.asset_id + "/a.jpg";
    row.bytes = 1234;
    row.sha256 = std::string(64, 'a');
    row.file_state = "mirrored";
    row.asset_state = "active";
    row.license_state = "held";
    row.first_seen = report_moment("2026-02-01T00:00:00Z");
    row.raw_sha256 = std::string(64, 'b');
    return row;
  }

  /// A finding of the last license, with that text.
  Finding& find(FindingCode code, const std::string& message) {
    Finding finding;
    finding.code = code;
    finding.severity = rule_of(code).severity;
    finding.provider = "stock";
    finding.account = "newsroom";
    finding.asset_id = rows.empty() ? "" : rows.back().asset_id;
    finding.license_id = rows.empty() ? "" : rows.back().license_id;
    finding.message = message;
    finding.first_seen = report_moment("2026-03-01T00:00:00Z");
    if (!rows.empty()) rows.back().findings.push_back(to_word(code));
    findings.push_back(finding);
    ++totals.by_code[static_cast<std::size_t>(code)].open;
    ++totals.by_severity[static_cast<std::size_t>(finding.severity)].open;
    return findings.back();
  }

  Status push(ReportRenderer& out) const {
    if (auto done = out.begin(head); !done) return done;
    for (const auto& row : rows) {
      const bool last = &row == &rows.back();
      if (auto done = out.license(row, last ? std::span<const Finding>(findings) : std::span<const Finding>()); !done)
        return done;
    }
    if (rows.empty())
      for (const auto& finding : findings)
        if (auto done = out.finding(finding); !done) return done;
    return out.end(totals);
  }
  [[nodiscard]] ReportSource source() const {
    return [this](ReportRenderer& out) { return push(out); };
  }

  ReportHead head;
  std::vector<ReportLicense> rows;
  std::vector<Finding> findings;
  ReportTotals totals;
};

inline std::string contents_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace damsync
