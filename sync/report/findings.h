#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/base/clock.h"
#include "sync/report/license_row.h"
#include "sync/report/report_model.h"

namespace damsync {

/// A signed-off exception (`[[waiver]]`); empty members match any.
struct Waiver {
  FindingCode code = FindingCode::kAdult;
  std::string provider, account, asset_id, license_id;
  std::string path;  ///< of a file in the store, relative to its root
  std::string by;
  std::optional<std::chrono::sys_days> until;  ///< last day; the finding returns after it
  std::string reason;
};

/// Everything besides a row that findings depend on. Pure values: same rules and rows, same findings.
struct AuditRules {
  UtcTime as_of{};                 ///< up to when the catalog tells
  UtcTime judged_at{};             ///< the moment by which staleness and ends are judged
  std::chrono::sys_days today{};   ///< local date of that
  std::vector<std::string> users;  ///< empty: not checked
  std::vector<std::int64_t> expiring_days;
  double quota_low = 0.1;
  Millis stale_after{};                    ///< no success for so long is a finding
  std::set<std::string> project_required;  ///< accounts
  std::vector<Agreement> agreements;
  LocalDay day_of;                                         ///< in the zone of the schedule
  std::function<UtcTime(std::chrono::sys_days)> start_of;  ///< when a day begins there; empty: at midnight UTC
  std::vector<Waiver> waivers;
};

/// What the catalog knows about a row besides the row itself.
struct RowContext {
  const UsageFacts* facts = nullptr;  ///< of the asset, as it is described now
  AgreementAnswer agreement;
  std::string_view same_as;                       ///< an earlier license of the same asset, type and size; empty: none
  std::optional<UtcTime> file_state_since;        ///< of a file that is missing or was changed; nothing: not known
  std::optional<UtcTime> not_downloadable_since;  ///< nothing: always
  std::optional<UtcTime> spend_open_since;        ///< a call about this license whose outcome is not known
  std::int64_t spend_id = 0;
  std::string change;  ///< what of its restrictions changed since it was licensed; empty: nothing
  std::optional<UtcTime> changed_at;
  std::vector<std::string> replacements;  ///< assets the provider suggests instead of a withdrawn one
};

/// Appends the findings of one license, in the order of the rules.
void find_in_row(const AuditRules& rules, const ReportLicense& row, const RowContext& context,
                 std::vector<Finding>& out);
/// Whether what is found follows from the description of the asset alone.
bool follows_from_description(FindingCode code) noexcept;
/// An asset that an account follows without a license of its own; `out` as above.
struct FollowedAsset {
  std::string provider, account, asset_id;
  std::optional<UtcTime> withdrawn_at;
  std::string change;  ///< as in `RowContext`
  std::optional<UtcTime> changed_at;
};
void find_in_asset(const FollowedAsset& asset, std::vector<Finding>& out);
/// Findings about accounts and their plans. A stream without a name stands for an account that was never read.
std::vector<Finding> find_in_coverage(const AuditRules& rules, const std::vector<ReportCoverage>& coverage);
std::vector<Finding> find_in_plans(const AuditRules& rules, const std::vector<ReportPlan>& plans);
/// Whether little of the quota is left at the moment that is judged. That of a period or a plan that has ended by then
/// tells nothing of it.
bool is_low(const AuditRules& rules, const Plan& plan);
/// As people and formats can hold it: bytes that are no UTF-8 are shown as `\xNN`. A waiver names it so, too.
std::string readable_path(const std::string& path);
Finding stray_file(const StrayFile& file);

/// What differs between two descriptions in what decides about use, e.g. `editorial: no, now yes`; empty: nothing.
std::string usage_difference(const UsageFacts& before, const UsageFacts& now);

/// Marks findings that a waiver covers, each by the first that does, and counts them. Waivers whose last day is over
/// cover nothing.
class WaiverBook {
 public:
  explicit WaiverBook(const AuditRules& rules);
  /// `path`: of the file that the finding is about, if any.
  void apply(Finding& finding, const std::string& path = {});
  [[nodiscard]] const std::vector<ReportWaiver>& waivers() const noexcept { return waivers_; }

 private:
  std::vector<ReportWaiver> waivers_;
  /// Places of those that are not over, by what they are about; an empty key: by nothing that a finding names.
  std::map<FindingCode, std::unordered_map<std::string, std::vector<std::size_t>>> by_code_;
};

}  // namespace damsync
