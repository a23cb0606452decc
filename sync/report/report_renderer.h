#pragma once

#include <span>

#include "storage/base/result.h"
#include "sync/report/report_model.h"

namespace damsync {

/// Writes one file of a report from a single pass over its rows: `begin`, then for each license `license`, between them
/// `finding` for what is not about a license row, at last `end`. Licenses come in (account, asset_id, license_id)
/// order; findings of a row and those between rows in the order of the rules. A renderer whose file needs another order
/// spools by itself; memory must not depend on the number of rows.
///
/// Errors   kStorage: the file cannot be written; the report is given up.
/// Threads  one.
/// Durable  when `end` returned ok, the file is whole and synced.
class ReportRenderer {
 public:
  virtual ~ReportRenderer() = default;

  virtual Status begin(const ReportHead& head) = 0;
  /// `row` and `findings` are valid during the call only. `row.findings` names the same codes.
  virtual Status license(const ReportLicense& row, std::span<const Finding> findings) = 0;
  virtual Status finding(const Finding& finding) = 0;
  virtual Status end(const ReportTotals& totals) = 0;
};

}  // namespace damsync
