#pragma once

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
#include "sync/report/asset_holdings.h"
#include "sync/report/ended_waivers.h"
#include "sync/report/findings.h"
#include "sync/report/report_coverage.h"
#include "sync/report/report_renderer.h"

namespace damsync {

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
  void describe_plans();
  void describe_changes();
  Status write_loose_findings(ReportRenderer& out);
  Status write_license(const AuditLicense& license, ReportRenderer& out);
  RowContext context_of(const AuditLicense& license);
  void begin_asset(const AuditLicense& license);
  /// How the use that a description allows differs from the first one, and since when.
  struct UsageChange {
    std::string text;
    std::optional<UtcTime> at;
  };
  UsageChange change_since(const std::vector<PastDescription>& past, const UsageFacts& now);
  void find_change(const AuditLicense& license, RowContext& context);
  void date_findings();
  [[nodiscard]] FollowedAsset followed(const AuditAsset& asset);
  void count_row();
  void count(const Finding& finding, const std::string& path);
  void add_unread(const std::string& account, std::vector<ReportCoverage>& judged) const;
  void put_notes();

  const AuditReader& reader_;
  const AuditInput& input_;
  WaiverBook waivers_;
  AgreementBook agreements_;
  LicenseRowReader rows_;
  AssetHoldings holdings_;
  std::map<std::pair<std::string, std::string>, OpenSpend> spends_;  ///< by account and license id
  ReportHead head_;
  ReportTotals totals_;
  std::optional<UtcTime> judged_before_;  ///< what is found since then is new; nothing: all is
  EndedWaivers ended_waivers_;

  ReportLicense row_;
  std::vector<Finding> findings_;
  std::vector<PastDescription> described_;  ///< of the asset of the row, earlier ones, oldest first
  std::int64_t learned_later_ = 0, not_described_kinds_ = 0;
  std::map<std::string, std::int64_t> followed_;  ///< assets without a license, by account
  std::set<std::string> paths_;                   ///< of the current asset
};

}  // namespace damsync
