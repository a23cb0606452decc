#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "sync/report/report_files.h"
#include "sync/report/report_renderer.h"

namespace damsync {

/// `report.html`: one self-contained page for people. Coverage first, then totals, findings with what to do, changes,
/// terms, the newest licenses. What may grow without bound is cut and points to the CSV files, so that page and memory
/// stay small.
class HtmlRenderer final : public ReportRenderer {
 public:
  explicit HtmlRenderer(ReportFiles& files);
  ~HtmlRenderer() override;

  Status begin(const ReportHead& head) override;
  Status license(const ReportLicense& row, std::span<const Finding> findings) override;
  Status finding(const Finding& finding) override;
  Status end(const ReportTotals& totals) override;

  /// Of each code, by severity, and of the waived ones.
  static constexpr std::array<std::size_t, kFindingSeverities> kFindingsShown = {200, 100, 25};
  static constexpr std::size_t kWaivedShown = 100;
  static constexpr std::size_t kWaiversShown = 500;
  static constexpr std::size_t kLicensesShown = 500;
  static constexpr std::size_t kChangesShown = 200;

 private:
  struct Page;

  ReportFiles& files_;
  std::unique_ptr<Page> page_;
};

}  // namespace damsync
