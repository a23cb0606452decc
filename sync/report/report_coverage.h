#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/catalog/audit_reader.h"
#include "sync/report/findings.h"

namespace damsync {

/// What a report is made from besides the catalog.
struct AuditInput {
  AuditRules rules;
  std::string report_date, time_zone;
  std::string chain;                  ///< whose earlier reports count; empty: that of `audit.directory`
  std::vector<std::string> accounts;  ///< those of the settings: their polls must be fresh and complete
  /// Feeds that tell of changes of assets, by account and stream: what one of them missed is made good by looking at
  /// every asset again.
  std::set<std::pair<std::string, std::string>> asset_feeds;
  bool past = false;                                        ///< a report of a past moment
  std::vector<std::string> remarks;                         ///< what else makes the report incomplete, for a person
  std::optional<std::pair<std::string, std::string>> only;  ///< this account and asset alone; empty: everything
  std::string late;  ///< a note that the report was written late; empty: it was not
  /// Assets that the provider suggests instead of a withdrawn one, their ids; may be empty.
  std::function<std::vector<std::string>(const std::string& account, const std::string& asset_id)> replacements;
};

/// What was asked of each stream, up to when, and what is missing; in account, stream order.
std::vector<ReportCoverage> describe_coverage(const AuditReader& reader, const AuditInput& input);

/// Why the report is incomplete, one line each, for a person; none: it is complete.
std::vector<std::string> incomplete_reasons(const AuditReader& reader, const AuditInput& input,
                                            const std::vector<ReportCoverage>& coverage);

/// What else to know about what was asked, one line each, for a person; it makes no report incomplete.
std::vector<std::string> coverage_remarks(const AuditReader& reader, const AuditInput& input,
                                          const std::vector<ReportCoverage>& coverage);

}  // namespace damsync
