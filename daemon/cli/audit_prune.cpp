#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/audit_verbs.h"
#include "daemon/jobs/audit_input.h"
#include "daemon/workspace.h"
#include "storage/base/text.h"
#include "storage/journal/audit_log.h"
#include "storage/sqlite/transaction.h"
#include "sync/report/report_chain.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// Reports whose date is past the time they are kept, oldest first; the newest one always stays.
std::vector<ReportOnDisk> old_reports(const fs::path& folder, std::chrono::sys_days oldest_kept) {
  auto reports = reports_in(folder);
  if (!reports.empty()) reports.pop_back();
  std::erase_if(reports, [&](const ReportOnDisk& report) {
    const auto date = parse_date(std::string_view(report.name).substr(0, 10));
    return !date || *date >= oldest_kept;
  });
  return reports;
}

/// First the log says so, then it is gone: a crash in between leaves a report that the log calls removed.
Status remove_report(Workspace& workspace, const Clock& clock, const fs::path& folder, const std::string& chain,
                     const ReportSeal& known) {
  {
    Transaction tx(*workspace.db);
    AuditLog(*workspace.db)
        .append_report_removed({recorded_name(chain, known.name), known.manifest_sha256, known.list_sha256},
                               clock.utc());
    tx.commit();
  }
  std::error_code error;
  fs::remove_all(folder / known.name, error);
  if (!error) fs::remove(folder / (known.name + ".pdf"), error);
  if (error)
    return make_error(ErrorCode::kStorage,
                      fmt::format("{} cannot be removed: {}", (folder / known.name).string(), error.message()));
  return {};
}

}  // namespace

Result<ExitCode> run_audit_prune(CommandContext& context, const Settings& settings, const std::string& output,
                                 Prune prune) {
  if (!settings.audit.keep_days)
    return make_error(ErrorCode::kUsage, "audit.keep_days is not set: every report is kept");
  const auto zone = TimeZone::find(settings.schedule.time_zone);
  if (!zone) return zone.error();
  const fs::path folder = audit_folder(settings, output);
  const std::string chain = folder == audit_folder(settings, {}) ? "" : folder.string();
  const auto oldest = zone->day_of(context.clock.utc()) - std::chrono::days(*settings.audit.keep_days);
  const auto reports = old_reports(folder, oldest);

  std::unique_ptr<Workspace> workspace;
  std::vector<RecordedReport> recorded;
  if (prune == Prune::kRemove && !reports.empty()) {
    auto opened = open_workspace(settings, context.clock, context.log);
    if (!opened) return opened.error();
    workspace = std::move(*opened);
    recorded = recorded_reports(AuditLog(*workspace->db), chain);
  }
  std::int64_t removed = 0;
  for (const auto& report : reports) {
    if (workspace != nullptr) {
      const auto known = std::find_if(recorded.begin(), recorded.end(),
                                      [&](const RecordedReport& r) { return r.seal.name == report.name; });
      if (known == recorded.end()) {
        context.log.warning("audit.unknown_report",
                            {{"report", report.name}, {"kept", "the catalog does not know it"}});
        continue;
      }
      if (auto done = remove_report(*workspace, context.clock, folder, chain, known->seal); !done) return done.error();
      context.log.info("audit.removed", {{"report", (folder / report.name).string()}});
    }
    ++removed;
    if (!context.options.json) context.out.line(printable((folder / report.name).string()));
  }
  const bool shown = prune == Prune::kShow;
  if (context.options.json)
    context.out.json(Json::object({{"directory", folder.string()}, {"removed", removed}, {"dry_run", shown}}));
  else
    context.out.line(fmt::format("{} reports {}", removed, shown ? "would be removed" : "removed"));
  return ExitCode::kDone;
}

}  // namespace damsync
