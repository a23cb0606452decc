#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "daemon/cli/audit_verbs.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/jobs/audit_input.h"
#include "daemon/workspace.h"
#include "storage/base/text.h"
#include "storage/journal/audit_log.h"
#include "storage/sqlite/transaction.h"
#include "sync/report/report_chain.h"
#include "sync/report/report_verify.h"

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

void note_removal(Workspace& workspace, const Clock& clock, const RecordedReport& known) {
  const auto& seal = known.seal;
  Transaction tx(*workspace.db);
  AuditLog(*workspace.db)
      .append_report_removed({recorded_name(known.chain, seal.name), seal.manifest_sha256, seal.list_sha256},
                             clock.utc());
  tx.commit();
}

/// The folder goes last: by it the next run finds what is still to be removed.
Status remove_files(const fs::path& folder, const std::string& report) {
  std::error_code error;
  fs::remove(folder / page_name(report), error);
  if (!error) fs::remove_all(folder / report, error);
  if (error)
    return make_error(ErrorCode::kStorage,
                      fmt::format("{} cannot be removed: {}", (folder / report).string(), error.message()));
  return {};
}

/// What the log knows of a report; of one whose manifest was altered or is gone, by its name.
const RecordedReport* record_of(const std::vector<RecordedReport>& recorded, const ReportOnDisk& report) {
  const auto find = [&](auto fits) { return std::find_if(recorded.rbegin(), recorded.rend(), fits); };
  const auto named = [&](const RecordedReport& r) { return r.seal.name == report.name; };
  auto known = find([&](const auto& r) { return named(r) && r.seal.manifest_sha256 == report.manifest_sha256; });
  if (known == recorded.rend()) known = find(named);
  return known == recorded.rend() ? nullptr : &*known;
}

/// What a crash left of a report that the log calls removed. With another manifest it is something else.
bool is_remainder(const RecordedReport& known, const ReportOnDisk& report) {
  return known.state == RecordedReport::State::kRemoved &&
         (report.manifest_sha256.empty() || report.manifest_sha256 == known.seal.manifest_sha256);
}

/// One run of `audit prune`.
class Pruning {
 public:
  Pruning(CommandContext& context, const Settings& settings, const fs::path& folder)
      : context_(context), settings_(settings), folder_(folder) {}

  Status open(const std::vector<ReportOnDisk>& reports) {
    auto opened = open_workspace(settings_, context_.clock, context_.log);
    if (!opened) return explain_held(settings_, opened.error());
    workspace_ = std::move(*opened);
    std::set<std::string> manifests;
    for (const auto& report : reports) manifests.insert(report.manifest_sha256);
    recorded_ = recorded_reports(AuditLog(*workspace_->db), audit_chain(settings_, folder_), manifests);
    return {};
  }

  /// Those of the reports with which something is wrong, but for remainders.
  Result<std::set<std::string>> damaged(const std::vector<ReportOnDisk>& reports) {
    const AuditLog log(*workspace_->db);
    const auto done = verify_reports(folder_, {&log, audit_chain(settings_, folder_), {}});
    if (!done) return done.error();
    std::set<std::string> out;
    for (const auto& fault : done->faults)
      if (std::any_of(reports.begin(), reports.end(), [&](const auto& r) {
            const auto* known = record_of(recorded_, r);
            return r.name == fault.report && (known == nullptr || !is_remainder(*known, r));
          })) {
        out.insert(fault.report);
        context_.log.warning("audit.damaged_report",
                             {{"report", fault.report}, {"file", fault.file}, {"what", fault.message}});
      }
    return out;
  }

  /// False: it stays.
  Result<bool> remove(const ReportOnDisk& report) {
    const auto* known = record_of(recorded_, report);
    if (known == nullptr) {
      context_.log.warning("audit.unknown_report", {{"report", report.name}, {"kept", "the catalog does not know it"}});
      return false;
    }
    // First the log says so, then it is gone.
    if (known->state != RecordedReport::State::kRemoved) note_removal(*workspace_, context_.clock, *known);
    if (auto done = remove_files(folder_, report.name); !done) return done.error();
    context_.log.info("audit.removed", {{"report", (folder_ / report.name).string()}});
    return true;
  }

 private:
  CommandContext& context_;
  const Settings& settings_;
  const fs::path& folder_;
  std::unique_ptr<Workspace> workspace_;
  std::vector<RecordedReport> recorded_;
};

ExitCode print(CommandContext& context, const fs::path& folder, std::int64_t count, const std::string& what) {
  if (context.options.json)
    context.out.json(
        Json::object({{"directory", folder.string()}, {"removed", count}, {"dry_run", what == "would be removed"}}));
  else
    context.out.line(fmt::format("{} {}", counted(count, "report"), what));
  return ExitCode::kDone;
}

}  // namespace

Result<ExitCode> run_audit_prune(CommandContext& context, const Settings& settings, const std::string& output,
                                 Prune prune) {
  if (!settings.audit.keep_days)
    return make_error(ErrorCode::kUsage, "audit.keep_days is not set: every report is kept");
  const fs::path folder = audit_folder(settings, output);
  const Day today = settings.schedule.zone.day_of(context.clock.utc());
  const auto reports = old_reports(folder, today - std::chrono::days(*settings.audit.keep_days));
  const auto tell = [&](const ReportOnDisk& report) {
    if (!context.options.json) context.out.line(printable((folder / report.name).string()));
  };
  if (prune == Prune::kShow || reports.empty()) {
    std::for_each(reports.begin(), reports.end(), tell);
    return print(context, folder, static_cast<std::int64_t>(reports.size()),
                 prune == Prune::kShow ? "would be removed" : "removed");
  }

  Pruning pruning(context, settings, folder);
  if (auto opened = pruning.open(reports); !opened) return opened.error();
  const auto damaged = pruning.damaged(reports);
  if (!damaged) return damaged.error();
  if (!damaged->empty() && prune != Prune::kRemoveDamaged) {
    print(
        context, folder, 0,
        fmt::format("removed: {} of them not as they were written, see `damsync audit verify`; --damaged removes them "
                    "all the same",
                    damaged->size()));
    return ExitCode::kFindings;
  }
  std::int64_t removed = 0;
  for (const auto& report : reports) {
    const auto done = pruning.remove(report);
    if (!done) return done.error();
    if (!*done) continue;
    ++removed;
    tell(report);
  }
  return print(context, folder, removed, "removed");
}

}  // namespace damsync
