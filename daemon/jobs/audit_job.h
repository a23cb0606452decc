#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "daemon/config/settings.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/pipeline/progress.h"
#include "sync/report/report_model.h"

namespace damsync {

struct Workspace;

/// Which report is wanted. Empty members: the report of now, in the settings' directory.
struct AuditOptions {
  std::optional<UtcTime> as_of;  ///< a past moment; without a `report_date` the report joins no chain
  std::filesystem::path output;  ///< a folder with a chain of its own
  /// The night it stands for; else the local date of its moment. A night that is over is reported as it was then, with
  /// the note that it was written late.
  std::optional<std::chrono::sys_days> report_date;
  bool others_write = false;  ///< the store is written to meanwhile
  std::string config_sha256;  ///< of the settings it is made by: `sha256_of_settings`
};

/// What became of it.
struct AuditOutcome {
  std::filesystem::path directory;  ///< of this report; of the earlier one when nothing has changed since
  std::string report_date;
  UtcTime as_of{};
  bool written = false;  ///< false: the newest report of this date says the same already
  bool complete = false;
  ReportTotals totals;
  std::string summary;  ///< one paragraph of plain text, for a mail
  /// Why a program of the settings failed, no time stamp came or no waiver was applied; the report stands all the same.
  std::string command_error;
};

/// Writes one audit report. Reads the catalog through a connection of its own, so that syncing goes on meanwhile.
/// `workspace` is the writing one: a report that joins a chain is noted in the catalog, with `report.completed` for the
/// feed. Null will do for a report that joins none.
///
/// Errors   kStorage: catalog or report directory; no half report is left visible. kSettings: key.
///          kLocked: another audit writes into the same directory, or a report that is to join has no workspace.
///          kCancelled.
Result<AuditOutcome> run_audit(const Settings& settings, Workspace* workspace, const AuditOptions& options,
                               Clock& clock, Log& log, const ProgressSink& progress, std::stop_token stop);

}  // namespace damsync
