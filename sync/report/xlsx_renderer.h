#pragma once

#include <memory>

#include "sync/report/report_files.h"
#include "sync/report/report_renderer.h"

namespace damsync {

/// True when the program was built with libxlsxwriter.
bool has_xlsx_renderer() noexcept;

/// `report.xlsx`: the CSV files as sheets of a workbook. Everything is text, so that no id becomes a number and nothing
/// is calculated. A sheet ends after 50,000 rows, which is as much as spreadsheets are comfortable with; its last row
/// then points to the CSV.
class XlsxRenderer final : public ReportRenderer {
 public:
  explicit XlsxRenderer(ReportFiles& files);
  ~XlsxRenderer() override;

  Status begin(const ReportHead& head) override;
  Status license(const ReportLicense& row, std::span<const Finding> findings) override;
  Status finding(const Finding& finding) override;
  Status end(const ReportTotals& totals) override;

 private:
  struct Workbook;

  ReportFiles& files_;
  std::unique_ptr<Workbook> book_;
};

}  // namespace damsync
