#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sync/report/manifest.h"
#include "sync/report/report_verify.h"

namespace damsync {

/// One report under examination; for `report_verify.cpp`.
struct ExaminedReport {
  std::string name;
  std::filesystem::path folder;
  std::string manifest_text, manifest_sha256;  ///< of MANIFEST.json as it lies there; empty: not readable
  std::optional<Manifest> manifest;            ///< empty: it cannot be read
  std::string public_key;                      ///< as it lies there; empty: not signed
  bool vouched = false;                        ///< the catalog's log, or the report that follows, knows this manifest
  std::string recorded_list;                   ///< digest of MANIFEST.sha256 by the log; empty: not known
};

/// Reads what is needed to examine the folder.
ExaminedReport open_report(const std::filesystem::path& folder);

/// Compares the files with the manifest and the list, and checks signature and time stamp. Appends what is wrong; the
/// number of files that were looked at.
std::int64_t examine_files(const ExaminedReport& report, const ReportTrust& trust, std::vector<ReportFault>& faults);

}  // namespace damsync
