#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/catalog/catalog.h"
#include "storage/catalog/stray_book.h"
#include "storage/model/plan.h"

namespace damsync {

/// One license with its asset and its file. Texts point into the row: valid during the visit only.
struct AuditLicense {
  std::string_view account, provider, license_id, asset_id;
  std::string_view state, media_kind, license_type, size, format, licensed_at_text, licensed_by;
  std::string_view details;     ///< flat JSON object
  std::string_view raw_sha256;  ///< of the provider's own words
  UtcTime licensed_at{}, first_seen_at{};
  std::optional<UtcTime> vanished_at;
  std::optional<bool> downloadable;

  std::string_view asset_state;
  std::string_view metadata;  ///< JSON of `AssetMetadata`; empty while not described
  std::optional<UtcTime> withdrawn_at;
  bool described_before = false;  ///< the asset was described otherwise once: see `AuditReader::descriptions`

  std::string_view file_state, file_reason, path, sha256;
  std::optional<std::int64_t> bytes;
  std::optional<UtcTime> mirrored_at, verified_at;
};

/// What an asset was said to be until a moment.
struct PastDescription {
  UtcTime until{};
  std::string metadata;
};

/// How many licenses a complete reading of the history saw, of those that are held.
struct HistoryReading {
  std::int64_t seen = 0, expected = 0;
};

/// A call that may have used up quota, and nobody knows.
struct OpenSpend {
  std::int64_t spend_id = 0;
  std::string account, provider, asset_id, license_id;
  UtcTime intended_at{};
};

/// Where the change feed tells of an earlier report.
struct ReportMark {
  std::int64_t seq = 0;
  UtcTime time{};
};

/// Plans as they were last read.
struct AuditPlan {
  std::string account, provider;
  Plan plan;
};

/// The catalog for a report: one consistent snapshot, of now or as it was at a past moment. Streams; memory does not
/// depend on the number of rows. Use a read-only connection: a snapshot that stays open holds up nobody but the
/// checkpoints of the write-ahead log.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  one.
class AuditReader {
 public:
  /// `past`: rows as they were at that moment; empty: as they are. Begins the snapshot.
  AuditReader(Database& db, std::optional<UtcTime> past);
  ~AuditReader();  ///< ends the snapshot
  AuditReader(const AuditReader&) = delete;
  AuditReader& operator=(const AuditReader&) = delete;

  /// In (account, asset_id, license_id) order; `visit` returns false to stop.
  void licenses(const std::function<bool(const AuditLicense&)>& visit) const;
  /// Those of one asset.
  void licenses_of(const std::string& account, const std::string& asset_id,
                   const std::function<bool(const AuditLicense&)>& visit) const;
  [[nodiscard]] std::int64_t count_licenses() const;
  [[nodiscard]] bool has_licenses(const std::string& account) const;
  /// The newest moment that the catalog tells of, reports apart: while nothing is recorded it stays the same. Nothing
  /// for an empty catalog.
  [[nodiscard]] std::optional<UtcTime> newest_record() const;
  /// Earlier descriptions of an asset, oldest first; only those that ended until the snapshot's moment.
  [[nodiscard]] std::vector<PastDescription> descriptions(const std::string& account,
                                                          const std::string& asset_id) const;

  /// Spending calls whose outcome was not known at that moment, by id.
  [[nodiscard]] std::vector<OpenSpend> open_spends() const;
  /// Of all accounts, by account and id; the latest reading of each that is not after the moment.
  [[nodiscard]] std::vector<AuditPlan> plans() const;
  /// With times that are not after the moment; of a past moment, successes are taken from the book of runs.
  [[nodiscard]] std::vector<StreamRow> streams() const;
  /// Spans cut off at the moment.
  [[nodiscard]] std::vector<CoverageRow> coverage() const;
  /// By the last complete reading that ended at `full_at`. Nothing for a past moment: it was not kept.
  [[nodiscard]] std::optional<HistoryReading> history_reading(const std::string& account, UtcTime full_at) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> accounts() const;  ///< name, provider

  /// The newest `report.completed` that names an earlier date than `report_date`.
  [[nodiscard]] std::optional<ReportMark> last_report_before(const std::string& report_date) const;
  /// Of the feed after that, until the moment.
  void changes(const ReportMark& since, const std::function<bool(const Change&)>& visit) const;

  void strays(UtcTime at, const std::function<bool(const StrayFile&)>& visit) const { strays_.list(at, visit); }
  [[nodiscard]] std::optional<UtcTime> store_compared_at(UtcTime at) const { return strays_.compared_at(at); }

 private:
  void visit_licenses(const std::string& where, const std::vector<std::string>& bound,
                      const std::function<bool(const AuditLicense&)>& visit) const;

  Database& db_;
  std::optional<UtcTime> past_;
  StrayBook strays_;
};

}  // namespace damsync
