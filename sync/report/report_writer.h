#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/journal/audit_log.h"
#include "sync/report/report_renderer.h"
#include "sync/report/signature.h"
#include "sync/report/time_stamp.h"

namespace damsync {

class Database;

/// What a report is to be called and how it is sealed.
struct ReportRequest {
  std::filesystem::path directory;
  std::string report_date;  ///< `YYYY-MM-DD`
  UtcTime as_of{};
  /// kJoin: follows the reports of the directory, and the catalog notes it. kAlone: of a past date; the catalog is only
  /// read.
  enum class Chain { kJoin, kAlone } chain = Chain::kJoin;
  std::string chain_name;  ///< empty for `audit.directory`; else the path of the directory
  std::string config_sha256, version;
  const SigningKey* signing_key = nullptr;          ///< null: not signed
  const TimeStampAuthority* time_stamps = nullptr;  ///< null: not stamped
};

/// A report that lies under its name.
struct PublishedReport {
  std::string name;
  std::filesystem::path path;
  std::string manifest_sha256;
  std::string previous_manifest_sha256;  ///< empty: the first
  bool unchanged = false;                ///< a report of the same date with the same files was there already
  AuditHead head;                        ///< of the catalog's log, the report included
  std::optional<Error> time_stamp_error;
  bool recovered = false;  ///< made by a process that was killed before the catalog noted it
  UtcTime as_of{};         ///< as the manifest says
};

/// Hands the whole report to a renderer: `begin`, the rows, `end`. May be called once.
using ReportSource = std::function<Status(ReportRenderer& out)>;
/// Called in the transaction that notes a report as published: the place for its event.
using ReportNoted = std::function<void(const PublishedReport& report)>;

/// Writes a report in every format, seals it, makes it visible in one step and notes it in the catalog's audit log.
///
/// Errors   what `source` refuses; kStorage; kLocked when somebody else writes into the directory. Whatever went wrong,
///          no half report is visible and the old ones are as they were.
/// Durable  the folder first, then the catalog's row; after a crash in between the next report finds it and notes it.
/// Threads  one.
class ReportWriter {
 public:
  ReportWriter(Database& db, const Clock& clock) : db_(db), log_(db), clock_(clock) {}

  Result<PublishedReport> write(const ReportRequest& request, const ReportSource& source, const ReportNoted& noted,
                                std::stop_token stop);

 private:
  struct Sealing;
  Result<PublishedReport> publish(const ReportRequest& request, Sealing& sealing, const ReportNoted& noted);
  Status note_crashed(const ReportRequest& request, Sealing& sealing, const ReportNoted& noted);

  Database& db_;
  AuditLog log_;
  const Clock& clock_;
};

}  // namespace damsync
