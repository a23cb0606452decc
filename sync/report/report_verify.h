#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/journal/audit_log.h"

namespace damsync {

/// How a report differs from what was written.
enum class ReportDamage {
  kAltered,        ///< a file holds other bytes of the same length or more
  kTruncated,      ///< a file is shorter than it was
  kMissing,        ///< a file of a report is gone
  kUnknown,        ///< a file or report that was not written here
  kMisplaced,      ///< a report lies under the name of another one, or twice
  kReportMissing,  ///< a whole report is gone
  kChainBroken,    ///< a report does not follow the one it says it follows
  kBadSignature,   ///< not signed by a key that is known, or no longer signed
  kCatalogDiffers  ///< the catalog's audit log does not have what the report says of it
};
const char* to_word(ReportDamage damage) noexcept;

/// One thing that is wrong.
struct ReportFault {
  ReportDamage damage = ReportDamage::kAltered;
  std::string report;  ///< name of the folder
  std::string file;    ///< empty: the report as a whole
  std::string message;
};

/// What reports are compared with.
struct ReportTrust {
  const AuditLog* log = nullptr;  ///< null: only what lies in the folder is compared
  std::string chain_name;         ///< as in `ReportRequest`
  /// PEM: every report has to be signed by one of them. Empty: every key that a report brings along is taken.
  std::vector<std::string> public_keys;
};

/// What was looked at, and what is wrong with it.
struct ReportVerification {
  std::int64_t reports = 0;
  std::int64_t files = 0;
  std::vector<ReportFault> faults;  ///< by report, then file; empty: all is as it was written
};

/// Checks every report of a folder: its files, its seals, its place in the chain, and whether the catalog's log agrees;
/// the pages beside them, where `latest` leads, and the reports below `as-of/`, each by itself. With a log nothing that
/// was written can be cut off, exchanged or added unnoticed; without one all but the end of the chain and the pages.
/// The folder may be a copy or may have been moved: the log knows reports by their manifests. Reports that are written
/// or removed meanwhile are no fault.
///
/// Errors   kStorage: the folder cannot be read.
Result<ReportVerification> verify_reports(const std::filesystem::path& directory, const ReportTrust& trust);

}  // namespace damsync
