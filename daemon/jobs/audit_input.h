#pragma once

#include "daemon/config/settings.h"
#include "sync/report/audit_report.h"

namespace damsync {

/// The moment a report is about.
struct AuditMoment {
  std::optional<UtcTime> past;          ///< rows as they were then; empty: as they are
  UtcTime judged_at{};                  ///< ends and staleness are judged by it
  std::chrono::sys_days report_date{};  ///< the night it stands for
  std::chrono::sys_days written_on{};   ///< local date of now
};

/// What the settings say about reports.
struct PreparedAudit {
  AuditInput input;
  std::string waivers_error;  ///< what is wrong with the list of waivers, in one line; empty: nothing
};
/// Terms or waivers that cannot be read are a remark in the report, not an error: the report must be there in the
/// morning. A list of waivers with a mistake waives nothing.
PreparedAudit prepare_audit(const Settings& settings, const AuditMoment& moment);

/// The folder a report is written below.
std::filesystem::path audit_folder(const Settings& settings, const std::filesystem::path& output);

/// The chain of a folder as the catalog's log names it, whatever path leads there; empty for `audit.directory`.
std::string audit_chain(const Settings& settings, const std::filesystem::path& folder);

/// What stands for the file system at that path, or at the nearest folder above it that exists: the same text in two
/// processes that see the same.
std::string place_seen(const std::filesystem::path& path);

/// Whether reports may go there: not into the store, nor where the catalog lies. Errors: kUsage.
Status check_audit_folder(const Settings& settings, const std::filesystem::path& folder);

/// One paragraph of plain text, for a mail.
std::string audit_summary(const ReportHead& head, const ReportTotals& totals, const std::filesystem::path& directory);

}  // namespace damsync
