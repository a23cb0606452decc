#pragma once

#include <optional>

#include "sync/report/report_files.h"
#include "sync/report/report_renderer.h"

namespace damsync {

/// `licenses.csv` and `findings.csv`: UTF-8, a header of the JSON names, lists joined by `; `.
///
/// A cell that a spreadsheet would take for a formula starts with `'`.
///
/// Source   RFC 4180; OWASP "CSV Injection" for what starts a formula.
class CsvRenderer final : public ReportRenderer {
 public:
  explicit CsvRenderer(ReportFiles& files) : files_(files) {}

  Status begin(const ReportHead& head) override;
  Status license(const ReportLicense& row, std::span<const Finding> findings) override;
  Status finding(const Finding& finding) override;
  Status end(const ReportTotals& totals) override;

 private:
  ReportFiles& files_;
  std::optional<OutputFile> licenses_, findings_;
};

/// Appends one cell, quoted where RFC 4180 wants it and guarded where a spreadsheet would calculate.
void append_csv_cell(std::string& out, std::string_view text);

}  // namespace damsync
