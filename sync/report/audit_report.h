#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/result.h"
#include "storage/catalog/audit_reader.h"
#include "sync/pipeline/progress.h"
#include "sync/report/findings.h"
#include "sync/report/report_renderer.h"

namespace damsync {

/// What a report is made from besides the catalog.
struct AuditInput {
  AuditRules rules;
  std::string report_date, time_zone;
  std::vector<std::string> accounts;  ///< those of the settings: their polls must be fresh and complete
  bool past = false;                  ///< a report of a past moment
  std::vector<std::string> remarks;   ///< what else makes the report incomplete, for a person
  std::optional<std::pair<std::string, std::string>> only;  ///< this account and asset alone; empty: everything
  std::string late;  ///< a note that the report was written late; empty: it was not
  /// Assets that the provider suggests instead of a withdrawn one, their ids; may be empty.
  std::function<std::vector<std::string>(const std::string& account, const std::string& asset_id)> replacements;
};

/// Turns a snapshot of the catalog into one report, in a single pass. Same snapshot and same input, same calls.
///
/// Errors   those of the renderer; kCancelled.
/// Threads  one.
class AuditReport {
 public:
  AuditReport(const AuditReader& reader, const AuditInput& input);

  Status write(ReportRenderer& out, const ProgressSink& progress, std::stop_token stop);
  [[nodiscard]] const ReportHead& head() const noexcept { return head_; }
  [[nodiscard]] const ReportTotals& totals() const noexcept { return totals_; }

 private:
  void describe_coverage();
  void judge_completeness();
  void describe_changes();
  void describe_terms();
  Status write_loose_findings(ReportRenderer& out);
  Status write_license(const AuditLicense& license, ReportRenderer& out);
  RowContext context_of(const AuditLicense& license);
  void begin_asset(const AuditLicense& license);
  void find_change(const AuditLicense& license, RowContext& context);
  void count_row();
  void count(const Finding& finding);

  const AuditReader& reader_;
  const AuditInput& input_;
  WaiverBook waivers_;
  LicenseRowReader rows_;
  std::map<std::pair<std::string, std::string>, OpenSpend> spends_;  ///< by account and license id
  ReportHead head_;
  ReportTotals totals_;

  ReportLicense row_;
  std::vector<Finding> findings_;
  std::string same_as_;
  std::map<std::string, std::string> held_kinds_;  ///< of the current asset: type and size, first license id
  std::set<std::string> paths_;                    ///< of the current asset
};

}  // namespace damsync
