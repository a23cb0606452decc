#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/journal/audit_log.h"
#include "sync/report/manifest.h"

namespace damsync {

/// A report as it lies on disk. Without a `manifest` it cannot be read.
struct ReportOnDisk {
  std::string name;
  std::optional<Manifest> manifest;
  std::string manifest_sha256;  ///< of MANIFEST.json as it is; empty when it is missing
};

/// The reports of a folder, oldest name first; other entries are left out.
std::vector<ReportOnDisk> reports_in(const std::filesystem::path& directory);

/// What the catalog's audit log says of one report.
struct RecordedReport {
  ReportSeal seal;
  enum class State { kPrepared, kPublished, kRemoved } state = State::kPrepared;
  std::string chain;  ///< see `recorded_name`
};
/// The reports of one chain, in the order in which they were made; names without the chain.
std::vector<RecordedReport> recorded_reports(const AuditLog& log, const std::string& chain);
/// The same of a folder that may be a copy, or was moved: also of every chain that made one of these manifests.
std::vector<RecordedReport> recorded_reports(const AuditLog& log, const std::string& chain,
                                             const std::set<std::string>& manifests);

/// A page that was made of a report, and lies beside it: `2026-03-15.pdf`.
struct RecordedPage {
  std::string chain, name, sha256;
};
std::vector<RecordedPage> recorded_pages(const AuditLog& log);
/// Name of the page of a report, and the report of such a name; empty when it is none.
std::string page_name(const std::string& report);
std::string report_of_page(const std::string& page);

/// How the log names a report of a chain: the chain of `audit.directory` is the empty one, another one is the folder.
std::string recorded_name(const std::string& chain, const std::string& report);

/// The report that a new one follows.
struct ChainTip {
  std::string report;
  std::string manifest_sha256;
};
/// The last one that the log knows, and those on disk that follow it. Nothing: a new one is the first.
std::optional<ChainTip> chain_tip(const std::vector<RecordedReport>& recorded, const std::vector<ReportOnDisk>& disk);

}  // namespace damsync
