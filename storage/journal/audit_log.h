#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/time.h"
#include "storage/model/event.h"

namespace damsync {

class Database;

/// The newest row of the audit log. `hash` is 64 zeros while there is none.
struct AuditHead {
  std::int64_t seq = 0;
  std::string hash = std::string(64, '0');
  bool operator==(const AuditHead&) const = default;
};

/// One row of the audit log.
struct AuditRow {
  std::int64_t seq = 0;
  UtcTime time{};
  std::string kind;       ///< `change`, `spend.opened`, …: the words of the table
  std::string reference;  ///< seq of the change, spend_id, name of the report
  std::string detail;
  std::string digest;  ///< SHA-256 of what the row is about
  std::string hash;    ///< SHA-256 of the hash before it and this row
};

/// Where the log or what it is about was altered.
struct AuditBreak {
  std::int64_t seq = 0;  ///< the row that does not fit; 0: something stands in the catalog that no row tells of
  std::string what;      ///< for a person: which row of which table
};

/// A report as the log knows it. `name` is unique within the log.
struct ReportSeal {
  std::string name;
  std::string manifest_sha256;  ///< of MANIFEST.json
  std::string list_sha256;      ///< of MANIFEST.sha256, which covers signature and time stamp as well
};

/// The catalog's chain of hashes: append-only, one row for every committed change, spend decision, report and removal
/// of a report. The first row covers what the catalog held before it.
///
/// Errors   SQL failures throw (`DatabaseError`), also appending outside of a `Transaction`.
/// Threads  those of its `Database`.
class AuditLog {
 public:
  explicit AuditLog(Database& db) : db_(db) {}

  /// Writes the first row if there is none. To be called before the first write of a transaction that will be logged;
  /// `append_change` and the reports do so themselves.
  void begin(UtcTime time);

  /// The change as it stands in the feed; with it the license or asset it is about, or the hash of the file it stored,
  /// and what the catalog wrote of the past since the last change.
  void append_change(const Change& change);
  void append_spend_opened(std::int64_t spend_id, UtcTime time);
  void append_spend_closed(std::int64_t spend_id, UtcTime time);

  /// A report is about to get its name: what a crash leaves behind from here on is known to be ours.
  void append_report_prepared(const ReportSeal& report, UtcTime time);
  void append_report_published(const ReportSeal& report, UtcTime time);
  void append_report_removed(const ReportSeal& report, UtcTime time);

  [[nodiscard]] AuditHead head() const;
  [[nodiscard]] std::optional<AuditRow> find(std::int64_t seq) const;
  /// The row of a change of the feed.
  [[nodiscard]] std::optional<AuditRow> find_change(std::int64_t change_seq) const;
  /// Rows about reports, oldest first.
  [[nodiscard]] std::vector<AuditRow> report_rows() const;

  /// Walks the whole chain and what it is about; the first thing that does not fit, or nothing.
  [[nodiscard]] std::optional<AuditBreak> check() const;

 private:
  void begin_before(const Change& next);
  void append(AuditRow row);

  Database& db_;
};

}  // namespace damsync
