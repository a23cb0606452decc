#pragma once

#include <memory>
#include <vector>

#include "sync/report/report_files.h"
#include "sync/report/report_renderer.h"

namespace damsync {

/// All formats of a report from one pass over its rows.
///
/// Errors   the first one of its renderers.
class ReportBundle final : public ReportRenderer {
 public:
  explicit ReportBundle(ReportFiles& files);

  Status begin(const ReportHead& head) override;
  Status license(const ReportLicense& row, std::span<const Finding> findings) override;
  Status finding(const Finding& finding) override;
  Status end(const ReportTotals& totals) override;

 private:
  std::vector<std::unique_ptr<ReportRenderer>> renderers_;
};

}  // namespace damsync
