#pragma once

#include <filesystem>
#include <map>
#include <optional>
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
};
/// The reports of one chain, in the order in which they were made; names without the chain.
std::vector<RecordedReport> recorded_reports(const AuditLog& log, const std::string& chain);

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
